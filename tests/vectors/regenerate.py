"""Rebuild the known answers from the twins in tests/, or compare them with --check.

    python tests/vectors/regenerate.py           # writes the files beside this one
    python tests/vectors/regenerate.py --check   # exit code 1 where one would change

The inputs stand here, the answers come from the twins. Derivation and pixels are frozen: a
difference under --check is a bug in a twin, never a reason to write.
"""

import argparse
import json
import random
import struct
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import pixels_reference  # noqa: E402  (the twins lie one folder up and are no package)
import reference  # noqa: E402  (as well)
import space_reference  # noqa: E402  (as well)

ABOUT = (
    "Known answers of the derivation in docs/spec.md, computed in plain Python with hashlib and"
    " random. id is text; id_type says whether it is an integer or a string id. Absent fields are"
    " None; numbers of 2^53 and more are text. The five values are rotation, brightness, noise,"
    " scale, contrast."
)
EVERYWHERE = [
    (1, "moderate"),
    (10, "mild"),
    (10, "moderate"),
    (10, "aggressive"),
    (300, "moderate"),
]
# fib(94) is the first beyond 64 bits; fib(265) the first whose link has two constant blocks.
DEEP = [(depth, "moderate") for depth in (94, 95, 96, 265, 266)]
LARGEST = 2**64 - 1
SAMPLES: list[tuple[int | str, dict[str, int]]] = [
    # Integers: digit counts, the two that collide in 32 bits, 2^32, 2^53, 2^63, 2^64, more.
    *(
        (i, {})
        for i in (0, 1, 9, 10, 42, 54018, 70819, 2**32, 2**53 + 1, 2**63 - 1, 2**63, LARGEST)
    ),
    (10**40, {}),
    # Key parts, each alone and together; 0 is not None.
    (5, {"rank": 0, "world_size": 2}),
    (42, {"base_seed": 7, "rank": 1, "world_size": 4}),
    (42, {"base_seed": 7}),
    (42, {"epoch": 3}),
    (42, {"view": 1}),
    (42, {"epoch": 3, "view": 1}),
    (0, {"epoch": 0, "view": 0, "base_seed": 0}),
    (42, {"epoch": 3, "view": 1, "base_seed": 7, "rank": 1, "world_size": 4}),
    (1, {"base_seed": 2**32}),
    (1, {"base_seed": LARGEST}),
    (1, {"epoch": 2**32}),
    (1, {"epoch": LARGEST, "view": LARGEST}),
    # Strings: like numbers, like keys, empty, unicode in two normal forms, quote, NUL.
    *((s, {}) for s in ("n01440764_10026.JPEG", "42", "7:1:42", "", "ünïcode/ß.png", 'a"b\\c')),
    *((s, {}) for s in (" x\n", "a\0b", "e\u0301", "\ufb01", "\U0001f600", "3@")),
    ("img", {"base_seed": 7, "rank": 1, "world_size": 2}),
    ("k" * 120, {"epoch": 5}),
    # Lengths around the padding's edges of one and two blocks.
    *(("k" * n, {}) for n in (54, 55, 62, 63, 64, 118, 119)),
]
RANDOM_SEEDS = [0, 42, 0x80000000, 0xFFFFFFFF]
NOISE_INDICES = 30  # three blocks and a part
NOISE_STARTS = [11, 2**35 - 13, 2**64 - 30]  # the counter's second word; the last elements
RANDOM_DRAWS = 320  # more than the 312 that one block of 624 words holds


def small(number: int) -> int | str:
    """Text where JSON readers that know only doubles would round."""
    return number if number < 2**53 else str(number)


def vector(sample_id: int | str, parts: dict[str, int], depth: int, preset: str) -> dict[str, Any]:
    """One known answer."""
    key = reference.key_text(sample_id, **{k: v for k, v in parts.items() if k != "world_size"})
    h = reference.chain_hash(key, depth)
    kind = "str" if isinstance(sample_id, str) else "int"
    record: dict[str, Any] = {"id": str(sample_id), "id_type": kind}
    order = ("epoch", "view", "base_seed", "rank", "world_size")
    record |= {name: small(parts[name]) for name in order if name in parts}
    record |= {"key": key, "depth": depth, "preset": preset, "hash": h}
    for sampler in ("xoshiro256++", "mt19937"):
        values = reference.params(h, reference.PRESETS[preset], sampler)
        record[sampler] = [values[name] for name in reference.NAMES]
    return record


def vectors() -> Iterator[dict[str, Any]]:
    """All known answers in the order of the file."""
    for sample_id, parts in SAMPLES:
        deep = DEEP if sample_id in (42, "42") and not parts else []
        for depth, preset in EVERYWHERE[:-1] + deep + EVERYWHERE[-1:]:
            yield vector(sample_id, parts, depth, preset)


