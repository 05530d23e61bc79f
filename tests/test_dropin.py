"""Drop-in: what a user of the original package calls works here, in the order of the guides.

First the tour, that of batches and benchmarks in test_dropin_batch.py; then the original's public
names, as facts (vectors/dropin_api.json), beside ours: each deviation is listed with its reason,
and docs/coming_from.md says it to users.
"""

import ast
import contextlib
import dataclasses
import importlib.util
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_snippets import BLOCK

import dpa
from dpa import batch, benchmark, compatibility, distributed
from dpa.checks import count_of
from dpa.errors import ChainFileError

DOCS = Path(__file__).parents[1] / "docs"
API = json.loads(Path(__file__).with_name("vectors").joinpath("dropin_api.json").read_text())
CONFIG = dpa.get_preset("moderate", sampler="mt19937")
RANGE = list(dpa.stream_augmentation_range(100, 110, CONFIG))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "chain.json"


# ---- The import ----


@pytest.mark.parametrize(
    "name",
    [
        *["BatchProcessor", "BatchConfig", "BatchStrategy", "BatchMetrics", "BenchmarkRunner"],
        *["PerformanceProfiler", "measure_time", "measure_memory", "benchmark_function"],
        *["StreamingError", "StreamingIOError", "PartialWriteError", "GeneratorExhaustionError"],
        *["ResourceCleanupError", "StreamingProgress", *compatibility.__all__],
    ],
)
def test_names_of_other_modules_are_in_dpa(name):
    """They are imported when asked for; test_package.py holds what `import dpa` brings."""
    names = {}
    exec(f"from dpa import {name}", names)
    assert names[name] is getattr(dpa, name)
    assert name in dir(dpa)
    assert f" as {name}" in Path(dpa.__file__).read_text()  # type checkers see it, too


def test_a_name_that_nobody_has():
    with pytest.raises(AttributeError, match="module 'dpa' has no attribute 'fib'"):
        _ = dpa.fib


# ---- Chains: generate, save, load ----


def test_names_of_arguments(path):
    """Those of the original, in its order, by position and by name."""
    config = dpa.get_preset(preset_name="moderate")
    rows = dpa.generate_augmentation_chain(num_samples=5, config=config, verbose=False)
    dpa.save_augmentation_chain(rows, path, config, True)
    dpa.save_augmentation_chain(params_list=rows, filepath=path, config=config, include_stats=False)
    assert dpa.load_augmentation_chain(filepath=path) == rows
    stream = dpa.stream_augmentation_chain(num_samples=5, config=config, chunk_size=None)
    dpa.save_augmentation_stream(stream, path, config, True, 1000, False, None)
    assert list(dpa.load_augmentation_stream(path, None, False, None)) == rows
    assert dpa.compute_statistics(params_list=rows) == dpa.compute_streaming_statistics(
        param_generator=iter(rows)
    )
    with pytest.raises(TypeError, match="include_stats must be True or False, got 1"):
        dpa.save_augmentation_chain(rows, path, include_stats=1)
    with pytest.raises(ValueError, match="buffer_size must be at least 1, got 0"):
        dpa.save_augmentation_stream(iter(rows), path, buffer_size=0)


def test_dicts_of_a_range_are_saved_with_their_ids(path):
    for rows, ids in (
        (RANGE, [*range(100, 110)]),
        (RANGE[::3], [100, 103, 106, 109]),  # a filtered list
        (RANGE[::-1], [*range(109, 99, -1)]),
        ([*RANGE[:2], RANGE[0]], [100, 101, 100]),
    ):
        dpa.save_augmentation_chain(rows, path, CONFIG)
        assert dpa.load_augmentation_batch(path).ids.tolist() == ids
        assert dpa.verify_augmentation_chain(path)
        assert dpa.load_augmentation_chain(path) == rows


