"""The command line: data on stdout, messages on stderr, exit codes, one line an error."""

import errno
import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import textwrap

import pytest

import dpa
from dpa import cli
from dpa._native import compiled_kernels


@pytest.fixture
def run(capsys):
    """main(argv) in this process: exit code, stdout, stderr."""

    def run(*argv):
        code = cli.main([str(argument) for argument in argv])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def command(*argv, stdout=subprocess.PIPE, **settings):
    """`python -m dpa` in a process of its own, with some variables set."""
    # Buffered, as it mostly runs: then the exit writes, too.
    inherited = {name: x for name, x in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.Popen(
        [sys.executable, "-m", "dpa", *map(str, argv)],
        env={**inherited, **settings},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


MISSING = "No such file or directory"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "chain.json"


# ---- generate ----


def test_generate_writes_what_the_library_generates(run, path, tmp_path):
    code, out, err = run("generate", "--num-samples", 5000, "-o", path)
    assert (code, out) == (0, "")
    assert err == f"wrote 5,000 samples to {path}\n"
    dpa.generate_augmentation_chain(5000, save_path=tmp_path / "2.json")
    assert path.read_bytes() == (tmp_path / "2.json").read_bytes()


def test_generate_takes_config_and_key(run, path, tmp_path):
    options = "--preset mild --depth 3 --sampler mt19937 --base-seed 7 --epoch 0 --view 2"
    assert run("generate", "-n", 10, "--start-id", 90, *options.split(), "-o", path, "-q") == (
        (0, "", "")
    )
    config = dpa.get_preset("mild", augmentation_depth=3, sampler="mt19937")
    dpa.generate_augmentation_chain(
        10, config, save_path=tmp_path / "2.json", start_id=90, base_seed=7, epoch=0, view=2
    )
    assert path.read_bytes() == (tmp_path / "2.json").read_bytes()


@pytest.mark.parametrize("total", [0, 2, 10, 11])
def test_ranks_write_their_shares(run, path, total):
    ids, shares, elastic = [], [], []
    for rank in range(3):
        options = ["-n", total, "--start-id", 5, "--rank", rank, "--world-size", 3, "-o", path]
        assert run("generate", *options)[0] == 0
        batch = dpa.load_augmentation_batch(path)
        assert batch == dpa.generate_augmentation_batch(batch.ids, rank=rank, world_size=3)
        assert json.loads(path.read_text())["metadata"]["world_size"] == 3
        shares.append(len(batch))
        ids += batch.sample_ids.tolist()
        assert run("generate", *options, "--elastic")[0] == 0
        elastic += dpa.load_augmentation_chain(path)
    assert ids == list(range(5, 5 + total))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] <= 1
    assert elastic == dpa.generate_augmentation_chain(total, start_id=5)


@pytest.mark.parametrize("kind", ["fields", "ours", "indented", "original"])
def test_config_from_a_file(run, path, tmp_path, kind):
    config = dpa.get_preset("aggressive", augmentation_depth=4, sampler="mt19937")
    source = tmp_path / "config.json"
    if kind == "fields":
        source.write_text(json.dumps({"scale_range": [1, 2], "sampler": "mt19937"}))
        config = dpa.AugmentationConfig(scale_range=(1, 2), sampler="mt19937")
    elif kind == "original":
        fields = {name: x for name, x in config.to_dict().items() if name != "sampler"}
        source.write_text(json.dumps({"metadata": {"config": fields}, "augmentations": []}))
    else:
        dpa.generate_augmentation_chain(2000, config, save_path=source)
        if kind == "indented":
            source.write_text(json.dumps(json.loads(source.read_text()), indent=2))
    assert run("generate", "-n", 3, "--config", source, "--depth", 6, "-o", path)[0] == 0
    expected = config.replace(augmentation_depth=6)
    assert dpa.load_augmentation_config(path) == expected


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("-n -1 -o {path}", "num_samples must not be negative, got -1"),
        ("-n x -o {path}", "argument -n/--num-samples: must be a whole number in digits"),
        ("-n 1e5 -o {path}", "a whole number in digits, such as 100000, got '1e5'"),
        ("-n 1_0 -o {path}", "got '1_0'"),
        ("-n 1 --epoch ٣ -o {path}", "argument --epoch: must be a whole number in digits"),
        ("-n 1", "the following arguments are required: -o/--output"),
        ("-n 1 -o {path}.txt", ".json, .jsonl, .npz, .parquet, got '{path}.txt'"),
        ("-n 1 -o {file}/chain.json", "Not a directory: '{file}/chain.json'"),
        ("-n 1 -o {path} --preset strong", "argument --preset: invalid choice: 'strong'"),
        ("-n 1 -o {path} --preset mild --config x", "not allowed with argument"),
        ("-n 1 -o {path} --config {path}", "No such file or directory: '{path}'"),
        ("-n 1 -o {path} --config {file}", "Expecting value"),
        ("-n 1 -o {path} --depth 0", "augmentation_depth must be 1 to 10000, got 0"),
        ("-n 1 -o {path} --epoch -1", "epoch must be 0 to 2**64 - 1, got -1"),
        (
            "-n 1 -o {path} --rank 0",
            "--world-size is missing: --rank K --world-size N takes share K",
        ),
        ("-n 1 -o {path} --world-size 1", "--rank is missing: --rank K --world-size N"),
        ("-n 1 -o {path} --elastic", "--rank is missing: "),
        ("-n 1 -o {path} --rank 0 --elastic", "--world-size is missing: "),
        ("-n 1 -o {path} --config {file}.yaml", "No such file or directory: '{file}.yaml'"),
        ("-n 1 -o {path} --rank 2 --world-size 2", "rank must be below world_size 2, got 2"),
        ("-n 1 -o {path} --rank 2 --world-size 2 --elastic", "rank must be below world_size 2"),
        ("-n 2 --start-id 18446744073709551615 -o {path}", "the last id must be below 2**64"),
        ("-n 1 -o {path} --unknown", "unrecognized arguments: --unknown"),
    ],
)
def test_generate_refuses(run, tmp_path, path, argv, message):
    file = tmp_path / "file.json"
    file.touch()
    code, out, err = run("generate", *argv.format(path=path, file=file).split())
    assert (code, out) == (2, "")
    assert err.startswith("dpa: error: ")
    assert message.format(path=path, file=file) in err
    assert err.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["file.json"]  # noqa: PTH208 (names)