def known_answers() -> str:
    """JSON with one vector a line."""
    lines = ",\n".join(json.dumps(v, ensure_ascii=False) for v in vectors())
    return '{"about": ' + json.dumps(ABOUT) + ',\n"vectors": [\n' + lines + "\n]}\n"


def cpython_random() -> str:
    """A line for each seed: the seed, then draws of random.Random as C99 hex floats."""
    lines = []
    for seed in RANDOM_SEEDS:
        generator = random.Random(seed)
        draws = (generator.random().hex() for _ in range(RANDOM_DRAWS))
        lines.append(" ".join([str(seed), *draws]) + "\n")
    return "".join(lines)


def xoshiro256pp() -> str:
    """The first outputs from the state {1, 2, 3, 4}, one a line."""
    return "".join(f"{word}\n" for word in islice(reference.xoshiro256pp((1, 2, 3, 4)), 10))


def noise() -> str:
    """A line for each part: hash, first element, then indices of its noise into the table."""
    hashes = ["0" * 64, "f" * 64, *(reference.chain_hash(key, 10) for key in ("0", '"a', "42"))]
    parts = [(h, 0) for h in hashes] + [(hashes[-1], start) for start in NOISE_STARTS]
    return "".join(
        " ".join(map(str, [*part, *islice(reference.noise_indices(*part), NOISE_INDICES)])) + "\n"
        for part in parts
    )


KINDS = ["drawn", "uniform", "loguniform", "normal", "truncatednormal", "beta", "integers"]
KINDS += ["bernoulli", "choice", "subset", "seed"]  # by dpa_kind of csrc/dpa_derivation.h


def hex64(number: float) -> str:
    """16 digits: an integer modulo 2^64, or the bits of a double."""
    packed = struct.pack(">d", number) if isinstance(number, float) else number % 2**64
    return packed.hex() if isinstance(packed, bytes) else f"{packed:016x}"


def fields(case: dict[str, Any]) -> list[Any]:
    """Of a dpa_column: kind, a, b, low, high, start, step, count, picked; then its thresholds."""
    kind, args = case["kind"], case["arguments"]
    a, b, start, count, thresholds = 0.0, 0.0, 0, 0, []
    if "low" in args and kind != "integers":
        a, b = float(args["low"]), float(args["high"])
    a, b = args.get("mean", args.get("a", args.get("p", a))), args.get("stdev", b)
    if kind == "integers":
        start, count = args["low"], (args["high"] - args["low"]) // args.get("step", 1) + 1
    elif kind == "truncatednormal":
        mean, stdev, low, high = args["mean"], args["stdev"], args["low"], args["high"]
        start = space_reference.least(lambda u: space_reference.normal(u, mean, stdev) >= low)
        count = space_reference.least(lambda u: space_reference.normal(u, mean, stdev) > high)
        count -= start
    elif kind == "choice":
        reached = space_reference.thresholds(args.get("weights") or [1] * len(args["choices"]))
        thresholds = [t for t in reached if t < 2**64]
        count = len(thresholds)
    elif kind == "subset":
        count = len(args["choices"])
    bounds = [float(args["low"]), float(args["high"])] if kind == "truncatednormal" else [0.0, 0.0]
    column = [KINDS.index(kind), float(a), float(b), *bounds]
    return [*column, start, args.get("step", 1), count, args.get("k", 0), *thresholds]


def codes(case: dict[str, Any]) -> list[Any]:
    """The value as the C fills it: choices are codes."""
    values = case["value"] if isinstance(case["value"], list) else [case["value"]]
    choices = case["arguments"].get("choices")
    return [choices.index(v) if choices else v for v in values]


def corners() -> Iterator[dict[str, Any]]:
    """What space.json leaves out: both sides of the far tail, and the cut in the least Beta."""
    for word in (30_000 << 12, 62_000 << 12, 63_000 << 12, 2**64 - (62_000 << 12)):
        value = space_reference.normal(space_reference.u_open(word), 0.0, 1.0)
        arguments = {"mean": 0.0, "stdev": 1.0}
        yield {"word": word, "kind": "normal", "arguments": arguments, "value": value}
    for word in (0, 2**60, 2**63 + 1, 2**64 - 1):
        value = space_reference.beta(word, word ^ 0x5555555555555555, 2.0**-10)
        yield {"word": word, "kind": "beta", "arguments": {"a": 2.0**-10}, "value": value}