def test_dicts_that_come_one_by_one_begin_where_the_first_does(path):
    dpa.save_augmentation_stream(iter(RANGE), path, CONFIG)
    batch = dpa.load_augmentation_batch(path)
    assert batch == dpa.generate_augmentation_batch(range(100, 110), CONFIG)
    with pytest.raises(ValueError, match=r"params\[1\] has the hash .*, but id 101"):
        dpa.save_augmentation_stream(iter(RANGE[::3]), path, CONFIG)
    dpa.save_augmentation_stream(iter(RANGE[::3]), path, CONFIG, ids=range(100, 110, 3))
    assert dpa.verify_augmentation_chain(path)


def test_dicts_of_a_rank_are_saved_with_their_rank(path):
    rows = list(distributed.stream_distributed_augmentation_chain(100, 1, 4, CONFIG))
    dpa.save_augmentation_chain(rows, path, CONFIG)
    assert dpa.load_augmentation_batch(path) == dpa.generate_augmentation_batch(
        range(25, 50), CONFIG, rank=1
    )


def test_dicts_of_no_id_that_is_tried_are_refused(path):
    for rows in (
        list(dpa.stream_augmentation_range(2**60, 2**60 + 3, CONFIG)),
        [*RANGE, {**RANGE[0], "hash": "0" * 64}],
    ):
        with pytest.raises(ValueError, match=r"params\[0\] has the hash"):
            dpa.save_augmentation_chain(rows, path, CONFIG)


def test_own_keys_are_refused_by_name(path):
    rows = dpa.generate_augmentation_chain(3, CONFIG)
    rows[1]["label"] = "cat"
    with pytest.raises(ValueError, match=r"unknown fields \['label'\]; keep what is your own"):
        dpa.save_augmentation_chain(rows, path, CONFIG)


# ---- The original's files ----


def original(path, rows, **metadata):
    """A file as the original writes it."""
    fields = {name: value for name, value in CONFIG.to_dict().items() if name != "sampler"}
    document = {"metadata": {"config": fields, **metadata}, "augmentations": rows}
    path.write_text(json.dumps(document))


def test_an_original_file_with_own_keys_loads_without_them(path):
    rows = dpa.generate_augmentation_chain(9000, CONFIG)
    original(path, [{**row, "label": "cat", "path": "x.png"} for row in rows])
    with pytest.warns(UserWarning, match="left out: 'label', 'path'") as warned:
        assert dpa.load_augmentation_chain(path) == rows
    assert len(warned) == 1


@pytest.mark.parametrize("size", [0, 1, 3, 5000])
def test_a_streamed_file_is_ok(path, size):
    original(path, dpa.generate_augmentation_chain(size, CONFIG), num_samples=None, streaming=True)
    assert str(dpa.verify_augmentation_chain(path)) == f"{path}: ok, {count_of(size, 'sample')}"


def test_a_range_s_file_is_verified_with_its_ids(path):
    original(path, RANGE, num_samples=None)
    unsaid = str(dpa.verify_augmentation_chain(path))
    assert unsaid.startswith(f"{path}: NOT VERIFIABLE")
    assert "say ids=, base_seed= or rank=" in unsaid
    assert dpa.verify_augmentation_chain(path, ids=range(100, 110))


def test_a_rank_s_file_is_verified_with_its_seed(path):
    stream = distributed.stream_distributed_augmentation_chain(100, 1, 4, CONFIG, 7)
    original(path, list(stream), num_samples=None)
    assert "NOT VERIFIABLE" in str(dpa.verify_augmentation_chain(path, ids=range(25, 50)))
    assert dpa.verify_augmentation_chain(path, ids=range(25, 50), base_seed=7)
    assert dpa.verify_augmentation_chain(path, ids=range(25, 50), base_seed=7, rank=1)


def test_a_filtered_list_s_file_is_verified_with_its_ids(path):
    """Its first sample may be that of id 0; another one's hash tells that it is not damaged."""
    rows = dpa.generate_augmentation_chain(100, CONFIG)
    original(path, rows[::2], num_samples=50)
    assert "NOT VERIFIABLE" in str(dpa.verify_augmentation_chain(path))
    assert dpa.verify_augmentation_chain(path, ids=range(0, 100, 2))
    rows[7]["hash"] = "0" * 64
    original(path, rows, num_samples=100)
    report = dpa.verify_augmentation_chain(path)
    assert (report.different, report.first.id, report.first.field) == (1, 7, "hash")
    assert "NOT OK" in str(report)


