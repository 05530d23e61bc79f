"""Keys and ids: what they are, that no two samples share one, and what is refused."""

import re
from array import array
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

import dpa
from dpa.derivation.ids import Ids
from dpa.derivation.keys import Key, single_id

LARGEST = 2**64 - 1
PARTS = ["epoch", "view", "base_seed", "rank"]
INTEGERS = [np.dtype(f"{order}{kind}{size}") for order in "<>" for kind in "iu" for size in "248"]
INTEGERS += [np.dtype(np.int8), np.dtype(np.uint8)]

REMEDY = "leave out or fill the rows without an id"


def key(sample_id: int | str, **parts: Any) -> str:
    """The text that the first link of a sample hashes."""
    end = single_id(sample_id)
    text = end if isinstance(end, bytes) else str(end).encode()
    return (Key.checked(**parts).prefix + text).decode()


def listed(ids: Any) -> list[int] | list[str]:
    """The ids that a batch was made for; its samples are those of the ids one by one."""
    batch = dpa.generate_augmentation_batch(ids)
    found: list[Any] = list(batch.sample_ids)
    assert len(batch) == len(found)
    assert batch.to_dicts() == [
        dpa.gen_augmentation_params(i if isinstance(i, str) else int(i)) for i in found
    ]
    return found


# ---- The grammar ----


@pytest.mark.parametrize(
    ("sample_id", "parts", "text"),
    [
        (42, {}, "42"),
        (42, {"base_seed": 7, "rank": 1}, "7:1:42"),
        (42, {"rank": 1}, "0:1:42"),
        (42, {"base_seed": 7}, "7::42"),
        (42, {"epoch": 3}, "3@42"),
        (42, {"view": 1}, ".1@42"),
        (42, {"epoch": 3, "view": 1, "base_seed": 7, "rank": 1}, "3.1@7:1:42"),
        (0, {"epoch": 0, "view": 0, "base_seed": 0}, "0.0@0::0"),
        (0, {"rank": 0}, "0:0:0"),
        ("n01440764_10026.JPEG", {}, '"n01440764_10026.JPEG'),
        ("a", {"epoch": 3}, '3@"a'),
        ("", {}, '"'),
        (' @:"\n\0é𝄞', {"base_seed": 1}, '1::" @:"\n\0é𝄞'),
        (
            LARGEST,
            dict.fromkeys(PARTS, LARGEST),
            f"{LARGEST}.{LARGEST}@" + f"{LARGEST}:" * 2 + f"{LARGEST}",
        ),
        (10**80, {"view": 0}, f".0@{10**80}"),
    ],
)
def test_grammar(sample_id: int | str, parts: dict[str, int], text: str) -> None:
    assert key(sample_id, **parts) == text
    h = reference.chain_hash(text, 10)
    assert dpa.gen_augmentation_seed(sample_id, **parts) == h
    assert dpa.gen_augmentation_params(sample_id, **parts)["hash"] == h
    if isinstance(sample_id, str) or sample_id <= LARGEST:
        batch = dpa.generate_augmentation_batch([sample_id], **parts)
        assert bytes(batch.digests[0]).hex() == h


# Few values and the grammar's own characters, so that keys have every chance to meet.
NEAR = st.integers(0, 12)
SAMPLES = st.tuples(
    *[st.none() | NEAR] * 4, st.one_of(NEAR, st.text(alphabet='01.@:"', max_size=6))
)


def text_of(sample: tuple[Any, ...]) -> str:
    *parts, sample_id = sample
    return key(sample_id, **dict(zip(PARTS, parts, strict=True)))


def resolved(sample: tuple[Any, ...]) -> tuple[Any, ...]:
    """A rank without a base_seed has set base_seed to 0."""
    epoch, view, base_seed, rank, sample_id = sample
    return epoch, view, 0 if base_seed is None and rank is not None else base_seed, rank, sample_id


@given(st.lists(SAMPLES, min_size=2, max_size=60))
def test_no_two_samples_share_a_key(samples: list[tuple[Any, ...]]) -> None:
    owners = {}
    for sample in samples:
        owner = owners.setdefault(text_of(sample), resolved(sample))
        assert owner == resolved(sample)