def test_npz_of_more_than_fits_is_refused(run, tmp_path, monkeypatch):
    monkeypatch.setattr("dpa.host.memory.total_memory", lambda: 50_000)  # never a large -n for real
    path = tmp_path / "chain.npz"
    code, out, err = run("generate", "-n", 1000, "-o", path)
    assert (code, out) == (2, "")
    assert err.startswith(f"dpa: error: {str(path)!r} with its 1,000 samples needs 72,000 bytes")
    assert "there are 50,000; files that end with .json, .jsonl or .parquet are" in err
    assert [*tmp_path.iterdir()] == []
    assert run("generate", "-n", 1000, "--rank", 1, "--world-size", 2, "-o", path)[0] == 0
    assert run("generate", "-n", 1000, "-o", tmp_path / "chain.jsonl")[0] == 0


def test_a_config_of_another_format_names_the_argument(run, path, tmp_path):
    for name, message in [
        ("c.yaml", "--config: path must end with one of .json, .jsonl, .npz, .parquet, got"),
        ("c.npz", f"--config: {str(tmp_path / 'c.npz')!r}: no sound zip archive"),
    ]:
        (tmp_path / name).write_text("rotation_range: [1, 2]")
        code, _, err = run("generate", "-n", 1, "--config", tmp_path / name, "-o", path)
        assert code == 2
        assert err.startswith(f"dpa: error: {message}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no JSON: Expecting value: line 1 column 1 (char 0), got ''; a config is like {"),
        ('{"depth": maybe}', "no JSON: Expecting value: line 1 column 11 (char 10), got 'maybe}'"),
        (f"[{'1, ' * 999}1]", "it must be an object, got [1, 1, 1, 1, 1, 1, ...]; a config is"),
        ("[]", "must be an object, got []"),
        ('{"depth": 3}', "unknown config field 'depth'; the fields are rotation_range"),
        ('{"scale_range": "ab"}', "scale_range must be a pair of numbers (low, high), got 'ab'"),
        ('{"scale_range": [2, 1]}', "scale_range must have low <= high"),
        ('{"sampler": 1, "sampler": 2}', "the name 'sampler' appears twice"),
    ],
)
def test_a_config_file_s_error_names_it(run, path, tmp_path, content, message):
    source = tmp_path / "config.json"
    source.write_text(content)
    code, _, err = run("generate", "-n", 1, "--config", source, "-o", path)
    assert code == 2
    assert err.startswith(f"dpa: error: --config {str(source)!r}: ")
    assert message in err


