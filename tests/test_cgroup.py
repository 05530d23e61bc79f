"""Cores and memory that a cgroup allows: versions 1 and 2, containers, and no cgroup."""

from pathlib import Path

import pytest

from dpa.host import cgroup

MB = 1_000_000


class Tree:
    """A /sys/fs/cgroup and a /proc/self/cgroup."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "fs"
        self.membership = folder / "self"
        self.belongs("0::/\n")

    def belongs(self, text: str) -> None:
        self.membership.write_text(text)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def memory(self, folder: str, limit: object, used: int, cache: int = 0) -> None:
        self.write(f"{folder}/memory.max", f"{limit}\n")
        self.write(f"{folder}/memory.current", f"{used}\n")
        self.write(f"{folder}/memory.stat", f"anon 7\ninactive_file {cache}\n")

    def cores(self) -> int | None:
        return cgroup.cores(str(self.root), str(self.membership))

    def free_memory(self) -> int | None:
        return cgroup.free_memory(str(self.root), str(self.membership))

    def memory_limit(self) -> int | None:
        return cgroup.memory_limit(str(self.root), str(self.membership))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.mark.parametrize(
    ("text", "cores"),
    [
        ("max 100000\n", None),
        ("400000 100000\n", 4),
        ("350000 100000\n", 4),  # three and a half: the last one has half its time
        ("10000 100000\n", 1),
        ("1 1000000\n", 1),
        ("2000000 50000\n", 40),
        ("100000 0\n", None),
        ("many 100000\n", None),
        ("100000\n", None),
    ],
)
def test_cores_of_version_2(tree: Tree, text: str, cores: int | None) -> None:
    tree.write("cpu.max", text)
    assert tree.cores() == cores


@pytest.mark.parametrize(
    ("quota", "period", "cores"),
    [("-1\n", "100000\n", None), ("250000\n", "100000\n", 3), ("50000\n", "100000\n", 1)],
)
def test_cores_of_version_1(tree: Tree, quota: str, period: str, cores: int | None) -> None:
    tree.belongs("5:cpuset:/job\n4:cpu,cpuacct:/docker/1f\n")
    tree.write("cpu/cpu.cfs_quota_us", quota)
    assert tree.cores() is None  # a file is missing
    tree.write("cpu/cpu.cfs_period_us", period)
    assert tree.cores() == cores


def test_the_least_quota_on_the_way_to_the_root_counts(tree: Tree) -> None:
    tree.belongs("0::/user.slice/job\n")
    tree.write("cpu.max", "400000 100000")
    assert tree.cores() == 4
    tree.write("user.slice/job/cpu.max", "max 100000")
    assert tree.cores() == 4
    tree.write("user.slice/cpu.max", "200000 100000")
    assert tree.cores() == 2
    tree.write("user.slice/job/cpu.max", "100000 100000")
    assert tree.cores() == 1


def test_memory_of_version_2(tree: Tree) -> None:
    tree.belongs("0::/slurm/job\n")
    assert tree.free_memory() is None
    tree.memory(".", "max", 0)
    assert tree.free_memory() is None
    tree.memory("slurm", 900 * MB, 300 * MB)
    assert tree.free_memory() == 600 * MB
    tree.memory("slurm/job", 800 * MB, 290 * MB, cache=50 * MB)
    assert tree.free_memory() == 560 * MB
    assert tree.memory_limit() == 800 * MB
    tree.memory("slurm", 900 * MB, 950 * MB)  # lowered below what is used
    assert tree.free_memory() == 0


def test_memory_of_version_1(tree: Tree) -> None:
    tree.belongs("9:memory:/slurm/job\n4:cpu,cpuacct:/\n0::/\n")
    for folder, limit in (("memory", 2**63 - 4096), ("memory/slurm/job", 500 * MB)):
        tree.write(f"{folder}/memory.limit_in_bytes", f"{limit}\n")
        tree.write(f"{folder}/memory.usage_in_bytes", f"{200 * MB}\n")
        tree.write(f"{folder}/memory.stat", f"inactive_file 5\ntotal_inactive_file {30 * MB}\n")
    assert tree.free_memory() == 330 * MB
    assert tree.memory_limit() == 500 * MB


@pytest.mark.parametrize("stat", ["", "inactive_file\n", "anon 5\n", "inactive_file x\n"])
def test_a_broken_memory_file_is_no_limit(tree: Tree, stat: str) -> None:
    tree.memory(".", 10 * MB, 0)
    tree.write("memory.stat", stat)
    assert tree.free_memory() is None
    assert tree.memory_limit() == 10 * MB


def test_no_cgroup(tree: Tree) -> None:
    assert (tree.cores(), tree.free_memory(), tree.memory_limit()) == (None, None, None)
    tree.membership.unlink()
    tree.write("cpu.max", "100000 100000")
    assert (tree.cores(), tree.free_memory()) == (None, None)


def test_this_process_can_ask() -> None:
    cores, memory = cgroup.cores(), cgroup.free_memory()
    assert cores is None or cores >= 1
    assert memory is None or memory >= 0
