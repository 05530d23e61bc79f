"""Declared parameters in plain Python, to be read beside sections 12 to 20 of docs/spec.md.

The twin of dpa.space, as reference.py is that of the five parameters: integers, doubles, SHA-256
and math.sqrt, no other function of math that rounds. A space is the JSON form of section 18.

    python tests/space_reference.py    # prints tests/vectors/space.json
"""

import hashlib
import json
import math
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, islice, pairwise
from typing import Any

import reference

Space = Mapping[str, Any]  # depth, sampler, parameters
Parameters = Mapping[str, Mapping[str, Any]]  # {name: {kind: arguments, "when": conditions}}
Words = Iterator[int]

# ---- Functions: + - * / and sqrt of doubles, each rounded on its own, in the order written ----

SQRT_2 = float.fromhex("0x1.6a09ep+0")  # where L changes from one power of 2 to the next
LN2_HIGH = float.fromhex("0x1.62e42feep-1")  # so short that k * LN2_HIGH is exact
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
PER_LN2 = float.fromhex("0x1.71547652b82fep+0")
# All coefficients begin with that of the highest power.
LOG_EVEN = [
    float.fromhex(c)
    for c in ("0x1.39a09d078c69fp-3", "0x1.c71c51d8e78afp-3", "0x1.999999997fa04p-2")
]
LOG_ODD = [
    float.fromhex(c)
    for c in (
        "0x1.2f112df3e5244p-3",
        "0x1.7466496cb03dep-3",
        "0x1.2492494229359p-2",
        "0x1.5555555555593p-1",
    )
]
EXP = [
    float.fromhex(c)
    for c in (
        "0x1.6376972bea4d0p-25",
        "-0x1.bbd41c5d26bf1p-20",
        "0x1.1566aaf25de2cp-14",
        "-0x1.6c16c16bebd93p-9",
        "0x1.555555555553ep-3",
    )
]
SIN = [
    float.fromhex(c)
    for c in (
        "-0x1.7ed4cd7222586p-45",
        "0x1.aabbe3815eb60p-38",
        "-0x1.6fad488852625p-31",
        "0x1.e8f4338e03a66p-25",
        "-0x1.e3074fdc520eap-19",
        "0x1.50783487ec19ap-13",
        "-0x1.32d2cce62bd57p-8",
        "0x1.466bc6775aae2p-4",
        "-0x1.4abbce625be53p-1",
        "0x1.921fb54442d18p+0",
    )
]
# Wichura's decimals, as published; section 13 has the doubles nearest to them.
CENTRE_P = [2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4]
CENTRE_P += [4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3]
CENTRE_P += [1.3314166789178437745e2, 3.387132872796366608]
CENTRE_Q = [5.226495278852854561e3, 2.8729085735721942674e4, 3.930789580009271061e4]
CENTRE_Q += [2.1213794301586595867e4, 5.3941960214247511077e3, 6.871870074920579083e2]
CENTRE_Q += [4.2313330701600911252e1, 1.0]
MIDDLE_P = [7.7454501427834140764e-4, 2.27238449892691845833e-2, 2.4178072517745061177e-1]
MIDDLE_P += [1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055]
MIDDLE_P += [4.6303378461565452959, 1.42343711074968357734]
MIDDLE_Q = [1.05075007164441684324e-9, 5.475938084995344946e-4, 1.51986665636164571966e-2]
MIDDLE_Q += [1.4810397642748007459e-1, 6.8976733498510000455e-1, 1.6763848301838038494]
MIDDLE_Q += [2.05319162663775882187, 1.0]
TAIL_P = [2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.2426609473880784386e-3]
TAIL_P += [2.6532189526576123093e-2, 2.9656057182850489123e-1, 1.7848265399172913358]
TAIL_P += [5.4637849111641143699, 6.6579046435011037772]
TAIL_Q = [2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5]
TAIL_Q += [7.868691311456132591e-4, 1.48753612908506148525e-2, 1.3692988092273580531e-1]
TAIL_Q += [5.9983220655588793769e-1, 1.0]


