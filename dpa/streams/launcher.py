"""Which rank this process is: as the caller, torch.distributed or the launcher says."""

from __future__ import annotations

import os
import sys

from dpa.checks import raised_as
from dpa.derivation.keys import checked_rank
from dpa.errors import InvalidRankError

#: Where launchers say rank and world size: torchrun, Open MPI's mpirun, Slurm's srun.
VARIABLES = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
)


@raised_as(InvalidRankError)
def place(rank: object, world_size: object) -> tuple[int, int]:
    """rank and world_size as given, or both as the process's launcher says, checked."""
    if rank is None and world_size is None:
        return _found()
    if rank is None or world_size is None:
        raise ValueError(
            f"rank and world_size must be given both or neither, got {rank!r} and {world_size!r}"
        )
    return checked_rank(rank, world_size)


def _found() -> tuple[int, int]:
    # Never imported here: a job that uses it has done so. Some builds lack is_initialized.
    torch = sys.modules.get("torch.distributed")
    initialized = getattr(torch, "is_initialized", None)
    if torch is not None and initialized is not None and initialized():
        return torch.get_rank(), torch.get_world_size()
    for names in VARIABLES:
        if any(name in os.environ for name in names):
            rank, world_size = (_variable(name, names) for name in names)
            if rank >= world_size:
                raise ValueError(f"{names[0]}={rank} must be below {names[1]}={world_size}")
            return rank, world_size
    pairs = ", ".join(" and ".join(names) for names in VARIABLES)
    raise ValueError(
        "rank and world_size must be given where no launcher tells them: torch.distributed is "
        f"not initialised, and none of the variables is set: {pairs}"
    )


def _variable(name: str, names: tuple[str, str]) -> int:
    text = os.environ.get(name)
    if text is None:
        pair = " and ".join(names)
        raise ValueError(f"the environment variable {name} is not set, the other of {pair} is")
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"the environment variable {name} must be a number, got {text!r}")
    return int(text)
