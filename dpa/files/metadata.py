"""What a file says of its samples: all that regenerates them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dpa.config import ALGORITHM, PARAMETERS, AugmentationConfig
from dpa.keys import MANY, NO_KEY, Key, integer

FORMAT = "dpa-chain"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Metadata:
    """What regenerates the samples, and how their ids and values are held.

    `config`: None is unknown. `start_id`: the first of consecutive ids; None means that
    ids are listed, integers or (`id_type` "string") strings. `dtype`: of the batch that
    was saved, "float64" or "float32"; files hold float64 in either case. `num_samples`:
    how many a recipe stands for; None where the samples are stored.
    """

    config: AugmentationConfig | None
    key: Key = NO_KEY
    world_size: int | None = None
    start_id: int | None = 0
    id_type: str = "integer"
    dtype: str = "float64"
    num_samples: int | None = None

    def __post_init__(self) -> None:
        if self.world_size is not None:  # it may be NumPy's, which JSON does not take
            object.__setattr__(self, "world_size", int(self.world_size))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order that the digest takes them."""
        return PARAMETERS

    def consecutive_ids(self, first: int, size: int) -> range | None:
        """The ids of samples first .. first + size - 1; None where they are listed.

        Raises ValueError where they are no ids.
        """
        if self.start_id is None:
            return None
        ids = range(self.start_id + first, self.start_id + first + size)
        if ids.stop > 2**64:
            raise ValueError(f"the last id must be below 2**64, got {ids.stop - 1}")
        return ids

    def to_dict(self) -> dict[str, Any]:
        """As files have it."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "algorithm": ALGORITHM,
            "config": None if self.config is None else self.config.to_dict(),
            **{name: getattr(self.key, name) for name in ("base_seed", "epoch", "view", "rank")},
            "world_size": self.world_size,
            "start_id": self.start_id,
            "id_type": self.id_type,
            "dtype": self.dtype,
            **({} if self.num_samples is None else {"num_samples": self.num_samples}),
        }

    @classmethod
    def from_dict(cls, fields: Any) -> Metadata:
        """The inverse of to_dict. Raises ValueError or TypeError naming the field."""
        if not isinstance(fields, dict):
            raise TypeError(f"metadata must be an object, got {fields!r}")
        for name, known in (("format", FORMAT), ("version", VERSION), ("algorithm", ALGORITHM)):
            value = fields.get(name)
            if type(value) is not type(known) or value != known:
                raise ValueError(f"{name} {value!r} is not the {known!r} that this dpa reads")
        _require_names(fields, _RECIPE if "num_samples" in fields else _NO_METADATA)
        config = fields["config"]
        if config is not None:
            if not isinstance(config, dict):
                raise TypeError(f"config must be an object or null, got {config!r}")
            _require_names(config, _DEFAULT_CONFIG)
            config = AugmentationConfig.from_dict(config)
        key = Key.checked(*(fields[name] for name in (*Key._fields, "world_size")))
        if fields["rank"] is not None and fields["base_seed"] is None:
            raise ValueError("a rank needs a base_seed")
        start_id, id_type, dtype = fields["start_id"], fields["id_type"], fields["dtype"]
        if start_id is not None and not 0 <= integer("start_id", start_id) < 2**64:
            raise ValueError(f"start_id must be 0 to 2**64 - 1, got {start_id}")
        if id_type not in ("integer", "string"):
            raise ValueError(f"id_type must be 'integer' or 'string', got {id_type!r}")
        if start_id is not None and id_type == "string":
            raise ValueError(f"start_id must be null where ids are strings, got {start_id}")
        if dtype not in ("float64", "float32"):
            raise ValueError(f"dtype must be 'float64' or 'float32', got {dtype!r}")
        metadata = cls(config, key, fields["world_size"], start_id, id_type, dtype)
        return metadata._with_samples(fields) if "num_samples" in fields else metadata

    def _with_samples(self, fields: Mapping[str, Any]) -> Metadata:
        """As a recipe of what `fields` say."""
        size = integer("num_samples", fields["num_samples"])
        if self.config is None or self.start_id is None or self.dtype != "float64":
            raise ValueError("a recipe must have a config, a start_id and the dtype 'float64'")
        if not 0 <= size <= min(MANY, 2**64 - self.start_id):
            raise ValueError(f"num_samples must be 0 to 2**48 and 2**64 - start_id, got {size}")
        return replace(self, num_samples=size)


_NO_METADATA = Metadata(None).to_dict()
_RECIPE = Metadata(None, num_samples=0).to_dict()
_DEFAULT_CONFIG = AugmentationConfig().to_dict()


def _require_names(fields: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    if fields.keys() != known.keys():
        wrong = ", ".join(sorted(fields.keys() ^ known.keys()))
        raise ValueError(f"the fields must be {', '.join(known)}; missing or unknown: {wrong}")