def test_none_is_not_0() -> None:
    given_parts = [(), *[(name,) for name in PARTS], tuple(PARTS)]
    found = {dpa.gen_augmentation_seed(5, **dict.fromkeys(names, 0)) for names in given_parts}
    assert len(found) == len(given_parts)


def test_number_and_its_text_are_two_ids() -> None:
    assert dpa.gen_augmentation_seed(42) != dpa.gen_augmentation_seed("42")
    one, other = dpa.generate_augmentation_batch([42]), dpa.generate_augmentation_batch(["42"])
    assert (one.digests != other.digests).any()


def test_text_is_not_normalised() -> None:
    texts = ["é", "e\u0301", " a", "a", "A", "a ", "a\0", ""]
    assert len({dpa.gen_augmentation_seed(text) for text in texts}) == len(texts)
    assert listed(texts) == texts


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("call", [dpa.gen_augmentation_seed, dpa.gen_augmentation_params])
def test_each_part_in_each_call(name: str, call: Callable[..., Any]) -> None:
    found = [call(5, **{name: n}) for n in (0, 1, LARGEST)]
    hashes = [h if isinstance(h, str) else h["hash"] for h in found]
    twin = [reference.chain_hash(reference.key_text(5, **{name: n}), 10) for n in (0, 1, LARGEST)]
    assert hashes == twin


# ---- Parts ----


def calls_with(**parts: Any) -> list[Callable[[], Any]]:
    """Every call that takes a key, with these parts; a rank where it has one."""
    calls: list[Callable[[], Any]] = [
        lambda: dpa.gen_augmentation_seed(1, **parts),
        lambda: dpa.gen_augmentation_params(1, **parts),
        lambda: dpa.generate_augmentation_batch([1], **parts),
        lambda: dpa.generate_uniforms([1], 1, **parts),
    ]
    if not {"rank", "world_size"} & set(parts):
        calls.append(lambda: dpa.generate_augmentation_chain(1, **parts))
    return calls


def refuse(error: type[Exception], message: str, **parts: Any) -> None:
    for call in calls_with(**parts):
        with pytest.raises(error, match=f"^{re.escape(message)}$"):
            call()


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("value", [-1, 2**64, 10**30, np.int8(-1)])
def test_part_out_of_range(name: str, value: Any) -> None:
    refuse(ValueError, f"{name} must be 0 to 2**64 - 1, got {value}", **{name: value})


@pytest.mark.parametrize("name", [*PARTS, "world_size"])
@pytest.mark.parametrize("value", [True, np.True_, 1.0, np.float64(1), "1", b"1", [1]], ids=repr)
def test_part_that_is_no_integer(name: str, value: Any) -> None:
    parts = {"rank": 0} if name == "world_size" else {}
    refuse(TypeError, f"{name} must be an integer, got {value!r}", **parts | {name: value})


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.uint64])
def test_parts_of_numpy_types(dtype: type) -> None:
    parts = {name: dtype(n) for n, name in enumerate([*PARTS, "world_size"], 1)}
    found = dpa.gen_augmentation_params(dtype(9), **parts)
    assert found["hash"] == reference.chain_hash("1.2@3:4:9", 10)
    batch = dpa.generate_augmentation_batch([9], **parts)
    assert batch.to_dicts() == [found]
    assert [type(part) for part in (*batch.key, found["rank"])] == [int] * 5


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"rank": 3, "world_size": 3}, "rank must be below world_size 3, got 3"),
        ({"rank": 0, "world_size": 0}, "world_size must be at least 1, got 0"),
        ({"rank": 0, "world_size": -1}, "world_size must be at least 1, got -1"),
        ({"world_size": 2}, "world_size=2 needs a rank"),
    ],
)
def test_bad_world_size(parts: dict[str, int], message: str) -> None:
    refuse(ValueError, message, **parts)


@pytest.mark.parametrize("world_size", [3, 2**64, np.int64(5)])
def test_world_size_leaves_the_key_alone(world_size: Any) -> None:
    assert Key.checked(rank=2, world_size=world_size) == (None, None, 0, 2)


