"""Spans: like the list of their ids, in constant memory; shares tile a job."""

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpa.streams.spans import SPLITS, Shard, Spans, contiguous

RANGES = st.lists(
    st.builds(
        lambda start, size, step: range(start, start + size, step),
        st.integers(0, 60),
        st.integers(0, 12),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=5,
)
POSITIONS = st.none() | st.integers(-40, 70)


def listed(spans):
    """Their ids, from the ranges themselves."""
    return [x for ids in spans.ranges for x in ids]


@given(RANGES, POSITIONS, POSITIONS, st.none() | st.integers(1, 7))
def test_spans_are_like_the_list_of_their_ids(ranges, start, stop, step):
    spans, ids = Spans(ranges), [x for r in ranges for x in r]
    assert listed(spans) == ids
    assert len(spans) == len(ids)
    assert listed(spans[start:stop:step]) == ids[start:stop:step]
    assert spans.consecutive == (ids == list(range(spans.ranges[0].start, spans.ranges[0].stop)))


@given(RANGES, st.integers(0, 50), st.integers(0, 50))
def test_ids_are_those_that_the_c_side_takes(ranges, first, size):
    found = Spans(ranges).ids(first, first + size)
    assert list(found) == [x for r in ranges for x in r][first : first + size]
    if found.start is None:
        assert found.public.dtype == np.uint64
        assert not found.public.flags.writeable


@given(RANGES)
def test_spans_come_back_from_json(ranges):
    spans = Spans(ranges)
    text = json.dumps(spans.to_json())
    assert Spans.from_json(json.loads(text)) == spans
    assert json.dumps(Spans.from_json(json.loads(text)).to_json()) == text


@pytest.mark.parametrize(
    ("ranges", "plain"),
    [
        ([range(3), range(3, 5)], [[0, 5, 1]]),
        ([range(0, 9, 4)], [[0, 9, 4]]),
        ([range(0, 12, 4)], [[0, 9, 4]]),
        ([range(7, 9, 4)], [[7, 8, 1]]),
        ([range(7, 9, 4), range(8, 9)], [[7, 9, 1]]),
        ([range(5, 5), range(3), range(9, 2)], [[0, 3, 1]]),
        ([range(5, 5), range(9, 2, 3)], [[9, 9, 1]]),
        ([range(5), range(4, 6)], [[0, 5, 1], [4, 6, 1]]),
    ],
)
def test_equal_ids_in_equal_pieces_have_one_form(ranges, plain):
    assert Spans(ranges).to_json() == plain
    assert Spans(ranges) == Spans([range(*ids) for ids in plain])


def test_spans_differ_where_their_ids_do():
    assert Spans([range(5)]) != Spans([range(6)])
    assert Spans([range(5)]) != range(5)
    assert repr(Spans([range(1, 5)])) == "Spans([range(1, 5)])"


def test_an_empty_part_tells_where_it_is():
    assert Spans([range(100, 102)])[2:].ranges == (range(102, 102),)
    assert Spans([range(100, 102)])[1:1].to_json() == [[101, 101, 1]]
    assert Spans([range(2), range(100, 102)])[4:].to_json() == [[102, 102, 1]]


def test_the_last_ids():
    spans = Spans([range(2**64 - 9, 2**64, 4), range(2**64 - 2, 2**64)])
    assert spans.ids(1, 5).tolist() == [2**64 - 5, 2**64 - 1, 2**64 - 2, 2**64 - 1]
    assert Spans.from_json(spans.to_json()) == spans
    assert len(spans[5:]) == 0


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        [],
        [[]],
        [[5]],
        [[0, 5]],
        [5],
        "ab",
        [[0, 1, 0]],
        [[0, 5, -1]],
        [[5, 0, -1]],
        [[-1, 5, 1]],
        [[0, 2**64 + 1, 2**60]],
        [[0, 2**63, 1]],
        [[0, 2**64, 1]],
        [[0, 2**48, 1], [0, 1, 1]],
        [[0, 1.0, 1]],
        [[False, 1, 1]],
        [[0, 1, 1, 1]],
    ],
)
def test_what_is_no_spans_is_refused(value):
    with pytest.raises(ValueError, match=re.escape(repr(value))):
        Spans.from_json(value)


@given(st.integers(0, 2**48), st.integers(1, 2**20), st.data())
def test_contiguous_parts_follow_and_differ_by_one(size, world_size, data):
    rank = data.draw(st.integers(0, world_size - 1))
    part = contiguous(size, rank, world_size)
    assert part.start == (contiguous(size, rank - 1, world_size).stop if rank else 0)
    assert len(part) - size // world_size == (rank < size % world_size)
    assert rank < world_size - 1 or part.stop == size


@given(RANGES, st.integers(1, 9))
def test_shares_tile_a_job(ranges, world_size):
    job = Spans(ranges)
    ids, size = listed(job), len(job)
    shares = {
        split: [listed(Shard(job, rank, world_size, split).ids) for rank in range(world_size)]
        for split in SPLITS
    }
    assert [x for part in shares["contiguous"] for x in part] == ids
    assert shares["interleaved"] == [ids[rank::world_size] for rank in range(world_size)]
    least = size // world_size
    assert shares["drop_last"] == [part[:least] for part in shares["interleaved"]]
    padded = (ids * (world_size + 1))[: -(-size // world_size) * world_size]
    assert shares["padded"] == [padded[rank::world_size] for rank in range(world_size)]


def test_a_share_needs_no_more_time_or_memory_for_more_ranks():
    job = Spans([range(5, 8)])
    assert Shard(job, 10**12 - 1, 10**12, "padded").ids.ranges == (range(5, 6),)
    assert Shard(job, 10**12 - 1, 10**12).ids.ranges == (range(8, 8),)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 4, "even"), ValueError, "split must be one of 'contiguous', .*, got 'even'"),
        ((4, 4, "padded"), ValueError, "rank must be below world_size 4, got 4"),
        ((-1, 4, "padded"), ValueError, "rank must be 0 to .*, got -1"),
        ((0, 0, "padded"), ValueError, "world_size must be at least 1, got 0"),
        ((0, 1.0, "padded"), TypeError, "world_size must be an integer, got 1.0"),
        ((True, 2, "padded"), TypeError, "rank must be an integer, got True"),
    ],
)
def test_a_share_checks_its_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        Shard.checked(Spans([range(9)]), *arguments)