# ---- show ----


def test_show(run):
    code, out, err = run("show", 42, 7, 10**30, "--preset", "mild", "--epoch", 1)
    assert (code, err) == (0, "")
    config = dpa.get_preset("mild")
    for line, seed_id in zip(out.splitlines(), [42, 7, 10**30], strict=True):
        expected = dpa.gen_augmentation_params(seed_id, config, epoch=1)
        assert json.loads(line) == {"id": seed_id, **expected}


def test_show_string_ids_and_ranks(run):
    code, out, _ = run("show", "--string", "42", "ü", "--rank", 1, "--world-size", 2)
    assert code == 0
    for line, seed_id in zip(out.splitlines(), ["42", "ü"], strict=True):
        assert json.loads(line) == {"id": seed_id, **dpa.gen_augmentation_params(seed_id, rank=1)}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["a.png"], "ID must be a non-negative integer, got 'a.png'; for text: --string"),
        (["1.0"], "got '1.0'"),
        (["٣"], "got '٣'"),
        (["-1"], "got '-1'"),
        ([], "are required: ID (or FILE, --ids-from FILE); see dpa show --help"),
        (["1", "--world-size", "2"], "world_size=2 needs a rank"),
        (["\udcff", "--string"], "lone surrogate"),
    ],
)
def test_show_refuses(run, argv, message):
    code, out, err = run("show", *argv)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


# ---- stats ----


def test_stats_has_theory_beside(run, path):
    dpa.generate_augmentation_chain(5000, save_path=path)
    found = dpa.compute_statistics(dpa.load_augmentation_chain(path))
    code, out, err = run("stats", path)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "5,000 samples (in brackets: the uniform distribution)"
    assert lines[1].split() == ["mean", "stdev", "min", "max"]
    row = lines[2].split()
    assert row[0] == "rotation"
    assert row[3] == f"{found['rotation']['stdev']:.4g}"
    assert row[4::2] == ["(17.32)", "(-30)", "(30)"]
    assert max(map(len, lines)) <= 80
    code, out, _ = run("stats", path, "--json")
    assert code == 0
    assert json.loads(out)["statistics"] == found
    assert json.loads(out)["theoretical"]["noise"] == {
        "mean": 0.05,
        "stdev": 0.1 / math.sqrt(12),
        "min": 0.0,
        "max": 0.1,
    }


def test_stats_without_config_or_samples(run, path):
    dpa.save_augmentation_chain(dpa.generate_augmentation_chain(1), path)
    assert "(" not in run("stats", path)[1]
    dpa.save_augmentation_chain([], path)
    assert run("stats", path)[1].startswith("0 samples\n")
    out = json.loads(run("stats", path, "--json")[1])
    assert out["theoretical"] is None
    assert out["statistics"]["scale"]["mean"] is None


def test_stats_of_a_damaged_file(run, path):
    noise = dpa.generate_augmentation_chain(5000, save_path=path)[42]["noise"]
    path.write_text(path.read_text().replace(f'"noise":{noise!r}', '"noise":0.06', 1))
    code, out, err = run("stats", path)
    assert (code, out) == (2, "")
    assert err.startswith(f"dpa: error: {str(path)!r}: trailer says digest")
    assert err.count("\n") == 1


# ---- info and the rest ----


def test_info(run):
    code, out, err = run("info")
    assert (code, err) == (0, "")
    rows = {line[:14].strip(): line[14:] for line in out.splitlines()}
    assert rows["dpa"] == dpa.__version__
    assert rows["algorithm"] == "dpa-1"
    assert rows["kernels"].split() == list(dpa.kernels())
    assert rows["active"] == dpa.active_kernel()
    assert int(rows["threads"]) >= 1
    assert set(rows["kernels"].split()) <= set(compiled_kernels())


def test_info_with_bad_settings():
    settings = {"DPA_KERNEL": "none", "DPA_NUM_THREADS": "0"}
    process = command("info", **settings)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "active        none (DPA_KERNEL: kernel 'none' does not exist; the kernels here" in out
    assert "threads       none (DPA_NUM_THREADS must be" in out
    process = command("show", 1, **settings)
    out, err = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert err.startswith("dpa: error: DPA_KERNEL: kernel 'none' does not exist; the kernels here")