def test_an_original_file_is_copied_with_what_it_does_not_say(path, tmp_path):
    stream = distributed.stream_distributed_augmentation_chain(100, 1, 4, CONFIG, 7)
    original(path, list(stream))
    copy = tmp_path / "copy.jsonl"
    with pytest.raises(ValueError, match=r"params\[0\] has the hash"):
        dpa.save_augmentation_stream(dpa.load_augmentation_stream(path), copy)
    dpa.save_augmentation_stream(
        dpa.load_augmentation_stream(path), copy, ids=range(25, 50), base_seed=7
    )
    batch = dpa.generate_augmentation_batch(range(25, 50), CONFIG, base_seed=7, rank=1)
    assert dpa.load_augmentation_batch(copy) == batch
    with pytest.raises(ValueError, match="ids must be as many as the samples, 25, got 24"):
        dpa.save_augmentation_stream(dpa.load_augmentation_stream(path), copy, ids=range(24))


def test_the_command_verifies_with_what_a_file_does_not_say(path):
    def verify(*options):
        command = [sys.executable, "-m", "dpa", "verify", str(path), *options]
        return subprocess.run(command, capture_output=True, check=False).returncode

    stream = distributed.stream_distributed_augmentation_chain(100, 1, 4, CONFIG, 7)
    original(path, list(stream), num_samples=None)
    assert verify() == 1
    assert verify("--ids", "25:50", "--base-seed", "7") == 0
    assert verify("--ids", "25:50", "--base-seed", "7", "--rank", "1") == 0
    assert verify("--ids", "25:49", "--base-seed", "7") == 2


# ---- Streams ----


@pytest.mark.parametrize(
    "stream",
    [
        dpa.stream_augmentation_chain(10, chunk_size=4),
        dpa.stream_augmentation_batches(10, batch_size=4),
        distributed.stream_distributed_augmentation_chain(10, 0, 1, chunk_size=4),
    ],
    ids=["dicts", "batches", "rank"],
)
def test_a_stream_can_be_closed(stream):
    with contextlib.closing(stream):
        next(stream)
    assert list(stream) == []
    assert list(stream.batches()) == []
    left = len(stream.remaining)
    assert left in (9, 6)  # still told, and another stream goes on there
    again = type(stream).from_state_dict(stream.state_dict())
    assert again.__length_hint__() == left
    stream.close()


def test_a_stream_without_an_end():
    stream = dpa.stream_augmentation_chain(num_samples=float("inf"), config=CONFIG, start_id=5)
    assert next(stream) == dpa.gen_augmentation_params(5, CONFIG)
    last = dpa.stream_augmentation_chain(float("inf"), start_id=2**64 - 2)
    assert len(list(last)) == 2
    assert len(next(dpa.stream_augmentation_batches(float("inf")))) == 1000
    for wrong in (float("-inf"), float("nan"), 2.5):
        with pytest.raises(TypeError, match="num_samples must be an integer"):
            dpa.stream_augmentation_chain(wrong)


def test_a_callback_is_told_how_far_it_is(path):
    told = []
    stream = dpa.stream_augmentation_chain(
        25, start_id=5, chunk_size=10, progress_callback=told.append
    )
    rows = list(stream)
    assert [p.samples_processed for p in told] == [10, 20, 25]
    assert [p.current_sample_id for p in told] == [14, 24, 29]
    assert told[-1].estimated_total == 25
    assert [p.progress_percentage() for p in told] == [40, 80, 100]
    assert told[0].estimated_time_remaining() >= 0
    assert told[0].elapsed_time() >= 0
    told.clear()
    dpa.save_augmentation_stream(
        iter(rows), path, dpa.get_preset("moderate"), buffer_size=10, progress_callback=told.append
    )
    assert [(p.samples_processed, p.current_sample_id) for p in told] == [
        (10, 14),
        (20, 24),
        (25, 29),
    ]
    told.clear()
    assert list(dpa.load_augmentation_stream(path, 20, progress_callback=told.append)) == rows
    assert [(p.samples_processed, p.estimated_total) for p in told] == [(20, None), (25, None)]
    assert told[0].progress_percentage() is told[0].estimated_time_remaining() is None
    with pytest.raises(TypeError, match="progress_callback must be callable, got 5"):
        dpa.stream_augmentation_chain(25, progress_callback=5)


