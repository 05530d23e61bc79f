"""The Arrow core: ids of every type in, columns of every type out, tables compared and summed."""

import pickle
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
import test_space_files

import dpa

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
import pyarrow.compute as pc  # noqa: E402 (needs pyarrow)

from dpa.arrow.ids import ids_of  # noqa: E402
from dpa.arrow.tables import read_parameter  # noqa: E402
from dpa.integrations.arrow import Parameters  # noqa: E402
from dpa.space import Normal  # noqa: E402

KEY = test_space_files.KEY
EVERY = Parameters(test_space_files.SPACE, **KEY)
WORDS = ["b.png", "", "ü\0雪" * 9, "a", "b.png"]
NUMBERS = [7, 0, 99, 3, 7]
INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64()]
INTEGERS += [pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
DECIMALS = [pa.decimal128(20, 0), pa.decimal256(40, 0)]
if hasattr(pa, "decimal32"):  # pyarrow 19
    DECIMALS += [pa.decimal32(9, 0), pa.decimal64(18, 0)]
TEXTS = [pa.string(), pa.large_string(), pa.string_view()]


def arrays():
    """Five ids in every type that holds them."""
    for type_ in INTEGERS:
        yield str(type_), pa.array(NUMBERS, type_), NUMBERS
    for type_ in [*DECIMALS, pa.decimal128(22, 2)]:
        yield str(type_), pa.array(map(Decimal, NUMBERS), type_), NUMBERS
    for type_ in TEXTS:
        yield str(type_), pa.array(WORDS, type_), WORDS
        codes = pa.array([0, 1, 2, 3, 0], pa.int8())
        found = pa.DictionaryArray.from_arrays(codes, pa.array(WORDS[:4], type_))
        yield f"dictionary of {type_}", found, WORDS
    yield "dictionary of numbers", pa.array(NUMBERS, pa.uint16()).dictionary_encode(), NUMBERS
    yield "runs", pc.run_end_encode(pa.array(WORDS)), WORDS
    yield "large", pa.array([2**64 - 1, 2**63, 0, 1, 5], pa.uint64()), [2**64 - 1, 2**63, 0, 1, 5]


ARRAYS = list(arrays())


def rows(batch):
    """What the columns hold, inactive values too."""
    columns = {name: batch.objects(name) for name in batch.names}
    columns["hash"] = [digest.tobytes() for digest in batch.digests]
    return [dict(zip(columns, each, strict=True)) for each in zip(*columns.values(), strict=True)]


def expected(ids, space=test_space_files.SPACE):
    return rows(dpa.generate_augmentation_batch(ids, space, **KEY))


# ---- Ids ----


@pytest.mark.parametrize(("array", "ids"), [x[1:] for x in ARRAYS], ids=[x[0] for x in ARRAYS])
def test_ids_of_every_type(array, ids):
    assert EVERY.struct(array).to_pylist() == expected(ids)
    assert ids_of(array).tolist() == ids
    for part in (slice(1, 4), slice(2, 2), slice(4, None)):
        assert ids_of(array[part]).tolist() == ids[part]
        assert len(EVERY.struct(array[part])) == len(ids[part])
    chunked = pa.chunked_array([array[:2], array[2:2], array[2:]])
    assert EVERY.struct(chunked).to_pylist() == expected(ids)
    assert ids_of(pa.chunked_array([], array.type)).tolist() == []


@pytest.mark.parametrize(("array", "ids"), [x[1:] for x in ARRAYS], ids=[x[0] for x in ARRAYS])
def test_nulls(array, ids):
    if pa.types.is_run_end_encoded(array.type):
        array = pc.run_end_decode(array)
    if array.type == pa.string_view():  # which take() does not know
        array = pa.array([None, *ids[:2], None, *ids[2:]], array.type)
    else:
        array = array.take(pa.array([None, 0, 1, None, 2, 3, 4]))
    message = r"ids must not be null, got 2 nulls, the first at index 0: leave them out"
    with pytest.raises(ValueError, match=message):
        EVERY.struct(array)
    allowed = Parameters(test_space_files.SPACE, nulls="null", **KEY)
    made = allowed.struct(pa.chunked_array([array[:4], array[4:]]))
    made.validate(full=True)
    assert [row["rotation"] if row else row for row in made.to_pylist()].count(None) == 2
    wanted = expected(ids)
    assert made.to_pylist() == [None, *wanted[:2], None, *wanted[2:]]
    assert made.type == allowed.type


def test_all_ids_are_null():
    allowed = Parameters(nulls="null")
    for array in (pa.nulls(3), pa.nulls(3, pa.string()), pa.nulls(3, pa.uint64())):
        assert allowed.struct(array).to_pylist() == [None] * 3
        assert allowed.add(pa.table({"id": array}), "id")["hash"].null_count == 3
    assert len(Parameters().struct(pa.nulls(0))) == 0


def test_runs_with_a_null_in_them():
    array = pc.run_end_encode(pa.array(["a", "a", None, "b"]))
    made = Parameters(test_space_files.SPACE, nulls="null", **KEY).struct(array[1:])
    assert made.to_pylist() == [*expected(["a"]), None, *expected(["b"])]


def test_a_dictionary_with_a_null_in_it():
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0]), pa.array(["a", None]))
    with pytest.raises(ValueError, match=r"got 1 null, the first at index 1"):
        EVERY.struct(array)


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (pa.array([1.0]), TypeError, "ids must be integers or strings, got double: cast them"),
        (pa.array([True]), TypeError, "ids must be integers or strings, got bool$"),
        (pa.array([b"a"]), TypeError, "ids must be integers or strings, got binary$"),
        (pa.array([["a"]]), TypeError, "ids must be integers or strings, got list"),
        (pa.array([3, -1], pa.int8()), ValueError, "must not be negative, got -1 at index 1"),
        (pa.array([Decimal(-1)]), ValueError, r"0 to 2\*\*64 - 1, got .* of -1 to -1"),
        (
            pa.array([Decimal(2**64)]),
            ValueError,
            r"got decimal128\(20, 0\) of 18446744073709551616",
        ),
        (pa.array([Decimal("1.5")]), ValueError, r"whole numbers .* of 1.5 to 1.5"),
        (["a"], TypeError, r"ids must be an array of Arrow, got \['a'\]"),
    ],
    ids=str,
)
def test_what_holds_no_ids_is_refused(array, error, message):
    with pytest.raises(error, match=message):
        EVERY.struct(array)


