"""Spaces: parameters by name with their distributions, the chain's depth, and the sampler."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import Any

import numpy as np

from dpa._native import MAX_DEPTH, SAMPLERS, Form, Plan
from dpa.checks import brief, within, word
from dpa.derivation.distributions import Distribution
from dpa.derivation.frozen import Frozen
from dpa.derivation.members import Group, Member, members_of, require_name
from dpa.derivation.parameters import Parameter, check_parameters, conditions_of, in_full, order

#: The name of the JSON form of a space.
FORMAT = "dpa-space-1"
#: The most bytes of samples that are taken at a time.
_BLOCK_BYTES = 2**26
_FIELDS = ("space", "depth", "sampler", "parameters")


class Space(Frozen):
    """Parameters by name with their distributions. Immutable.

    Each parameter is made of the sample's hash and its own name. So adding, removing, renaming
    or reordering others never changes it.

    Parameters
    ----------
    parameters, members
        Distributions and groups by name: as a dict, as keywords, or as both. A name is words
        with dots between them, at most 255 characters; there are at most 4,096.
    depth
        Links of the hash chain, 1 to 10,000.
    sampler
        "xoshiro256++" or "mt19937". Only parameters with draw= take numbers from it.

    Attributes
    ----------
    names
        The parameters' full names: those with draw= by their draws, then the others in the
        order of their bytes. Dicts, columns and digests have this order.

    Raises
    ------
    TypeError, ValueError
        An argument is bad; the message names the parameter.

    Examples
    --------
    >>> from dpa.space import Bernoulli, LogUniform
    >>> Space({"zoom": LogUniform(0.5, 2), "flip": Bernoulli(0.5)}).names
    ('flip', 'zoom')
    """

    __slots__ = (
        *("parameters", "names", "depth", "sampler", "scheduled", "conditions", "plain"),
        *("sample_bytes", "sample_blocks", "form", "plan", "_by_name", "_hash", "_key"),
    )

    parameters: tuple[Parameter, ...]
    names: tuple[str, ...]
    depth: int
    sampler: str
    #: The parameters that change with the epoch.
    scheduled: tuple[str, ...]
    #: What makes each parameter active, as numbers of columns and what these must hold.
    conditions: Mapping[str, tuple[tuple[int, int], ...]]
    #: Whether each parameter is a single real number that every sample has.
    plain: bool
    #: The bytes of a sample's hash and values.
    sample_bytes: int
    #: About how many SHA-256 blocks a sample takes.
    sample_blocks: int
    #: What the dict of a sample holds.
    form: Form
    #: The space as the C code takes it; unset if `scheduled`: at(epoch) has one.
    plan: Plan
    _by_name: Mapping[str, Distribution]
    _key: tuple[object, ...]
    _hash: int

    def __init__(
        self,
        parameters: Mapping[str, Member] | None = None,
        /,
        *,
        depth: int = 10,
        sampler: str = "xoshiro256++",
        **members: Member,
    ) -> None:
        for name, value in {"depth": depth, "sampler": sampler}.items():
            if isinstance(value, (Distribution, Group)):
                raise TypeError(
                    f"a parameter called {name} must stand in a dict: {{{name!r}: ...}}"
                )
        declared = sorted(in_full(members_of(parameters, members)), key=order)
        check_parameters(declared)
        depth, sampler = checked_depth(depth, "depth"), checked_sampler(sampler)
        self._declare(tuple(declared), depth, sampler)

    def _declare(self, parameters: tuple[Parameter, ...], depth: int, sampler: str) -> None:
        found = dict(parameters)
        self._set(parameters=parameters, names=tuple(found), depth=depth, sampler=sampler)
        key = (depth, sampler, tuple((name, each.key) for name, each in parameters))
        self._set(_by_name=found, _key=key, _hash=hash(key))
        self._set(scheduled=tuple(name for name, each in parameters if each.schedules))
        self._set(conditions=MappingProxyType(conditions_of(found)))
        single = all(x.dtype.kind == "f" and not x.item_shape for x in found.values())
        self._set(plain=single and not any(self.conditions.values()))
        widths = (x.dtype.itemsize * math.prod(x.item_shape) for x in found.values())
        self._set(sample_bytes=32 + sum(widths))
        words = sum((each.words + 3) // 4 for each in found.values())
        # Two blocks a link; fib(i) has 0.209 i digits.
        self._set(sample_blocks=1 + 2 * depth + depth * depth // 600 + words)
        declared = (
            (name, each.kind, each.item_shape, each.choices, self.conditions[name])
            for name, each in parameters
        )
        self._set(form=Form(tuple(declared)))
        if not self.scheduled:
            columns = [{"items": math.prod(x.shape), **x.layout()} for x in found.values()]
            self._set(plan=Plan(depth, sampler, self.form, tuple(columns)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Space.from_dict, (self.declaration(),)

    def __getitem__(self, name: str) -> Distribution:
        """The distribution of a parameter. Raises KeyError."""
        if name not in self._by_name:
            raise KeyError(self._lacks(name))
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def _lacks(self, name: object) -> str:
        """The message for a name that is not declared."""
        near = [known for known in self.names if str(name) in known.split(".")]
        known = near or self.names
        more = f" and {len(known) - 20} more" if len(known) > 20 else ""
        listed = ", ".join(known[:20]) + more
        hint = f"did you mean {listed}?" if near else f"there are {listed}"
        return f"there is no parameter {brief(name)}; {hint}"

    # ---- What may depend on the epoch ----

    def at(self, epoch: int | None) -> Space:
        """The space in an epoch, with numbers in place of schedules. ValueError without epoch."""
        if epoch is not None:
            epoch = word("epoch", epoch)
        if not self.scheduled:
            return self
        if epoch is None:
            names = ", ".join(self.scheduled)
            raise ValueError(f"say epoch=, on which the space depends: {brief(names)}")
        found: dict[str, Member] = {}
        for name, each in self.parameters:
            try:
                found[name] = each.at(epoch)
            except ValueError as error:
                raise ValueError(f"{name} in epoch {epoch}: {error}") from None
        return Space(found, depth=self.depth, sampler=self.sampler)

    # ---- Conditions ----

    def mask(
        self, name: str, columns: Mapping[str, np.typing.NDArray[Any]]
    ) -> np.typing.NDArray[np.bool_] | None:
        """Which samples have this parameter, shape (n,); None if all have it."""
        masks = [columns[self.names[gate]] == code for gate, code in self.conditions[name]]
        return np.logical_and.reduce(masks) if masks else None

    # ---- Columns ----

    @property
    def row_bytes(self) -> int:
        """About the bytes of a sample as a dict in a list; tracemalloc finds 385 for five names."""
        name = 35 if len(self) < 29 else 50  # more names are not shared among dicts
        return 210 + sum(name + 44 * (math.prod(x.item_shape) - 1) for _, x in self.parameters)

    def block_size(self, size: int) -> int:
        """How many samples to take at a time: `size`, or fewer where they are large."""
        return max(1, min(size, _BLOCK_BYTES // self.sample_bytes))

    def forms(self, dtype: np.typing.DTypeLike = np.float64) -> Mapping[str, np.dtype[Any]]:
        """One sample's part of each column, as a dtype with its shape.

        `dtype`: that of real numbers, float64 or float32.
        """
        return _forms(self, np.dtype(dtype))

    def arrays(
        self, make: Callable[..., np.typing.NDArray[Any]], size: int, dtype: np.typing.DTypeLike
    ) -> dict[str, np.typing.NDArray[Any]]:
        """An array by `make`, np.empty or np.zeros, for each column of `size` samples."""
        forms = self.forms(dtype).items()
        return {name: make((size, *form.shape), form.base) for name, form in forms}

    def only(self, names: Iterable[str]) -> Space:
        """The space of these parameters, and of those on whose values they depend.

        Raises ValueError for an unknown name.
        """
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise TypeError(f"columns must be a list of names, got {brief(names)}")
        wanted: set[str] = set()
        for name in names:
            if not isinstance(name, str) or name not in self:
                raise ValueError(self._lacks(name))
            wanted |= {name, *(self.names[gate] for gate, _ in self.conditions[name])}
        if not wanted:
            raise ValueError("columns must be one name or more, got none")
        found = {name: each for name, each in self.parameters if name in wanted}
        return Space(found, depth=self.depth, sampler=self.sampler)

    def __or__(self, other: Space | Mapping[str, Member]) -> Space:
        """The parameters of both; those of a dict may depend on those of this space.

        Raises ValueError for a repeated name, or another depth or sampler.
        """
        if isinstance(other, Mapping):
            added = list(in_full(members_of(other, {})))
        elif isinstance(other, Space):
            for field in ("depth", "sampler"):
                mine, theirs = getattr(self, field), getattr(other, field)
                if mine != theirs:
                    raise ValueError(f"spaces differ in their {field}: {mine}, {theirs}")
            added = list(other.parameters)
        else:
            return NotImplemented
        if both := [name for name, _ in added if name in self]:
            raise ValueError(f"both spaces declare {', '.join(both)}")
        check_parameters([*self.parameters, *added])
        found = dict(chain(self.parameters, added))
        return Space(found, depth=self.depth, sampler=self.sampler)

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Bounds of each number in all epochs, by name."""
        numbers = ((name, each) for name, each in self.parameters if each.labels is None)
        return {name: each.reach for name, each in numbers}

    # ---- JSON ----

    def to_dict(self) -> dict[str, Any]:
        """The declaration, as JSON stores it."""
        return self.declaration()

    def to_json(self) -> str:
        """The declaration in canonical form: equal spaces have equal texts."""
        from dpa.derivation.documents import canonical  # no import dpa needs json

        return canonical(self.declaration())

    @staticmethod
    def from_json(text: str | bytes) -> Space:
        """A space from JSON in any form. Raises TypeError or ValueError that names the field."""
        from dpa.derivation.documents import parse, refuse_constant

        if not isinstance(text, (str, bytes)):
            raise TypeError(f"text must be a str or bytes, got {brief(text)}")
        data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
        return Space.from_dict(parse(data, refuse_constant))

    @property
    def identity(self) -> str:
        """The SHA-256 of the canonical JSON, 64 hex characters that name the space."""
        from hashlib import sha256

        return sha256(self.to_json().encode()).hexdigest()

    def declaration(self) -> dict[str, Any]:
        """The space as files store it; the form is the same for all spaces."""
        parameters = {name: distribution.to_dict() for name, distribution in self.parameters}
        values = (FORMAT, self.depth, self.sampler, parameters)
        return dict(zip(_FIELDS, values, strict=True))

    @staticmethod
    def from_dict(fields: Mapping[str, Any]) -> Space:
        """The inverse of to_dict. Raises TypeError or ValueError that names the field."""
        if not isinstance(fields, Mapping):
            raise TypeError(f"space must be an object, got {brief(fields)}")
        require_names("space", fields, _FIELDS)
        if fields["space"] != FORMAT:
            raise ValueError(f"space must be {FORMAT!r}, got {brief(fields['space'])}")
        parameters = fields["parameters"]
        if not isinstance(parameters, Mapping):
            raise TypeError(f"parameters must be an object, got {brief(parameters)}")
        declared: dict[str, Member] = {}
        for name, distribution in parameters.items():
            require_name(name)  # before it stands in a message
            try:
                declared[name] = Distribution.from_dict(distribution)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{name}: {error}") from None
        return Space(declared, depth=fields["depth"], sampler=fields["sampler"])

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Space):
            return NotImplemented
        return self._hash == other._hash and self._key == other._key

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        from dpa.derivation.display import space_text

        return space_text(self)

    def _repr_html_(self) -> str:
        from dpa.derivation.display import space_table

        return space_table(self)


@lru_cache(64)
def _forms(space: Space, real: np.dtype[Any]) -> Mapping[str, np.dtype[Any]]:
    forms = {
        name: np.dtype((real if each.dtype.kind == "f" else each.dtype, each.item_shape))
        for name, each in space.parameters
    }
    return MappingProxyType(forms)


def require_names(what: str, fields: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raises ValueError unless `fields` has exactly the names `known`."""
    if fields.keys() != set(known):
        wrong = ", ".join(sorted(map(str, fields.keys() ^ set(known)))[:5])[:200]
        raise ValueError(
            f"{what} must have the fields {', '.join(known)}; missing or unknown: {wrong}"
        )


def checked_depth(depth: object, name: str = "augmentation_depth") -> int:
    """`depth` as an int of 1 to MAX_DEPTH."""
    return within(name, depth, 1, MAX_DEPTH)


def checked_sampler(sampler: object) -> str:
    """`sampler` as one of SAMPLERS."""
    if not isinstance(sampler, str) or sampler not in SAMPLERS:
        known = " or ".join(map(repr, SAMPLERS))
        raise ValueError(f"sampler must be {known}, got {brief(sampler)}")
    return SAMPLERS[SAMPLERS.index(sampler)]  # turns an Enum or a NumPy str into str
