"""Ranks: whose samples, which values, and jobs that go on with another number of ranks."""

import json
import multiprocessing
import os
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from frameworks import require
from hypothesis import given, settings
from hypothesis import strategies as st

import dpa
from dpa.distributed import (
    DistributedRangeSplitter,
    RankAwareSeedGenerator,
    gen_distributed_augmentation_params,
    stream_distributed_augmentation_batches,
    stream_distributed_augmentation_chain,
    stream_distributed_augmentation_range,
)
from dpa.streams import launcher
from dpa.streams.spans import SPLITS

CONFIG = dpa.get_preset("aggressive", sampler="mt19937")
KEY = {"base_seed": 7, "epoch": 3, "view": 1}
VARIABLES = [name for pair in launcher.VARIABLES for name in pair]


@pytest.fixture(autouse=True)
def no_job(monkeypatch):
    """As if no launcher had started this process."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def chain(start, stop, rank=None):
    return [dpa.gen_augmentation_params(x, CONFIG, rank=rank, **KEY) for x in range(start, stop)]


# ---- One sample ----


@pytest.mark.parametrize(
    ("given_rank", "base_seed", "key_parts"),
    [
        (1, None, {"base_seed": 0, "rank": 1}),
        (1, 7, {"base_seed": 7, "rank": 1}),
        (0, 0, {"base_seed": 0, "rank": 0}),
    ],
)
def test_a_sample_of_a_rank(given_rank, base_seed, key_parts):
    found = gen_distributed_augmentation_params(42, given_rank, CONFIG, base_seed, 4)
    assert found == dpa.gen_augmentation_params(42, CONFIG, **key_parts)
    assert found["rank"] == given_rank
    assert found == gen_distributed_augmentation_params(42, given_rank, CONFIG, base_seed)
    later = gen_distributed_augmentation_params(42, given_rank, CONFIG, base_seed, epoch=1, view=2)
    assert later == dpa.gen_augmentation_params(42, CONFIG, epoch=1, view=2, **key_parts)


def test_the_originals_values():
    found = gen_distributed_augmentation_params(
        42, 1, dpa.get_preset("moderate", sampler="mt19937"), 7
    )
    assert (found["rotation"], found["contrast"]) == (-21.737278280166187, 0.7232623355595921)


def test_each_rank_has_its_own_parameters():
    """The original's never had: its rank argument did not work."""
    found = {
        gen_distributed_augmentation_params(sample_id=42, rank=rank, world_size=4)["rotation"]
        for rank in range(4)
    }
    assert len(found) == 4


def test_the_number_of_ranks_changes_no_value():
    """The original's seed had it in it, so that every sample changed."""
    assert len({str(gen_distributed_augmentation_params(42, 1, world_size=w)) for w in (2, 9)}) == 1
    generators = [RankAwareSeedGenerator(7, w) for w in (2, 9)]
    assert len({generator.generate_seed(42, 1) for generator in generators}) == 1


def test_hashes_of_ranks():
    generator = RankAwareSeedGenerator(base_seed=7, world_size=4)
    assert generator.generate_seed(42, 1).startswith("e6f9e119b71ed361")
    assert generator.generate_seed("a", 3, 2) == dpa.gen_augmentation_seed(
        "a", 2, base_seed=7, rank=3
    )
    assert RankAwareSeedGenerator().generate_seed(5, 0) == dpa.gen_augmentation_seed(5, rank=0)


# ---- Streams ----

STREAMS = {
    "chain": lambda n, *place, **rest: stream_distributed_augmentation_chain(
        n, *place, CONFIG, chunk_size=7, **rest, **KEY
    ),
    "range": lambda n, *place, **rest: stream_distributed_augmentation_range(
        0, n, *place, CONFIG, chunk_size=64, **{"split": "contiguous", **rest}, **KEY
    ),
    "batches": lambda n, *place, **rest: stream_distributed_augmentation_batches(
        n, *place, CONFIG, batch_size=10, **rest, **KEY
    ),
}