# ---- One id ----


@pytest.mark.parametrize("value", [True, np.False_, 1.0, np.float64(1), b"a", None, [1]], ids=repr)
def test_single_id_of_a_wrong_type(value: Any) -> None:
    message = f"^sample id must be an integer or a str, got {re.escape(repr(value))}$"
    with pytest.raises(TypeError, match=message):
        dpa.gen_augmentation_params(value)
    with pytest.raises(TypeError, match=message):
        dpa.gen_augmentation_seed(value)


@pytest.mark.parametrize("value", [-1, -(2**64), np.int64(-3)])
def test_single_id_below_0(value: Any) -> None:
    with pytest.raises(ValueError, match=f"^sample id must not be negative, got {value}$"):
        dpa.gen_augmentation_params(value)


def test_single_id_of_too_many_digits() -> None:
    with pytest.raises(ValueError, match=r"^sample id is too large: .*4300 digits"):
        dpa.gen_augmentation_params(10**4300)


@pytest.mark.parametrize("value", [np.int8(7), np.uint64(7), np.array(7)], ids=repr)
def test_single_id_of_numpy_types(value: Any) -> None:
    assert dpa.gen_augmentation_seed(value) == dpa.gen_augmentation_seed(7)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\udc80.png"])
def test_lone_surrogates(text: str) -> None:
    message = f"^sample id {re.escape(repr(text))} has a lone surrogate: 'utf-8' codec"
    for call in (dpa.gen_augmentation_params, dpa.gen_augmentation_seed):
        with pytest.raises(ValueError, match=message):
            call(text)
    with pytest.raises(ValueError, match=message):
        dpa.generate_augmentation_batch(["fine", text])
    with pytest.raises(ValueError, match=message):
        dpa.generate_uniforms(["fine", text], 1)


# ---- Ranges ----


@pytest.mark.parametrize(
    "ids",
    [
        range(0),
        range(7, 7),
        range(5, 0),
        range(-3, -9),
        range(3, 10**40, 10**41),
        range(10, 0, -1),
        range(0, 10, 3),
        range(9, -1, -3),
        range(2**63 - 2, 2**63 + 2),
        range(LARGEST - 2, LARGEST + 1),
        range(LARGEST, LARGEST - 3, -1),
        range(LARGEST, -1, -(2**62)),
    ],
    ids=repr,
)
def test_ranges(ids: range) -> None:
    assert listed(ids) == list(ids)


@pytest.mark.parametrize(
    ("ids", "end"),
    [
        (range(-1, 3), -1),
        (range(3, -2, -1), -1),
        (range(-5, 20, 10), -5),
        (range(LARGEST, LARGEST + 2), LARGEST + 1),
        (range(2**64, 0, -(2**63)), 2**64),
    ],
    ids=repr,
)
def test_ranges_beyond_64_bits(ids: range, end: int) -> None:
    message = f"ids must be 0 to 2**64 - 1, got {end} in {ids!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        dpa.generate_augmentation_batch(ids)


@pytest.mark.parametrize("ids", [range(10**30), range(2**64), range(-(10**30), 0)], ids=repr)
def test_ranges_without_an_end_in_sight(ids: range) -> None:
    message = f"ids must be fewer than 2**48, got {ids!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        dpa.generate_augmentation_batch(ids)


# ---- Arrays ----


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integer_arrays(dtype: np.dtype[Any]) -> None:
    limit = np.iinfo(dtype).max
    ids = [3, 0, limit, 3, limit - 1]
    assert listed(np.array(ids, dtype)) == ids
    assert listed(np.array([*ids, 9], dtype)[::-2]) == [9, 3, 0]
    assert listed(np.array([], dtype)) == []


@pytest.mark.parametrize("dtype", [d for d in INTEGERS if d.kind == "i"], ids=str)
def test_negative_in_an_array(dtype: np.dtype[Any]) -> None:
    lowest = np.iinfo(dtype).min
    with pytest.raises(ValueError, match=r"^ids must not be negative, got -1 at index 2$"):
        dpa.generate_augmentation_batch(np.array([5, 0, -1, lowest], dtype))


