"""docs/guide.md: every block runs, in order, with stand-ins for the user's own code and data."""

import contextlib
import importlib.util
import io
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from frameworks import require

GUIDE = Path(__file__).parents[1] / "docs" / "guide.md"
NAMES = ["rotation", "brightness", "noise", "scale", "contrast"]
#: What a heading or a block of Python is.
PART = re.compile(r"^#+ (?P<heading>.+?)$|^```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


class Section(NamedTuple):
    """What the blocks of a section printed, and the names when they had run."""

    printed: str
    names: dict[str, Any]


class Users:
    """The user's side: keeps what it is given."""

    def __init__(self) -> None:
        self.single: set[str] = set()  # by hash: a million dicts would be 700 MB
        self.applied: list[list[dict[str, Any]]] = []
        self.samples: list[dict[str, Any]] = []
        self.batches: list[Any] = []
        self.trained: list[Any] = []

    def apply_augmentation(self, images: object, params: Any) -> None:
        if isinstance(params, dict):
            self.single.add(params["hash"][:16])
        else:
            self.applied.append(params)

    def names(self) -> dict[str, Any]:
        loader = [([0] * 4, [1] * 4), ([0] * 4, [1] * 4), ([0] * 2, [1] * 2)]
        return {
            "__name__": "__main__",
            "image": "image",
            "photos": [(np.full((8, 8, 3), at, np.uint8), at) for at in range(10)],
            "apply_augmentation": self.apply_augmentation,
            "process_sample": self.samples.append,
            "process_batch": self.batches.append,
            "train_step": lambda data, target: self.trained.append(target),
            "dataset": range(10),
            "dataloader": loader,
        }


def run_sections(users: Users, folder: Path) -> dict[str, Section]:
    """All sections by heading; PyTorch's blocks run on one process with gloo."""
    text = GUIDE.read_text(encoding="utf-8")
    names, sections, heading = users.names(), {}, ""
    store = f"file://{folder}/store"
    gloo = f'backend="gloo", init_method="{store}", rank=0, world_size=1'
    for part in PART.finditer(text):
        if part["heading"]:
            heading = part["heading"]
            continue
        code = part["code"].replace('backend="nccl"', gloo)
        if "torch" in code and importlib.util.find_spec("torch") is None:
            continue
        printed = io.StringIO()
        line = text.count("\n", 0, part.start("code"))
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * line + code, str(GUIDE), "exec"), names)
        before = sections[heading].printed if heading in sections else ""
        sections[heading] = Section(before + printed.getvalue(), dict(names))
    return sections


@pytest.fixture(scope="module")
def users() -> Users:
    return Users()


@pytest.fixture(scope="module")
def sections(users, tmp_path_factory):
    before, folder = Path.cwd(), tmp_path_factory.mktemp("guide")
    os.chdir(folder)
    try:
        yield run_sections(users, folder)
    finally:
        os.chdir(before)
        if importlib.util.find_spec("torch") is not None:
            distributed = importlib.import_module("torch.distributed")
            distributed.destroy_process_group()


def test_training(sections, users):
    require("torch")
    assert [len(labels) for labels in users.trained[:6]] == [4, 4, 2] * 2
    augmented = sections["Training"].names["augmented"]
    assert augmented.config.rotation_range == (-10, 10)
    assert augmented.epoch == 1


def test_declared_parameters(sections):
    found = sections["Declared parameters"].names
    config = found["get_preset"]("mild")
    assert found["batch"].rotation.tolist() == [
        found["generate_augmentation_batch"]([at], config, epoch=0).rotation[0] for at in range(4)
    ]
    assert found["space"].names == (*NAMES, "erase", "erase.area", "flip_horizontal")


def test_chains(sections):
    assert len(sections["Chains"].names["results"]) == 10
    assert "sample 9: rotation=" in sections["Chains"].printed
    results = sections["Presets"].names["results"]
    assert len(results) == 20
    assert list(results[0]) == [*NAMES, "hash"]
    wide = sections["Ranges of your own"].names["results"]
    assert len(wide) == 50
    assert max(abs(row["rotation"]) for row in wide) > 45


def test_files_and_statistics(sections):
    assert sections["Save and load"].printed == "augmentations.json: ok, 100 samples\n"
    assert len(sections["Save and load"].names["loaded"]) == 1000
    lines = sections["Statistics"].printed.splitlines()
    assert [line.split(":")[0] for line in lines] == NAMES
    assert sections["Statistics"].names["stats"]["noise"]["count"] == 1000


def test_one_sample(sections):
    printed = sections["One sample"].printed
    assert "'rotation': 0.8235536351270127" in printed
    assert "3c8f589003fff376" in printed
    assert sections["One sample"].names["params"]["rotation"] != 0.8235536351270127  # epoch 2


def test_streams(sections, users):
    found = sections["Streams"].names
    chain = found["generate_augmentation_chain"](2000, found["config"])
    assert users.samples[:1000] == chain[1000:]
    assert len(users.single) == 1_000_000
    assert found["stats"]["rotation"]["count"] == 100_000
    mean = found["stats"]["rotation"]["mean"]
    assert abs(mean) < 0.2
    assert sections["Streams"].printed == f"Rotation mean: {mean:.2f}\n"


def test_ranks(sections, users):
    assert sections["Shares"].printed == "Rank 0 processes samples 0 to 2499\n"
    share = users.samples[1000:]
    assert len(share) == 2500
    assert {sample["rank"] for sample in share} == {0}


def test_pytorch(sections, users):
    require("torch")
    assert [len(batch) for batch in users.applied] == [4, 4, 2] * 2
    everything = [params for batch in users.applied for params in batch]
    first, second = everything[:10], everything[10:]
    assert all(a["hash"] != b["hash"] for a, b in zip(first, second, strict=True))
    call = sections["PyTorch"].names["gen_distributed_augmentation_params"]
    config = sections["PyTorch"].names["config"]
    assert second[9] == call(9, 0, config, world_size=1, epoch=1)


def test_batches(sections, users):
    sizes = [len(batch) for batch in users.batches]
    assert sizes[:32] == [32] * 31 + [8]
    consumed = 1000 + 50_000 + 10_000 + 100_000  # then the benchmark's consumer has its own
    assert sum(sizes) > consumed
    ends = [sum(sizes[:at]) for at in range(len(sizes))]
    assert {1000, 51_000, 61_000, consumed} <= set(ends)
    memory = sections["By memory"].names["memory_info"]
    assert 0 < memory["percent_used"] < 100
    assert memory["limit_mb"] == 2000


def test_measuring(sections):
    rate, megabytes = sections["Measuring"].printed.splitlines()
    assert float(rate.split()[0]) > 0
    assert megabytes.endswith("MB for 50,000 samples")
    assert sections["Profiles"].printed.startswith("__main__.generate_batch: ")
    lines = sections["Configurations compared"].printed.splitlines()
    assert [line for line in lines if line.endswith(":")] == ["mild:", "moderate:", "aggressive:"]
    assert "nan" not in sections["Configurations compared"].printed


def test_the_fastest_batches(sections):
    found = sections["Everything together"].names
    assert found["best_throughput"] > 0
    assert found["best_config"].strategy in found["BatchStrategy"]
