"""Batches: what each strategy makes, under which memory, how fast, and that nothing is lost."""

import dataclasses
import math
import sys
from collections import Counter
from functools import partial
from itertools import count, cycle, islice, repeat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dpa
from dpa.batch import (
    MB,
    BatchConfig,
    BatchMetrics,
    BatchProcessor,
    BatchStrategy,
    MemoryAwareBatcher,
    MemoryLimitExceededError,
    MemoryReading,
    read_memory,
)
from dpa.derivation import columns, derivation
from dpa.host import cgroup

CHAIN = dpa.generate_augmentation_chain(700)


class Clock:
    """Seconds that only pass when a test says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def reader(rss_mb=100, *available_mb):
    """Reads these amounts of available memory in turn, over and over."""
    amounts = cycle(available_mb or [8000])
    return lambda: MemoryReading(int(rss_mb * MB), int(next(amounts) * MB))


def processor(strategy, batch_size=None, *, clock=None, memory=None, **options):
    config = BatchConfig(strategy, batch_size, **options)
    return BatchProcessor(strategy, config, clock=clock or Clock(), reader=memory or reader())


def dict_stream(size):
    return dpa.stream_augmentation_chain(size, chunk_size=50)


def column_stream(size, chunk=50):
    return dpa.stream_augmentation_batches(size, batch_size=chunk)


STREAMS = {"dicts": dict_stream, "columns": column_stream}


def rows(made):
    """The batch as a list of dicts."""
    return made.to_dicts() if isinstance(made, dpa.AugmentationBatch) else made


def flat(batches):
    return [row for made in batches for row in rows(made)]


@pytest.fixture(params=STREAMS, name="stream")
def _stream(request):
    return STREAMS[request.param]


# ---- What the strategies make ----


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 64, 700])
def test_sequential_batches_are_consecutive(stream, size):
    batches = list(processor("sequential").process_stream(stream(size)))
    assert [len(made) for made in batches] == [32] * (size // 32) + [size % 32] * (size % 32 > 0)
    assert flat(batches) == CHAIN[:size]


@pytest.mark.parametrize("kind", ["dicts", "columns"])
def test_the_batches_are_of_the_streams_kind(kind):
    kinds = {"dicts": list, "columns": dpa.AugmentationBatch}
    for strategy in BatchStrategy:
        for made in processor(strategy, 7).process_stream(STREAMS[kind](60)):
            assert type(made) is kinds[kind]


def test_round_robin_deals_a_window_out_in_turn(stream):
    batches = processor("round_robin", 4).process_stream(stream(8))
    assert [rows(made) for made in batches] == [CHAIN[0:8:2], CHAIN[1:8:2]]


@pytest.mark.parametrize("size", [0, 1, 4, 5, 15, 16, 17, 100])
def test_round_robin_windows_and_sizes(stream, size):
    made = list(processor("round_robin", 4).process_stream(stream(size)))
    wanted = []
    for start in range(0, size, 16):
        window = CHAIN[start : min(start + 16, size)]
        number = -(-len(window) // 4)
        wanted += [window[first::number] for first in range(number)]
        sizes = [len(part) for part in wanted[-number:]]
        assert max(sizes) - min(sizes) <= 1
        assert max(sizes) <= 4
    assert [rows(part) for part in made] == wanted


def test_round_robin_is_not_sequential():
    """The original's was."""
    dealt = next(processor("round_robin", 4).process_stream(dict_stream(700)))
    assert dealt == CHAIN[:16:4]
    assert dealt != next(processor("sequential", 4).process_stream(dict_stream(700)))


def test_round_robin_of_single_samples_keeps_their_order(stream):
    assert flat(processor("round_robin", 1).process_stream(stream(9))) == CHAIN[:9]


@given(
    strategy=st.sampled_from(list(BatchStrategy)),
    batch_size=st.integers(1, 20),
    sizes=st.lists(st.integers(0, 40), max_size=12),
    monitored=st.booleans(),
)
def test_nothing_is_lost_of_columns_of_any_sizes(strategy, batch_size, sizes, monitored):
    clock = Clock()
    made = processor(strategy, batch_size, clock=clock)
    process = made.process_with_memory_monitoring if monitored else made.process_stream
    ids = iter(range(sum(sizes)))
    stream = [dpa.generate_augmentation_batch(list(islice(ids, size))) for size in sizes]
    got = []
    for part in process(stream):
        clock.now += 1  # the same for any size: ADAPTIVE climbs
        assert 0 < len(part) <= made.config.cap
        got += part.sample_ids.tolist()
        assert part == dpa.generate_augmentation_batch(part.sample_ids)
    assert sorted(got) == list(range(sum(sizes)))
    if strategy != "round_robin":
        assert got == sorted(got)
    assert made.metrics.samples == sum(sizes)