def rows(items):
    for item in items:
        yield from item.to_dicts() if isinstance(item, dpa.AugmentationBatch) else [item]


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("size", [0, 2, 23])
def test_rank_aware_shares(kind, size):
    for rank, (start, end) in enumerate(DistributedRangeSplitter(size, 4).get_all_ranges()):
        found = list(rows(STREAMS[kind](size, rank, 4)))
        assert found == chain(start, end, rank)
        assert all(row["rank"] == rank for row in found)


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("world_size", [1, 3, 30])
def test_elastic_shares_are_together_the_chain(kind, world_size):
    streams = [STREAMS[kind](23, rank, world_size, rank_aware=False) for rank in range(world_size)]
    assert [row for stream in streams for row in rows(stream)] == chain(0, 23)


def test_ids_need_not_begin_with_0():
    streams = [
        stream_distributed_augmentation_range(
            90, 113, rank, 3, CONFIG, rank_aware=False, split="contiguous", **KEY
        )
        for rank in range(3)
    ]
    assert [row for stream in streams for row in stream] == chain(90, 113)
    batches = stream_distributed_augmentation_batches(
        23, 2, 3, CONFIG, start_id=90, rank_aware=False, **KEY
    )
    assert list(rows(batches)) == chain(106, 113)


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("rank_aware", [True, False])
def test_a_stream_of_any_split_goes_on_exactly(kind, split, rank_aware):
    def make(rank=1):
        return STREAMS[kind](43, rank, 4, split=split, rank_aware=rank_aware)

    ids = DistributedRangeSplitter(43, 4).get_rank_ids(1, split)
    stream = make()
    got = list(rows(islice(stream, 1)))
    resumed = make()
    resumed.load_state_dict(json.loads(json.dumps(stream.state_dict())))
    got += rows(resumed)
    assert got == [row for x in ids for row in chain(x, x + 1, 1 if rank_aware else None)]
    with pytest.raises(ValueError, match="another stream's"):
        make(2).load_state_dict(stream.state_dict())


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".npz", ".parquet"])
@pytest.mark.parametrize("split", SPLITS)
def test_a_share_is_saved_as_what_it_is(tmp_path, suffix, split):
    path = tmp_path / f"share{suffix}"
    dpa.save_augmentation_stream(STREAMS["chain"](9001, 3, 4, split=split), path)
    batch = dpa.load_augmentation_batch(path)
    ids = DistributedRangeSplitter(9001, 4).get_rank_ids(3, split)
    assert batch == dpa.generate_augmentation_batch(ids, CONFIG, rank=3, **KEY)
    assert (batch.ids.start is not None) == (split == "contiguous")
    assert dpa.verify_augmentation_chain(path)


def test_a_rank_aware_file_knows_the_number_of_ranks(tmp_path):
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    dpa.save_augmentation_stream(STREAMS["chain"](23, 1, 4), one)
    batch = dpa.generate_augmentation_batch(range(6, 12), CONFIG, rank=1, **KEY)
    dpa.save_augmentation_chain(batch, other, world_size=4)
    assert one.read_bytes() == other.read_bytes()


# ---- Shares ----


def test_the_guides_ranges():
    splitter = DistributedRangeSplitter(10000, 4)
    assert splitter.get_rank_range(0) == (0, 2500)
    assert DistributedRangeSplitter(23, 4).get_all_ranges() == [(0, 6), (6, 12), (12, 18), (18, 23)]
    assert DistributedRangeSplitter(2, 4).get_all_ranges() == [(0, 1), (1, 2), (2, 2), (2, 2)]
    assert DistributedRangeSplitter(0, 2).get_all_ranges() == [(0, 0), (0, 0)]


@given(st.integers(0, 200), st.integers(1, 30))
def test_each_sample_has_one_rank(size, world_size):
    splitter = DistributedRangeSplitter(np.int64(size), world_size)
    owners = [splitter.get_rank_for_sample(sample) for sample in range(size)]
    ranges = splitter.get_all_ranges()
    assert owners == [rank for rank, ids in enumerate(ranges) for _ in range(*ids)]
    assert splitter.validate_ranges()


def test_ranges_that_are_wrong_are_not_valid():
    class Wrong(DistributedRangeSplitter):
        def get_rank_range(self, rank):
            return self.wrong[rank]

    for wrong in ([(0, 3), (4, 9)], [(0, 5), (4, 9)], [(1, 4), (4, 9)], [(0, 4), (4, 8)]):
        splitter = Wrong(9, 2)
        splitter.wrong = wrong
        assert not splitter.validate_ranges()


