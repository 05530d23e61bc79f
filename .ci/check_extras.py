"""Each extra in a fresh virtual environment: check_extras.py DIST [EXTRA...], by default all.

The wheel in DIST is installed with that extra alone, and what runs the tests. Then come the
extra's tests, and the blocks of the pages on other libraries, from the sdist without its sources.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

PYPROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PYPROJECT["dependency-groups"]
RUNNERS = [pin for pin in GROUPS["test-core"] if pin.startswith(("hypothesis", "pytest"))]
BLOCKS = "tests/test_snippets.py::test_the_blocks_of_a_page_run"
#: In this order: one starts JAX, after which no process should fork; the other forks workers first.
PAGES = (f"{BLOCKS}[docs/coming_from.md]", f"{BLOCKS}[docs/integrations.md]")
CLUSTERS = f"{BLOCKS}[docs/clusters.md]"


class Check(NamedTuple):
    """What must be importable, what pytest runs, and pins to install before the extra."""

    modules: str
    tests: tuple[str, ...]
    pins: tuple[str, ...] = ()


#: What the tables of docs/integrations.md say, each row of it.
TABLES = ("tests/test_conventions.py", "tests/test_neutral.py", *PAGES)
TORCH = tuple(GROUPS["torch"])
#: What tests compare with.
SCIPY = tuple(pin for pin in GROUPS["test"] if str(pin).startswith("scipy"))
#: What readers make of our files.
READERS = "tests/test_space_engines.py"
#: Engines warn of their own code and of each other's.
ENGINES_WARN = ("-W", "default")
ARROW = tuple(pin for pin in GROUPS["test"] if str(pin).startswith("pyarrow"))
CHECKS = {
    "albumentations": Check("albumentations cv2", ("tests/test_albumentations.py", *TABLES)),
    "arrow": Check(
        "pyarrow",
        (*(f"tests/test_{name}.py" for name in ("arrow_parameters", "verify_table")), CLUSTERS),
        ARROW,
    ),
    "audit": Check("scipy", ("tests/test_audit.py",)),
    "cli": Check("tqdm", ("tests/test_cli_files.py",)),
    "dask": Check(
        "dask distributed pandas",
        ("tests/test_dask.py", CLUSTERS, *ENGINES_WARN),
        (*ARROW, "dask[dataframe,distributed]==2026.8.0", "pandas==3.1.1"),
    ),
    "duckdb": Check(
        "duckdb pyarrow", ("tests/test_duckdb.py", CLUSTERS), (*ARROW, "duckdb==2.0.1")
    ),
    "huggingface": Check("datasets PIL", ("tests/test_huggingface.py", READERS, *TABLES)),
    "image": Check("PIL", ("tests/test_image.py", "tests/test_samples.py"), SCIPY),
    "kornia": Check("kornia torch", ("tests/test_kornia.py", *TABLES), TORCH),
    "parquet": Check(
        "pyarrow pandas polars duckdb",
        (
            *(f"tests/test_{name}.py" for name in ("arrow", "formats", "space_files")),
            *("tests/test_space_engines.py", "-k", "parquet or arrow or json"),
        ),
        ("pandas==3.1.1", "polars==2.1.0", "duckdb==2.0.1"),
    ),
    "polars": Check(
        "polars pyarrow", ("tests/test_polars.py", CLUSTERS), (*ARROW, "polars==2.1.0")
    ),
    "ray": Check(
        "ray pyarrow",
        ("tests/test_ray.py", READERS, CLUSTERS, *ENGINES_WARN),
        (*ARROW, "ray[data]==2.60.0"),
    ),
    "spark": Check(
        "pyspark pyarrow",
        ("tests/test_spark.py", READERS, CLUSTERS, *ENGINES_WARN),
        (*ARROW, "pyspark==4.3.0", "pandas==2.3.3"),
    ),
    "torch": Check(
        "torch",
        (
            *(
                f"tests/test_torch_{each}.py"
                for each in ("tensors", "operations", "datasets", "samplers")
            ),
            *("-k", "not loader"),
        ),
        TORCH,
    ),
    "torchvision": Check("torchvision torch", ("tests/test_torchvision.py", *TABLES)),
    "viz": Check("matplotlib scipy PIL", ("tests/test_pictures.py", "-k", "preview or presets")),
}
#: Libraries that have a recipe, not an extra.
RECIPES = Check(
    "daft grain jax lightning torch webdataset",
    ("tests/test_lightning.py", *PAGES, CLUSTERS),
    (*TORCH, *GROUPS["recipes"]),
)
#: Loops of other libraries: one cell of the matrix for each, or all of it, which takes minutes.
LOOPS = Check(
    "accelerate lightning torch torchdata transformers",
    ("tests/test_trainers.py", f"{BLOCKS}[docs/training.md]"),
    (
        *TORCH,
        *GROUPS["trainers"],
        *(pin for pin in GROUPS["test"] if str(pin).startswith("pillow")),
    ),
)
OTHERS = {
    "recipes": RECIPES,
    "trainers": LOOPS._replace(tests=(*LOOPS.tests, "-m", "not slow")),
    "trainers-matrix": LOOPS,
}


def main() -> None:
    dist, names = Path(sys.argv[1]), sys.argv[2:]
    known = {**CHECKS, **OTHERS}
    extras = set(PYPROJECT["project"]["optional-dependencies"])
    if extras != set(CHECKS):
        sys.exit(f"the extras are {sorted(extras)}, the checks of them {sorted(CHECKS)}")
    if unknown := set(names) - set(known):
        sys.exit(f"no check of {sorted(unknown)}; there are {', '.join(known)}")
    [wheel], [sdist] = dist.resolve().glob("*.whl"), dist.resolve().glob("*.tar.gz")
    with ThreadPoolExecutor(2) as pool:
        names = names or [name for name in known if name != "trainers"]  # the matrix has them
        runs = [pool.submit(run, name, known[name], wheel, sdist) for name in names]
        failed = [name for name, each in zip(names, runs, strict=True) if not each.result()]
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


def run(name: str, check: Check, wheel: Path, sdist: Path) -> bool:
    """Prints one line, or all that was printed where something failed."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        python, tree = f"{folder}/venv/bin/python", Path(folder, "tree")
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        Path(folder, sdist.name.removesuffix(".tar.gz")).rename(tree)
        shutil.rmtree(tree / "dpa")
        target = f"{wheel}[{name}]" if name in CHECKS else str(wheel)
        pip = [python, "-m", "pip", "-q", "--disable-pip-version-check", "install", "--no-compile"]
        imports = f"import dpa, {', '.join(check.modules.split())}"
        commands = [
            [sys.executable, "-m", "venv", f"{folder}/venv"],
            *([[*pip, *check.pins]] if check.pins else []),
            [*pip, target, *RUNNERS],
            [python, "-c", imports],
            [python, "-m", "pytest", "-q", *check.tests],
        ]
        environment = {**os.environ, "DPA_NO_SKIPS": check.modules}
        for command in commands:
            done = subprocess.run(
                command, cwd=tree, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                print(f"{name}: $ {' '.join(command)}\n{done.stdout}{done.stderr}", flush=True)
                return False
    closing = done.stdout.strip().splitlines()[-1]
    print(f"{name:15} {time.monotonic() - start:4.0f} s  {closing}", flush=True)
    return True


if __name__ == "__main__":
    main()
