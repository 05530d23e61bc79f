"""The help of all commands: what it says, its width, its examples; what is said of a wrong call."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dpa
from dpa import cli
from dpa.space import Bernoulli, Space

#: Modules of optional libraries that examples need.
NEEDS = {"plot": "matplotlib", "preview": "matplotlib", "audit": "scipy"}


@pytest.fixture
def printed(capsys, monkeypatch):
    """What a call prints that ends at once, on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")

    def printed(*argv):
        with pytest.raises(SystemExit) as stop:
            cli.main([*argv])
        assert stop.value.code == 0
        return capsys.readouterr().out

    return printed


def examples(text):
    """The commands below "Example:" at the end of a help."""
    _, found = re.split(r"^Examples?:$", text, flags=re.MULTILINE)
    return [line.strip() for line in found.strip().splitlines()]


@pytest.mark.parametrize("command", ["", *cli.COMMANDS])
def test_a_help_fits_and_ends_with_examples(printed, command):
    text = printed(*filter(None, [command]), "--help")
    assert text.startswith(f"usage: dpa {command}")
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("Example") == 1
    assert all(line.startswith(f"dpa {command}") or "|" in line for line in examples(text))


@pytest.mark.parametrize(
    ("command", "texts"),
    [
        ("generate", ["Write the parameters of samples.", "with --world-size N: "]),
        ("recipe", ["Write what samples are made of, not the samples.", "with --rank K"]),
        ("show", ["Print samples' parameters as JSON, one a line, or", "only checks --rank"]),
        ("audit", ["Test seeds for collisions, ", "the ids are not shared out"]),
        ("bench", ["Measure how fast samples are made here."]),
    ],
)
def test_the_help_of_a_command(printed, command, texts):
    out = " ".join(printed(command, "--help").split())
    assert all(text in out for text in texts)


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_version(printed, option):
    assert printed(option) == f"dpa {dpa.__version__}\n"


def test_without_a_command_the_help_is_printed(printed, capsys):
    text = printed("--help")
    assert "Exit codes: 0 is done" in text
    assert [*re.findall(r"^    (\w+)  ", text, re.MULTILINE)] == [*cli.COMMANDS]
    assert cli.main([]) == 2
    assert capsys.readouterr() == ("", text)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """What the examples read."""
    monkeypatch.chdir(tmp_path)
    for name in ("epoch3.json", "epoch3.npz"):
        dpa.generate_augmentation_chain(200, save_path=name, epoch=3)
    for rank in range(2):
        ids = {"start_id": 50 * rank, "epoch": 3}
        dpa.save_augmentation_recipe(f"rank{rank}.json", 50, **ids)
    Path("names.txt").write_text("cat.jpg\ndog.jpg\n")
    Path("space.json").write_text(Space(flip_horizontal=Bernoulli(0.5)).to_json())
    Path("photos").mkdir()
    for name in ("cat.jpg", "photos/dog.jpg"):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(name)
    dpa.Run(range(20), epochs=2).save("run")


@pytest.mark.parametrize("command", ["", *cli.COMMANDS])
def test_examples_run(files, printed, command):
    if command in NEEDS:
        pytest.importorskip(NEEDS[command], reason=f"{NEEDS[command]} is not installed")
    dpa_command = f'set -eo pipefail; dpa() {{ "{sys.executable}" -m dpa "$@"; }}; '
    for example in examples(printed(*filter(None, [command]), "--help")):
        small = re.sub(r"(-n 1000)0+\b", r"\1", example).replace("bench", "bench --iterations 2")
        shell = ["bash", "-c", dpa_command + small]
        run = subprocess.run(shell, capture_output=True, text=True, check=False)
        slower = command == "bench" and run.returncode == 1  # of so few measurements
        assert run.returncode == 0 or slower, (example, run.stderr)


# ---- What is wrong with a call ----


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["generate"], "-n/--num-samples (or --ids-from, --recipe), -o/--output"),
        (["recipe"], "-n/--num-samples (or --ids-from, --merge), -o/--output"),
        (["recipe", "-n", "3"], "-o/--output"),
        (["show"], "ID (or FILE, --ids-from FILE)"),
        (["verify"], "FILE|DIR (or --table FILE|DIR)"),
        (["diff"], "FILE|DIR, FILE|DIR"),
        (["stats"], "FILE|DIR"),
        (["plot"], "FILE|DIR, -o/--output"),
        (["preview"], "IMAGE|DIR, -o/--output"),
        (["audit"], "-n/--num-samples"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_all_missing_arguments_are_named(capsys, argv, message):
    assert cli.main(argv) == 2
    required = f"dpa: error: the following arguments are required: {message}"
    assert capsys.readouterr() == ("", f"{required}; see dpa {argv[0]} --help\n")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["nothing"], "argument COMMAND: invalid choice: 'nothing'"),
        (["--foo", "info"], "unrecognized arguments: --foo"),
        (["info", "--foo", "x"], "unrecognized arguments: --foo x; see dpa info --help"),
        (["show", "1", "--epoch"], "--epoch: expected one argument; see dpa show --help"),
    ],
)
def test_a_wrong_call_names_the_help(capsys, argv, message):
    assert cli.main(argv) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err


# ---- What a command imports ----


def test_the_help_imports_no_command():
    """`dpa --help` costs what `import dpa` and argparse do."""
    program = (
        "import sys, dpa; before = set(sys.modules)\n"
        "from dpa import cli\n"
        "try: cli.main(['--help'])\n"
        "finally: print(*sorted(n for n in set(sys.modules) - before if n[:4] == 'dpa.'))"
    )
    done = [sys.executable, "-c", program]
    out = subprocess.run(done, capture_output=True, text=True, check=False).stdout
    assert out.splitlines()[-1].split() == ["dpa.cli", "dpa.cli.output", "dpa.host.progress"]