def test_a_rank_is_found_without_going_through_them():
    splitter = DistributedRangeSplitter(2**48, 2**40 + 1)
    assert splitter.get_rank_for_sample(2**48 - 1) == 2**40
    assert splitter.get_rank_range(2**40) == (2**48 - 255, 2**48)


@pytest.mark.parametrize("size", [0, 1, 3, 8, 9, 10, 11, 23])
@pytest.mark.parametrize("world_size", [1, 2, 3, 4, 12])
def test_torchs_sampler_has_the_same_shares(size, world_size):
    sampler = require("torch").utils.data.DistributedSampler
    splitter = DistributedRangeSplitter(size, world_size)
    for split, drop_last in (("padded", False), ("drop_last", True)):
        if size < world_size and drop_last:
            continue  # torch makes a negative number of samples of these
        for rank in range(world_size):
            wanted = sampler(range(size), world_size, rank, shuffle=False, drop_last=drop_last)
            assert splitter.get_rank_ids(rank, split).tolist() == list(wanted)


def test_interleaved_ids():
    splitter = DistributedRangeSplitter(10, 4)
    assert splitter.get_rank_ids(1).tolist() == [1, 5, 9]
    assert splitter.get_rank_ids(3, "interleaved").tolist() == [3, 7]
    assert splitter.get_rank_ids(3, "padded").tolist() == [3, 7, 1]
    assert splitter.get_rank_ids(1, "drop_last").tolist() == [1, 5]
    assert splitter.get_rank_ids(3, "contiguous").tolist() == [8, 9]
    assert splitter.get_rank_ids(1).dtype == np.uint64


# ---- Going on with other ranks ----


def stopped(streams, steps):
    """What the streams give in so many steps, and the states that JSON brings back."""
    got = [
        row for stream, count in zip(streams, steps, strict=True) for row in islice(stream, count)
    ]
    return got, [json.loads(json.dumps(stream.state_dict())) for stream in streams]


@settings(max_examples=60)
@given(st.data())
def test_a_job_goes_on_with_any_number_of_ranks_again_and_again(data):
    size, start = data.draw(st.integers(0, 60)), data.draw(st.integers(0, 2**64 - 60))
    worlds = st.integers(1, 5)
    world_size, split = data.draw(worlds), data.draw(st.sampled_from(["contiguous", "interleaved"]))
    streams = [
        stream_distributed_augmentation_range(
            start, start + size, rank, world_size, chunk_size=3, rank_aware=False, split=split
        )
        for rank in range(world_size)
    ]
    made = []
    for _ in range(data.draw(st.integers(1, 3))):
        steps = [data.draw(st.integers(0, 20)) for _ in streams]
        got, states = stopped(streams, steps)
        made += got
        rest = DistributedRangeSplitter.remaining(data.draw(st.permutations(states)))
        assert len(rest) + len(made) == size
        streams = rest.split(data.draw(worlds))
        sizes = [stream.__length_hint__() for stream in streams]
        assert max(sizes) - min(sizes) <= 1
    made += [row for stream in streams for row in stream]
    whole = dpa.generate_augmentation_chain(size, start_id=start)
    assert sorted(made, key=lambda row: row["hash"]) == sorted(whole, key=lambda row: row["hash"])


def elastic(world_size=4, size=1000, **rest):
    return [
        stream_distributed_augmentation_chain(size, rank, world_size, rank_aware=False, **rest)
        for rank in range(world_size)
    ]


def test_what_is_left_stays_in_order():
    _, states = stopped(elastic(), [10, 250, 0, 200])
    rest = DistributedRangeSplitter.remaining(states[::-1])
    left = [*range(10, 250), *range(500, 750), *range(950, 1000)]
    batches = [batch for rank in range(3) for batch in rest.batches(rank, 3, batch_size=100)]
    assert [len(batch) for batch in batches] == [100, 80] * 3
    assert dpa.AugmentationBatch.concatenate(batches) == dpa.generate_augmentation_batch(left)


