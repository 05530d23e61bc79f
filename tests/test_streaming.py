"""Streams: the chain's samples, in any pieces, from anywhere on."""

import json
import pickle
import tracemalloc
from contextlib import suppress
from itertools import islice

import pytest

import dpa
from dpa.derivation.derivation import Derivation
from dpa.streams.streams import BatchStream, DictStream, Stream

CONFIG = dpa.get_preset("aggressive", sampler="mt19937")
KEY = {"base_seed": 7, "epoch": 3, "view": 1}

STREAMS = {
    "dicts": lambda n, **key: dpa.stream_augmentation_chain(n, CONFIG, 90, 64, **key),
    "range": lambda n, **key: dpa.stream_augmentation_range(90, 90 + n, CONFIG, 7, **key),
    "batches": lambda n, **key: dpa.stream_augmentation_batches(n, CONFIG, 90, 50, **key),
}


def samples(items):
    """Single dicts from a stream of either kind."""
    for item in items:
        yield from item.to_dicts() if isinstance(item, dpa.AugmentationBatch) else [item]


@pytest.fixture(params=STREAMS, name="make")
def _make(request):
    return STREAMS[request.param]


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 300])
def test_a_stream_gives_the_chain(make, size):
    chain = dpa.generate_augmentation_chain(size, CONFIG, start_id=90, **KEY)
    assert list(samples(make(size, **KEY))) == chain


def test_a_stream_ends_once_and_stays_ended(make):
    stream = make(100)
    assert iter(stream) is stream
    assert len(list(samples(stream))) == 100
    assert list(stream) == []
    assert stream.delivered == 100


@pytest.mark.parametrize("taken", [0, 1, 2, 3, 14])
@pytest.mark.parametrize("way", ["state", "from state", "pickle"])
def test_a_stream_goes_on_exactly(make, taken, way):
    stream = make(700, **KEY)
    before = list(samples(islice(stream, taken)))
    assert stream.delivered == len(before)
    if way == "pickle":
        resumed = pickle.loads(pickle.dumps(stream))
    elif way == "from state":
        state = json.loads(json.dumps(stream.state_dict()))
        resumed = type(stream).from_state_dict(state, chunk_size=9)
    else:
        resumed = make(700, **KEY)
        resumed.load_state_dict(json.loads(json.dumps(stream.state_dict())))
    assert resumed.delivered == stream.delivered
    rest = list(samples(resumed))
    assert before + rest == dpa.generate_augmentation_chain(700, CONFIG, start_id=90, **KEY)
    assert list(samples(stream)) == rest  # the first one is where it was


def test_a_state_goes_back_as_well():
    stream = dpa.stream_augmentation_chain(50, chunk_size=8)
    start = stream.state_dict()
    first = list(stream)
    stream.load_state_dict(start)
    assert list(stream) == first


def test_chunks_may_differ_between_a_state_and_its_stream():
    stream = dpa.stream_augmentation_chain(50, chunk_size=8)
    head = list(islice(stream, 11))
    other = dpa.stream_augmentation_chain(50, chunk_size=30)
    other.load_state_dict(stream.state_dict())
    assert head + list(other) == dpa.generate_augmentation_chain(50)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("space", dpa.stream_augmentation_chain(50, dpa.get_preset("mild"))),
        ("epoch", dpa.stream_augmentation_chain(50, epoch=0)),
        ("view", dpa.stream_augmentation_chain(50, view=0)),
        ("base_seed", dpa.stream_augmentation_chain(50, base_seed=0)),
        ("job", dpa.stream_augmentation_chain(50, start_id=1)),
        ("job", dpa.stream_augmentation_chain(51)),
    ],
)
def test_another_streams_state_is_refused_by_name(name, other):
    stream = dpa.stream_augmentation_chain(50)
    next(stream)
    with pytest.raises(ValueError, match=f"another stream's: its {name} is"):
        stream.load_state_dict(other.state_dict())
    assert stream.delivered == 1


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_an_interrupted_stream_goes_on(make, taken, monkeypatch):
    stream = make(300)
    got = list(samples(islice(stream, taken)))

    def interrupted(*_):
        raise KeyboardInterrupt

    places = [(Derivation, "batch"), (dpa.AugmentationBatch, "rows")]
    for place, name in places[: 1 if isinstance(stream, BatchStream) else 2]:
        with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
            patch.setattr(place, name, interrupted)
            while True:
                item = next(stream)
                patch.undo()
                got += samples([item])
                patch.setattr(place, name, interrupted)
        assert stream.delivered == len(got)
    got += samples(stream)
    assert got == dpa.generate_augmentation_chain(300, CONFIG, start_id=90)