def test_an_error_stays_in_one_line(run):
    assert run("info", "--un\nknown") == (
        (2, "", "dpa: error: unrecognized arguments: --un known; see dpa info --help\n")
    )


def test_the_command_is_installed_as_a_module():
    process = command("show", 42)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["rotation"] == 0.8235536351270127


# ---- Terminals, pipes, signals ----


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_appears_on_a_terminal_only(path, monkeypatch, capsys):
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    for options, bar in [([], True), (["--quiet"], False)]:
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        assert cli.main(["generate", "-n", "9000", "-o", str(path), *options]) == 0
        assert (" samples/s" in terminal.getvalue()) == bar
        assert terminal.getvalue().endswith("" if options else f"to {path}\n")
    monkeypatch.undo()
    assert cli.main(["generate", "-n", "9000", "-o", str(path)]) == 0
    assert "samples/s" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extras", "argv", "shown"),
    [
        ("", "verify chain.npz", "9.00k samples"),
        ("", "verify recipe.json", "9.00k samples"),
        ("", "verify run", "600 samples"),
        ("", "stats chain.npz", "9.00k samples"),
        ("", "diff chain.npz recipe.json", "18.0k samples"),
        ("", "diff run run", "1.20k samples"),
        ("scipy", "audit -n 9000", "9.00k/9.00k"),
        ("matplotlib scipy", "plot recipe.json -o plot.png", "9.00k/9.00k"),
        ("pyarrow", "verify --table table.parquet --id-column id", "100 samples"),
    ],
)
def test_bars_of_what_takes_long(tmp_path, monkeypatch, capsys, extras, argv, shown):
    for name in ("tqdm", *extras.split()):
        pytest.importorskip(name, reason=f"{name} is not installed")
    monkeypatch.chdir(tmp_path)
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(9000)), "chain.npz")
    dpa.save_augmentation_recipe("recipe.json", 9000)
    dpa.Run(range(100), epochs=6).save("run", "npz")
    if "table" in argv:
        dpa.save_augmentation_chain(dpa.generate_augmentation_batch([*range(100)]), "table.parquet")
    for options, bar in [([], True), (["--quiet"], False)]:
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        assert cli.main([*argv.split(), *options]) == 0
        assert (shown in terminal.getvalue()) == bar
        assert ("samples/s" in terminal.getvalue()) == bar
        monkeypatch.undo()
        monkeypatch.chdir(tmp_path)
    assert cli.main(argv.split()) == 0
    assert "samples/s" not in capsys.readouterr().err


