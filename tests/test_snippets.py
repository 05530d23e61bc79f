"""The README and the documentation tell the truth: their blocks run, and print what they say.

- Every ```python block runs; the blocks of a page share one namespace and one folder.
- A ```text block right after it is its output, or ends with the error that it raises.
- Of a ```console block, the lines that begin with `$ dpa` run; lines under one are its output.
- An output that is not shown is not checked; `...` in one stands for anything.
- `<!-- not run: reason -->` before a block leaves it out.
- `<!-- needs: torch -->` on a page skips it where that framework is not installed.
- `<!-- run with torch -->` before a block leaves it out where that module is not installed.
"""

import contextlib
import doctest
import io
import os
import re
import subprocess
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest
from frameworks import available, require

ROOT = Path(__file__).parents[1]
PAGES = [page for page in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))] if page.exists()]
RUN = [page for page in PAGES if page.name != "guide.md"]  # test_guide.py runs that
BLOCK = re.compile(
    r"^(?:(?P<skip><!-- not run: [^\n]+ -->)\n+|<!-- run with (?P<module>\w+) -->\n+)?"
    r"```(?P<language>python|console)\n(?P<code>.*?)^```\n"
    r"(?:\n?```text\n(?P<output>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)


def check_output(shown: str, printed: str, where: str) -> None:
    if not doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS):
        pytest.fail(f"{where}: the page shows\n{shown}\nbut it is\n{printed}", pytrace=False)


def run_python(code: str, output: str | None, namespace: dict, page: Path, line: int) -> None:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            # The empty lines make a traceback name the line of the page.
            exec(compile("\n" * line + code, page, "exec"), namespace)
    except Exception as error:  # noqa: BLE001 (any error may be the one that the page shows)
        if output is None:
            pytest.fail("".join(traceback.format_exception(error)), pytrace=False)
        printed.write("".join(traceback.format_exception_only(error)))
    if output is not None:
        check_output(output, printed.getvalue(), f"{page}:{line}")


def run_console(code: str, page: Path, line: int) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command, output in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", code, re.MULTILINE):
        if re.match(r"(\S+=\S+ )*dpa ", command):
            run = subprocess.run(
                ["bash", "-c", command],
                env={**os.environ, "PATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            if output:
                check_output(output, run.stdout, f"{page}:{line}: $ {command}")
            elif run.returncode:
                pytest.fail(f"{page}:{line}: $ {command}\n{run.stdout}", pytrace=False)


def of_the_reader() -> dict:
    """What the README leaves to its reader: a data set, and a step of training."""
    image = np.full((32, 32, 3), 90, np.uint8)
    return {"dataset": [(image, label) for label in range(10)], "train_step": lambda *batch: None}


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning")  # few cores
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"^<!-- needs: (\S+) -->$", text, re.MULTILINE):
        require(name)
    namespace = {"__name__": "__main__"} | (of_the_reader() if page.name == "README.md" else {})
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start("code"))
        if block["skip"] or (block["module"] and not available(block["module"])):
            continue
        if block["language"] == "python":
            run_python(block["code"], block["output"], namespace, page, line)
        else:
            run_console(block["code"], page, line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_has_no_blanks_and_no_dead_links(page):
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"@[A-Z]+@|TODO|XXX", text) == []
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_lines_of_code_fit_on_the_site(page):
    """102 characters do, in a window 1280 pixels wide (docs/site.css)."""
    blocks = BLOCK.finditer(page.read_text("utf-8"))
    code = [each["code"] for each in blocks if each["language"] == "python"]
    lines = [line for each in code for line in each.splitlines()]
    assert [line for line in lines if len(line) > 102] == []


@pytest.mark.skipif(not (ROOT / "CHANGELOG.md").exists(), reason="pages alone, without these")
def test_links_of_the_index_are_called_as_their_pages():
    text = (ROOT / "docs" / "index.md").read_text("utf-8")
    links = re.findall(r"^- \[([^]]+)\]\(([^)]+)\)", text, re.MULTILINE)
    assert len(links) > 20
    titles = {}
    for _, page in links:
        source = (ROOT / "docs" / page).read_text("utf-8")
        if included := re.search(r"{include} (\S+)", source):
            source = (ROOT / "docs" / included[1]).read_text("utf-8")
        titles[page] = re.search(r"^# (.+)$", source, re.MULTILINE)[1]
    assert {page: text for text, page in links} == titles


@pytest.mark.skipif(not (ROOT / "csrc").is_dir(), reason="no sources beside the tests")
def test_paths_that_pages_name_exist():
    pattern = re.compile(r"`((?:bench|csrc|docs|dpa|examples|tests)/[\w./*-]+)`")
    named = {
        (page.name, path)
        for page in [*PAGES, ROOT / "CONTRIBUTING.md"]
        for path in pattern.findall(page.read_text("utf-8"))
        if "NAME" not in path
    }
    assert ("CONTRIBUTING.md", "dpa/checks.py") in named
    assert sorted(each for each in named if not [*ROOT.glob(each[1].rstrip("/"))]) == []