def test_verbose_prints_how_far_it_is(path, capsys):
    for _ in dpa.stream_augmentation_chain(25, chunk_size=10, verbose=True):
        pass
    stream = distributed.stream_distributed_augmentation_chain(25, 0, 1, verbose=True)
    dpa.save_augmentation_stream(stream, path, verbose=True)
    list(dpa.load_augmentation_stream(path, verbose=True))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" samples")[0] for line in lines] == [
        *["10 of 25", "20 of 25", "25 of 25"],
        "25 of 25",  # written; batches are taken from the stream, so it does not tell
        "25",  # a file says at its end how many there are
    ]


def test_a_callback_may_close_its_stream():
    stream = dpa.stream_augmentation_chain(
        10,
        chunk_size=4,
        progress_callback=lambda told: told.samples_processed > 4 and stream.close(),
    )
    assert len(list(stream)) == stream.delivered == 4
    assert len(stream.remaining) == 6


@pytest.mark.parametrize("position", [0, 1, 4, 9, 10])
def test_a_callback_may_move_its_stream(position):
    """The chunk that it was called for is dropped."""
    rows = dpa.generate_augmentation_chain(10)
    moves = iter([None, position])

    def move(_):
        if (to := next(moves, None)) is not None:
            stream.seek(to)

    stream = dpa.stream_augmentation_chain(10, chunk_size=4, progress_callback=move)
    assert list(stream) == rows[:4] + rows[position:]
    assert stream.delivered == 10


def test_a_callback_may_take_samples():
    rows, taken = dpa.generate_augmentation_chain(5), []

    def take(_):
        if not taken:
            taken.append(None)
            taken.append(next(stream))

    stream = dpa.stream_augmentation_chain(5, chunk_size=2, progress_callback=take)
    assert list(stream) == rows[1:]
    assert taken[1] == rows[0]


def test_a_sample_is_not_lost_where_a_callback_fails():
    def fail(progress):
        raise OSError

    stream = dpa.stream_augmentation_chain(5, progress_callback=fail)
    with pytest.raises(OSError, match=r"^$"):
        next(stream)
    stream.report = dpa.stream_augmentation_chain(5).report
    assert list(stream) == dpa.generate_augmentation_chain(5)


def test_lists_and_generators():
    stream = dpa.stream_augmentation_chain(50, CONFIG)
    assert dpa.generator_to_list(stream, 3) == dpa.generate_augmentation_chain(3, CONFIG)
    assert stream.delivered == 3
    assert len(dpa.generator_to_list(param_generator=stream, max_items=None)) == 47
    generator = dpa.list_to_generator(params_list=RANGE)
    assert inspect.isgenerator(generator)
    assert list(generator) == RANGE
    with pytest.raises(dpa.StreamingError, match="max_items must not be negative, got -1"):
        dpa.generator_to_list(stream, -1)