def test_a_stream_made_from_a_state_checks_it():
    state = dpa.stream_augmentation_chain(50).state_dict()
    with pytest.raises(TypeError, match="the state must be a dict, got None"):
        DictStream.from_state_dict(None)
    with pytest.raises(ValueError, match="the state must be of version 2, got '1'"):
        DictStream.from_state_dict({**state, "version": "1"})
    with pytest.raises(ValueError, match="written by an unreleased build of dpa"):
        DictStream.from_state_dict({**state, "version": 1})
    with pytest.raises(ValueError, match="chunk_size must be at least 1, got 0"):
        DictStream.from_state_dict(state, 0)


def test_a_state_that_is_no_dict_is_refused():
    with pytest.raises(TypeError, match="the state must be a dict, got None"):
        dpa.stream_augmentation_chain(5).load_state_dict(None)


@pytest.mark.parametrize("delivered", [-1, 51, 1.0, None, True])
def test_a_state_beyond_the_stream_is_refused(delivered):
    stream = dpa.stream_augmentation_chain(50)
    state = {**stream.state_dict(), "delivered": delivered}
    with pytest.raises((ValueError, TypeError), match="delivered must be"):
        stream.load_state_dict(state)


def test_a_state_that_lacks_a_part_is_refused():
    stream = dpa.stream_augmentation_chain(50)
    state = stream.state_dict()
    del state["job"]
    with pytest.raises(ValueError, match="lacks 'job'"):
        stream.load_state_dict(state)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dpa.stream_augmentation_chain(-1), "num_samples must not be negative, got -1"),
        (lambda: dpa.stream_augmentation_chain(1.5), "num_samples must be an integer, got 1.5"),
        (lambda: dpa.stream_augmentation_chain(1, chunk_size=0), "chunk_size .* got 0"),
        (lambda: dpa.stream_augmentation_chain(1, "mild"), "config must be .* got 'mild'"),
        (lambda: dpa.stream_augmentation_chain(1, epoch=-1), "epoch must be .* got -1"),
        (lambda: dpa.stream_augmentation_chain(2, start_id=2**64 - 1), "below 2\\*\\*64"),
        (lambda: dpa.stream_augmentation_range(5, 4), "end_id must not be below start_id 5, got 4"),
        (lambda: dpa.stream_augmentation_range(-1, 4), "start_id must not be negative, got -1"),
        (lambda: dpa.stream_augmentation_batches(1, batch_size=True), "batch_size must be an"),
    ],
)
def test_arguments_are_checked_at_the_call(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_the_length_hint_is_what_is_left():
    stream = dpa.stream_augmentation_chain(50)
    next(stream)
    assert isinstance(stream, Stream)
    assert stream.__length_hint__() == 49


@pytest.mark.parametrize("size", [0, 1, 4096, 9000])
def test_streaming_statistics_equal_those_of_the_whole(size):
    whole = dpa.compute_statistics(dpa.generate_augmentation_chain(size))
    for stream in (
        dpa.stream_augmentation_chain(size),
        dpa.stream_augmentation_batches(size, batch_size=777),
        iter(dpa.generate_augmentation_chain(size)),
    ):
        found = dpa.compute_streaming_statistics(stream)
        assert repr(found) == repr(whole)  # NaN, too


def test_streaming_statistics_refuse_what_is_no_sample():
    good = dpa.generate_augmentation_chain(2)
    with pytest.raises(TypeError, match="sample 2 must be a dict, got 5"):
        dpa.compute_streaming_statistics([*good, 5])
    with pytest.raises(TypeError, match="item 1 must be a batch"):
        dpa.compute_streaming_statistics([dpa.generate_augmentation_batch(range(2)), good[0]])


def test_a_stream_takes_no_more_memory_for_more_samples():
    def peak(size):
        tracemalloc.start()
        for _ in dpa.stream_augmentation_chain(size):
            pass
        dpa.compute_streaming_statistics(dpa.stream_augmentation_batches(size))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(5_000)  # what is made once
    assert peak(60_000) < peak(10_000) + 100_000