def test_text_of_other_languages_may_be_no_utf_8():
    offsets = np.array([0, 1, 2], np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"a\xff")]
    with pytest.raises(ValueError, match="strings must be UTF-8: "):
        EVERY.struct(pa.Array.from_buffers(pa.string(), 2, buffers))


def test_numbers_and_text_are_not_copied():
    numbers, words = pa.array([1, 2], pa.uint64()), pa.array(["a", "b"], pa.large_string())
    assert ids_of(numbers).public.ctypes.data == numbers.buffers()[1].address
    assert ids_of(words).utf8.ctypes.data == words.buffers()[2].address
    assert ids_of(words.cast(pa.string())).utf8.tobytes() == b"ab"


def test_values_are_not_copied(monkeypatch):
    made = []
    batch = type(EVERY.derivation).batch
    monkeypatch.setattr(
        "dpa.derivation.derivation.Derivation.batch",
        lambda *arguments: made.append(batch(*arguments)) or made[-1],
    )
    struct = Parameters().struct(pa.array(range(1000)))
    assert struct.field("noise").buffers()[1].address == made[0].noise.ctypes.data
    assert struct.field("hash").buffers()[2].address == made[0].digests.ctypes.data


def test_buffers_may_end_with_padding():
    bounds = np.array([9, 0, 1, 2], np.int64).tobytes() + b"abc"
    words = [None, pa.py_buffer(bounds), pa.py_buffer(b"ab")]
    array = pa.Array.from_buffers(pa.large_string(), 2, words, offset=1)
    made = EVERY.struct(array)
    assert made.to_pylist() == expected(["a", "b"])
    hashes = b"".join(made.field("hash").to_pylist())
    padded = [None, pa.py_buffer(b"0" * 32 + hashes + b"abc")]
    table = pa.table(dict(zip(EVERY.names(), made.flatten(), strict=True)))
    table = table.set_column(
        table.column_names.index("hash"),
        "hash",
        pa.Array.from_buffers(pa.binary(32), 2, padded, offset=1),
    ).append_column("id", array)
    assert EVERY.digest(table, "id").count == 2
    assert len(EVERY.differing(table, "id")) == 0