def test_streams_in_batches():
    by_twenty = dpa.BatchConfig("sequential", 20)
    chain = dpa.generate_augmentation_chain(50, CONFIG)
    batches = list(dpa.stream_augmentation_chain_batched(50, by_twenty, CONFIG))
    assert batches == [chain[:20], chain[20:40], chain[40:]]
    assert list(dpa.stream_augmentation_range_batched(10, 50, by_twenty, CONFIG)) == [
        *[chain[10:30], chain[30:]]
    ]
    assert list(dpa.convert_stream_to_batches(iter(chain), "sequential", 20)) == batches
    assert dpa.process_augmentation_batches(iter(chain), by_twenty, len) == [20, 20, 10]
    assert dpa.process_augmentation_batches(iter(chain), by_twenty) == batches
    assert [len(each) for each in dpa.stream_augmentation_chain_batched(50)] == [32, 18]
    limited = dpa.stream_augmentation_chain_with_memory_limit(3000, 1000, CONFIG)
    assert [row for each in limited for row in each] == dpa.generate_augmentation_chain(
        3000, CONFIG
    )
    assert isinstance(dpa.get_batch_metrics(iter(chain), by_twenty), dpa.BatchMetrics)


# ---- Ranks ----


@pytest.mark.parametrize(
    ("size", "ranks"),
    [(100, 4), (23, 5), (2, 3), (7, 1), (0, 2)],  # also what does not divide, few, and none
    ids=str,
)
def test_a_rank_s_own_range_is_whole(size, ranks):
    """Split once, by the splitter: no sample is lost."""
    splitter = distributed.DistributedRangeSplitter(size, ranks)
    shares = [
        list(
            distributed.stream_distributed_augmentation_range(
                *splitter.get_rank_range(rank), rank=rank, world_size=ranks, config=CONFIG
            )
        )
        for rank in range(ranks)
    ]
    assert sum(map(len, shares)) == size
    for rank, share in enumerate(shares):
        chain = distributed.stream_distributed_augmentation_chain(size, rank, ranks, CONFIG)
        assert list(chain) == share
        divided = distributed.stream_distributed_augmentation_range(
            0, size, rank, ranks, CONFIG, split="contiguous"
        )
        assert list(divided) == share


def test_a_range_of_its_own_goes_on_with_its_state_alone():
    def make(rank):
        return distributed.stream_distributed_augmentation_range(
            10 * rank, 10 * rank + 10, rank, 2, rank_aware=False
        )

    stream = make(1)
    next(stream)
    again = make(1)
    again.load_state_dict(json.loads(json.dumps(stream.state_dict())))
    assert len(list(again)) == 9
    with pytest.raises(ValueError, match=r"of a range of its own \(split=None\)"):
        distributed.DistributedRangeSplitter.remaining([make(0).state_dict(), stream.state_dict()])


def test_arguments_of_ranks_by_position():
    """num_samples, rank, world_size, config, base_seed, chunk_size, verbose, inclusive_range."""
    stream = distributed.stream_distributed_augmentation_chain(
        8, 1, 2, CONFIG, 7, None, False, True
    )
    key = {"rank": 1, "base_seed": 7}
    assert next(stream) == dpa.gen_augmentation_params(4, CONFIG, **key)
    stream = distributed.stream_distributed_augmentation_range(5, 9, 1, 2, CONFIG, 7, None, False)
    assert next(stream) == dpa.gen_augmentation_params(5, CONFIG, **key)
    with pytest.raises(distributed.DistributedError, match="inclusive_range must be True"):
        distributed.stream_distributed_augmentation_chain(8, 1, 2, inclusive_range=False)


def test_ranges_with_their_ranks():
    ranges = distributed.DistributedRangeSplitter(10, 3).get_all_rank_ranges()
    assert ranges[1] == distributed.RankRange(start_id=4, end_id=7, rank=1, total_samples=10)
    assert [(r.start_id, r.end_id) for r in ranges] == [(0, 4), (4, 7), (7, 10)]


# ---- Exceptions ----

SPLITTER = distributed.DistributedRangeSplitter(10, 2)
SEEDS = distributed.RankAwareSeedGenerator(7, 2)


