"""Hostile files: documents changed at random, whose statistics, digest and checksum fit again.

Whatever a reader makes of one, it is an error of ours or the truth, in little memory. An input
depends on its layout and number alone. DPA_HOSTILE: how many inputs of each layout; .ci/full asks
for more.
"""

import hashlib
import json
import os
import random
import struct
import tracemalloc
from itertools import islice

import numpy as np
import pytest
import reference
import space_reference

import dpa
from dpa.errors import ChainFileError
from dpa.files import chains
from dpa.space import Choice, Integers, LogUniform, Seed, Space, Subset, Uniform, sometimes

INPUTS = int(os.environ.get("DPA_HOSTILE", "200"))
CONFIGS = [
    dpa.get_preset("mild"),
    dpa.get_preset("moderate", sampler="mt19937"),
    dpa.AugmentationConfig(augmentation_depth=2, scale_range=(-0.0, 0.0), noise_range=(0, 1e-320)),
    Space(
        {
            "rotation": Uniform(-1, 1, draw=1),
            "blur": sometimes(0.5, sigma=LogUniform(0.5, 2), n=Integers(-1, 2**40, 2**20)),
            "op": Choice(["a", 'quote " \\', "ü"], [1, 0, 2]),
            "order": Subset([1, 2, 3], 2, shape=2),
            "seed": Seed(),
        },
        depth=2,
    ),
]
KEYS = [{}, {"epoch": 0}, {"view": 2**64 - 1}, {"base_seed": 7, "rank": 1, "epoch": 3}]
IDS = [range(9), range(2**64 - 3, 2**64), [7, 7, 2**63], ["a", "", 'quote " \\', "\0", "𝄞"], []]
ODD = [
    *(None, True, False, 0, 1, -1, 2, 10_000, 2**31, 2**48, 2**53, 2**63, 2**64 - 1, 2**64, 10**30),
    *(0.0, -0.0, 0.5, 1.0, 1e308, 5e-324, float("nan"), float("inf")),
    *("", "a", "0", "float32", "string", "integer", "mt19937", "\ud800", "\0", "ü", "0" * 64),
    *([], {}, [0], {"a": 1}, "rotation", "x" * 3000),
]
PIECES = [
    *(",", "}", "]", " ", "\n", "\r", "\0", "\\", '"', "[", "NaN", "1e999", "//", "\ufeff"),
    *("0", "00", "-", "+", ".0", "e0", "e+0", "E5", "٣", "9" * 5000, '"x":1,', "\\u0061", "null,"),
]  # fmt: skip


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def strict(text):
    """JSON as RFC 8259 has it: no NaN, and no name twice in an object."""

    def members(pairs):
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    def constant(name):
        raise AssertionError(name)

    return json.loads(text, object_pairs_hook=members, parse_constant=constant)


# ---- Changing a document ----


def places(value, path=()):
    """The path of every value within a document; of long lists of the first ones."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inner = enumerate(value[:6])
    for name, part in inner:
        yield from places(part, (*path, name))


def change(document, rng):
    """Another value, a value less, one more, or two in each other's place."""
    top = rng.choice(list(document))
    *outer, name = rng.choice([path for path in places(document) if path[0] == top])
    parent = document
    for step in outer:
        parent = parent[step]
    value = parent[name]
    action = rng.randrange(5)
    if action == 0:
        del parent[name]
    elif action == 1 and isinstance(parent, list):
        parent.insert(name, rng.choice([value, rng.choice(ODD)]))
    elif action == 1:
        parent[rng.choice(["id", "rank", "hash", "num_samples", "version", "x"])] = rng.choice(ODD)
    elif action == 2 and isinstance(parent, list):
        parent.append(parent.pop(name))
    elif action == 3 and isinstance(value, (int, float)):
        parent[name] = rng.choice(
            [value + 1, -value, float(value), str(value), np.nextafter(value, 1).item()]
        )
    else:
        parent[name] = json.loads(json.dumps(rng.choice(ODD)))