def test_broken_offsets_are_refused():
    """Arrays from other languages are as they say they are until validate() has looked."""
    ends = np.array([2, 5], np.int32)
    run_ends = pa.Array.from_buffers(pa.int32(), 2, [None, pa.py_buffer(ends)])
    runs = pa.RunEndEncodedArray.from_arrays(run_ends, pa.array(["a", "b"]))
    ends[0] = -(10**6)
    bounds = np.array([0, 1, 2], np.int64)
    text = [None, pa.py_buffer(bounds), pa.py_buffer(b"ab")]
    text = pa.Array.from_buffers(pa.large_string(), 2, text)
    items = pa.array([1.0, 2.0])
    lists = [None, pa.py_buffer(bounds)]
    lists = pa.Array.from_buffers(pa.large_list(pa.float64()), 2, lists, children=[items])
    bounds[1] = 10**6
    for array in (runs, text):
        with pytest.raises(ValueError, match=r"run end|offset for slot 1 out of bounds"):
            EVERY.struct(array)
    single = Normal(0, 1, shape=1)
    with pytest.raises(ValueError, match=r"out of bounds|larger than values"):
        read_parameter(lists, single)


def shifted(array):
    """The same array with no buffer at a multiple of 8, as a network may give it."""
    buffers = [x and pa.py_buffer(memoryview(b"0" + x.to_pybytes())[1:]) for x in array.buffers()]
    return pa.Array.from_buffers(array.type, len(array), buffers, array.null_count)


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.uint64(), pa.int64()])
def test_buffers_need_not_be_aligned(type_):
    ids = WORDS if pa.types.is_string(type_) or type_ == pa.large_string() else NUMBERS
    array = shifted(pa.array(ids, type_))
    made = EVERY.struct(array)
    assert made.to_pylist() == expected(ids)
    flat = {f.name: x for f, x in zip(EVERY.fields, made.flatten(), strict=True)}
    for name in ("rotation", "level", "seed"):
        flat[name] = shifted(flat[name])
    table = pa.table({"id": array, **flat})
    assert len(EVERY.differing(table, "id")) == 0
    assert EVERY.digest(table, "id").count == 5


# ---- Tables ----