def test_what_is_left_comes_in_columns_and_in_files(tmp_path):
    _, states = stopped(elastic(), [10, 250, 0, 200])
    rest = DistributedRangeSplitter.remaining(states)
    for rank, stream in enumerate(rest.split(2)):
        dpa.save_augmentation_stream(stream, tmp_path / f"{rank}.npz")
    batches = [dpa.load_augmentation_batch(tmp_path / f"{rank}.npz") for rank in range(2)]
    left = [*range(10, 250), *range(500, 750), *range(950, 1000)]
    assert dpa.AugmentationBatch.concatenate(batches) == dpa.generate_augmentation_batch(left)
    assert rest.stream(4, 5).remaining.ids(0, 9).start == 692


def test_a_job_that_has_not_begun_is_one_piece_again(tmp_path):
    _, states = stopped(elastic(), [0] * 4)
    (stream,) = DistributedRangeSplitter.remaining(states).split(1)
    stream.load_state_dict(dpa.stream_augmentation_chain(1000).state_dict())


def test_a_single_process_may_go_on_with_ranks():
    stream = dpa.stream_augmentation_chain(100, CONFIG, 50, **KEY)
    got = list(islice(stream, 31))
    rest = DistributedRangeSplitter.remaining([stream.state_dict()]).split(3)
    assert got + [row for part in rest for row in part] == chain(50, 150)


def test_a_finished_job_leaves_nothing():
    _, states = stopped(elastic(2, 10), [5, 5])
    rest = DistributedRangeSplitter.remaining(states)
    assert len(rest) == 0
    assert [list(stream) for stream in rest.split(3)] == [[], [], []]


def test_states_of_batches_and_of_dicts_go_together():
    batches = stream_distributed_augmentation_batches(10, 1, 2, batch_size=2, rank_aware=False)
    next(batches)
    dicts = stream_distributed_augmentation_chain(10, 0, 2, rank_aware=False)
    rest = DistributedRangeSplitter.remaining([dicts.state_dict(), batches.state_dict()])
    assert len(rest) == 8


STATES = stopped(elastic(), [1, 2, 3, 4])[1]
AWARE = stream_distributed_augmentation_chain(1000, 1, 4).state_dict()


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ([], "states must have the state of each rank, got none"),
        (STATES[:3], "states must have rank 3 of 4 once, got 0 of it"),
        (STATES[1:], "states must have rank 0 of 4 once, got 0 of it"),
        ([*STATES, STATES[2]], "states must have rank 2 of 4 once, got 2 of it"),
        ([*STATES[:3], AWARE], "the state of rank 1 is of a rank-aware job"),
        ([*STATES[:3], elastic(4, 999)[3].state_dict()], "states must be of one job, .*999"),
        ([*STATES[:3], elastic(5)[3].state_dict()], "of one job, .*world_size=4.*world_size=5"),
        ([*STATES[:3], elastic(split="padded")[3].state_dict()], "of one job, .*'padded'"),
        ([*STATES[:3], elastic(epoch=1)[3].state_dict()], "of one job, .*epoch=1.*their key"),
        ([*STATES[:3], elastic(config=CONFIG)[3].state_dict()], "of one job, .*their config"),
        ([{**STATES[0], "version": 3}], "the state must be of version 2, got 3"),
        ([{**STATES[0], "share": [4, 4, "contiguous"]}], "rank must be below world_size 4, got 4"),
        ([{**STATES[0], "share": None}], "the state's job and share must be valid"),
        ([{**STATES[0], "job": [[0]]}], "the state's job and share must be valid"),
        ([{**STATES[0], "delivered": 251}], "delivered must be 0 to 250, got 251"),
        ([{**STATES[0], "epoch": -1}], "epoch must be .* got -1"),
        ([{}], "the state lacks 'version'"),
    ],
)
def test_states_that_do_not_fit_are_refused(states, message):
    with pytest.raises(ValueError, match=message):
        DistributedRangeSplitter.remaining(states)


def test_what_is_no_list_of_states_is_refused():
    for states in (STATES[0], [None]):
        with pytest.raises(TypeError, match=r"must be a (dict|list of state_dict)"):
            DistributedRangeSplitter.remaining(states)


# ---- The running job ----


def group(rank, world_size, initialized=True):
    return SimpleNamespace(
        is_initialized=lambda: initialized,
        get_rank=lambda: rank,
        get_world_size=lambda: world_size,
    )