def seal(document):
    """Computes statistics and digest again, as far as the document still has what they need."""
    try:
        metadata, rows = document["metadata"], document["augmentations"]
        key = {name: metadata[name] for name in ("base_seed", "epoch", "view", "rank")}
        keys = [
            reference.key_text(row.get("id", (metadata["start_id"] or 0) + at), **key)
            for at, row in enumerate(rows)
        ]
        parameters = metadata["space"]["parameters"]
        total = 0
        for text, row in zip(keys, rows, strict=True):
            encoded = text.encode()
            message = struct.pack("<I", len(encoded)) + encoded + bytes.fromhex(row["hash"])
            for name in space_reference.order(parameters):
                message += space_reference.packed(parameters[name], row[name])
            total += int.from_bytes(hashlib.sha256(message).digest(), "little")
        digest = (total % 2**256).to_bytes(32, "little").hex()
        five = rows and list(parameters) == list(reference.NAMES)
        statistics = dpa.compute_statistics(rows) if five else document["statistics"]
        document["trailer"].update(num_samples=len(rows), digest=digest)
        document["statistics"] = statistics
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, struct.error):
        pass


def checksummed(document, records):
    """Sets the checksum over the records' text, None for columns; returns the trailer."""
    trailer = document.get("trailer")
    if not isinstance(trailer, dict):
        return trailer
    rest = {name: part for name, part in document.items() if name != "augmentations"}
    rest["trailer"] = {name: part for name, part in trailer.items() if name != "checksum"}
    text = canonical(rest)
    if records is not None:
        text = '{"augmentations":[' + ",".join(records) + "]," + text[1:]
    checksum = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return {**rest["trailer"], "checksum": checksum}


def changed_text(text, rng):
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(PIECES) + text[at + rng.randrange(3) :]


# ---- The layouts ----


def a_document(path, rng):
    """The document of a small file, changed more often than not."""
    config, key, ids = rng.choice(CONFIGS), rng.choice(KEYS), rng.choice(IDS)
    made = path.with_name("made.json")
    if rng.randrange(8) == 0:
        dpa.save_augmentation_recipe(made, 9, config, **key)
    else:
        dtype = rng.choice([np.float64, np.float32])
        dpa.save_augmentation_chain(
            dpa.generate_augmentation_batch(ids, config, dtype=dtype, **key), made
        )
    document = json.loads(made.read_text())
    for _ in range(rng.randrange(4)):
        change(document, rng)
    if rng.randrange(3):
        seal(document)
    return document


def records_of(document, rng):
    rows = document.get("augmentations")
    records = [canonical(row) for row in rows] if isinstance(rows, list) else []
    if records and rng.randrange(4) == 0:
        at = rng.randrange(len(records))
        records[at] = changed_text(records[at], rng)
    return records


def write_json(path, rng):
    document = a_document(path, rng)
    records = records_of(document, rng)
    document["trailer"] = checksummed(document, records)
    head, statistics, trailer = (
        json.dumps(document.get(name)) for name in ("metadata", "statistics", "trailer")
    )
    body = "".join(f"{record},\n" for record in records)[:-2] + "\n" * bool(records)
    text = (
        f'{{"metadata": {head},\n"augmentations": [\n{body}],\n'
        f'"statistics": {statistics},\n"trailer": {trailer}}}\n'
    )
    write_text(path, text, rng)


def write_other_json(path, rng):
    """JSON of another layout than ours: a formatter's, or without what the original lacks."""
    document = a_document(path, rng)
    document["trailer"] = checksummed(document, records_of(document, rng))
    if rng.randrange(4) == 0:
        del document["trailer"]
        document["metadata"] = {"config": {}, "num_samples": rng.choice(ODD)}
    write_text(path, json.dumps(document, indent=rng.choice([None, 1])), rng)


def write_jsonl(path, rng):
    document = a_document(path, rng)
    records = records_of(document, rng)
    trailer = checksummed(document, records)
    end = {"statistics": document.get("statistics"), "trailer": trailer}
    lines = [canonical({"metadata": document.get("metadata")}), *records, canonical(end), ""]
    write_text(path, "\n".join(lines), rng)


def write_text(path, text, rng):
    if rng.randrange(4) == 0:
        text = changed_text(text, rng)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))


def columns_of(path, rng):
    """Saves a small batch; returns the JSON texts of its file, changed."""
    batch = dpa.generate_augmentation_batch(
        rng.choice(IDS), rng.choice(CONFIGS), **rng.choice(KEYS)
    )
    dpa.save_augmentation_chain(batch, path)
    made = path.with_name("made.json")
    dpa.save_augmentation_chain(batch, made)
    document = json.loads(made.read_text())
    del document["augmentations"]
    for _ in range(rng.randrange(3)):
        change(document, rng)
    document["trailer"] = checksummed(document, None)
    return {name: json.dumps(part).encode() for name, part in document.items()}