def horner(coefficients: Sequence[float], x: float) -> float:
    """The polynomial whose coefficients begin with that of the highest power."""
    value = coefficients[0]
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


def L(x: float) -> float:  # noqa: N802 (the name in section 13)
    """The natural logarithm of a normal x > 0, after fdlibm's e_log.c."""
    m, k = math.frexp(x)  # exact: x = 2**k * m, 0.5 <= m < 1
    if m < SQRT_2 / 2:
        m, k = 2 * m, k - 1
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * horner(LOG_EVEN, w)
    odd = z * horner(LOG_ODD, w)
    half = 0.5 * f * f
    return k * LN2_HIGH - ((half - (s * (half + (even + odd)) + k * LN2_LOW)) - f)


def E(x: float) -> float:  # noqa: N802 (the name in section 13)
    """e to the power of x, for x from 0 to 700, after fdlibm's e_exp.c."""
    k = round(x * PER_LN2)  # to nearest, ties to even
    high = x - k * LN2_HIGH
    low = k * LN2_LOW
    r = high - low
    t = r * r
    c = r - t * horner(EXP, t)
    return (1.0 - ((low - (r * c) / (2.0 - c)) - high)) * 2.0**k


def S(x: float) -> float:  # noqa: N802 (the name in section 13)
    """The sine of x * pi / 2, for x from 0 to 1."""
    return x * horner(SIN, x * x)


def Z(u: float) -> float:  # noqa: N802 (the name in section 13)
    """The quantile of the standard normal at 0 < u < 1, after Wichura's AS 241."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return horner(CENTRE_P, r) * q / horner(CENTRE_Q, r)
    s = math.sqrt(-L(u if q < 0 else 1.0 - u))
    if s <= 5.0:
        x = horner(MIDDLE_P, s - 1.6) / horner(MIDDLE_Q, s - 1.6)
    else:
        x = horner(TAIL_P, s - 5.0) / horner(TAIL_Q, s - 5.0)
    return -x if q < 0 else x


# ---- Distributions: words to one value ----


def u_closed(w: int) -> float:
    """A multiple of 2**-53 in [0, 1)."""
    return (w >> 11) * 2.0**-53


def nth_open(j: int) -> float:
    """The open uniform number j of the 2**52: an odd multiple of 2**-53 in (0, 1)."""
    return (2 * j + 1) * 2.0**-53


def u_open(w: int) -> float:
    """An odd multiple of 2**-53, in (0, 1)."""
    return nth_open(w >> 12)


def uniform(u: float, low: float, high: float) -> float:
    """Section 5's interpolation."""
    return low + (high - low) * u


def log_uniform(w: int, low: float, high: float) -> float:
    """From low to high, 0 < low: the logarithm is uniform."""
    return min(low * E(u_closed(w) * L(high / low)), high)


def normal(u: float, mean: float, stdev: float) -> float:
    """The quantile at u."""
    return mean + stdev * Z(u)


def least(passes: Callable[[float], bool]) -> int:
    """By bisection, the least j of 0 ... 2**52 whose open uniform passes; 2**52 if none does."""
    low, high = 0, 2**52
    while low < high:
        middle = (low + high) // 2
        if passes(nth_open(middle)):
            high = middle
        else:
            low = middle + 1
    return low


def truncated_normal(w: int, mean: float, stdev: float, low: float, high: float) -> float:
    """The quantile at one of the open uniforms whose quantile lies in [low, high], clamped."""
    first = least(lambda u: normal(u, mean, stdev) >= low)
    count = least(lambda u: normal(u, mean, stdev) > high) - first
    if count < 2**24:
        raise ValueError(f"less than 2**-28 of the normal lies within {low} .. {high}")
    return min(max(normal(nth_open(first + (w * count >> 64)), mean, stdev), low), high)