def found():
    shard = stream_distributed_augmentation_chain(100).shard
    params = gen_distributed_augmentation_params(42)
    assert params == gen_distributed_augmentation_params(42, shard.rank)
    return shard.rank, shard.world_size


def test_launchers_in_their_order(monkeypatch):
    """Read at each call: torch.distributed, torchrun, Open MPI, Slurm."""
    monkeypatch.setitem(sys.modules, "torch.distributed", group(0, 1, initialized=False))
    expected = (5, 10)
    for names in reversed(launcher.VARIABLES):
        for name, value in zip(names, expected, strict=True):
            monkeypatch.setenv(name, str(value))
        assert found() == expected
        expected = (expected[0] - 1, 10)
    monkeypatch.setitem(sys.modules, "torch.distributed", group(8, 9))
    assert found() == (8, 9)
    monkeypatch.setitem(sys.modules, "torch.distributed", SimpleNamespace())  # a build without
    assert found() == (3, 10)
    rest = DistributedRangeSplitter.remaining(STATES)
    assert rest.stream().shard[1:3] == rest.batches().shard[1:3] == (3, 10)


@pytest.mark.parametrize("call", [found, lambda: gen_distributed_augmentation_params(42)])
def test_no_launcher(call):
    with pytest.raises(ValueError, match="no launcher tells them") as raised:
        call()
    assert all(name in str(raised.value) for name in VARIABLES)


@pytest.mark.parametrize("names", launcher.VARIABLES)
@pytest.mark.parametrize(
    ("rank", "world_size", "message"),
    [
        ("1", None, "{1} is not set, the other of {0} and {1} is"),
        (None, "4", "{0} is not set, the other of {0} and {1} is"),
        ("one", "4", "{0} must be a number, got 'one'"),
        ("1", "", "{1} must be a number, got ''"),
        ("-1", "4", "{0} must be a number, got '-1'"),
        ("4", "4", "{0}=4 must be below {1}=4"),
        ("0", "0", "{0}=0 must be below {1}=0"),
    ],
)
def test_a_launcher_that_is_half_there(monkeypatch, names, rank, world_size, message):
    for name, value in zip(names, (rank, world_size), strict=True):
        if value is not None:
            monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=re.escape(message.format(*names))):
        found()


