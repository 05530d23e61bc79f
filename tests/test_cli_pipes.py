"""The commands between other programs: -o - and - as a file, and --json."""

import io
import json
import os
import subprocess
import sys

import pytest

import dpa
from dpa import cli
from dpa.diff import diff_chains
from dpa.space import Choice, Space


@pytest.fixture
def run(capsysbinary, monkeypatch):
    """main(argv) with these bytes as stdin: exit code, stdout as bytes, stderr as text."""

    def run(*argv, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = cli.main([str(argument) for argument in argv])
        captured = capsysbinary.readouterr()
        return code, captured.out, captured.err.decode()

    return run


@pytest.fixture
def chain(tmp_path):
    """A file of 5,000 samples in epoch 3, and its bytes."""
    path = tmp_path / "chain.jsonl"
    dpa.generate_augmentation_chain(5000, save_path=path, epoch=3)
    return path, path.read_bytes()


def edited(data):
    """The same with another value of one sample."""
    noise = repr(dpa.gen_augmentation_params(7, epoch=3)["noise"]).encode()
    assert data.count(b'"noise":' + noise) == 1
    return data.replace(b'"noise":' + noise, b'"noise":0.5')


# ---- -o - ----


def test_the_bytes_on_stdout_are_those_of_a_file(run, chain, tmp_path):
    _, data = chain
    assert run("generate", "-n", 5000, "--epoch", 3, "-o", "-") == (0, data, "")
    recipe = tmp_path / "recipe.json"
    dpa.save_augmentation_recipe(recipe, 5000, epoch=3)
    assert run("generate", "--recipe", recipe, "-o", "-") == (0, data, "")
    assert run("generate", "--ids-from", "-", "-o", "-", stdin=b"a\n")[1].count(b"\n") == 3


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("generate -n 1 --epochs 0:2 -o -", "-o - is not allowed with --epochs"),
        ("recipe -n 1 -o -", "path must end with one of .json, .jsonl, .npz, .parquet, got '-'"),
        ("generate --recipe - -o x.json", "path must end with one of .json"),
    ],
)
def test_what_is_no_stream(run, argv, message):
    code, out, err = run(*argv.split())
    assert (code, out) == (2, b"")
    assert message in err


# ---- - as a file ----


def test_commands_read_stdin(run, chain):
    path, data = chain
    assert run("verify", "-", stdin=data) == (0, b"-: ok, 5,000 samples\n", "")
    assert run("diff", "-", path, stdin=data) == (0, b"0 of 5,000 common samples differ\n", "")
    assert run("diff", path, "-", stdin=data) == (0, b"0 of 5,000 common samples differ\n", "")
    assert run("stats", "-", stdin=data) == run("stats", path)
    code, out, _ = run("show", 17, "--from", "-", stdin=data)
    assert (code, json.loads(out)) == (0, {"id": 17, **dpa.gen_augmentation_params(17, epoch=3)})


