"""The examples: short, and what they print is true."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from frameworks import require

EXAMPLES = sorted(Path(__file__).parents[1].glob("examples/*.py"))
FOLDER = EXAMPLES[0].parent


@pytest.fixture
def torch():
    torch = require("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more are slower for so little
    yield torch
    torch.set_num_threads(threads)


@pytest.fixture
def run(capsys):
    """Runs an example in this process, where PyTorch may be imported; returns what it prints."""

    def run(name):
        runpy.run_path(str(FOLDER / name), run_name="__main__")
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_under_60_lines_and_tested(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 60
    tests = "".join(page.read_text(encoding="utf-8") for page in Path(__file__).parent.glob("*.py"))
    assert f'"{path.name}"' in tests


def test_demo(run, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["demo.py", "1000"])
    assert "equal to what was generated" in run("demo.py")


def test_quickstart(run):
    printed = run("quickstart.py")
    assert printed.startswith("cat/001.png: rotated by 10.29 degrees, scaled by 0.861\n")
    assert printed.endswith("epoch0.json: 3 samples, ok: True\n")


def test_training_with_and_without_augmentation(torch, run):
    without, augmented, same = run("train_digits.py").splitlines()
    pattern = r"with(?:out)? augmentation: accuracy (.+)%, on distorted digits (.+)%"
    accuracies = [re.fullmatch(pattern, line).groups() for line in (without, augmented)]
    (plain, plain_distorted), (clean, distorted) = [map(float, pair) for pair in accuracies]
    assert min(plain, clean) > 80
    assert distorted > plain_distorted + 5
    assert same == "the weights of a second run are the same bits: True"


@pytest.mark.parametrize("name", ["train_digits.py", "two_views.py"])
def test_without_scikit_learn_it_is_named(torch, run, name, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"pip install scikit-learn$"):
        run(name)


def test_a_resumed_run_ends_as_an_uninterrupted_one(torch, run):
    assert run("resume.py") == "resumed and uninterrupted end the same: True\n"


def test_two_views_bring_equal_digits_together(torch, run):
    before, after = re.findall(r"([\d.]+)%", run("two_views.py"))
    assert float(after) > max(90, float(before))


def test_two_ranks_have_the_items_of_one(torch, run, monkeypatch):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*command, "--nproc-per-node", "2", FOLDER / "ddp.py"],
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=True,
        text=True,
    )
    one = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "0"}
    for name, value in one.items():
        monkeypatch.setenv(name, value)
    printed = run("ddp.py")
    assert len(set(re.findall(r"^epoch [012]: digest of all items (\w+)$", printed, re.M))) == 3
    assert done.stdout == printed