def tables(count=5000):
    """A table of ids in chunks, one of them empty, and the ids."""
    ids = [f"n{at:07}.JPEG" for at in range(count)]
    cuts = [0, 1, 1, count // 3, count]
    chunks = [ids[a:b] for a, b in pairwise(cuts)]
    return pa.table({"id": pa.chunked_array(chunks, pa.string()), "label": range(count)}), ids


def test_columns_are_added():
    table, ids = tables()
    table = table.replace_schema_metadata({"a": "b"})
    made = EVERY.add(table, "id", "aug_")
    made.validate(full=True)
    assert made.select(["id", "label"]).equals(table)
    assert made.schema.metadata == {b"a": b"b"}
    assert made.column_names == ["id", "label", *EVERY.names("aug_")]
    assert made.select(EVERY.names("aug_")).to_pylist()[77] == {
        f"aug_{name}": value for name, value in expected([ids[77]])[0].items()
    }
    [batch] = table.slice(5, 10).combine_chunks().to_batches()
    assert EVERY.add(batch, "id", "aug_").equals(made.slice(5, 10).combine_chunks().to_batches()[0])
    assert len(EVERY.add(table[:0], "id")) == 0
    assert EVERY.add(table[:0], "id").schema.types == EVERY.add(table, "id").schema.types


def test_errors_of_later_blocks_say_where_these_begin():
    table = pa.table({"id": [*range(300_000), -5]})
    where = r"got -5 at index 37856 \(index 0 is row 262144\)$"
    with pytest.raises(ValueError, match=where):
        Parameters().add(table, "id")
    made = Parameters().add(pa.table({"id": range(300)}), "id")
    made = made.set_column(0, "id", pa.array([*range(299), None]))
    for call in (Parameters().digest, Parameters().differing):
        with pytest.raises(ValueError, match=r"at index 99: .* \(index 0 is row 200\)$"):
            call(made.to_reader(max_chunksize=100), "id")


def test_hashes_may_be_left_out():
    bare = Parameters(hash=False)
    assert bare.add(pa.table({"id": [1]}), "id").column_names[-1] == "contrast"
    assert len(bare.differing(bare.add(pa.table({"id": [1]}), "id"), "id")) == 0
    with pytest.raises(ValueError, match="no column 'hash', which a digest is made of"):
        bare.digest(bare.add(pa.table({"id": [1]}), "id"), "id")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: EVERY.add(t, "x"), ValueError, "no column 'x'; there are id, label"),
        (lambda t: EVERY.add(EVERY.add(t, "id"), "id"), ValueError, "a column .blur. already"),
        (
            lambda t: EVERY.add(t.append_column("id", t["id"]), "id"),
            ValueError,
            "2 columns are called 'id': rename or drop some",
        ),
        (lambda t: EVERY.add(t.to_pydict(), "id"), TypeError, "must be a Table .* got dict"),
        (lambda t: EVERY.add(t, "id", 5), TypeError, "prefix must be a str, got 5"),
        (lambda t: EVERY.digest(t, "id"), ValueError, "no column 'rotation'"),
        (lambda t: EVERY.digest([1], "id"), TypeError, "a table or a stream .* got list"),
        (lambda _: Parameters(nulls="drop"), ValueError, "'raise' or 'null', got 'drop'"),
        (lambda _: Parameters(hash=1), TypeError, "hash must be True or False, got 1"),
        (lambda _: Parameters(epoch=-1), ValueError, "epoch must be 0 to"),
        (lambda _: Parameters(test_space_files.SPACE), ValueError, "say epoch=, on which"),
        (lambda _: Parameters(num_threads=0), ValueError, "num_threads must be at least 1"),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=message):
        call(tables(50)[0])


def test_parameters_are_values():
    again = pickle.loads(pickle.dumps(EVERY))
    assert again == EVERY
    assert again.struct(pa.array(WORDS)).equals(EVERY.struct(pa.array(WORDS)))
    assert Parameters() != Parameters(epoch=0)
    text = pickle.dumps(EVERY)
    for part in ("dpa-1", test_space_files.SPACE.identity, dpa.__version__):
        assert part.encode() in text
    with pytest.raises(ValueError, match=r"is of dpa 0.1.0 with 'dpa-9', here is 'dpa-1'"):
        pickle.loads(text.replace(b"dpa-1", b"dpa-9"))


# ---- What engines make of the types ----


def remade(table, change):
    """The table with each column's type changed, where `change` knows one."""
    columns = []
    for name in table.column_names:
        column = table[name].combine_chunks()
        wanted = change(column.type)
        columns.append(column if wanted is None else column.cast(wanted))
    return pa.table(columns, table.column_names)


def as_spark(type_):
    return pa.decimal128(20, 0) if type_ == pa.uint64() else None


def as_duckdb(type_):
    return pa.decimal128(38, 0) if type_ == pa.uint64() else None


def as_polars(type_):
    views = {pa.string(): pa.string_view(), pa.binary(): pa.binary_view()}
    if pa.types.is_list(type_):
        return pa.large_list(as_polars(type_.value_type) or type_.value_type)
    return views.get(type_)