def test_plot_reads_stdin(run, chain, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    picture = tmp_path / "x.svg"
    assert run("plot", "-", "-o", picture, stdin=chain[1]) == (0, b"", f"wrote {picture}\n")


def test_a_changed_sample_is_found(run, chain):
    path, data = chain
    code, out, _ = run("verify", "-", path, stdin=edited(data))
    assert code == 1
    lines = out.decode().splitlines()
    assert lines[0] == "-: NOT OK, 1 of 5,000 samples differ"
    assert lines[-1] == f"{path}: ok, 5,000 samples"
    assert run("diff", "-", path, stdin=edited(data))[0] == 1


def test_ids_in_another_order_need_a_file(run, chain, tmp_path):
    _, data = chain
    path = tmp_path / "reversed.jsonl"
    backwards = dpa.generate_augmentation_batch(range(4999, -1, -1), epoch=3)
    dpa.save_augmentation_chain(backwards, path)
    code, _, err = run("diff", "-", path, stdin=data)
    assert code == 2
    assert err.startswith("dpa: error: '-' has its samples in another order")


@pytest.mark.parametrize(
    ("argv", "data", "message"),
    [
        ("verify -", b"", "'-': it is empty (standard input is read as .jsonl)"),
        ("verify -", b'{"metadata": {},\n', "'-': line 1: no JSON: Expecting"),
        ("stats -", b'{"metadata":{}}\n', "'-': "),
        ("verify - -", b"", "- is standard input, which can be read only once"),
        ("diff - -", b"", "- is standard input, which can be read only once"),
    ],
)
def test_what_stdin_must_be(run, argv, data, message):
    code, out, err = run(*argv.split(), stdin=data)
    assert (code, out, err.count("\n")) == (2, b"", 1)
    assert message in err


def test_a_part_of_a_stream_is_found(run, chain):
    _, data = chain
    code, _, err = run("verify", "-", stdin=data[: len(data) // 2])
    assert code == 2
    assert "'-': line " in err


def test_streams_of_text_are_refused(monkeypatch, capsys):
    """Notebooks put them in place of stdin and stdout."""
    for argv in (["verify", "-"], ["show", "--ids-from", "-"]):
        monkeypatch.setattr(sys, "stdin", io.StringIO("{}"))
        assert cli.main(argv) == 2
        assert capsys.readouterr().err == "dpa: error: The input has text, not bytes: 'stdin'\n"
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert cli.main(["generate", "-n", "1", "-o", "-"]) == 2
    assert capsys.readouterr().err == "dpa: error: The output takes text, not bytes: 'stdout'\n"


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("dpa generate -n 20000 -o - | dpa verify -", (0, "-: ok, 20,000 samples\n", "")),
        ("dpa generate -n 20000 -o - | head -c 1", (0, "{", "")),
        ("dpa verify - <&-", (2, "", "dpa: error: The input is closed: 'stdin'\n")),
        ("dpa show --ids-from - <&-", (2, "", "dpa: error: The input is closed: 'stdin'\n")),
        ("dpa generate -n 1 -o - >&-", (2, "", "dpa: error: The output is closed: 'stdout'\n")),
        (
            "dpa generate -n 1 -o - >/dev/full",
            (2, "", "dpa: error: No space left on device: 'stdout'\n"),
        ),
    ],
)
def test_in_a_shell(line, found):
    if "/dev/full" in line and not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("no /dev/full here")
    command = f'dpa() {{ "{sys.executable}" -m dpa "$@"; }}; {line}'
    run = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == found


# ---- --json ----


def test_verify_as_json(run, chain):
    path, data = chain
    path.write_bytes(edited(data))
    code, out, err = run("verify", path, "-", "--json", stdin=data)
    assert (code, err) == (1, "")
    bad, good = map(json.loads, out.splitlines())
    assert bad == dpa.verify_augmentation_chain(path).to_dict()
    noise = dpa.gen_augmentation_params(7, epoch=3)["noise"]
    first = (bad["first"][name] for name in ("index", "id", "field", "stored", "expected"))
    assert [*first] == [7, 7, "noise", 0.5, noise]
    assert (bad["ok"], bad["different"], bad["checked"]) == (False, 1, 5000)
    assert bad["problems"][0].startswith("statistics say")
    assert (good["ok"], good["path"], good["first"], good["problems"]) == (True, "-", None, [])
    assert run("verify", path, "-", "--json", "-q", stdin=data)[1].count(b"\n") == 1


def test_diff_as_json(run, chain, tmp_path):
    path, data = chain
    code, out, _ = run("diff", "-", path, "--json", stdin=edited(data))
    assert code == 1
    found = json.loads(out)
    noise = dpa.gen_augmentation_params(7, epoch=3)["noise"]
    assert found["paths"] == ["-", str(path)]
    assert (found["equal"], found["common"], found["different"]) == (False, 5000, 1)
    assert found["fields"] == {"noise": {"count": 1, "largest": 0.5 - noise}}
    assert (found["only"], found["ids"]) == ([0, 0], ["7 (noise)"])
    assert "trailer says digest" in found["notes"][0]
    assert json.loads(run("diff", path, path, "--json")[1])["equal"] is True


def test_differences_without_a_distance(tmp_path):
    space = Space(x=Choice(["a", "b"]))
    batch = dpa.generate_augmentation_batch(range(9), space)
    dpa.save_augmentation_chain(batch, tmp_path / "a.npz")
    other = dpa.generate_augmentation_batch(range(9), space, epoch=1)
    dpa.save_augmentation_chain(other, tmp_path / "b.npz")
    found = diff_chains(tmp_path / "a.npz", tmp_path / "b.npz").to_dict()
    changed = int((batch["x"] != other["x"]).sum())
    assert found["fields"]["x"] == {"count": changed, "largest": None}
    assert found["fields"]["hash"] == {"count": 9, "largest": None}


def test_info_as_json(run, monkeypatch):
    code, out, err = run("info", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["kernels"] == [*dpa.kernels()]
    assert (found["active"], found["problems"]) == (dpa.active_kernel(), {})
    assert found["threads"] >= 1
    monkeypatch.setenv("DPA_NUM_THREADS", "0")
    found = json.loads(run("info", "--json")[1])
    assert found["threads"] is None
    assert found["problems"]["threads"].startswith("DPA_NUM_THREADS must be")
