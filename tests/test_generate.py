"""The calls that make samples: their shapes, their agreement, `out=`, and what they leave alone."""

import inspect
import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

import dpa

NAMES = reference.NAMES
PARTS = {"epoch": 1, "view": 2, "base_seed": 3}
CONFIGS = [
    dpa.get_preset("moderate"),
    dpa.get_preset("aggressive", sampler="mt19937", augmentation_depth=3),
]


# ---- Signatures ----

RANK = "rank=None, world_size=None"
KEY = "base_seed=None, epoch=None, view=None"
SIGNATURES = {
    "get_preset": "preset_name, **changes",
    "gen_augmentation_seed": f"seed_id, augmentation_depth=10, *, {RANK}, {KEY}",
    "gen_augmentation_params": f"seed_id, config=None, *, {RANK}, {KEY}",
    "generate_augmentation_chain": "num_samples, config=None, verbose=False, save_path=None, *, "
    f"start_id=0, {KEY}",
    "generate_augmentation_batch": f"ids, config=None, *, {RANK}, {KEY}, "
    "dtype=float64, num_threads=None, out=None, columns=None",
    "generate_uniforms": f"ids, count, skip=5, config=None, *, {RANK}, {KEY}, num_threads=None",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures(name: str) -> None:
    """Callers name and place arguments by these: they only ever grow at the end."""
    shown = []
    for parameter in inspect.signature(getattr(dpa, name)).parameters.values():
        kind, default = parameter.kind, parameter.default
        if kind is parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        text = "**" * (kind is parameter.VAR_KEYWORD) + parameter.name
        if default is not parameter.empty:
            text += f"={'float64' if default is np.float64 else default}"
        shown.append(text)
    assert ", ".join(shown) == SIGNATURES[name]


# ---- Agreement ----


@pytest.mark.parametrize("config", CONFIGS, ids=["xoshiro256++", "mt19937"])
@pytest.mark.parametrize("parts", [{}, PARTS], ids=["id", "parts"])
@pytest.mark.parametrize("start", [0, 95, 2**64 - 20])
def test_all_calls_agree(config: Any, parts: dict[str, int], start: int) -> None:
    ids = range(start, start + 20)
    chain = dpa.generate_augmentation_chain(20, config, start_id=start, **parts)
    batch = dpa.generate_augmentation_batch(ids, config, **parts)
    uniforms = dpa.generate_uniforms(ids, 5, 0, config, **parts)
    assert chain == batch.to_dicts()
    assert chain == [dpa.gen_augmentation_params(i, config, **parts) for i in ids]
    assert [sample["hash"] for sample in chain] == [
        dpa.gen_augmentation_seed(i, config.augmentation_depth, **parts) for i in ids
    ]
    for at, (name, (low, high)) in enumerate(zip(NAMES, config.bounds, strict=True)):
        assert batch[name].tolist() == (low + (high - low) * uniforms[:, at]).tolist()


def test_calls_with_a_rank_agree() -> None:
    rank = {"rank": 2, "world_size": 4, **PARTS}
    found = dpa.generate_augmentation_batch(["a", "b"], **rank).to_dicts()
    assert found == [dpa.gen_augmentation_params(i, **rank) for i in ("a", "b")]
    assert [sample["hash"] for sample in found] == [
        dpa.gen_augmentation_seed(i, **rank) for i in ("a", "b")
    ]
    assert [sample["rank"] for sample in found] == [2, 2]
    assert list(found[0]) == [*NAMES, "hash", "rank"]


def test_types() -> None:
    chain = dpa.generate_augmentation_chain(2)
    assert type(chain) is list
    for sample in (*chain, dpa.gen_augmentation_params(0)):
        assert type(sample) is dict
        assert list(sample) == [*NAMES, "hash"]
        assert [type(sample[name]) for name in NAMES] == [float] * 5
        assert re.fullmatch("[0-9a-f]{64}", sample["hash"])


@given(st.lists(st.integers(0, 49), max_size=40))
def test_rows_depend_on_their_id_alone(ids: list[int]) -> None:
    """Shuffled and repeated ids give the range's rows."""
    whole = dpa.generate_augmentation_batch(range(50))
    found = dpa.generate_augmentation_batch(np.array(ids, np.int64))
    assert (found.digests == whole.digests[ids]).all()
    for name in NAMES:
        assert found[name].tolist() == whole[name][ids].tolist()


def test_a_large_shuffle() -> None:
    order = np.random.default_rng(1).integers(0, 30_000, 40_000)
    whole = dpa.generate_augmentation_batch(range(30_000))
    found = dpa.generate_augmentation_batch(order)
    assert (found.digests == whole.digests[order]).all()
    assert all((found[name] == whole[name][order]).all() for name in NAMES)


@pytest.mark.parametrize("block", [4095, 4096, 4097, 10_000])  # blocks of 4,096 become dicts
def test_long_chains(block: int) -> None:
    chain = dpa.generate_augmentation_chain(block, CONFIGS[1], start_id=7)
    batch = dpa.generate_augmentation_batch(range(7, 7 + block), CONFIGS[1])
    assert chain == batch.to_dicts()


@pytest.mark.parametrize("sample_id", [2**64 - 1, "an id"])
@pytest.mark.parametrize("sampler", ["xoshiro256++", "mt19937"])
def test_the_deepest_chain(sample_id: int | str, sampler: str) -> None:
    config = dpa.get_preset("mild", augmentation_depth=10_000, sampler=sampler)
    parts = dict.fromkeys(("epoch", "view", "base_seed", "rank"), 2**64 - 1)
    h = reference.chain_hash(reference.key_text(sample_id, **parts), 10_000)
    answer = {**reference.params(h, config.bounds, sampler), "rank": 2**64 - 1}
    assert dpa.gen_augmentation_params(sample_id, config, **parts) == answer


# ---- float32 ----


@pytest.mark.parametrize("config", CONFIGS, ids=["xoshiro256++", "mt19937"])
@pytest.mark.parametrize("dtype", [np.float32, "f4", np.dtype("float32")], ids=str)
def test_float32_is_the_rounded_float64(config: Any, dtype: Any) -> None:
    wide = dpa.generate_augmentation_batch(range(1000), config)
    narrow = dpa.generate_augmentation_batch(range(1000), config, dtype=dtype)
    for name in NAMES:
        assert narrow[name].dtype == np.float32
        assert narrow[name].tolist() == wide[name].astype(np.float32).tolist()


@pytest.mark.parametrize("dtype", [int, np.float16, ">f8", "longdouble", bool, object], ids=str)
def test_other_dtypes(dtype: Any) -> None:
    message = f"^dtype must be float64 or float32, got {np.dtype(dtype)}$"
    with pytest.raises(ValueError, match=message):
        dpa.generate_augmentation_batch(range(2), dtype=dtype)


# ---- out= ----


def columns(size: int = 3, dtype: Any = np.float64, **changes: Any) -> dict[str, Any]:
    """What out= takes, with some entries changed."""
    return {name: np.full(size, 7, dtype) for name in NAMES} | changes


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("form", [dict, MappingProxyType, lambda d: dict(reversed(d.items()))])
def test_out_as_mapping(dtype: Any, form: Callable[[Any], Any]) -> None:
    digests = np.zeros((3, 32), np.uint8)
    arrays = columns(dtype=dtype, digests=digests)
    batch = dpa.generate_augmentation_batch([5, 1, 5], **PARTS, out=form(arrays))
    assert batch == dpa.generate_augmentation_batch([5, 1, 5], **PARTS, dtype=dtype)
    assert all(batch[name] is arrays[name] for name in NAMES)
    assert batch.digests is digests


def test_out_without_digests() -> None:
    arrays = columns()
    batch = dpa.generate_augmentation_batch(range(3), out=arrays)
    assert list(arrays) == list(NAMES)
    assert batch == dpa.generate_augmentation_batch(range(3))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_out_as_batch(dtype: Any) -> None:
    out = dpa.generate_augmentation_batch(["x", "y", "z"], dtype=dtype, view=9)
    arrays = [out.digests, *out.columns.values()]
    found = dpa.generate_augmentation_batch(range(3), CONFIGS[1], **PARTS, out=out)
    assert found is out
    assert out == dpa.generate_augmentation_batch(range(3), CONFIGS[1], **PARTS, dtype=dtype)
    kept = [out.digests, *out.columns.values()]
    assert all(np.shares_memory(a, b) for a, b in zip(arrays, kept, strict=True))


def test_out_as_part_of_a_batch() -> None:
    out = dpa.AugmentationBatch.empty(5)
    dpa.generate_augmentation_batch([8, 9], out=out[1:3])
    wanted = dpa.generate_augmentation_batch([8, 9])
    assert out.rotation.tolist() == [0, *wanted.rotation, 0, 0]
    assert (out.digests[1:3] == wanted.digests).all()
    assert not out.digests[[0, 3, 4]].any()


def test_out_counts_and_not_dtype() -> None:
    batch = dpa.generate_augmentation_batch(range(3), dtype=np.float64, out=columns(dtype="f4"))
    assert batch == dpa.generate_augmentation_batch(range(3), dtype=np.float32)


def test_out_of_no_samples() -> None:
    out = columns(0, digests=np.empty((0, 32), np.uint8))
    assert dpa.generate_augmentation_batch([], out=out) == dpa.generate_augmentation_batch([])


def test_out_of_the_ids_own_memory() -> None:
    """The ids are copied before anything is written."""
    ids = np.array([5, 6, 7], np.uint64)
    batch = dpa.generate_augmentation_batch(ids, out=columns(scale=ids.view(np.float64)))
    assert batch == dpa.generate_augmentation_batch([5, 6, 7])


def read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


def misaligned(size: int, dtype: type) -> Any:
    return np.zeros(size * 8 + 8, np.uint8)[1 : 1 + size * 8].view(dtype)


FIT = "must be writable, contiguous and aligned"
MISUSES: list[tuple[str, Any, type[Exception], str]] = [
    ("rotation", read_only(np.empty(3)), ValueError, f"out['rotation'] {FIT}"),
    ("digests", read_only(np.empty((3, 32), np.uint8)), ValueError, f"out['digests'] {FIT}"),
    ("contrast", np.empty(6)[::2], ValueError, f"out['contrast'] {FIT}"),
    ("noise", np.empty(3)[::-1], ValueError, f"out['noise'] {FIT}"),
    ("noise", misaligned(3, np.float64), ValueError, f"out['noise'] {FIT}"),
    ("digests", np.empty((32, 3), np.uint8).T, ValueError, f"out['digests'] {FIT}"),
    ("scale", np.empty(4), ValueError, "out['scale'] must have shape (3,), got (4,)"),
    ("scale", np.empty((3, 1)), ValueError, "out['scale'] must have shape (3,), got (3, 1)"),
    ("scale", np.empty(()), ValueError, "out['scale'] must have shape (3,), got ()"),
    (
        *("digests", np.empty((3, 31), np.uint8), ValueError),
        "out['digests'] must have shape (3, 32), got (3, 31)",
    ),
    (
        *("digests", np.empty((3, 32), np.int8), ValueError),
        "out['digests'] must have dtype uint8, got int8",
    ),
    (
        *("brightness", np.empty(3, np.float32), ValueError),
        "out['brightness'] must have dtype float64, got float32",
    ),
    (
        *("rotation", np.empty(3, np.int64), ValueError),
        "out['rotation'] must have dtype float64, got int64",
    ),
    ("noise", np.empty(3, ">f8"), ValueError, "out['noise'] must have dtype float64, got >f8"),
    ("noise", [0.0, 0.0, 0.0], TypeError, "out['noise'] must be a NumPy array, got list"),
    ("rotation", [0.0, 0.0, 0.0], TypeError, "out['rotation'] must be a NumPy array, got list"),
    ("digests", None, TypeError, "out['digests'] must be a NumPy array, got NoneType"),
    ("hue", np.empty(3), ValueError, "out has an unknown column 'hue'"),
    ("hash", None, ValueError, "out has an unknown column 'hash'"),
]


@pytest.mark.parametrize(
    ("name", "value", "error", "message"), MISUSES, ids=[str(at) for at in range(len(MISUSES))]
)
def test_misused_out(name: str, value: Any, error: type[Exception], message: str) -> None:
    out = columns(**{name: value})
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        dpa.generate_augmentation_batch(range(3), out=out)
    others = [out[other] for other in NAMES if other != name]
    assert all((column == 7).all() for column in others)  # nothing was written


@pytest.mark.parametrize("name", NAMES)
def test_out_lacks_a_column(name: str) -> None:
    out = columns()
    del out[name]
    with pytest.raises(ValueError, match=f"^out lacks the column '{name}'$"):
        dpa.generate_augmentation_batch(range(3), out=out)


@pytest.mark.parametrize("out", [[1], np.empty((5, 3)), (), 3], ids=["list", "array", "()", "3"])
def test_out_that_is_neither(out: Any) -> None:
    message = f"^out must be an AugmentationBatch or a mapping, got {type(out).__name__}$"
    with pytest.raises(TypeError, match=message):
        dpa.generate_augmentation_batch(range(3), out=out)


def test_out_overlaps_itself() -> None:
    memory = np.zeros(5)
    for pair in (memory[:3], memory[2:]), (memory[:3], memory[:3]):
        out = columns(rotation=pair[0], scale=pair[1])
        with pytest.raises(ValueError, match=r"^out\['rotation'\] overlaps 'scale'$"):
            dpa.generate_augmentation_batch(range(3), out=out)
    out = columns(noise=memory[:3], digests=np.zeros((3, 32), np.uint8))
    out["digests"] = np.zeros(96, np.uint8)
    out["noise"] = out["digests"][:24].view(np.float64)
    out["digests"] = out["digests"].reshape(3, 32)
    with pytest.raises(ValueError, match=r"^out\['noise'\] overlaps 'digests'$"):
        dpa.generate_augmentation_batch(range(3), out=out)
    assert not out["digests"].any()


def test_out_of_neighbours() -> None:
    block = np.zeros((5, 3))
    out = dict(zip(NAMES, block, strict=True))
    assert dpa.generate_augmentation_batch(range(3), out=out) == (
        dpa.generate_augmentation_batch(range(3))
    )


@pytest.mark.parametrize("part", [slice(0, 2), slice(None, None, 2)], ids=repr)
def test_out_batch_that_does_not_fit(part: slice) -> None:
    out = dpa.AugmentationBatch.empty(6)[part]
    with pytest.raises(ValueError, match=r"^out\['rotation'\] must "):
        dpa.generate_augmentation_batch(range(3), out=out)


@pytest.mark.parametrize("bad", [{"epoch": -1}, {"num_threads": 0}, {"config": 3}], ids=str)
def test_a_refused_call_leaves_out_alone(bad: dict[str, Any]) -> None:
    out = dpa.generate_augmentation_batch([4, 5, 6])
    with pytest.raises((ValueError, TypeError)):
        dpa.generate_augmentation_batch(range(3), **bad, out=out)
    with pytest.raises(ValueError, match="lone surrogate"):
        dpa.generate_augmentation_batch(["a", "b", "\ud800"], out=out)
    assert out == dpa.generate_augmentation_batch([4, 5, 6])


# ---- Uniforms ----


def test_uniforms_go_on_behind_the_parameters() -> None:
    ids = ["a", "b", "c"]
    every = dpa.generate_uniforms(ids, 9, 0)
    assert (dpa.generate_uniforms(ids, 4) == every[:, 5:]).all()
    assert (dpa.generate_uniforms(ids, 2, skip=3) == every[:, 3:5]).all()
    assert every.dtype == np.float64
    assert every.flags.c_contiguous
    assert ((every >= 0) & (every < 1)).all()
    assert len(np.unique(every)) == 27


def test_uniforms_take_depth_and_sampler_from_the_config() -> None:
    config = CONFIGS[1]
    found = dpa.generate_uniforms([3], 2, config=config, rank=1)[0].tolist()
    draws = reference.uniforms(reference.chain_hash("0:1:3", 3), "mt19937")
    assert [next(draws) for _ in range(7)][5:] == found
    other = config.replace(rotation_range=(0, 1), contrast_range=(5, 6))
    assert dpa.generate_uniforms([3], 2, config=other, rank=1)[0].tolist() == found


@pytest.mark.parametrize(("ids", "count"), [([], 3), (range(4), 0), ([], 0)])
def test_no_uniforms(ids: Any, count: int) -> None:
    assert dpa.generate_uniforms(ids, count).shape == (len(ids), count)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((-1,), ValueError, "count must not be negative, got -1"),
        ((1, -2), ValueError, "skip must not be negative, got -2"),
        ((1.0,), TypeError, "count must be an integer, got 1.0"),
        ((True,), TypeError, "count must be an integer, got True"),
        ((1, None), TypeError, "skip must be an integer, got None"),
        ((1, 1_000_000), ValueError, "skip + count must be at most 1000000, got 1000001"),
        ((2**70,), ValueError, f"skip + count must be at most 1000000, got {2**70 + 5}"),
    ],
)
def test_bad_counts_of_uniforms(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        dpa.generate_uniforms([1], *arguments)


@pytest.mark.parametrize("sampler", ["xoshiro256++", "mt19937"])
def test_the_last_uniform(sampler: str) -> None:
    config = dpa.get_preset("moderate", sampler=sampler, augmentation_depth=1)
    draws = reference.uniforms(reference.chain_hash("3", 1), sampler)
    for _ in range(999_999):
        last = next(draws)
    assert dpa.generate_uniforms([3], 2, 999_998, config).tolist() == [[last, next(draws)]]


# ---- Chains ----


@pytest.mark.parametrize("size", [0, 1, np.int64(3)])
def test_number_of_samples(size: int) -> None:
    assert len(dpa.generate_augmentation_chain(size)) == size


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"num_samples": -1}, ValueError, "num_samples must not be negative, got -1"),
        ({"num_samples": 2.0}, TypeError, "num_samples must be an integer, got 2.0"),
        ({"num_samples": True}, TypeError, "num_samples must be an integer, got True"),
        ({"num_samples": "3"}, TypeError, "num_samples must be an integer, got '3'"),
        ({"num_samples": range(3)}, TypeError, "num_samples must be an integer, got range(0, 3)"),
        ({"start_id": -1}, ValueError, "start_id must not be negative, got -1"),
        ({"start_id": 1.5}, TypeError, "start_id must be an integer, got 1.5"),
        ({"start_id": None}, TypeError, "start_id must be an integer, got None"),
        ({"start_id": 2**64 - 1}, ValueError, f"the last id must be below 2**64, got {2**64}"),
        ({"num_samples": 2**65}, ValueError, f"the last id must be below 2**64, got {2**65 - 1}"),
    ],
    ids=str,
)
def test_bad_chains(tmp_path: Path, arguments: Any, error: type[Exception], message: str) -> None:
    path = tmp_path / "chain.json"
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        dpa.generate_augmentation_chain(**{"num_samples": 2, "save_path": path} | arguments)
    assert not path.exists()


