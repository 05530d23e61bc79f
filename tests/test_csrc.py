"""The C tests of csrc, built and run from here so that one command runs everything."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import dpa
from dpa.noise import noise_table, standard_normals
from dpa.space import Seed, Space

ROOT = Path(__file__).resolve().parent.parent
CSRC = ROOT / "csrc"
COMPILER = os.environ.get("CC", "cc").split()[0]

#: What the files of a folder may include: its own, and those of the folders named.
LOWER = {
    "hash": set(),
    "sample": {"hash"},
    "summary": {"hash"},
    "text": {"hash", "sample"},
    "image": {"hash", "sample"},
}

pytestmark = pytest.mark.skipif(not CSRC.is_dir(), reason="no csrc beside the tests")
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="no make")
needs_compiler = pytest.mark.skipif(
    shutil.which(COMPILER) is None, reason=f"no C compiler called {COMPILER}"
)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of its own: a build that someone runs by hand at the same time is not disturbed."""
    return tmp_path_factory.mktemp("csrc")


def make(target: str, build: Path) -> None:
    command = ["make", "-C", str(ROOT / "tests" / "c"), target, f"BUILD={build}"]
    if "CC" in os.environ:
        command.append(f"CC={os.environ['CC']}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@needs_make
@needs_compiler
def test_c_programs_pass(build: Path) -> None:
    make("check", build)


def battery_words(keys: str, values: str, count: int) -> list[int]:
    """What tests/c/battery.c says that it writes, by the Python package; depth 3."""
    samples = [
        {
            "ids": {"ids": [i]},
            "strings": {"ids": [f"{i:08}.jpg"]},
            "epochs": {"ids": [0], "epoch": i},
            "views": {"ids": [0], "view": i},
            "seeds": {"ids": [0], "base_seed": i},
            "ranks": {"ids": [i // 8], "rank": i % 8},
        }[keys]
        for i in range(count)
    ]
    if values in {"five", "u0", "low"}:
        config = dpa.AugmentationConfig(augmentation_depth=3)
        drawn = 1 if values == "u0" else 5
        uniforms = np.array(
            [dpa.generate_uniforms(**it, count=drawn, skip=0, config=config)[0] for it in samples]
        )
        words = [int(u * 2.0**53) for u in uniforms.ravel()]
        if values == "low":
            return [int(f"{word % 2**32:032b}"[::-1], 2) for word in words]
        return [word >> 21 for word in words]
    space = Space({name: Seed() for name in "abcdefghij"}, depth=3)
    batches = [dpa.generate_augmentation_batch(config=space, **it) for it in samples]
    if values == "words":
        seeds = [int(batch[name][0]) for batch in batches for name in space.names]
        return [half for seed in seeds for half in (seed >> 32, seed % 2**32)]
    noise = [standard_normals(batch[0], (64,)) for batch in batches]
    indices = [int(i) for i in np.searchsorted(noise_table(), np.concatenate(noise))]
    return [high << 16 | low for high, low in zip(indices[::2], indices[1::2], strict=True)]


@needs_make
@needs_compiler
def test_battery_writes_the_numbers_of_samples(build: Path) -> None:
    """Statistical tests of its words are tests of what the package gives (docs/randomness.md)."""
    make("battery", build)
    [program] = build.glob("*/battery")

    def words(*arguments: str) -> list[int]:
        output = subprocess.run([program, *arguments], capture_output=True, check=True).stdout
        return np.frombuffer(output, np.uint32).tolist()

    for keys in ("ids", "strings", "epochs", "views", "seeds", "ranks"):
        for values in ("five", "u0", "low", "words", "noise"):
            expected = battery_words(keys, values, 20)
            assert words(keys, values, "3", str(len(expected))) == expected, (keys, values)
    # The samples are made 2,048 at a time.
    later = words("ranks", "u0", "10", "5000")
    assert later[2047:2049] == [
        int(dpa.generate_uniforms([i // 8], 1, 0, rank=i % 8)[0, 0] * 2.0**32) for i in (2047, 2048)
    ]


@needs_make
@needs_compiler
@pytest.mark.skipif(shutil.which("nm") is None, reason="no nm to list symbols")
def test_every_symbol_is_prefixed(build: Path) -> None:
    """Whoever links csrc into a program of their own gets no name that could meet one of theirs."""
    make("build", build)
    sources = {path.stem for path in CSRC.rglob("*.c")}
    objects = [path for path in build.glob("*/*.o") if path.stem in sources]
    assert {path.stem for path in objects} == sources
    # -P: a line per symbol, its name first; Apple's names begin with an underscore.
    listed = subprocess.check_output(["nm", "-gP", *objects], text=True).splitlines()
    lines = [line.split() for line in listed if len(line.split()) > 1]
    defined = {name.lstrip("_") for name, kind, *_ in lines if kind not in "Uw"}
    assert "dpa_generate" in defined
    assert sorted(name for name in defined if not name.startswith("dpa_")) == []


def test_version_of_the_header() -> None:
    header = (CSRC / "dpa_derivation.h").read_text()
    assert re.findall(r'#define DPA_VERSION "(.*)"', header) == [dpa.__version__]


def test_folders_include_only_from_lower_ones() -> None:
    folders = {path.name for path in CSRC.iterdir() if path.is_dir()}
    assert folders == set(LOWER)
    for path in CSRC.glob("*/*"):
        included = set(re.findall(r'#include "(\w+)/', path.read_text()))
        assert included <= LOWER[path.parent.name] | {path.parent.name}, path


def test_public_headers_include_no_private_one() -> None:
    public = {path.name for path in CSRC.glob("*.h")}
    assert public == {"dpa_derivation.h", "dpa_columns.h", "dpa_image.h"}
    for name in public:
        assert set(re.findall(r'#include "(.*)"', (CSRC / name).read_text())) <= public