@pytest.mark.parametrize("dtype", [float, np.float32, bool, complex, "S3", "M8[s]"], ids=str)
def test_arrays_of_other_dtypes(dtype: Any) -> None:
    assert listed(np.zeros(0, dtype)) == []  # no ids are of any type
    ids = np.zeros(3, dtype)
    message = f"^ids must be integers or strings, got dtype {re.escape(str(ids.dtype))}$"
    with pytest.raises(TypeError, match=message):
        dpa.generate_augmentation_batch(ids)


@pytest.mark.parametrize("dtype", [np.int64, "U3", object])
def test_arrays_of_two_dimensions(dtype: Any) -> None:
    with pytest.raises(ValueError, match=r"^ids must have one dimension, got shape \(2, 3\)$"):
        dpa.generate_augmentation_batch(np.zeros((2, 3), dtype))


@pytest.mark.parametrize(
    "dtype", ["U5", ">U5", object, np.dtypes.StringDType()], ids=["U", "big-endian", "object", "T"]
)
def test_string_arrays(dtype: Any) -> None:
    texts = ["abc", "", "é𝄞", "12", "abc"]
    ids = np.array(texts, dtype)
    assert listed(ids) == texts
    assert listed(ids[::-2]) == texts[::-2]
    assert listed(ids[1:2]) == [""]


def test_object_arrays_of_integers() -> None:
    assert listed(np.array([3, LARGEST, np.int8(5)], object)) == [3, LARGEST, 5]
    with pytest.raises(ValueError, match=r"^ids\[1\] must be 0 to 2\*\*64 - 1, got -1$"):
        dpa.generate_augmentation_batch(np.array([3, -1], object))
    with pytest.raises(TypeError, match=r"^ids\[1\] must be an integer, got 1.5$"):
        dpa.generate_augmentation_batch(np.array([3, 1.5], object))
    with pytest.raises(TypeError, match=r"^ids must not be null, got nan at index 1: leave out"):
        dpa.generate_augmentation_batch(np.array(["a", np.nan], object))


class Tensor:
    """What NumPy turns into an array, as a torch.Tensor."""

    def __init__(self, values: Any) -> None:
        self.values = np.array(values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.values, dtype)

    def __len__(self) -> int:
        return len(self.values)


def test_tensors() -> None:
    assert listed(Tensor([3, 1, 3])) == [3, 1, 3]
    with pytest.raises(ValueError, match=r"^ids must not be negative, got -1 at index 1$"):
        dpa.generate_augmentation_batch(Tensor([3, -1]))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^ids must be integers or strings, got dtype float64$"):
        dpa.generate_augmentation_batch(Tensor([1.0]))  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [np.uint64, np.int64, object])
def test_the_callers_array_is_not_kept(dtype: Any) -> None:
    ids = np.array([1, 2, 3], dtype)
    batch = dpa.generate_augmentation_batch(ids)
    ids[:] = 9
    assert batch.sample_ids.tolist() == [1, 2, 3]  # type: ignore[union-attr]
    assert batch == dpa.generate_augmentation_batch([1, 2, 3])


def test_the_callers_list_is_not_kept() -> None:
    numbers, texts = [1, 2], ["a", "b"]
    batches = [dpa.generate_augmentation_batch(ids) for ids in (numbers, texts)]
    numbers[0], texts[0] = 9, "z"
    assert [list(batch.sample_ids) for batch in batches] == [[1, 2], ["a", "b"]]


def test_read_only_ids() -> None:
    ids = np.array([4, 2], np.uint64)
    ids.flags.writeable = False
    assert listed(ids) == [4, 2]


# ---- Sequences ----


@pytest.mark.parametrize("form", [list, tuple, deque, lambda ids: array("Q", ids)])
def test_sequences_of_integers(form: Callable[[list[int]], Any]) -> None:
    ids = [5, 0, LARGEST, 5, 2**63]
    assert listed(form(ids)) == ids
    assert listed(form([])) == []