def test_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    chain = dpa.generate_augmentation_chain(12, verbose=True, start_id=40)
    assert chain == dpa.generate_augmentation_chain(12, start_id=40)
    printed = capsys.readouterr()
    first, *lines, more, total = printed.out.splitlines()
    assert first == (
        "sample 40: "
        + " ".join(f"{name}={chain[0][name]:.4f}" for name in NAMES)
        + f" hash={chain[0]['hash'][:16]}"
    )
    assert [line.split(":")[0] for line in lines] == [f"sample {n}" for n in range(41, 50)]
    assert (more, total) == ("... and 2 more", "generated 12 samples")
    assert printed.err == ""


@pytest.mark.parametrize("size", [0, 1, 10])
def test_verbose_with_few_samples(capsys: pytest.CaptureFixture[str], size: int) -> None:
    dpa.generate_augmentation_chain(size, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == size + 1
    assert lines[-1] == f"generated {size} sample" + "s" * (size != 1)


def test_verbose_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "chain.json"
    dpa.generate_augmentation_chain(2, verbose=True, save_path=path)
    assert capsys.readouterr().out.endswith(f"generated 2 samples, saved to {path}\n")


@pytest.mark.parametrize("form", [str, Path])
def test_save_path(tmp_path: Path, form: Callable[[str], Any]) -> None:
    path = tmp_path / "new" / "chain.json"
    chain = dpa.generate_augmentation_chain(
        5000, CONFIGS[1], save_path=form(str(path)), start_id=9, **PARTS
    )
    assert chain == dpa.generate_augmentation_chain(5000, CONFIGS[1], start_id=9, **PARTS)
    assert dpa.load_augmentation_chain(path) == chain
    again = dpa.load_augmentation_batch(path)
    assert again == dpa.generate_augmentation_batch(range(9, 5009), CONFIGS[1], **PARTS)


def test_save_path_of_no_samples(tmp_path: Path) -> None:
    path = tmp_path / "chain.json"
    assert dpa.generate_augmentation_chain(0, save_path=path) == []
    assert dpa.load_augmentation_chain(path) == []


# ---- What no call touches ----


def every_public_call(folder: Path) -> list[tuple[str, Callable[[], Any]]]:
    path, recipe = folder / "chain.json", folder / "recipe.json"
    chain, default = dpa.generate_augmentation_chain(9), dpa.AugmentationConfig()
    mt19937 = dpa.get_preset("mild", sampler="mt19937")
    return [
        ("AugmentationConfig", lambda: dpa.AugmentationConfig((1, 2))),
        ("PRESETS", lambda: dpa.PRESETS["mild"]),
        ("get_preset", lambda: dpa.get_preset("mild", augmentation_depth=3)),
        ("gen_augmentation_params", lambda: dpa.gen_augmentation_params(1, mt19937, rank=1)),
        ("gen_augmentation_seed", lambda: dpa.gen_augmentation_seed("a", 3)),
        ("generate_augmentation_chain", lambda: dpa.generate_augmentation_chain(5000, mt19937)),
        ("generate_augmentation_batch", lambda: dpa.generate_augmentation_batch(range(9))),
        ("AugmentationBatch", lambda: dpa.generate_augmentation_batch([1], mt19937).statistics()),
        ("SampleDigest", lambda: dpa.SampleDigest().hexdigest()),
        ("expected_digest", lambda: dpa.expected_digest(["a", "b"], mt19937).hexdigest()),
        ("Run", lambda: dpa.Run(["a", "b"], mt19937, epochs=3).params("b", 2)),
        ("generate_uniforms", lambda: dpa.generate_uniforms([7], 700, 5, mt19937).tolist()),
        ("stream_augmentation_chain", lambda: list(dpa.stream_augmentation_chain(9, mt19937))),
        ("stream_augmentation_range", lambda: list(dpa.stream_augmentation_range(3, 9))),
        ("stream_augmentation_batches", lambda: list(dpa.stream_augmentation_batches(3))),
        ("compute_streaming_statistics", lambda: dpa.compute_streaming_statistics(chain)),
        ("compute_statistics", lambda: dpa.compute_statistics(chain)),
        ("theoretical_statistics", lambda: dpa.theoretical_statistics(default)),
        ("Statistics", lambda: dpa.Statistics(dpa.PARAMETERS).result()["noise"]["count"]),
        ("PARAMETERS", lambda: dpa.PARAMETERS),
        ("ChainFileError", lambda: str(dpa.ChainFileError("x"))),
        ("save_augmentation_chain", lambda: dpa.save_augmentation_chain(chain, path, default)),
        ("load_augmentation_chain", lambda: dpa.load_augmentation_chain(path)),
        ("load_augmentation_batch", lambda: dpa.load_augmentation_batch(path)),
        ("load_augmentation_config", lambda: dpa.load_augmentation_config(path)),
        ("save_augmentation_stream", lambda: dpa.save_augmentation_stream(iter(chain), path)),
        ("load_augmentation_stream", lambda: list(dpa.load_augmentation_stream(path))),
        ("save_augmentation_recipe", lambda: dpa.save_augmentation_recipe(recipe, 9)),
        ("verify_augmentation_chain", lambda: dpa.verify_augmentation_chain(recipe).ok),
        ("kernels", dpa.kernels),
        ("active_kernel", dpa.active_kernel),
    ]


def global_state() -> list[Any]:
    numpy_state = np.random.get_state()  # noqa: NPY002 (the state that must not change)
    return [
        random.getstate(),
        [part.tolist() if isinstance(part, np.ndarray) else part for part in numpy_state],
        np.geterr(),
        np.get_printoptions(),
        dict(os.environ),
    ]


@pytest.fixture
def seeded() -> Iterator[None]:
    """The global generators in a state of the test's own."""
    before, numpy_before = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    yield
    random.setstate(before)
    np.random.set_state(numpy_before)  # noqa: NPY002


def test_global_state_stays(tmp_path: Path, seeded: None) -> None:
    before = global_state()
    for name, call in every_public_call(tmp_path):
        call()
        assert global_state() == before, name


def test_global_state_does_not_count(tmp_path: Path, seeded: None) -> None:
    first = [call() for _, call in every_public_call(tmp_path)]
    random.seed(6)
    np.random.seed(6)  # noqa: NPY002
    assert [call() for _, call in every_public_call(tmp_path)] == first


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for _, call in every_public_call(tmp_path):
        call()
    assert capfd.readouterr() == ("", "")


def test_every_public_call_is_among_these(tmp_path: Path) -> None:
    assert sorted(name for name, _ in every_public_call(tmp_path)) == sorted(dpa.__all__)