def space() -> str:
    """Declared parameters for the C tests, most from space.json; every number as 16 hex digits.

    functions: x, L(x), E(x), S(x), Z(x). words: two words, column, number of values, values.
    key: key, name, column, number of values, values.
    """
    answers = json.loads((HERE / "space.json").read_text(encoding="utf-8"))
    lines = [
        ["functions", *(hex64(row[f] or 0.0) for f in ("x", "L", "E", "S", "Z"))]
        for row in answers["functions"]
    ]
    thresholds = [
        {"word": row["word"], "kind": "choice", "value": row["code"]}
        | {"arguments": {"weights": row["weights"], "choices": list(range(len(row["weights"])))}}
        for row in answers["choice_thresholds"]
    ]
    for row in [*answers["word_edges"], *thresholds, *corners()]:
        words = [row["word"], row["word"] ^ 0x5555555555555555]
        if row["kind"] != "subset":  # takes words of a name alone
            lines.append(["words", *map(hex64, [*words, *fields(row), 1, *codes(row)])])
    for row in answers["values"]:
        values = codes(row)
        lines.append(
            ["key", row["key"], row["name"], *map(hex64, [*fields(row), len(values), *values])]
        )
    return "".join(" ".join(line) + "\n" for line in lines)


# Height, width, channels; each is warped to its own size and to another one.
PICTURES = [(1, 1, 1), (1, 9, 1), (8, 1, 3), (2, 2, 1), (5, 7, 1), (31, 33, 3), (64, 64, 1)]
PICTURES += [(61, 67, 3), (48, 80, 4), (60, 90, 5)]
MAPS: list[dict[str, Any]] = [
    {},
    {"rotation": 90.0},
    {"rotation": 17.0, "scale": 1.08},
    {"rotation": -33.3, "scale": 0.7},
    {"rotation": 179.5, "scale": 2.5},
    {"rotation": 725.25, "scale": 0.1},
    {"flip_horizontal": True},
    {"flip_vertical": True, "rotation": 12.5},
    {"shear_x": 10.0, "translate_x": 0.1},
    {"shear_x": -5.0, "shear_y": 7.5, "translate_y": -0.25, "rotation": 3.0},
    {"crop": (0.35, 1.2, 0.25, 0.75)},
    {"crop": (0.5, 0.8, 0.9, 0.1), "flip_horizontal": True, "rotation": -8.0, "scale": 1.1},
]


def warps(shape: tuple[int, int, int], out: tuple[int, int], how: dict[str, Any]) -> dict[str, Any]:
    """The names of a picture's warps by one map, for every dtype, interpolation and border."""
    size = shape[:2]
    placed = pixels_reference.general_map(size, out, **how)
    pixels = {
        f"{kind}{dtype} {border}": pixels_reference.name(warp(picture, placed, out, border))
        for kind, warp in (("", pixels_reference.warp), ("cubic ", pixels_reference.warp_cubic))
        for dtype in ("uint8", "uint16", "float32")
        for picture in [pixels_reference.picture(*shape, dtype)]
        for border in ("reflect", "edge", 0, 1)
    }
    labels = pixels_reference.picture(*shape)
    nearest = {
        str(border): pixels_reference.name(
            pixels_reference.warp_nearest(labels, placed, out, border)
        )
        for border in ("reflect", "edge", 7)
    }
    row = {"shape": shape, "out": out, "how": how, "map": placed}
    return {**row, "pixels": pixels, "nearest": nearest}


def pixels() -> str:
    """JSON with the warps of one picture by one map a line."""
    lines = (
        json.dumps(warps(shape, out, how), separators=(",", ":"))
        for shape in PICTURES
        for out in (shape[:2], (24, 40))
        for how in MAPS
    )
    return "[\n" + ",\n".join(lines) + "\n]\n"


