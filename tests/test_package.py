"""The package as users meet it: names, docstrings, what `import dpa` brings, metadata."""

import doctest
import importlib
import importlib.metadata
import inspect
import json
import pkgutil
import re
import subprocess
import sys
import typing
from importlib import resources
from pathlib import Path
from types import ModuleType

import pytest
from frameworks import require

import dpa
from dpa import compatibility

#: Optional, or only needed by some calls: no part of `import dpa`.
NOT_IMPORTED = [
    *["multiprocessing", "concurrent.futures", "psutil", "tqdm", "torch", "pyarrow", "cv2", "PIL"],
    *["matplotlib", "scipy", "pandas", "json", "argparse", "hashlib", "random", "tempfile"],
    *["threading", "dpa.files", "dpa.streams", "dpa.derivation.statistics"],
    *[
        "subprocess",
        "dpa.cli",
        "dpa.audit",
        "dpa.__main__",
        "dpa._pixels",
        "dpa.batch",
        "dpa.benchmark",
        "dpa.compatibility",
        "dpa.files.formats.json",
    ],
]
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(dpa.__path__, "dpa.")
    if module.name != "dpa.__main__"  # runs the command line
)


def python(program: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- Names ----


def test_public_names() -> None:
    """Users import these; a name may come, but none may go."""
    assert set(dpa.__all__) >= {
        *["AugmentationConfig", "PRESETS", "get_preset"],
        *["gen_augmentation_params", "gen_augmentation_seed", "generate_augmentation_chain"],
        *["generate_augmentation_batch", "AugmentationBatch", "generate_uniforms"],
        *["compute_statistics", "save_augmentation_chain", "load_augmentation_chain"],
        *["load_augmentation_batch", "load_augmentation_config", "kernels", "active_kernel"],
    }


def test_all_is_complete_and_in_order() -> None:
    public = {
        name
        for name in dir(dpa)
        if not name.startswith("_") and not isinstance(getattr(dpa, name), ModuleType)
    }
    further = set(re.findall(r"import \(?\s*(\w+) as \1", Path(dpa.__file__).read_text()))
    assert sorted(dpa.__all__) == sorted(public - further - {*compatibility.__all__})
    assert [*dpa.__all__] == [
        *sorted(name for name in dpa.__all__ if name.isupper()),
        *sorted(name for name in dpa.__all__ if name[0].isupper() and not name.isupper()),
        *sorted(name for name in dpa.__all__ if name.islower()),
    ]


def test_modules_come_with_their_first_use() -> None:
    code = "import dpa, sys\nprint('dpa.space' in sys.modules, dpa.space.Bernoulli(0.5))"
    assert python(code) == "False Bernoulli(p=0.5)\n"


def test_star_import() -> None:
    printed = python("from dpa import *\nprint(*sorted(n for n in dir() if n[0] != '_'))")
    assert printed.split() == sorted(dpa.__all__)


@pytest.mark.parametrize("name", sorted(set(dpa.__all__) - {"PRESETS"}))
def test_public_names_have_docstrings(name: str) -> None:
    """One sentence first, which ends on the first line."""
    value = getattr(dpa, name)
    first, *_ = (inspect.getdoc(value) or "").splitlines() or [""]
    assert re.fullmatch(r"[A-Z].+[.:]", first), f"{name}: {first!r}"
    for attribute, member in vars(value).items() if isinstance(value, type) else ():
        if callable(member) and not attribute.startswith("_"):
            assert inspect.getdoc(member), f"{name}.{attribute}"


def test_types_are_found_at_run_time() -> None:
    """By tools that check calls or make documents; numpy.typing is no part of `import dpa`."""
    calls = [getattr(dpa, name) for name in dpa.__all__]
    calls = [*filter(inspect.isfunction, calls), dpa.AugmentationBatch.__getitem__]
    calls += [dpa.AugmentationBatch.__init__, dpa.Statistics.update]
    for call in calls:
        assert typing.get_type_hints(call), call


def imported(name: str) -> ModuleType:
    """The module; skipped where the framework that it serves is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        require(str(error.name))
        raise


@pytest.mark.parametrize("name", MODULES)
def test_modules_have_docstrings(name: str) -> None:
    assert imported(name).__doc__


# ---- Import ----


def test_import_brings_nothing_optional() -> None:
    program = (
        "import sys, numpy\n"
        "with_numpy = set(sys.modules)\n"
        "import dpa\n"
        "print(*set(sys.modules) - with_numpy)"
    )
    assert sorted(set(python(program).split()) & set(NOT_IMPORTED)) == []


def test_generating_brings_nothing_optional() -> None:
    program = (
        "import sys, dpa\n"
        "dpa.generate_augmentation_batch(range(9)).statistics(), dpa.gen_augmentation_params('a')\n"
        "print(*sys.modules)"
    )
    optional = {"psutil", "tqdm", "torch", "pyarrow", "pandas", "multiprocessing.pool", "dpa.cli"}
    assert set(python(program).split()) & optional == set()


def test_import_prints_nothing() -> None:
    assert python("import dpa") == ""


# ---- Metadata ----


def test_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc|\.dev)\d+)?", dpa.__version__)
    try:
        installed = importlib.metadata.version("dpa-augment")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("dpa-augment is not installed: it runs from the source tree")
    assert installed == dpa.__version__


def test_typed() -> None:
    """Type checkers look into a package only where this file is, and at the stubs of the border."""
    assert resources.files("dpa").joinpath("py.typed").is_file()
    for name in ("_native", "_columns", "_text", "_pixels"):
        assert resources.files("dpa").joinpath(f"{name}.pyi").is_file()


# ---- Examples ----


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings(name: str) -> None:
    failed, _ = doctest.testmod(imported(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_examples_are_found() -> None:
    """At least one of these modules has some: the test above does look."""
    finder = doctest.DocTestFinder()
    examples = [e for test in finder.find(dpa.generate_uniforms) for e in test.examples]
    assert len(examples) == 2


# ---- Public paths ----

PUBLIC = json.loads((Path(__file__).parent / "vectors" / "public_paths.json").read_text())


@pytest.mark.parametrize("module", PUBLIC)
def test_public_paths_of_before_import(module: str) -> None:
    """Those of build 423e41f, before the code had rooms; a name means one object everywhere."""
    found = imported(module)
    missing = [name for name in PUBLIC[module] if not hasattr(found, name)]
    assert missing == []
    for name in PUBLIC[module]:
        if module != "dpa" and name in PUBLIC["dpa"]:
            assert getattr(found, name) is getattr(dpa, name)
