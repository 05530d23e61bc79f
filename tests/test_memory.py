"""What this machine's memory cannot hold is refused before it is begun.

The machine is told to be small: a test that failed on a real one would take all of it.
"""

import psutil
import pytest

import dpa
from dpa.host import cgroup, memory

SAMPLES = 1000  # in .npz 72,000 bytes


@pytest.fixture
def small(monkeypatch):
    """Room for one byte less than the columns need."""
    monkeypatch.setattr(memory, "total_memory", lambda: 72 * SAMPLES - 1)


@pytest.mark.parametrize(("limit", "total"), [(None, 500), (700, 500), (500, 500), (300, 300)])
def test_the_least_of_machine_and_cgroup_counts(monkeypatch, limit, total):
    class Memory:
        total = 500

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    monkeypatch.setattr(cgroup, "memory_limit", lambda: limit)
    assert memory.total_memory() == total


def test_this_machine_has_some():
    assert memory.total_memory() > 10**6


def test_what_fits_is_no_error(small):
    memory.require_memory("x", 72 * SAMPLES - 1, "y")
    with pytest.raises(ValueError, match=r"x needs 72,000 bytes of memory, there are 71,999; y$"):
        memory.require_memory("x", 72 * SAMPLES, "y")


def test_npz_of_more_than_fits_is_not_begun(small, tmp_path):
    path = tmp_path / "new" / "chain.npz"
    message = (
        r"chain.npz' with its 1,000 samples needs 72,000 bytes of memory, there are 71,999; "
        r"files that end with .json, .jsonl or .parquet are written in constant memory"
    )
    with pytest.raises(ValueError, match=message):
        dpa.generate_augmentation_chain(SAMPLES, save_path=path)
    stream = dpa.stream_augmentation_chain(SAMPLES + 1)
    first = next(stream)
    with pytest.raises(ValueError, match=message):
        dpa.save_augmentation_stream(stream, path)
    assert [*tmp_path.iterdir()] == []
    recipe = tmp_path / "recipe.json"
    dpa.save_augmentation_recipe(recipe, SAMPLES)
    with pytest.raises(ValueError, match=message):
        dpa.save_augmentation_stream(dpa.load_augmentation_stream(recipe), path)
    assert not path.exists()
    assert [first, *stream] == dpa.generate_augmentation_chain(SAMPLES + 1)


def test_npz_that_fits_is_written_and_so_are_the_others(small, tmp_path):
    dpa.generate_augmentation_chain(SAMPLES - 1, save_path=tmp_path / "chain.npz")
    for suffix in (".json", ".jsonl"):
        dpa.generate_augmentation_chain(SAMPLES, save_path=tmp_path / f"chain{suffix}")
    dpa.save_augmentation_recipe(tmp_path / "recipe.json", SAMPLES)
    assert len([*tmp_path.iterdir()]) == 4


def test_a_guess_of_a_length_refuses_nothing(small, tmp_path):
    class Rows:
        def __init__(self, rows):
            self._rows = rows

        def __iter__(self):
            return self

        def __next__(self):
            return next(self._rows)

        def __length_hint__(self):
            return SAMPLES

    rows = Rows(iter(dpa.generate_augmentation_chain(3)))
    dpa.save_augmentation_stream(rows, tmp_path / "chain.npz")
    assert len(dpa.load_augmentation_chain(tmp_path / "chain.npz")) == 3