@pytest.mark.parametrize("form", [list, tuple, deque, np.array])
def test_sequences_of_strings(form: Callable[[list[str]], Any]) -> None:
    assert listed(form(["b", "", "a", "b"])) == ["b", "", "a", "b"]


def test_numpy_integers_in_a_list() -> None:
    ids = [7, np.int8(3), np.uint64(LARGEST), 0, np.array(4), np.int64(1)]
    assert listed(ids) == [int(i) for i in ids]


def test_numpy_strings_in_a_list() -> None:
    assert listed([np.str_("a"), "b"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([1, "a"], TypeError, "ids must not mix int with str (index 1)"),
        (["a", "b", 1], TypeError, "ids must not mix str with int (index 2)"),
        (["a", None], TypeError, f"ids must not be null, got None at index 1: {REMEDY}"),
        (["a", b"b"], TypeError, "ids must not mix str with bytes (index 1)"),
        ([1, True], TypeError, "ids[1] must be an integer, got True"),
        ([np.True_], TypeError, "ids[0] must be an integer, got np.True_"),
        ([1, 2.0], TypeError, "ids[1] must be an integer, got 2.0"),
        ([None], TypeError, f"ids must not be null, got None at index 0: {REMEDY}"),
        ([b"a"], TypeError, "ids[0] must be an integer, got b'a'"),
        ([[1]], TypeError, "ids[0] must be an integer, got [1]"),
        ([0, -1], ValueError, "ids[1] must be 0 to 2**64 - 1, got -1"),
        ([0, 2**64], ValueError, f"ids[1] must be 0 to 2**64 - 1, got {2**64}"),
        ((0, 1, -(10**30)), ValueError, f"ids[2] must be 0 to 2**64 - 1, got {-(10**30)}"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_items(ids: Any, error: type[Exception], message: str) -> None:
    for call in (dpa.generate_augmentation_batch, lambda ids: dpa.generate_uniforms(ids, 1)):
        with pytest.raises(error, match=f"^{re.escape(message)}$"):
            call(ids)


@pytest.mark.parametrize("ids", ["abc", "", b"abc", bytearray(b"abc"), np.str_("a")], ids=repr)
def test_one_text_is_no_sequence_of_ids(ids: Any) -> None:
    message = f"ids must be a sequence of ids, got one id: {ids!r}"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        dpa.generate_augmentation_batch(ids)


@pytest.mark.parametrize("ids", [100, np.int64(100), np.array(100), True], ids=repr)
def test_a_bare_integer_suggests_a_range(ids: Any) -> None:
    message = f"ids must be a sequence of ids, got {ids!r}; for the first n: range(n)"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        dpa.generate_augmentation_batch(ids)


@pytest.mark.parametrize(
    "ids", [(i for i in range(3)), {1, 2}, {1: 2}, iter([1]), map(int, "1"), None, 1.5, object()]
)
def test_what_is_no_sequence(ids: Any) -> None:
    message = f"^ids must be a range, an array or a sequence, got {type(ids).__name__}$"
    with pytest.raises(TypeError, match=message):
        dpa.generate_augmentation_batch(ids)


@given(st.lists(st.integers(0, LARGEST), max_size=30))
def test_every_form_of_the_same_integers(ids: list[int]) -> None:
    wanted = np.array(ids, np.uint64)
    forms = [ids, tuple(ids), wanted.astype(">u8"), wanted.astype(object), Tensor(wanted)]
    for form in forms:
        found = Ids.checked(form)
        assert found.public.dtype == np.uint64  # type: ignore[union-attr]  # integers
        assert found.tolist() == ids


def test_masked_ids_are_refused() -> None:
    with pytest.raises(ValueError, match="ids must not be masked"):
        Ids.checked(np.ma.array([1, 2, 3], mask=[0, 1, 0]))
    assert list(Ids.checked(np.ma.array([1, 2, 3]))) == [1, 2, 3]
    with pytest.raises(TypeError, match="ids must be a sequence of ids, got one id: <memory"):
        Ids.checked(memoryview(b"ab"))  # type: ignore[arg-type]