WRONG = {
    "StreamingError": [
        lambda: dpa.stream_augmentation_chain(-1),
        lambda: dpa.stream_augmentation_chain("5"),
        lambda: dpa.stream_augmentation_range(5, 4),
        lambda: dpa.stream_augmentation_batches(5, batch_size=0),
    ],
    "InvalidRankError": [
        lambda: SPLITTER.get_rank_range(2),
        lambda: SPLITTER.get_rank_range("0"),
        lambda: SEEDS.generate_seed(5, 2),
        lambda: distributed.gen_distributed_augmentation_params(5, 4, world_size=4),
        lambda: distributed.stream_distributed_augmentation_chain(5, 2, 2),
        lambda: distributed.stream_distributed_augmentation_range(5, 9, 0, 0),
    ],
    "RangeSplittingError": [
        lambda: distributed.DistributedRangeSplitter(-1, 2),
        lambda: distributed.DistributedRangeSplitter(9, 0),
        lambda: SPLITTER.get_rank_for_sample(10),
        lambda: distributed.stream_distributed_augmentation_chain(-5, 1, 2),
        lambda: distributed.stream_distributed_augmentation_range(5, 4, 1, 2),
    ],
    "SeedGenerationError": [
        lambda: distributed.RankAwareSeedGenerator(-1),
        lambda: SEEDS.generate_seed(-5, 1),
        lambda: SEEDS.generate_seed(5, 1, 0),
        lambda: distributed.gen_distributed_augmentation_params(5.0, 0),
    ],
    "DistributedError": [
        lambda: distributed.stream_distributed_augmentation_chain(5, 1, 2, chunk_size=0),
        lambda: distributed.stream_distributed_augmentation_batches(5, 1, 2, config="mild"),
    ],
}


@pytest.mark.parametrize("name", WRONG)
def test_exceptions_that_except_clauses_name(name):
    """They are the ValueError and the TypeError that such arguments raise, too."""
    error = getattr(dpa if name == "StreamingError" else distributed, name)
    base = dpa.StreamingError if name == "StreamingError" else distributed.DistributedError
    assert issubclass(error, base)
    for call in WRONG[name]:
        with pytest.raises(error) as raised:
            call()
        assert type(raised.value) is error
        assert isinstance(raised.value, ValueError)
        assert isinstance(raised.value, TypeError)


def test_a_damaged_file_is_a_streaming_error(path):
    path.write_text("{")
    with pytest.raises(dpa.StreamingIOError) as raised:
        dpa.load_augmentation_stream(path)
    assert type(raised.value) is ChainFileError


def test_errors_of_the_caller_s_own_code_stay_what_they_are(path):
    def broken():
        yield RANGE[0]
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        dpa.save_augmentation_stream(broken(), path)
    with pytest.raises(KeyError, match="mine"):
        dpa.generator_to_list(broken())


# ---- The guides ----

STAND_INS = """\
import numpy as np

import dpa

image, dataset = "image", range(10)
photos = [(np.zeros((8, 8, 3), np.uint8), at) for at in range(10)]
dataloader = [([0] * 4, [1] * 4), ([0] * 4, [1] * 4), ([0] * 2, [1] * 2)]
apply_augmentation = train_step = lambda data, params: None
process_sample = process_batch = lambda samples: None
"""