def test_torch_is_never_imported():
    program = (
        "import sys, dpa.distributed\n"
        "try: dpa.distributed.gen_distributed_augmentation_params(42)\n"
        "except ValueError: print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


# ---- Arguments ----


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((10, 4, 4), "rank must be below world_size 4, got 4"),
        ((10, -1, 4), "rank must be .* got -1"),
        ((10, 0, 0), "world_size must be at least 1, got 0"),
        ((10, 0.0, 4), "rank must be an integer, got 0.0"),
        ((10, 0, "4"), "world_size must be an integer, got '4'"),
        ((10, 1, None), "given both or neither, got 1 and None"),
        ((10, None, 4), "given both or neither, got None and 4"),
        ((-1, 0, 4), "must not be .* got -1"),
        ((1.5, 0, 4), "must be an integer, got 1.5"),
    ],
)
def test_streams_check_at_the_call(kind, arguments, message):
    """The original's did so at the first next()."""
    with pytest.raises((ValueError, TypeError), match=message):
        STREAMS[kind](*arguments)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stream_distributed_augmentation_range(5, 4, 0, 1), "end_id .* 5, got 4"),
        (lambda: stream_distributed_augmentation_range(-1, 4, 0, 1), "start_id .* got -1"),
        (lambda: stream_distributed_augmentation_chain(1, 0, 1, "mild"), "config .* got 'mild'"),
        (lambda: stream_distributed_augmentation_chain(1, 0, 1, epoch=-1), "epoch .* got -1"),
        (lambda: stream_distributed_augmentation_chain(1, 0, 1, chunk_size=0), "chunk_size .* 0"),
        (lambda: stream_distributed_augmentation_chain(1, 0, 1, split="x"), "split .* got 'x'"),
        (lambda: stream_distributed_augmentation_batches(1, 0, 1, batch_size=0), "batch_size .* 0"),
        (lambda: stream_distributed_augmentation_batches(2, 0, 1, start_id=2**64 - 1), "last id"),
        (lambda: gen_distributed_augmentation_params(42, 4, world_size=4), "below .* 4, got 4"),
        (lambda: gen_distributed_augmentation_params(42, -1), "rank must be .* got -1"),
        (lambda: gen_distributed_augmentation_params(42, world_size=4), "got None and 4"),
        (lambda: gen_distributed_augmentation_params(-1, 0), "sample id .* got -1"),
        (lambda: RankAwareSeedGenerator(-1), "base_seed must be .* got -1"),
        (lambda: RankAwareSeedGenerator(0, 0), "world_size .* at least 1, got 0"),
        (lambda: RankAwareSeedGenerator().generate_seed(5, 1), "rank must be below .* 1, got 1"),
        (lambda: RankAwareSeedGenerator().generate_seed(5, None), "world_size=1 needs a rank"),
        (lambda: RankAwareSeedGenerator().generate_seed(5, 0, 0), "augmentation_depth .* got 0"),
        (lambda: DistributedRangeSplitter(-1, 2), "total_samples must not be negative, got -1"),
        (lambda: DistributedRangeSplitter(9.0, 2), "total_samples must be an integer, got 9.0"),
        (lambda: DistributedRangeSplitter(9, 0), "world_size must be at least 1, got 0"),
        (lambda: DistributedRangeSplitter(9, True), "world_size must be an integer, got True"),
        (lambda: DistributedRangeSplitter(9, 2).get_rank_range(2), "below world_size 2, got 2"),
        (lambda: DistributedRangeSplitter(9, 2).get_rank_range(None), "needs a rank"),
        (
            lambda: DistributedRangeSplitter(9, 2).get_rank_for_sample(9),
            "sample_id .* below 9, got 9",
        ),
        (lambda: DistributedRangeSplitter(9, 2).get_rank_for_sample(-1), "sample_id .* got -1"),
        (lambda: DistributedRangeSplitter(9, 2).get_rank_for_sample("1"), "sample_id .* got '1'"),
        (lambda: DistributedRangeSplitter(9, 2).get_rank_ids(0, "even"), "split .* got 'even'"),
        (lambda: DistributedRangeSplitter.remaining(STATES).split(0), "world_size .* got 0"),
        (lambda: DistributedRangeSplitter.remaining(STATES).stream(3, 3), "below .* 3, got 3"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


# ---- Real processes ----


def of_rank(rank):
    """What a process of its own makes of its share."""
    batches = stream_distributed_augmentation_batches(
        5000, rank, 2, CONFIG, rank_aware=False, **KEY
    )
    return dpa.AugmentationBatch.concatenate(batches), os.getpid()


#: Python 3.12 and up counts every thread of the process, those of NumPy's BLAS too.
FORKS = "ignore:.*multi-threaded, use of fork:DeprecationWarning"
START_METHODS = [m for m in ("fork", "spawn") if m in multiprocessing.get_all_start_methods()]


@pytest.mark.filterwarnings(FORKS)
@pytest.mark.parametrize("method", START_METHODS)
def test_processes_of_multiprocessing_are_together_one(method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        parts, children = zip(*pool.map(of_rank, range(2), chunksize=1), strict=True)
    assert os.getpid() not in children
    whole = dpa.generate_augmentation_batch(range(5000), CONFIG, **KEY)
    assert dpa.AugmentationBatch.concatenate(parts) == whole


@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_of_torchrun(world_size, tmp_path):
    """tests/ranks.py has what they check."""
    require("torch")
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    run += [f"--nproc-per-node={world_size}", Path(__file__).with_name("ranks.py"), tmp_path]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(run, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    for rank in range(world_size):
        assert f"rank {rank} of {world_size} is through\n" in done.stdout
        assert f"rank {rank} epoch 1 by_ids: " in done.stdout


@pytest.mark.parametrize("rank_aware", ["no", None, 1])
def test_rank_aware_is_true_or_false(rank_aware):
    with pytest.raises(TypeError, match="rank_aware must be True or False, got"):
        stream_distributed_augmentation_chain(9, 0, 1, rank_aware=rank_aware)


def test_states_are_a_list():
    state = stream_distributed_augmentation_chain(9, 0, 1, rank_aware=False).state_dict()
    for states in (state, None):
        with pytest.raises(TypeError, match="states must be a list of state_dict"):
            DistributedRangeSplitter.remaining(states)