def test_columns_are_views_where_a_slice_suffices():
    whole = dpa.generate_augmentation_batch(range(100))
    first, second, third = processor("sequential", 50).process_stream([whole, whole[:50]])
    assert np.shares_memory(first.rotation, whole.rotation)
    assert np.shares_memory(second.digests, whole.digests)
    assert np.shares_memory(third.rotation, whole.rotation)
    assert next(processor("sequential", 100).process_stream(iter([whole]))) is whole


def test_a_batch_is_a_stream_of_columns():
    whole = dpa.generate_augmentation_batch(range(10))
    assert [len(part) for part in processor("sequential", 4).process_stream(whole)] == [4, 4, 2]


def test_columns_of_string_ids():
    stream = [dpa.generate_augmentation_batch([f"{n}", "x"]) for n in range(3)]
    parts = list(processor("round_robin", 3).process_stream(stream))
    assert [part.sample_ids for part in parts] == [("0", "1", "2"), ("x", "x", "x")]


def test_other_samples_are_batched_too():
    pairs = list(zip("abc", CHAIN, strict=False))
    assert list(processor("sequential", 2).process_stream(pairs)) == [pairs[:2], pairs[2:]]


def test_columns_that_do_not_belong_together_are_refused():
    good = dpa.generate_augmentation_batch(range(5))
    other = dpa.generate_augmentation_batch(range(5), epoch=1)
    with pytest.raises(ValueError, match="batches differ in their key"):
        next(processor("sequential").process_stream([good, other]))
    with pytest.raises(TypeError, match="must go on as it began, with batches, but gave 5"):
        next(processor("sequential").process_stream([good, 5]))


# ---- Memory ----

IMAGE = 150_000