def write_npz(path, rng):
    texts = columns_of(path, rng)
    with np.load(path) as file:
        arrays = dict(file)
    arrays |= {name: np.frombuffer(text, np.uint8) for name, text in texts.items()}
    if rng.randrange(2):
        name = rng.choice(list(arrays))
        arrays[name] = changed_array(arrays[name], rng)
    save = rng.choice([np.savez, np.savez, np.savez_compressed])
    save(path, **{name: arrays[name] for name in arrays if rng.randrange(40)})


def changed_array(array, rng):
    with np.errstate(all="ignore"):
        return rng.choice(
            [
                array[1:],
                array[:, None],
                array.astype(rng.choice(["f4", "i8", "u8", "u1", "?", "f2", "c16", "U3", ">f8"])),
                np.concatenate([array, array]),
                array[::-1],
                array * 0,
                np.array(rng.choice([0, 1.5, "x", 2**63])),
                np.asfortranarray(array),
            ]
        )


def write_parquet(path, rng):
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    pq = pytest.importorskip("pyarrow.parquet")
    texts = columns_of(path, rng)
    table = pq.read_table(path)
    metadata = {f"dpa.{name}": text for name, text in texts.items() if rng.randrange(20)}
    if rng.randrange(2):
        name = rng.choice(table.column_names)
        at, column = table.column_names.index(name), table[name]
        other = rng.choice([column, pa.nulls(len(table)), pa.array(["x"] * len(table))])
        kept = rng.choice([name, "x", "id"])
        table = rng.choice(
            [table.set_column(at, kept, other), table.drop_columns([name]), table[1:]]
        )
    pq.write_table(table.replace_schema_metadata(metadata), path)


LAYOUTS = {
    "json": (".json", write_json, 10),
    "other json": (".json", write_other_json, 32),
    "jsonl": (".jsonl", write_jsonl, 10),
    "npz": (".npz", write_npz, 10),
    "parquet": (".parquet", write_parquet, 10),
}


# ---- What a reader may do ----


def require_true(path):
    """What verifies is strict JSON, if it is JSON, and equals the reference to the last bit."""
    batch = dpa.load_augmentation_batch(path)
    if path.suffix in (".json", ".jsonl"):
        text = path.read_text("utf-8")
        for part in [text] if path.suffix == ".json" else text.splitlines():
            strict(part)
    key = {name: getattr(batch.key, name) for name in ("base_seed", "epoch", "view", "rank")}
    space = batch.config.declaration()
    for at, sample_id in enumerate(batch.ids.tolist()):
        digest, values, active = space_reference.sample_of(space, sample_id, **key)
        assert batch.digests[at].tobytes() == digest
        for name, column in batch.columns.items():
            found, value = batch.field(name, at), values[name]
            if column.dtype == np.float32:
                value = float(np.float32(value))
            assert space_reference.flat(found) == space_reference.flat(value)
            assert repr(found) == repr(value) or isinstance(found, list)
            assert batch.active(name)[at] == active[name]


@pytest.mark.filterwarnings("ignore:.*left out:UserWarning")
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_hostile_file_is_refused_or_true(layout, tmp_path, monkeypatch):
    monkeypatch.setattr(chains, "MOST_GENERATED", 1000)
    suffix, write, times = LAYOUTS[layout]
    path = tmp_path / f"x{suffix}"
    refused = true = 0
    tracemalloc.start()
    try:
        for number in range(INPUTS):
            write(path, random.Random(f"{layout} {number}"))
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            try:
                for _ in islice(dpa.load_augmentation_stream(path), 100):
                    pass
            except (ChainFileError, ValueError, OSError):
                pass
            try:
                report = dpa.verify_augmentation_chain(path)
            except (ChainFileError, ValueError, OSError):
                refused += 1
                report = None
            peak = tracemalloc.get_traced_memory()[1] - before
            assert peak < 64e6 + times * path.stat().st_size, number
            if report:
                require_true(path)
                true += 1
    finally:
        tracemalloc.stop()
    assert refused > INPUTS // 10
    assert true > INPUTS // 50