HASH = space_reference.digest_of("42").hex()
PLACED = {"rotation": 17.0, "scale": 1.08, "shear_x": -5.0, "shear_y": 7.5, "translate_x": 0.05}
PLACED |= {"translate_y": -0.1, "flip_horizontal": True, "crop.area": 0.5, "crop.ratio": 0.8}
TONED = {"gamma": 0.8, "brightness": 1.1, "contrast": 0.75, "saturation": 1.4}
NOISY = {"noise": 0.05, "hash": HASH}
WHITE = {"uint8": 200, "uint16": 1023, "float32": 0.5}
# Shape, parameters, other arguments of `effect`; each for uint8, uint16 and float32.
EVERY_TYPE: list[tuple[tuple[int, ...], dict[str, Any], dict[str, Any]]] = [
    ((31, 33, 3), {"flip_vertical": False, "gamma": 1.0, "grey": False}, {}),
    ((31, 33, 3), PLACED, {"out_size": (24, 40)}),
    ((48, 80, 1), {"crop.area": 0.35, "crop.x": 0.25, "crop.y": 1.0}, {"border": "edge"}),
    ((48, 80, 1), {"crop.ratio": 0.5, "flip_vertical": True}, {"out_size": (7, 9)}),
    ((64, 64, 1), {"gamma": 0.45}, {}),
    ((64, 64, 1), {"gamma": 2.2}, {"full_range": WHITE}),
    ((31, 33, 3), {"gamma": 0.01}, {}),
    ((31, 33, 3), {"gamma": 100.0, "brightness": 2.0}, {}),
    ((31, 33, 4), {"brightness": 1.3, "contrast": 0.6}, {"full_range": WHITE}),
    ((31, 33, 3), {"saturation": 0.3}, {}),
    ((31, 33, 3), {"saturation": 2.5, "brightness": 0.9}, {}),
    ((31, 33, 3), {"grey": True, "saturation": 1.5, **NOISY}, {"full_range": WHITE}),
    ((31, 33, 1), {"grey": True, **NOISY}, {}),
    ((48, 80, 4), {"erase.area": 0.2, "erase.ratio": 3.0, "erase.x": 0.9}, {"erase_fill": 1}),
    ((60, 90, 3), {**PLACED, **TONED, **NOISY, "erase.area": 0.1}, {"out_size": (32, 32)}),
    ((5, 7, 3), {**PLACED, **TONED, **NOISY}, {"interpolation": "cubic", "border": 1}),
]
# With alpha, uint8.
EVERY_ALPHA: list[tuple[tuple[int, ...], dict[str, Any], dict[str, Any]]] = [
    ((31, 33, 4), {}, {}),
    ((31, 33, 4), PLACED, {}),
    ((31, 33, 2), PLACED, {"interpolation": "cubic", "border": 7}),
    ((31, 33, 4), PLACED, {"interpolation": "nearest", "border": 7}),
    ((31, 33, 4), {**PLACED, **TONED, **NOISY}, {"out_size": (24, 40), "border": 0}),
    ((31, 33, 2), {**TONED, **NOISY}, {}),
    ((48, 80, 4), {"contrast": 0.5}, {}),
    ((31, 33, 4), {"grey": True, "erase.area": 0.3, "erase.y": 0.0}, {"erase_fill": 9}),
]
# Float64: a copy, a float32 at each step that is run, and elements that an erasing leaves.
EVERY_DOUBLE: list[tuple[tuple[int, ...], dict[str, Any], dict[str, Any]]] = [
    ((5, 7, 3), {"scale": 1.0, "crop.area": 1.0, "noise": 0.0}, {}),
    ((5, 7, 3), {**PLACED, **TONED, **NOISY, "erase.area": 0.1}, {"erase_fill": 0.1}),
    ((5, 7, 3), {"gamma": 0.8}, {"full_range": 0.9}),
    ((5, 7, 3), {"erase.area": 0.1}, {"erase_fill": 0.1}),
]


def effect_cases() -> Iterator[dict[str, Any]]:
    """All cases: dtype, shape, params and arguments, without the answers."""
    for dtypes, cases, more in (
        (("uint8", "uint16", "float32"), EVERY_TYPE, {}),
        (("uint8",), EVERY_ALPHA, {"alpha": True}),
        (("float64",), EVERY_DOUBLE, {}),
    ):
        for shape, params, arguments in cases:
            for dtype in dtypes:
                chosen = {k: v[dtype] if v is WHITE else v for k, v in arguments.items()}
                row = {"dtype": dtype, "shape": shape, "params": params}
                yield {**row, "arguments": {**chosen, **more}}


def effects() -> str:
    """JSON with one effect on one picture a line."""
    lines = []
    for row in effect_cases():
        picture = pixels_reference.picture(*row["shape"], row["dtype"])
        result = pixels_reference.effect(picture, row["params"], **row["arguments"])
        row["name"] = pixels_reference.name(result)
        lines.append(json.dumps(row, separators=(",", ":")))
    return "[\n" + ",\n".join(lines) + "\n]\n"


FILES: dict[str, Callable[[], str]] = {
    "known_answers.json": known_answers,
    "cpython_random.txt": cpython_random,
    "xoshiro256pp.txt": xoshiro256pp,
    "noise.txt": noise,
    "space.txt": space,
    "pixels.json": pixels,
    "effects.json": effects,
}


def main(arguments: list[str] | None = None) -> int:
    """Write or check every file; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args(arguments).check
    changed = 0
    for name, make in FILES.items():
        path, text = HERE / name, make()
        if not check:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif path.read_text(encoding="utf-8") != text:
            print(f"{name} differs from what its twin in tests/ gives", file=sys.stderr)
            changed += 1
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