@pytest.mark.parametrize("sampler", ["mt19937", "xoshiro256++"])
@pytest.mark.parametrize("page", ["guide", "distributed", "batch", "benchmark"])
def test_the_guides_run_in_order_with_either_sampler(page, sampler, tmp_path):
    """In a process that imports dpa alone; a block that shows an error is left out.

    Calls without a config have the default sampler in either case.
    """
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    torch = importlib.util.find_spec("torch") is not None
    blocks = [
        block["code"]
        for block in BLOCK.finditer(text)
        if block["language"] == "python"
        and not block["skip"]
        and "Error: " not in (block["output"] or "")
        and (torch or "torch" not in block["code"])
    ]
    assert len(blocks) > 2
    program = STAND_INS + "\n".join(blocks)
    gloo = f'backend="gloo", init_method="file://{tmp_path}/store", rank=0, world_size=1'
    program = program.replace('backend="nccl"', gloo)
    program = program.replace(
        'get_preset("moderate"', f'get_preset("moderate", sampler="{sampler}"'
    )
    program = program.replace("get_preset(name)", f'get_preset(name, sampler="{sampler}")')
    program = program.replace(
        "AugmentationConfig(\n", f'AugmentationConfig(\n    sampler="{sampler}",\n'
    )
    (tmp_path / "guide.py").write_text(program)
    run = subprocess.run(
        [sys.executable, "guide.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


# ---- The original's names beside ours ----

_COLUMNS = "streams give samples; stream_augmentation_chain_batched gives batches"
_RANKS = "stream_distributed_augmentation_chain and _range make the samples of a rank"
_PROGRESS = "the package makes StreamingProgress itself, and it is immutable"
_CLOSED = "close() and contextlib.closing do it: there is nothing else to clean up"
_WHOLE = "a file appears whole or not at all: nothing is left to recover or go on with"
_SIZES = "a guess by bytes a sample; BatchProcessor measures samples, psutil the process"
_BENCH = "dpa.benchmark has the measurements, and `dpa bench` a report of them"
_RECORD = "made by the package alone: its fields are ours, the original's names read them"
_CHUNK = "chunk_size=1000, which None stands for"
_SEED = "base_seed=None, which is 0 where there is a rank"
_FEWER = "the interval needs fewer measurements"
_TINY = "no part of what the package is for"

DEVIATIONS = {
    "dpa.gen_augmentation_params": "rank= by name: by position it is taken for a seed",
    "dpa.stream_augmentation_chain": f"no batch_config: {_COLUMNS}; no rank: {_RANKS}; {_CHUNK}",
    "dpa.stream_augmentation_range": f"no batch_config: {_COLUMNS}; no rank: {_RANKS}; {_CHUNK}",
    "dpa.fib": "inside the kernels; gen_augmentation_seed gives the hash it serves",
    "dpa.StreamingContext": _CLOSED,
    "dpa.with_streaming_context": _CLOSED,
    "dpa.safe_cleanup_generator": _CLOSED,
    "dpa.safe_close_file": _CLOSED,
    "dpa.StreamingMetadata": "a stream has config, key, chunk_size and state_dict() itself",
    "dpa.create_streaming_metadata": "a stream has config, key and state_dict() itself",
    "dpa.create_streaming_progress": _PROGRESS,
    "dpa.update_streaming_progress": _PROGRESS,
    "dpa.recover_partial_write": _WHOLE,
    "dpa.resume_streaming_save": _WHOLE,
    "dpa.estimate_memory_usage": _SIZES,
    "dpa.estimate_optimal_batch_size": _SIZES,
    "dpa.format_memory_size": _SIZES,
    "dpa.get_current_memory_usage": _SIZES,
    "dpa.get_memory_usage_estimate": _SIZES,
    "dpa.benchmark_augmentation_performance": _BENCH,
    "dpa.create_performance_profiler": _BENCH,
    "dpa.get_batch_processing_metrics": _BENCH,
    "dpa.get_performance_recommendations": _BENCH,
    "dpa.profile_augmentation_generation": _BENCH,
    "distributed.AugmentationConfig": "it is dpa's; the module imported it for itself",
    "distributed.gen_distributed_augmentation_params": f"{_SEED}; world_size=None: any rank",
    "distributed.stream_distributed_augmentation_chain": f"{_SEED}; {_CHUNK}",
    "distributed.stream_distributed_augmentation_range": f"{_SEED}; {_CHUNK}",
    **dict.fromkeys(["dpa.BatchMetrics", "batch.BatchMetrics"], _RECORD),
    **dict.fromkeys(["batch.safe_division", "benchmark.safe_division"], _TINY),
    "benchmark.safe_percentage_change": _TINY,
    "benchmark.BenchmarkConfig": f"10 and 2 runs for 100 and 10, {_FEWER}; the format is text",
    **dict.fromkeys(
        ["dpa.benchmark_function", "benchmark.benchmark_function"],
        f"7 measurements for 100: each times the calls that fill 50 ms, and {_FEWER}",
    ),
    **dict.fromkeys(
        [
            "dpa.BenchmarkRunner.generate_performance_report",
            "benchmark.BenchmarkRunner.generate_performance_report",
        ],
        "format_type=None is the config's output_format, which is text by default",
    ),
    "benchmark.BenchmarkResult": f"{_RECORD}; to_dict() is a line of a record",
    "benchmark.PerformanceMetrics": f"{_RECORD}; it holds the result that all figures are of",
    "benchmark.ComparisonReport": f"{_RECORD}; it holds comparisons, with intervals",
    "benchmark.ProfileResult": f"{_RECORD}; to_dict() is a line of to_json()",
    "benchmark.get_system_info": "machine() tells what a figure depends on",
    "benchmark.format_benchmark_result": "to_dict() of the result, and its figures",
}


def _named(module):
    """dpa.distributed for "distributed"."""
    return (
        dpa
        if module == "dpa"
        else {"batch": batch, "benchmark": benchmark}.get(module, distributed)
    )


def _is(wanted, ours):
    """Whether ours has the name, the kind and the default; where the original has none, any."""
    default = wanted.get("default", "<factory>")
    return (wanted["name"], wanted["kind"]) == (ours.name, ours.kind.name.lower()) and (
        default == "<factory>" or ast.literal_eval(default) == ours.default
    )


def _deviates(wanted, function):
    """Whether parameters or their order differ; behind them there may be optional ones."""
    ours = [x for x in inspect.signature(function).parameters.values() if x.name != "self"]
    head, more = ours[: len(wanted)], ours[len(wanted) :]
    required = [x for x in more if x.default is x.empty and x.kind is not x.VAR_KEYWORD]
    return len(head) < len(wanted) or not all(map(_is, wanted, head)) or bool(required)


def deviations(place, wanted, module):
    """Where one of the original's names, or a part of it, is not ours."""
    ours = getattr(module, place.split(".")[1], None)
    if ours is None:
        yield place
        return
    parents = [parent.__name__ for parent in getattr(ours, "__mro__", ())]
    members = {name: member.value for name, member in getattr(ours, "__members__", {}).items()}
    if (
        ("parameters" in wanted and _deviates(wanted["parameters"], ours))
        or not set(wanted.get("bases", ())) <= set(parents)
        or wanted.get("members", members) != members
    ):
        yield place
    for name, parameters in wanted.get("methods", {}).items():
        method = getattr(ours, name, None)
        if method is None or _deviates(parameters, method):
            yield f"{place}.{name}"
    fields = {x.name for x in dataclasses.fields(ours)} if dataclasses.is_dataclass(ours) else ()
    for name in [*(wanted.get("fields") or ()), *wanted.get("properties", ())]:
        if name not in fields and not hasattr(ours, name):
            yield f"{place}.{name}"


def deviating_keys():
    """Which dicts lack a key of the original's."""
    with benchmark.measure_time() as timer, benchmark.measure_memory() as memory:
        pass
    usage = batch.MemoryAwareBatcher().monitor_memory_usage()
    for place, found in (
        ("benchmark.measure_time", timer),
        ("benchmark.measure_memory", memory),
        ("batch.MemoryAwareBatcher.monitor_memory_usage", usage),
    ):
        if not set(API["keys"][place]) <= set(found):
            yield f"keys.{place}"


def test_deviations_are_listed_with_their_reasons():
    found = {*deviating_keys()} | {
        place
        for module, names in API.items()
        if module != "keys"
        for name, wanted in names.items()
        for place in deviations(f"{module}.{name}", wanted, _named(module))
    }
    assert found - DEVIATIONS.keys() == set()
    assert DEVIATIONS.keys() - found == set()  # no longer true: take them out


def test_the_page_names_what_deviates():
    text = (DOCS / "coming_from.md").read_text(encoding="utf-8")
    names = {place.rpartition(".")[2] for place in DEVIATIONS}
    assert [name for name in sorted(names) if not re.search(rf"[`.]{name}[`(]", text)] == []