def as_ours(type_):
    """The types of our own files."""
    return pa.binary(32) if type_ == pa.binary() else None


@pytest.mark.parametrize("change", [as_spark, as_duckdb, as_polars, as_ours])
def test_tables_come_back_from_every_engine(change):
    table, ids = tables(3000)
    made = remade(EVERY.add(table, "id"), change)
    assert len(EVERY.differing(made, "id")) == 0
    assert EVERY.digest(made, "id") == dpa.expected_digest(ids, test_space_files.SPACE, **KEY)
    for batch in made.to_batches(max_chunksize=700)[1:3]:
        assert len(EVERY.differing(batch, "id")) == 0


def test_a_file_of_ours_is_such_a_table(tmp_path):
    import pyarrow.parquet as pq

    batch = dpa.generate_augmentation_batch(tables(3000)[1], test_space_files.SPACE, **KEY)
    dpa.save_augmentation_chain(batch, tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert len(EVERY.differing(table, "id")) == 0
    assert EVERY.digest(table, "id") == batch.digest()


def test_order_and_parts_do_not_count():
    table, ids = tables(3000)
    made = EVERY.add(table, "id")
    whole = EVERY.digest(made, "id")
    mixed = made.take(np.random.default_rng(1).permutation(3000))
    assert EVERY.digest(mixed, "id") == whole
    parts = [EVERY.digest(mixed[first : first + 1000], "id") for first in (0, 1000, 2000)]
    assert sum(parts, dpa.SampleDigest()) == whole
    reader = mixed.to_reader(max_chunksize=123)
    assert (
        EVERY.digest(reader, "id")
        == whole
        == dpa.expected_digest(ids, test_space_files.SPACE, **KEY)
    )


# ---- Differences ----


def changed(table, name, at, value):
    values = table[name].to_pylist()
    values[at] = value
    at = table.column_names.index(name)
    return table.set_column(at, name, pa.array(values, table.schema.field(name).type))


def last_bit(value):
    return float(np.nextafter(value, np.inf))


CHANGES = {
    "rotation": last_bit,
    "lam": lambda _: None,
    "flip": lambda value: not value,
    "op": lambda _: "other",
    "level": lambda value: value + 1,
    "seed": lambda value: value ^ 1,
    "factor": lambda value: last_bit(value),
    "grid": lambda value: [value[0], [*value[1][:2], last_bit(value[1][2])]],
    "order": lambda value: [value[0][:1], value[1]],
    "letters": lambda _: [["a", None]],
    "blur.twice": lambda value: [*value, True],
    "hash": lambda value: bytes([value[0] ^ 1]) + value[1:],
}


@pytest.mark.parametrize("name", CHANGES)
def test_one_changed_value_is_found_and_named(name):
    table, ids = tables(3000)
    made = EVERY.add(table, "id", "p_")
    before = made[f"p_{name}"][2345].as_py()
    wrong = changed(made, f"p_{name}", 2345, CHANGES[name](before))
    [found] = EVERY.differing(wrong, "id", "p_").to_pylist()
    assert (found["index"], found["id"], found["field"]) == (2345, repr(ids[2345]), name)
    after = wrong[f"p_{name}"][2345].as_py()
    if name == "hash":
        assert (found["stored"], found["expected"]) == (after.hex(), before.hex())
    else:
        assert (found["stored"], found["expected"]) == (repr(after), repr(before))
    batches = wrong.to_reader(max_chunksize=100)
    assert EVERY.differing(batches, "id", "p_").to_pylist() == [found]


@pytest.mark.parametrize("name", ["lam", "op", "order", "letters", "blur.twice"])
def test_no_digest_of_values_that_no_sample_has(name):
    made = EVERY.add(tables(3000)[0], "id")
    wrong = changed(made, name, 2345, CHANGES[name](made[name][2345].as_py()))
    with pytest.raises(ValueError, match=rf"^{name} of row 2345 must be of [A-Z].*, got "):
        EVERY.digest(wrong.to_reader(max_chunksize=100), "id")


def test_a_short_hash():
    made = EVERY.add(pa.table({"id": [1, 2]}), "id")
    wrong = changed(made, "hash", 1, b"ab")
    [found] = EVERY.differing(wrong, "id").to_pylist()
    assert (found["index"], found["field"], found["stored"]) == (1, "hash", "6162")
    with pytest.raises(ValueError, match=r"hash of row 1 must be of 32 bytes, got b'ab'"):
        EVERY.digest(wrong, "id")


def test_rows_without_an_id_must_have_no_values():
    allowed = Parameters(nulls="null")
    ids = [None, "a", "b", None, "c"]
    made = allowed.add(pa.table({"id": ids}), "id")
    assert len(allowed.differing(made, "id")) == 0
    assert allowed.digest(made, "id") == dpa.expected_digest(["a", "b", "c"])
    wrong = changed(changed(made, "noise", 3, 0.5), "scale", 4, 0.5)
    found = allowed.differing(wrong, "id").to_pylist()
    assert [(row["index"], row["id"], row["field"]) for row in found] == [
        (3, "None", "noise"),
        (4, "'c'", "scale"),
    ]
    with pytest.raises(ValueError, match="ids must not be null"):
        Parameters().digest(made, "id")


@pytest.mark.parametrize("encode", [pc.run_end_encode, pc.dictionary_encode])
@pytest.mark.parametrize("name", ["file", "rotation", "op", "seed", "hash"])
def test_columns_may_be_encoded(encode, name):
    allowed = Parameters(test_space_files.SPACE, nulls="null", **KEY)
    table = pa.table({"file": [None, "a", "a", "b", None, "c"]})
    made = allowed.add(table, "file")
    at = made.column_names.index(name)
    made = made.set_column(at, name, encode(made[name]))
    assert len(allowed.differing(made, "file")) == 0
    answer = dpa.expected_digest(["a", "a", "b", "c"], test_space_files.SPACE, **KEY)
    assert allowed.digest(made, "file") == answer


@pytest.mark.parametrize("change", [as_spark, as_duckdb, as_polars, as_ours])
def test_rows_without_an_id_in_every_engine(change):
    allowed = Parameters(test_space_files.SPACE, nulls="null", **KEY)
    table = pa.table({"id": [None, "a", "b", None, "c"]})
    made = remade(allowed.add(table, "id"), change)
    assert len(allowed.differing(made, "id")) == 0
    answer = dpa.expected_digest(["a", "b", "c"], test_space_files.SPACE, **KEY)
    assert allowed.digest(made, "id") == answer


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("rotation", pa.array([["a"]]), r"column 'rotation': the values must be double, got list"),
        ("grid", pa.array([1.0]), r"column 'grid': the values must be lists of 2, got double"),
        ("level", pa.array([1.5]), r"column 'level': the values must be int64, got double: "),
        ("seed", pa.array([Decimal(-1)]), r"column 'seed': the values must be uint64, got deci"),
        ("level", pa.array(["7"]), r"column 'level': the values must be int64, got large_string$"),
        ("flip", pa.array([7]), r"column 'flip': the values must be bool, got int64$"),
        ("op", pa.array([1]), r"column 'op': the values must be large_string, got int64$"),
        ("seed", pa.array([b"a"]), r"column 'seed': .* got binary \(pickled objects, if Ray's"),
        ("hash", pa.array([1]), r"column 'hash': the values must be large_binary, got int64"),
    ],
)
def test_columns_of_wrong_types_are_named(name, array, message):
    made = EVERY.add(pa.table({"id": ["a"]}), "id")
    wrong = made.set_column(made.column_names.index(name), name, array)
    with pytest.raises(ValueError, match=message):
        EVERY.differing(wrong, "id")


def test_another_key_differs_everywhere():
    made = Parameters(epoch=3).add(pa.table({"id": range(10)}), "id")
    found = Parameters(epoch=4).differing(made, "id")
    assert found["field"].to_pylist() == ["hash"] * 10
    assert found["id"].to_pylist() == [repr(at) for at in range(10)]