def test_a_terminal_without_tqdm(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert cli.main(["generate", "-n", "10", "-o", str(path)]) == 0


def test_a_closed_pipe_is_quiet():
    process = command("show", *range(5000))
    assert json.loads(process.stdout.readline())["id"] == 0
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), err) == (141, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
def test_a_full_disk_behind_stdout():
    with open("/dev/full", "w") as full:  # noqa: PTH123 (a device)
        process = command("show", 1, stdout=full)
        _, err = process.communicate()
    assert process.returncode == 2
    assert err == "dpa: error: No space left on device: 'stdout'\n"


def test_a_full_disk_behind_a_file(run, path, monkeypatch):
    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    found = run("generate", "-n", 1, "-o", path)
    assert found == (2, "", f"dpa: error: No space left on device: {str(path)!r}\n")
    assert not path.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
@pytest.mark.parametrize(
    ("redirection", "argv", "found"),
    [
        (">&-", ["show", "1"], (2, "", "dpa: error: The output is closed: 'stdout'\n")),
        (">&-", ["stats", "no.json"], (2, "", f"dpa: error: {MISSING}: 'no.json'\n")),
        ("2>&-", ["info", "x"], (2, "", "")),
        ("2>&-", ["generate", "-n", "1", "-o"], (0, "", "")),
        ("2>/dev/full", ["info", "x"], (2, "", "")),
        ("2>/dev/full", ["generate", "-n", "1", "-o"], (0, "", "")),
    ],
)
def test_outputs_that_take_nothing(path, redirection, argv, found):
    """Closed or full: the exit code is that of the work, not of what is told of it."""
    shell = f'"$0" -m dpa "$@" {redirection}'
    argv = [*argv, path] if argv[-1] == "-o" else argv
    run = subprocess.run(
        ["sh", "-c", shell, sys.executable, *argv], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == found
    assert path.exists() == (argv[0] == "generate")


def test_no_memory_is_an_error_in_one_line(run, path, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("dpa.cli.samples.sample_blocks", fail)
    assert run("generate", "-n", 1, "-o", path) == (2, "", "dpa: error: out of memory\n")


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=lambda value: str(value),
)
def test_a_signal_ends_it_quietly_and_cleans_up(path, number, code):
    path.write_text("earlier")
    program = """
        import os, signal, sys
        from dpa import cli
        from dpa.files.formats.records import Lines

        # As on a terminal: a script's jobs in the background ignore SIGINT, those of nohup SIGHUP.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

        def write(*_):
            print(len(os.listdir(os.path.dirname(sys.argv[2]))), flush=True)
            os.kill(os.getpid(), int(sys.argv[1]))
            while True:  # until the handler ends it: another thread may get the signal
                pass

        Lines.write = write
        sys.exit(cli.main(["generate", "-n", "1", "-o", sys.argv[2]]))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(int(number)), path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    # At the time of the signal there were two files.
    assert (run.returncode, run.stdout, run.stderr) == (code, "2\n", "")
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert path.read_text() == "earlier"


def test_signals_are_handled_as_before_afterwards(run, path):
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    run("generate", "-n", 1, "-o", path)
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before


def test_a_missing_extra_is_an_error_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "dpa.files.formats.parquet", raising=False)
    assert cli.main(["generate", "-n", "1", "-o", str(tmp_path / "a.parquet")]) == 2
    assert "parquet files need pyarrow: pip install" in capsys.readouterr().err
    assert cli.main(["stats", str(tmp_path / "none.parquet")]) == 2  # its absence counts first
    assert "No such file" in capsys.readouterr().err


def test_missing_extras_are_named_once(tmp_path, monkeypatch, capsys):
    """For all that a command needs, and not once a file."""
    missing = {"pyarrow", "matplotlib", "scipy"}
    for name in missing | {n for n in sys.modules if n.partition(".")[0] in missing}:
        monkeypatch.setitem(sys.modules, name, None)
    for name in [n for n in sys.modules if n.startswith(("dpa.files.formats.par", "dpa.pictures"))]:
        monkeypatch.delitem(sys.modules, name)
    tables = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for table in tables:
        table.touch()
    dpa.save_augmentation_recipe(tmp_path / "c.json", 3)
    assert cli.main(["plot", str(tables[0]), "-o", "x.png"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "pictures need matplotlib: pip install 'dpa-augment[viz]'" in err
    assert "; .parquet files need pyarrow: pip install 'dpa-augment[parquet]'" in err
    assert cli.main(["plot", str(tmp_path / "c.json"), "-o", "x.png"]) == 2
    assert "pip install 'dpa-augment[viz]'" in capsys.readouterr().err
    assert cli.main(["verify", *map(str, tables), str(tmp_path / "c.json")]) == 2
    out, err = capsys.readouterr()
    assert "c.json: ok, 3 samples" in out
    assert (err.count("\n"), err.count("[parquet]'")) == (1, 2)


def test_a_table_without_pyarrow_names_one_extra(tmp_path):
    """The extra that the table needs brings what .parquet files need."""
    (tmp_path / "t.parquet").touch()
    code = "import sys; sys.modules['pyarrow'] = None; from dpa.cli import main; sys.exit(main())"
    argv = ["verify", "--table", str(tmp_path / "t.parquet"), "--id-column", "id"]
    run = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True)
    assert run.returncode == 2
    assert re.findall(r"'dpa-augment\[(\w+)\]'", run.stderr) == ["arrow"]


@pytest.mark.parametrize("engine", ["dask", "duckdb", "polars", "ray", "spark"])
def test_an_engine_without_pyarrow_names_its_own_extra(engine):
    code = f"import sys; sys.modules['pyarrow'] = None; import dpa.integrations.{engine}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"ImportError: dpa.integrations.{engine} needs " in run.stderr
    assert re.findall(r"'dpa-augment\[(\w+)\]'", run.stderr) == [engine]


def test_options_are_written_out(capsys):
    assert cli.main(["show", "1", "--dep", "3"]) == 2
    assert "unrecognized arguments: --dep" in capsys.readouterr().err
