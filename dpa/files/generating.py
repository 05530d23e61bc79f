"""Consecutive samples as a list of dicts, and into a file on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpa.checks import brief, count_of, printable
from dpa.derivation.derivation import AugmentationBatch, derive
from dpa.derivation.ids import Consecutive, consecutive_ids
from dpa.derivation.space import Space
from dpa.files.chains import FilePath
from dpa.files.metadata import Metadata
from dpa.files.writing import write_chain
from dpa.host.memory import require_memory

#: Bytes that every machine has: asking how many there are takes longer than so few samples.
_LITTLE = 2**25


def generate_augmentation_chain(
    num_samples: int,
    config: Space | None = None,
    verbose: bool = False,
    save_path: FilePath | None = None,
    *,
    start_id: int = 0,
    base_seed: int | None = None,
    epoch: int | None = None,
    view: int | None = None,
) -> list[dict[str, Any]]:
    """The parameters of consecutive samples as a list of dicts.

    Parameters
    ----------
    num_samples
        How many samples; 0 or more.
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    verbose
        Whether to print a summary.
    save_path
        The file to write the samples to, as save_augmentation_chain does; None writes none.
    start_id
        The first id; the last one is start_id + num_samples - 1.
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    epoch
        The epoch in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.

    Returns
    -------
    list of dict
        One dict for each sample, as gen_augmentation_params returns it.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it. Also if the machine has too little
        memory.
    OSError
        The file cannot be written; an earlier file stays as it was.

    Examples
    --------
    >>> [sample["hash"][:8] for sample in generate_augmentation_chain(2, start_id=42)]
    ['3c8f5890', 'afa030f8']
    """
    derivation = derive(config, epoch, view, base_seed)
    ids = consecutive_ids(num_samples, start_id)
    needed = len(ids) * derivation.space.row_bytes
    if needed > _LITTLE:
        instead = "stream_augmentation_chain makes them one by one"
        require_memory(f"num_samples={len(ids)}", needed, instead)
    results: list[dict[str, Any]] = []

    def kept() -> Iterator[AugmentationBatch]:
        for batch in derivation.blocks(ids):
            yield batch
            results.extend(batch.to_dicts())

    if save_path is None:
        for _ in kept():
            pass
    else:
        write_chain(save_path, Metadata.of(derivation, Consecutive(ids)), kept(), expected=len(ids))
    if verbose:
        _print_summary(results, ids, save_path)
    return results


def _print_summary(results: list[dict[str, Any]], ids: range, save_path: FilePath | None) -> None:
    for sample_id, sample in zip(ids[:10], results, strict=False):
        values = " ".join(f"{n}={_shown(x)}" for n, x in sample.items() if n != "hash")
        print(f"sample {sample_id}: {values} hash={sample['hash'][:16]}")
    if len(ids) > 10:
        print(f"... and {len(ids) - 10} more")
    saved = f", saved to {save_path}" if save_path else ""
    print(f"generated {count_of(len(ids), 'sample')}{saved}")


def _shown(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else printable(brief(value))