def beta(w0: int, w1: int, a: float) -> float:
    """Beta(a, a), after Bailey's polar method; the lowest bit of w1 chooses the half."""
    inverse = 1.0 / a
    g = E(min(-(inverse * L(u_open(w0))), 700.0)) - 1.0
    s = S(u_open(w1))
    q = g * (s * s)
    r = 1.0 / (1.0 + q)
    small = 0.5 * r / (1.0 + math.sqrt(q * r))
    return 1.0 - small if w1 & 1 else small


def integers(w: int, low: int, high: int, step: int = 1) -> int:
    """One of low, low + step, low + 2 * step, ... up to high."""
    return low + step * (w * ((high - low) // step + 1) >> 64)


def bernoulli(w: int, p: float) -> bool:
    """True with the probability p."""
    return u_closed(w) < p


def thresholds(weights: Sequence[float]) -> list[int]:
    """T of section 14 for each choice but the last, whose threshold is 2**64.

    A weight is a double first, then the rational number that its shortest decimal text says.
    """
    exact = [Fraction(repr(float(weight))) for weight in weights]
    total = sum(exact)
    return [int(2**64 * cumulated / total) for cumulated in accumulate(exact[:-1])]


def choice(w: int, weights: Sequence[float]) -> int:
    """The code: the first whose threshold is above w."""
    return sum(w >= threshold for threshold in thresholds(weights))


def subset(words: Words, choices: Sequence[Any], k: int) -> list[Any]:
    """Fisher-Yates from the front, stopped after k."""
    left = list(choices)
    for i in range(k):
        j = i + (next(words) * (len(left) - i) >> 64)
        left[i], left[j] = left[j], left[i]
    return left[:k]


def _beta(words: Words, a: float, b: float | None = None) -> float:
    assert b is None or b == a, "a and b must be equal"
    return beta(next(words), next(words), a)


#: How a kind takes a value from the words of a name. A Uniform with draw= takes none.
KINDS: dict[str, Callable[..., Any]] = {
    "uniform": lambda words, low, high: uniform(u_closed(next(words)), low, high),
    "loguniform": lambda words, low, high: log_uniform(next(words), low, high),
    "normal": lambda words, mean, stdev: normal(u_open(next(words)), mean, stdev),
    "truncatednormal": lambda words, **bounds: truncated_normal(next(words), **bounds),
    "beta": _beta,
    "integers": lambda words, **bounds: integers(next(words), **bounds),
    "bernoulli": lambda words, p: bernoulli(next(words), p),
    "choice": lambda words, choices, weights=None: choices[
        choice(next(words), weights or [1.0] * len(choices))
    ],
    "subset": subset,
    "seed": lambda words: next(words),
}

# ---- Schedules: a number that depends on the epoch ----


def linear(knots: Sequence[Sequence[float]], epoch: int) -> float:
    """Through the (epoch, value) knots; constant before the first and after the last."""
    if epoch <= knots[0][0]:
        return float(knots[0][1])
    for (e0, v0), (e1, v1) in pairwise(knots):
        if epoch < e1:
            return v0 + (v1 - v0) * ((epoch - e0) / (e1 - e0))
    return float(knots[-1][1])


def cosine(start: float, stop: float, epochs: int, epoch: int) -> float:
    """From start at epoch 0 to stop at `epochs` and after, by half a period of a cosine."""
    if epoch >= epochs:
        return float(stop)
    s = S(epoch / epochs)
    return start + (stop - start) * (s * s)


def at_epoch(number: Any, epoch: int | None) -> float:
    """What a number, or the schedule in its place, is in an epoch."""
    if not isinstance(number, Mapping):
        return real(number)
    if epoch is None:
        raise ValueError("a schedule needs an epoch")
    ((kind, arguments),) = canonical_number(number).items()
    if kind == "linear":
        return linear(arguments, epoch)
    start, stop, epochs = arguments
    return cosine(start, stop, epochs, epoch)


# ---- A space: words, samples, conditions, order, identity, leaf ----


def tag(name: str) -> bytes:
    """What stands for a name in the hash that makes its words."""
    return hashlib.sha256(name.encode("utf-8")).digest()[:16]


def words(digest: bytes, name: str) -> Words:
    """w0, w1, ... of a name, in the sample with that digest."""
    count = 0
    while True:
        block = digest + b"\0" + struct.pack(">I", count) + tag(name)
        yield from struct.unpack(">4Q", hashlib.sha256(block).digest())
        count += 1


def kind_of(parameter: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The kind of a parameter's distribution and its arguments."""
    ((kind, arguments),) = ((k, v) for k, v in parameter.items() if k != "when")
    return kind, arguments


#: Arguments that are integers; those that are lists of other things; the others are doubles.
INTEGERS = {("integers", "low"), ("integers", "high"), ("integers", "step")}
INTEGERS |= {("uniform", "draw"), ("subset", "k")}
LISTS = ("choices", "weights", "shape")


def value_of(
    digest: bytes, name: str, parameter: Mapping[str, Any], sampler: str, epoch: int | None
) -> Any:
    """The value of one parameter of a sample; with a shape, the list of its items in C order."""
    kind, arguments = kind_of(parameter)
    given = {k: v for k, v in arguments.items() if v is not None and k not in ("shape", "draw")}
    for each in given:
        if each not in LISTS and (kind, each) not in INTEGERS:
            given[each] = at_epoch(given[each], epoch)
    if arguments.get("draw") is not None:
        draws = islice(reference.uniforms(digest.hex(), sampler), arguments["draw"], None)
        return uniform(next(draws), **given)
    source, shape = words(digest, name), arguments.get("shape")
    if not shape:
        return KINDS[kind](source, **given)
    return [KINDS[kind](source, **given) for _ in range(math.prod(shape))]


def flat(value: Any) -> list[Any]:
    """The scalars of a value: items in C order, and the codes of a Subset in theirs."""
    return [each for part in value for each in flat(part)] if isinstance(value, list) else [value]


def sample(
    space: Space, key: str, epoch: int | None = None
) -> tuple[bytes, dict[str, Any], dict[str, bool]]:
    """Digest, values and which of them are active, of the sample with that key.

    Inactive parameters have values, too. `epoch` is the one in the key; schedules need it.
    """
    digest = digest_of(key, space["depth"])
    parameters: Parameters = space["parameters"]
    values = {
        name: value_of(digest, name, parameters[name], space["sampler"], epoch)
        for name in order(parameters)
    }

    def active(name: str) -> bool:
        conditions = parameters[name].get("when", {}).items()
        return all(active(gate) and same(values[gate], wanted) for gate, wanted in conditions)

    return digest, values, {name: active(name) for name in values}


def same(a: object, b: object) -> bool:
    """Equal and of one type: True is not 1, and 1 is not 1.0."""
    return type(a) is type(b) and a == b


def sample_of(
    space: Space, sample_id: int | str, **parts: int | None
) -> tuple[bytes, dict[str, Any], dict[str, bool]]:
    """sample() by id, epoch, view, base_seed and rank."""
    return sample(space, reference.key_text(sample_id, **parts), parts.get("epoch"))


def order(parameters: Parameters) -> list[str]:
    """Names as dicts, columns and leaves have them: by draw those with one, then by bytes."""

    def rank(name: str) -> tuple[bool, int, bytes]:
        draw = parameters[name].get("uniform", {}).get("draw")
        return draw is None, draw or 0, name.encode("utf-8")

    return sorted(parameters, key=rank)


def real(number: float) -> float:
    """The double, -0.0 as 0.0."""
    return float(number) + 0.0


def canonical_number(number: Any) -> Any:
    """A double, or a schedule of doubles."""
    if not isinstance(number, Mapping):
        return real(number)
    ((kind, arguments),) = number.items()
    if kind == "linear":
        return {kind: [[int(epoch), real(value)] for epoch, value in arguments]}
    start, stop, epochs = arguments
    return {kind: [real(start), real(stop), int(epochs)]}


def canonical_arguments(kind: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """All that are not None, defaults too; an empty shape counts as none."""
    found: dict[str, Any] = {}
    defaults = {"step": 1} if kind == "integers" else {}
    for name, argument in {**defaults, **arguments}.items():
        if argument is None or (name == "shape" and not argument):
            continue
        if name == "shape":
            found[name] = list(argument)
        elif name == "choices":
            found[name] = [canonical_choice(each) for each in argument]
        elif name == "weights":
            found[name] = [real(weight) for weight in argument]
        elif (kind, name) in INTEGERS:
            found[name] = int(argument)
        else:
            found[name] = canonical_number(argument)
    return found


def canonical_choice(choice: Any) -> Any:
    """A choice keeps its type; -0.0 is 0.0."""
    return real(choice) if type(choice) is float else choice


def canonical(space: Space) -> str:
    """The one JSON text of a space."""
    parameters: dict[str, Any] = {}
    for name, parameter in space["parameters"].items():
        kind, arguments = kind_of(parameter)
        parameters[name] = {kind: canonical_arguments(kind, arguments)}
        if parameter.get("when"):
            conditions = parameter["when"].items()
            parameters[name]["when"] = {gate: canonical_choice(v) for gate, v in conditions}
    fields = {"space": "dpa-space-1", "depth": space["depth"], "sampler": space["sampler"]}
    return json.dumps(
        {**fields, "parameters": parameters},
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )


def identity(space: Space) -> str:
    """What tells a space from every other: SHA-256 of its canonical form."""
    return reference.sha256_hex(canonical(space))


FORMATS = {"bernoulli": "<B", "integers": "<q", "seed": "<Q", "choice": "<I", "subset": "<I"}


def packed(parameter: Mapping[str, Any], value: Any) -> bytes:
    """A value as the leaf holds it: a double unless FORMATS says otherwise; choices by code."""
    kind, arguments = kind_of(parameter)
    items = flat(value)
    if "choices" in arguments:
        items = [arguments["choices"].index(item) for item in items]
    return b"".join(struct.pack(FORMATS.get(kind, "<d"), item) for item in items)


def leaf(space: Space, key: str, epoch: int | None = None) -> int:
    """What one sample adds to the digest of a set; inactive values count, too."""
    digest, values, _ = sample(space, key, epoch)
    text = key.encode("utf-8")
    message = struct.pack("<I", len(text)) + text + digest
    for name in order(space["parameters"]):
        message += packed(space["parameters"][name], values[name])
    return int.from_bytes(hashlib.sha256(message).digest(), "little")


def set_digest(space: Space, keys: Iterable[tuple[str, int | None]]) -> str:
    """The digest of the set of samples with these (key, epoch), as text."""
    total = sum(leaf(space, key, epoch) for key, epoch in keys) % 2**256
    return total.to_bytes(32, "little").hex()


def statistics(values: Sequence[Any], active: Sequence[bool]) -> dict[str, float]:
    """Mean, stdev, min, max and count of the active values of a column of numbers.

    The blocks are blocks of samples, active or not; all items of a shape count.
    """
    samples = list(zip(values, active, strict=True))
    starts = range(0, len(samples), reference.STATISTICS_BLOCK)
    return reference.statistics_of_blocks(
        [float(item) for value, counts in block if counts for item in flat(value)]
        for block in (samples[at : at + reference.STATISTICS_BLOCK] for at in starts)
    )


# ---- Known answers: tests/vectors/space.json ----

KEYS = ["42", "0", "7::42", "3@42", "3.1@7:1:42", '"n01440764_10026.JPEG']
PARAMETER_NAMES = [
    "hue",
    "crop.area",
    "a_rather_long_name_of_a_parameter_that_needs_no_second_block",
]
CASES: list[tuple[str, dict[str, Any]]] = [
    ("uniform", {"low": -0.1, "high": 0.1}),
    ("loguniform", {"low": 0.5, "high": 2.0}),
    ("loguniform", {"low": 1e-6, "high": 1.0}),
    ("normal", {"mean": 0.0, "stdev": 5.0}),
    ("truncatednormal", {"mean": 0.0, "stdev": 0.1, "low": -0.3, "high": 0.3}),
    ("truncatednormal", {"mean": 2.0, "stdev": 1.0, "low": -8.0, "high": 0.5}),
    ("beta", {"a": 0.4}),
    ("beta", {"a": 1.0}),
    ("beta", {"a": 8.0}),
    ("integers", {"low": 1, "high": 8}),
    ("integers", {"low": 3, "high": 9, "step": 2}),
    ("integers", {"low": -7, "high": 4_000_000_000}),
    ("bernoulli", {"p": 0.5}),
    ("bernoulli", {"p": 0.0}),
    ("bernoulli", {"p": 1.0}),
    ("choice", {"choices": ["a", "b", "c"], "weights": [0.5, 0.4, 0.1]}),
    ("choice", {"choices": ["a", "b", "c"], "weights": [0.0, 3, 0.3]}),
    ("choice", {"choices": [1, 2, 3]}),
    ("subset", {"choices": [0, 1, 2, 3], "k": 4}),
    ("subset", {"choices": [0, 1, 2, 3, 4, 5], "k": 2}),
    ("subset", {"choices": [0, 1, 2, 3, 4, 5, 6, 7], "k": 6}),
    ("integers", {"low": -(2**31), "high": 2**31 - 1}),
    ("choice", {"choices": ["a", "b", "c"], "weights": [0, 1, 0]}),
    ("seed", {}),
]
# The ends of the range, where u_closed and u_open take their next value, thirds of 2**64.
WORD_EDGES = [0, 1, 2**11 - 1, 2**11, 2**12, 2**52, 2**53 - 1, 2**63 - 1, 2**63]
WORD_EDGES += [2**64 - 2**12, 2**64 - 2**11, 2**64 - 1, 2**64 // 3, 2**64 // 3 * 2]
# Both sides of each place where a function changes its formula.
ARGUMENTS = [1e-300, 2.0**-53, 1e-9, 0.001, 0.07499, 0.0751, 0.3, 0.5, 0.6999, 0.70710678, 0.9]
ARGUMENTS += [0.92499, 0.92501, 1 - 2.0**-53, 1.0, 1.5, 2.718281828, 100.0, 650.0, 1e15]
KNOTS = [[[0, 3.0], [90, 9.0]], [[5, 1.0], [7, 0.1], [20, 0.7]]]
EXAMPLE: dict[str, Any] = {
    "depth": 10,
    "sampler": "xoshiro256++",
    "parameters": {
        "blur": {"bernoulli": {"p": 0.2}},
        "blur.sigma": {"loguniform": {"low": 0.25, "high": 4}, "when": {"blur": True}},
        "op": {"choice": {"choices": ["a", "b", "c"], "weights": [3, 1, 1]}},
        "op.b.angle": {"normal": {"mean": 0, "stdev": 5}, "when": {"op": "b"}},
        "n": {"integers": {"low": -2, "high": 9, "step": 1}},
        "z": {"seed": {}},
        "order": {"subset": {"choices": [0, 1, 2, 3], "k": 3}},
        "rotation": {"uniform": {"low": -30, "high": 30, "draw": 0}},
        "contrast": {"uniform": {"low": 0.7, "high": 1.3, "draw": 4}},
        "grid": {"normal": {"mean": 0.0, "stdev": 1, "shape": [2, 3]}},
        "perms": {"subset": {"choices": ["x", "y", "z"], "k": 2, "shape": [2]}},
        "mix": {"beta": {"a": 0.4, "b": 0.4}},
        "strength": {"uniform": {"low": -0.0, "high": {"linear": [[0, 1], [10, 3]]}}},
        "fade": {"bernoulli": {"p": {"cosine": [1, 0, 30]}}},
    },
}
EXAMPLE_KEYS = [("3@42", 3), ("0.1@7:1:42", 0), ('29@"a', 29), ("1000@0", 1000)]


def known_answers() -> str:
    """The text of tests/vectors/space.json; each answer stands beside what gave it."""
    half, third = [0.5, 0.4, 0.1], [1, 1, 1]
    edges = [(half, t) for t in thresholds(half)] + [(third, thresholds(third)[0])]
    answers = {
        "words": {f"{key}|hue": first_words(key, "hue", 6) for key in KEYS},
        "values": [
            {"key": key, "name": name, **case(kind, arguments, words(digest_of(key), name))}
            for key in KEYS
            for name in PARAMETER_NAMES
            for kind, arguments in CASES
        ],
        "word_edges": [
            {"word": w, **case(kind, arguments, iter([w, w ^ 0x5555555555555555, w, w, w, w]))}
            for w in WORD_EDGES
            for kind, arguments in CASES
        ],
        "choice_thresholds": [
            {"weights": weights, "word": t + off, "code": choice(t + off, weights)}
            for weights, t in edges
            for off in (-1, 0, 1)
        ],
        "functions": [functions(x) for x in ARGUMENTS],
        "linear": [
            {"knots": knots, "epoch": epoch, "value": linear(knots, epoch)}
            for knots in KNOTS
            for epoch in (0, 1, 3, 5, 6, 7, 14, 19, 20, 45, 90, 91, 1000)
        ],
        "cosine": [
            {
                "start": start,
                "stop": stop,
                "epochs": epochs,
                "epoch": epoch,
                "value": cosine(start, stop, epochs, epoch),
            }
            for start, stop, epochs in ((1.0, 0.1, 30), (0.0, 9.0, 7))
            for epoch in (0, 1, 3, 7, 15, 29, 30, 40)
        ],
        "space": {
            "example": EXAMPLE,
            "canonical": canonical(EXAMPLE),
            "identity": identity(EXAMPLE),
            "order": order(EXAMPLE["parameters"]),
            "samples": {f"{key} epoch {at}": example(key, at) for key, at in EXAMPLE_KEYS},
        },
        "noise": {
            f"{key}|{block}": reference.noise_block(digest_of(key), block)
            for key in ("42", "0", '"a')
            for block in (0, 1, 2**32)
        },
    }
    return json.dumps(answers, indent=0)


def digest_of(key: str, depth: int = 10) -> bytes:
    """The 32 bytes of a sample's hash."""
    return bytes.fromhex(reference.chain_hash(key, depth))


def first_words(key: str, name: str, count: int) -> list[str]:
    """Words as 16 hexadecimal digits each."""
    return [f"{w:016x}" for w in islice(words(digest_of(key), name), count)]


def case(kind: str, arguments: Mapping[str, Any], source: Words) -> dict[str, Any]:
    """A distribution and its value from these words."""
    return {"kind": kind, "arguments": arguments, "value": KINDS[kind](source, **arguments)}


def functions(x: float) -> dict[str, float | None]:
    """L, E, S and Z at x, or at the end of what they take."""
    quantile = Z(x) if 0 < x < 1 else None
    return {"x": x, "L": L(x), "E": E(min(x, 700.0)), "S": S(min(x, 1.0)), "Z": quantile}


def example(key: str, epoch: int) -> dict[str, Any]:
    """A sample of EXAMPLE."""
    _, values, active = sample(EXAMPLE, key, epoch)
    in_order_of_declaration = {name: values[name] for name in EXAMPLE["parameters"]}
    return {
        "values": in_order_of_declaration,
        "active": {name: active[name] for name in in_order_of_declaration},
        "leaf": leaf(EXAMPLE, key, epoch).to_bytes(32, "little").hex(),
    }


if __name__ == "__main__":
    sys.stdout.write(known_answers())