@pytest.mark.parametrize(
    ("options", "available_mb", "size"),
    [
        ({}, 8000, 1024),  # the cap without batch_size
        ({}, 60, 200),  # half of 60 MB
        ({"max_memory_mb": 45}, 60, 150),  # half of 45 MB
        ({"max_memory_mb": 45, "batch_size": 100}, 60, 100),
        ({"batch_size": 5000}, 8000, 3333),  # half of 1000 MB
        ({"min_batch_size": 8}, 1, 8),
        ({}, 0, 1),
        ({"sample_size_bytes": IMAGE // 2}, 60, 400),
    ],
)
def test_memory_optimized_sizes(stream, options, available_mb, size):
    options = {"sample_size_bytes": IMAGE, **options}
    made = processor("memory_optimized", memory=reader(999_999, available_mb), **options)
    assert made.memory.calculate_optimal_batch_size(options["sample_size_bytes"]) == size
    assert len(next(made.process_stream(stream(6000)))) == size


def test_memory_optimized_respects_batch_size(stream):
    batches = list(processor("memory_optimized", 100).process_stream(stream(250)))
    assert [len(part) for part in batches] == [100, 100, 50]


def test_memory_is_read_for_each_batch_and_the_same_readings_give_the_same_sizes(stream):
    for _ in range(2):
        made = processor(
            "memory_optimized", memory=reader(1, 30, 3, 15, 0), sample_size_bytes=IMAGE
        )
        sizes = [len(part) for part in made.process_stream(stream(400))]
        assert sizes == [100, 10, 50, 1, 100, 10, 50, 1, 78]


def test_without_sample_size_the_parameters_are_measured():
    size_of = {"dicts": range(400, 800), "columns": range(72, 81)}
    for kind, stream in STREAMS.items():
        made = processor("memory_optimized", memory=reader(1, 0.1))
        size = len(next(made.process_stream(stream(700))))
        assert 50_000 // size in size_of[kind]


def test_the_batcher_on_its_own():
    batcher = MemoryAwareBatcher(
        200, 4, max_batch_size=64, reader=lambda: MemoryReading(50 * MB, 80 * MB, 320 * MB)
    )
    assert math.isnan(batcher.peak_rss_mb)
    usage = batcher.monitor_memory_usage()
    assert usage == {
        "available_mb": 80,
        "used_mb": 240,
        "total_mb": 320,
        "percent_used": 75.0,
        "rss_mb": 50,
        "limit_mb": 200,
    }
    assert batcher.peak_rss_mb == 50
    assert batcher.calculate_optimal_batch_size(MB) == 40  # half of what is available
    assert batcher.calculate_optimal_batch_size(10 * MB) == 4
    assert batcher.calculate_optimal_batch_size(MB // 100) == 64


def test_a_size_is_adjusted_to_what_fits():
    def adjust(size, sample, available_mb=80, **options):
        batcher = MemoryAwareBatcher(200, 4, reader=reader(9999, available_mb))
        return batcher.adjust_batch_size(size, sample_size_bytes=sample, **options)

    assert adjust(1000, MB) == 80
    assert adjust(79, MB) == 79
    assert adjust(3, 20 * MB) == 3
    assert adjust(1000, MB, 500) == 200  # the limit is of the batch, whatever the process holds
    assert adjust(1000, 100 * MB, 500) == 4  # not below min_batch_size
    with pytest.raises(MemoryLimitExceededError, match="4 samples of 21000000 bytes"):
        adjust(5, 21 * MB)
    with pytest.raises(MemoryLimitExceededError, match=r"5 samples of .*: 80.0 MB are available"):
        adjust(5, 20 * MB, smallest=5)


def test_the_memory_of_this_process():
    usage = MemoryAwareBatcher(10**6).monitor_memory_usage()
    assert 10 < usage["rss_mb"] < usage["total_mb"]
    assert usage["available_mb"] > 0
    assert usage["percent_used"] == pytest.approx(100 * usage["used_mb"] / usage["total_mb"])


def test_available_is_the_least_of_host_and_cgroup(monkeypatch):
    for free, available in ((None, None), (5, 5), (2**62, None)):
        monkeypatch.setattr(cgroup, "free_memory", lambda free=free: free)
        found = read_memory().available_bytes
        assert found == available if available else 5 < found < 2**62


@pytest.mark.parametrize("strategy", BatchStrategy)
def test_what_is_not_available_is_not_built(stream, strategy):
    readings = iter([MemoryReading(2 * MB, 10)] * 2 + [MemoryReading(0, 10**9)] * 999)
    made = processor(strategy, 10, memory=lambda: next(readings))
    source = stream(60)
    batches = made.process_with_memory_monitoring(source)
    for _ in range(2):
        with pytest.raises(MemoryLimitExceededError):
            next(batches)
        assert (made.metrics.batches, made.metrics.peak_rss_mb) == (0, 2)
        assert source.delivered == batches.buffered <= 50  # one item, to measure it
    got = flat(batches)  # once there is room, it goes on
    assert sorted(got, key=CHAIN.index) == CHAIN[:60]


@pytest.mark.parametrize(
    ("strategy", "least", "sizes"),
    [
        ("sequential", 1, [4] * 15),
        ("round_robin", 1, [4] * 15),
        ("memory_optimized", 1, [2] * 30),  # half of it
        ("adaptive", 1, [4] * 15),
        ("sequential", 6, [6] * 10),
        ("memory_optimized", 6, [6] * 10),
    ],
)
def test_a_batch_keeps_max_memory_mb_whatever_the_process_holds(stream, strategy, least, sizes):
    options = {"max_memory_mb": 4, "sample_size_bytes": MB, "min_batch_size": least}
    made = processor(strategy, 10, memory=reader(9999, 9999), **options)
    assert [len(part) for part in made.process_with_memory_monitoring(stream(60))] == sizes


@pytest.mark.parametrize("strategy", BatchStrategy)
def test_without_monitoring_nothing_is_refused(stream, strategy):
    made = processor(strategy, 10, max_memory_mb=1, memory=reader(5, 0))
    assert len(flat(made.process_stream(stream(60)))) == 60


@pytest.mark.parametrize(
    ("strategy", "fits", "sizes"),
    [
        ("sequential", 10, [10] * 6),
        ("sequential", 9, None),
        ("round_robin", 100, [10] * 6),
        ("round_robin", 99, None),
        ("memory_optimized", 9, [4] * 15),  # half of it
        ("memory_optimized", 3, [3] * 20),
        ("memory_optimized", 2, None),
        ("adaptive", 9, [9] * 6 + [6]),
        ("adaptive", 2, None),
    ],
)
def test_what_does_not_fit_is_made_smaller_or_refused(stream, strategy, fits, sizes):
    made = processor(strategy, 10, min_batch_size=3, sample_size_bytes=MB, memory=reader(0, fits))
    batches = made.process_with_memory_monitoring(stream(60))
    if sizes is None:
        with pytest.raises(MemoryLimitExceededError):
            next(batches)
    else:
        assert [len(part) for part in batches] == sizes


def test_an_empty_stream_needs_no_memory(stream):
    made = processor("sequential", memory=reader(10**6, 0))
    assert list(made.process_with_memory_monitoring(stream(0))) == []


# ---- The fastest size ----


def constant(seconds, size):
    return seconds


def linear(overhead, each, size):
    return overhead + each * size


def cliff(overhead, each, edge, factor, size):
    return overhead + each * size * (1 if size <= edge else factor)


def settle(consumer, start=16, **options):
    """The sizes that ADAPTIVE gives this consumer, until long after it has settled."""
    clock = Clock()
    made = processor("adaptive", start, clock=clock, **options)
    sizes = []
    for part in islice(made.process_stream(repeat(CHAIN[0])), 200):
        sizes.append(len(part))
        clock.now += consumer(len(part))
    return sizes


def best_cost(consumer, least, most):
    return min(consumer(size) / size for size in range(least, most + 1))


@pytest.mark.parametrize("start", [1, 16, 32, 100])
@pytest.mark.parametrize(
    "consumer",
    [
        partial(constant, 0.01),
        partial(linear, 0, 0.001),
        partial(linear, 0.01, 0.001),
        partial(linear, 0.0001, 0.001),
        *(partial(cliff, 0.01, 0.0001, edge, 3) for edge in (5, 16, 31, 63, 64, 65, 100, 700)),
        *(partial(cliff, 0.01, 0, edge, 0) for edge in (5, 64)),
    ],
    ids=lambda cost: f"{cost.func.__name__}{cost.args}",
)
def test_adaptive_comes_within_a_tenth_of_the_best_fixed_size(consumer, start):
    sizes = settle(consumer, start)
    size = sizes[-1]
    assert sizes[0] == start
    assert set(sizes[100:]) == {size}  # it has settled
    cap = 64 * start
    assert size <= cap
    assert consumer(size) / size <= best_cost(consumer, 1, cap) / 0.9


@given(
    overhead=st.floats(0, 0.1),
    each=st.floats(0.0001, 0.01),
    edge=st.integers(1, 3000),
    factor=st.floats(1, 10),
    start=st.integers(1, 64),
)
def test_adaptive_on_any_slope_and_bend(overhead, each, edge, factor, start):
    """Beyond the edge each further sample takes longer, so there is one best size."""

    def consumer(size):
        return overhead + each * (min(size, edge) + factor * max(0, size - edge))

    size = settle(consumer, start)[-1]
    assert consumer(size) / size <= best_cost(consumer, 1, 64 * start) / 0.9


def test_adaptive_measures_its_consumer():
    """The original's never did: whatever took the time, it made the same batches."""
    assert settle(partial(constant, 0.01))[-1] > settle(partial(cliff, 0, 1, 16, 9))[-1]


def test_adaptive_does_not_count_the_time_that_making_batches_takes():
    clock = Clock()

    def stream():
        for row in cycle(CHAIN):
            clock.now += 0.1
            yield row

    sizes = []
    for part in islice(processor("adaptive", 16, clock=clock).process_stream(stream()), 200):
        sizes.append(len(part))
        clock.now += len(part)  # per sample the same
    assert sizes[-1] == 16


def test_adaptive_stays_between_floor_and_cap():
    sizes = settle(partial(constant, 1), 16, max_batch_size=200)
    assert (max(sizes), sizes[-1]) == (200, 200)
    sizes = settle(lambda size: size * size, 16, min_batch_size=5)
    assert (min(sizes), sizes[-1]) == (5, 5)
    assert set(settle(partial(constant, 1), 16, adaptive_sizing=False)) == {16}
    assert set(settle(partial(constant, 1), 16, max_batch_size=16, min_batch_size=16)) == {16}


def test_adaptive_is_not_misled_by_one_slow_batch_of_three():
    slow = (size * (50 if number % 3 == 0 else 1) for number, size in enumerate(cycle([1])))
    consumer = partial(linear, 0.1, 0.001)
    sizes = settle(lambda size: consumer(size) * next(slow))
    assert consumer(sizes[-1]) / sizes[-1] <= best_cost(consumer, 1, 1024) / 0.9


def test_a_consumer_that_takes_no_time_is_no_error():
    assert set(settle(partial(constant, 0))[100:]) == {16}


def test_adaptive_goes_on_with_what_it_learned():
    clock = Clock()
    made = processor("adaptive", 4, clock=clock)
    for number in range(3):
        parts = made.process_stream([CHAIN[0]] * 9000)
        for at, part in enumerate(parts):
            clock.now += 1
            if at == 0:
                assert len(part) == (4 if number == 0 else 256)


# ---- Nothing is lost ----


class Flaky:
    """A stream that raises before each of these samples, once, and goes on."""

    def __init__(self, items, *places):
        self.items, self.places, self.at = items, set(places), 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.at in self.places:
            self.places.remove(self.at)
            raise KeyboardInterrupt
        if self.at == len(self.items):
            raise StopIteration
        self.at += 1
        return self.items[self.at - 1]


@pytest.mark.parametrize("monitored", [False, True])
@pytest.mark.parametrize("strategy", BatchStrategy)
@pytest.mark.parametrize("kind", STREAMS)
def test_an_exception_of_the_stream_loses_nothing(strategy, kind, monitored):
    items = CHAIN[:40] if kind == "dicts" else list(column_stream(40, 1))
    made = processor(strategy, 6)
    process = made.process_with_memory_monitoring if monitored else made.process_stream
    batches = process(Flaky(items, 0, 1, 5, 6, 23, 40))
    got, interrupts = [], 0
    while True:
        try:
            got.append(next(batches))
        except KeyboardInterrupt:
            interrupts += 1
        except StopIteration:
            break
    assert interrupts == 6
    again = processor(strategy, 6)
    assert [rows(part) for part in got] == [rows(part) for part in again.process_stream(items)]
    assert made.metrics.samples == 40


FILES = columns.__file__, derivation.__file__


def interrupted_at(place, calls):
    """Runs the calls; KeyboardInterrupt where the interpreter looks for signals in our code.

    That is at the start of a function and when a call into C has ended. False: there are
    not so many places.
    """
    ours, left = (str(Path(dpa.batch.__file__).parent), *FILES), place

    def look(frame, event, _):
        nonlocal left
        if event in ("call", "c_return") and frame.f_code.co_filename.startswith(ours):
            if left == 0:
                sys.setprofile(None)
                raise KeyboardInterrupt
            left -= 1

    sys.setprofile(look)
    try:
        calls()
    finally:
        sys.setprofile(None)
    return False


@pytest.mark.parametrize("strategy", BatchStrategy)
@pytest.mark.parametrize("kind", STREAMS)
def test_ctrl_c_anywhere_loses_nothing(strategy, kind):
    items = CHAIN[:11] if kind == "dicts" else list(column_stream(11, 4))
    for place in count():
        made = processor(strategy, 3)
        batches = made.process_stream(items)
        got = []
        try:
            # No call in between, in which the interpreter would look for signals.
            done = not interrupted_at(place, partial(got.__iadd__, batches))
        except KeyboardInterrupt:
            done = False
        got += batches
        wanted = list(processor(strategy, 3).process_stream(items))
        if strategy is BatchStrategy.ADAPTIVE:  # it may have measured one batch more
            got, wanted = [flat(got)], [flat(wanted)]
        assert [rows(part) for part in got] == [rows(part) for part in wanted]
        assert made.metrics.samples == 11
        if done:
            break
    assert place > 20


@pytest.mark.parametrize("strategy", ["sequential", "adaptive"])
@pytest.mark.parametrize("taken", [0, 1, 2, 3, 9])
def test_a_stream_of_dicts_can_be_resumed_after_any_batch(strategy, taken):
    clock = Clock()
    stream = dict_stream(700)
    got = []
    for part in islice(processor(strategy, 9, clock=clock).process_stream(stream), taken):
        got += part
        clock.now += 1
        assert stream.state_dict()["delivered"] == len(got)
    resumed = dict_stream(700)
    resumed.load_state_dict(stream.state_dict())
    assert got + flat(processor(strategy, 9).process_stream(resumed)) == CHAIN


@pytest.mark.parametrize("strategy", ["sequential", "memory_optimized", "adaptive"])
def test_what_is_buffered_makes_any_state_exact(stream, strategy):
    source = stream(700)
    batches = processor(strategy, 33).process_stream(source)
    got = []
    for part in batches:
        got += rows(part)
        assert source.delivered - batches.buffered == len(got)
        state = {**source.state_dict(), "delivered": source.delivered - batches.buffered}
        resumed = stream(700)
        resumed.load_state_dict(state)
        assert next(samples(resumed), None) == (CHAIN[len(got)] if len(got) < 700 else None)


def samples(stream):
    for item in stream:
        yield from rows(item) if isinstance(item, dpa.AugmentationBatch) else [item]


def test_round_robin_can_be_resumed_where_a_window_ends():
    stream = dict_stream(700)
    batches = processor("round_robin", 5).process_stream(stream)
    left = [batches.buffered for _ in islice(batches, 10)]
    assert left == [20, 15, 10, 5, 0] * 2
    assert stream.delivered == 50


def test_a_consumer_that_stops_loses_nothing(stream):
    source = stream(100)
    batches = processor("round_robin", 4).process_stream(source)
    got = []
    for part in batches:
        got += rows(part)
        if len(got) == 20:
            break
    got += flat(batches)
    assert Counter(row["hash"] for row in got) == Counter(row["hash"] for row in CHAIN[:100])


def test_no_more_is_taken_than_asked_for():
    stream = dict_stream(700)
    made = processor("sequential", 32)
    batches = made.process_stream(stream)
    assert stream.delivered == 0
    for number in range(1, 5):
        next(batches)
        assert (stream.delivered, batches.buffered) == (32 * number, 0)


def test_the_end_stays_the_end(stream):
    batches = processor("sequential").process_stream(stream(33))
    assert iter(batches) is batches
    assert len(list(batches)) == 2
    assert list(batches) == []


def test_a_closed_iterator_has_ended_and_its_stream_has_not(stream):
    clock = Clock()
    source = stream(100)
    made = processor("round_robin", 5, clock=clock)
    batches = made.process_stream(source)
    next(batches)
    clock.now += 1
    for _ in range(2):
        batches.close()
        assert list(batches) == []
    assert (made.metrics.samples, made.metrics.seconds, batches.buffered) == (5, 1, 0)
    assert len(flat(made.process_stream(source))) == 100 - (25 if stream is dict_stream else 50)
    unused = made.process_stream(stream(100))
    unused.close()
    assert list(unused) == []


# ---- Metrics ----


def test_metrics():
    clock = Clock()
    made = processor("sequential", 40, clock=clock)
    nothing = made.metrics
    assert (nothing.batches, nothing.samples, nothing.seconds) == (0, 0, 0)
    assert all(map(math.isnan, (nothing.average_batch_size, nothing.samples_per_second)))
    assert math.isnan(nothing.peak_rss_mb)
    for _ in range(2):
        batches = made.process_stream(dict_stream(100))
        for _part in batches:
            clock.now += 0.5
        clock.now += 100  # between two streams
        assert list(batches) == []
    assert repr(made.metrics) == repr(BatchMetrics(6, 200, 200 / 6, math.nan, 3.0, 200 / 3))


def test_metrics_count_samples_of_batches_and_the_time_to_make_them(stream):
    clock = Clock()

    def slow():
        for item in stream(100):
            clock.now += 1
            yield item

    made = processor("round_robin", 10, clock=clock)
    items = sum(1 for _ in stream(100))
    assert len(list(made.process_stream(slow()))) == 10
    assert (made.metrics.samples, made.metrics.seconds) == (100, items)


def test_the_peak_is_the_highest_reading():
    readings = iter([3, 9, 4, 5])
    made = processor(
        "memory_optimized", 10, memory=lambda: MemoryReading(next(readings) * MB, 10**9)
    )
    list(made.process_stream(dict_stream(40)))
    assert made.metrics.peak_rss_mb == 9


# ---- Arguments ----


def test_a_config_in_full():
    config = BatchConfig("adaptive")
    assert config.strategy is BatchStrategy.ADAPTIVE
    assert (config.batch_size, config.size, config.cap) == (None, 32, 2048)
    assert BatchConfig("adaptive", max_batch_size=50).cap == 50
    assert BatchConfig("adaptive", adaptive_sizing=False).cap == 32
    assert BatchConfig("memory_optimized").cap == 1024
    assert BatchConfig("sequential", np.int64(8)) == BatchConfig(BatchStrategy.SEQUENTIAL, 8)
    assert dataclasses.replace(config, strategy="sequential").cap == 32
    assert BatchConfig("sequential", min_batch_size=64).size == 64
    assert BatchConfig("memory_optimized", min_batch_size=2000).size == 2000
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.batch_size = 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategy": "random"}, "unknown strategy 'random'; the strategies are sequential, round"),
        ({"strategy": None}, "unknown strategy None"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"batch_size": -3}, "batch_size must be at least 1, got -3"),
        ({"batch_size": 2.0}, "batch_size must be an integer, got 2.0"),
        ({"batch_size": True}, "batch_size must be an integer, got True"),
        ({"batch_size": 2**31}, "batch_size must be at most 2147483647, got 2147483648"),
        ({"min_batch_size": 0}, "min_batch_size must be at least 1, got 0"),
        ({"min_batch_size": None}, "min_batch_size must be an integer, got None"),
        ({"batch_size": 7, "min_batch_size": 8}, "at least min_batch_size 8, got 7$"),
        ({"max_memory_mb": 0}, "max_memory_mb must be 1e-6 .* got 0"),
        ({"max_memory_mb": -1.5}, "max_memory_mb must be 1e-6 .* got -1.5"),
        ({"max_memory_mb": math.nan}, "max_memory_mb must be 1e-6 .* got nan"),
        ({"max_memory_mb": math.inf}, "max_memory_mb must be 1e-6 .* got inf"),
        ({"max_memory_mb": "1"}, "max_memory_mb must be a number, got '1'"),
        ({"max_memory_mb": 10**400}, "max_memory_mb must be finite in double precision, got 1000"),
        ({"max_memory_mb": True}, "max_memory_mb must be a number, got True"),
        ({"sample_size_bytes": 0}, "sample_size_bytes must be at least 1, got 0"),
        ({"sample_size_bytes": 0.5}, "sample_size_bytes must be an integer, got 0.5"),
        ({"adaptive_sizing": 1}, "adaptive_sizing must be True or False, got 1"),
        ({"max_batch_size": 99}, "max_batch_size is for adaptive, got 99 for sequential"),
        (
            {"strategy": "adaptive", "max_batch_size": 31},
            "max_batch_size must be at least batch_size 32, got 31",
        ),
    ],
)
def test_bad_configs_are_refused(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        BatchConfig(**{"strategy": "sequential", **options})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BatchProcessor("random"), "unknown strategy 'random'"),
        (lambda: BatchProcessor("adaptive", 32), "config must be a BatchConfig, got 32"),
        (
            lambda: BatchProcessor("adaptive", BatchConfig("sequential")),
            "strategy is adaptive, that of config sequential",
        ),
        (lambda: MemoryAwareBatcher(0), "max_memory_mb must be 1e-6"),
        (lambda: MemoryAwareBatcher(1, 0), "min_batch_size must be at least 1, got 0"),
        (lambda: MemoryAwareBatcher(1, 9, max_batch_size=8), "must be at least 9, got 8"),
        (lambda: MemoryAwareBatcher(1, 1, 2), "adjustment_factor must be .* got 2"),
        (lambda: MemoryAwareBatcher().calculate_optimal_batch_size(0), "sample_size_bytes .* 0"),
        (lambda: MemoryAwareBatcher().adjust_batch_size(0), "current_size must be .* got 0"),
        (lambda: MemoryAwareBatcher().adjust_batch_size(5, 9), "memory_usage must be .* got 9"),
        (
            lambda: MemoryAwareBatcher().adjust_batch_size(5, sample_size_bytes=-1),
            "sample_size_bytes .* got -1",
        ),
        (lambda: BatchProcessor("adaptive").process_stream(5), "stream must be .* got 5"),
        (
            lambda: BatchProcessor("adaptive").process_with_memory_monitoring(CHAIN[0]),
            "stream must be an iterable of samples, got {'rotation'",
        ),
    ],
)
def test_arguments_are_checked_at_the_call(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_a_processor_without_a_config_has_the_defaults():
    made = BatchProcessor(BatchStrategy.ADAPTIVE)
    assert made.config == BatchConfig("adaptive")
    assert made.memory is made._memory_batcher
