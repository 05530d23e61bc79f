"""The command line on files: verify, recipe, show --from and diff, and their exit codes."""

import json
import os
import subprocess
import sys

import pytest

import dpa
from dpa import cli
from dpa.checks import count_of
from dpa.diff import diff_chains
from dpa.files.pairs import by_id
from dpa.space import Linear, Space, Uniform


@pytest.fixture
def run(capsys):
    """main(argv) in this process: exit code, stdout, stderr."""

    def run(*argv):
        code = cli.main([str(argument) for argument in argv])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def path(tmp_path):
    return tmp_path / "chain.json"


@pytest.fixture
def other(tmp_path):
    return tmp_path / "other.json"


OPTIONS = ["--preset=mild", "--depth=3", "--sampler=mt19937"]
OPTIONS += ["--base-seed=7", "--epoch=0", "--view=2"]


def edited(path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


# ---- verify ----


def test_verify(run, path, other):
    dpa.generate_augmentation_chain(10, save_path=path)
    dpa.generate_augmentation_chain(5, save_path=other)
    assert run("verify", path, other) == (
        0,
        f"{path}: ok, 10 samples\n{other}: ok, 5 samples\n",
        "",
    )
    assert run("verify", "--quiet", path, other) == (0, "", "")
    noise = dpa.gen_augmentation_params(7)["noise"]
    edited(path, f'"noise":{noise!r}', '"noise":0.5')
    code, out, err = run("verify", path, other, "-q")
    assert (code, err) == (1, "")
    assert out.startswith(
        f"{path}: NOT OK, 1 of 10 samples differ\n"
        f"  first: sample 7 (id 7): noise is 0.5, must be {noise!r}\n"
        "  statistics say mean of noise "
    )
    assert "\n  trailer says digest " in out


def test_verify_goes_on_behind_a_bad_file(run, path, other, tmp_path):
    dpa.save_augmentation_chain(dpa.generate_augmentation_chain(3), path)
    other.write_text("{}")
    code, out, err = run("verify", tmp_path / "none.json", other, path)
    assert code == 2
    assert out.splitlines() == [
        f"{path}: NOT VERIFIABLE, 0 of 3 samples differ",
        "  not verifiable: its config is not known; the hashes are compared with depth 10",
    ]
    assert err.splitlines() == [
        f"dpa: error: No such file or directory: '{tmp_path / 'none.json'}'",
        f"dpa: error: '{other}': not a chain: no list of augmentations",
    ]


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", r"\xfc\udcff.json"), ("latin-1", "ü\\udcff.json"), ("utf-8", "ü\\udcff.json")],
)
def test_names_that_the_encoding_of_stdout_lacks(tmp_path, encoding, shown):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xc3\xbc\xff.json")
    dpa.generate_augmentation_chain(2, save_path=path)
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "1"}
    for command in (["verify", path], ["diff", path, tmp_path / "ü.json"]):
        dpa.generate_augmentation_chain(1, save_path=tmp_path / "ü.json")
        command = [sys.executable, "-m", "dpa", *command]
        run = subprocess.run(command, capture_output=True, env=environment, check=False)
        assert run.stderr == b""
        assert shown in run.stdout.decode(encoding)


# ---- recipe ----


@pytest.mark.parametrize(
    "options", [[], OPTIONS, ["--start-id", "9", "--rank=1", "--world-size=2"]]
)
@pytest.mark.parametrize("size", [0, 1, 5000])
def test_a_recipe_makes_the_same_bytes_as_generate(run, path, other, tmp_path, options, size):
    recipe = tmp_path / "recipe.json"
    assert run("generate", "-n", size, *options, "-o", path, "-q") == (0, "", "")
    made = count_of(json.loads(path.read_text())["trailer"]["num_samples"], "sample")
    code, out, err = run("recipe", "-n", size, *options, "-o", recipe)
    assert (code, out, err) == (0, "", f"wrote a recipe of {made} to {recipe}\n")
    assert recipe.stat().st_size < 4000
    code, out, err = run("generate", "--recipe", recipe, "-o", other)
    assert (code, out, err) == (0, "", f"wrote {made} to {other}\n")
    assert other.read_bytes() == path.read_bytes()
    assert run("verify", recipe, "-q") == (0, "", "")


def test_consecutive_ids_may_be_listed(run, path, other, tmp_path):
    assert run("generate", "-n", 50, "--start-id", 9, "--list-ids", "-o", path)[0] == 0
    batch = dpa.generate_augmentation_batch(range(9, 59))
    dpa.save_augmentation_chain(batch, other, list_ids=True)
    assert path.read_bytes() == other.read_bytes()
    recipe = tmp_path / "recipe.json"
    assert run("recipe", "-n", 50, "--start-id", 9, "-o", recipe)[0] == 0
    assert run("generate", "--recipe", recipe, "--list-ids", "-o", path)[0] == 0
    assert path.read_bytes() == other.read_bytes()
    code, _, err = run("generate", "-n", 5, "--epochs", "0:2", "--list-ids", "-o", tmp_path / "r")
    assert (code, "--list-ids is not allowed with --epochs" in err) == (2, True)


def test_the_library_writes_the_same_recipe(run, path, other):
    config = dpa.get_preset("mild", augmentation_depth=3, sampler="mt19937")
    key = {"base_seed": 7, "epoch": 0, "view": 2}
    dpa.save_augmentation_recipe(path, 10, config, start_id=90, **key)
    run("recipe", "-n", 10, "--start-id", 90, *OPTIONS, "-o", other)
    assert path.read_bytes() == other.read_bytes()


def test_elastic_ranks_merge_to_the_whole(run, path, other, tmp_path):
    shares = [tmp_path / f"{rank}.json" for rank in range(3)]
    for rank, share in enumerate(shares):
        command = "generate" if rank == 1 else "recipe"
        options = ["--rank", rank, "--world-size", 3, "--elastic", "--epoch", 4]
        assert run(command, "-n", 100, *options, "-o", share, "-q") == (0, "", "")
    run("recipe", "-n", 100, "--epoch", 4, "-o", other)
    assert run("recipe", "--merge", *shares[::-1], "-o", path) == (
        (0, "", f"wrote a recipe of 100 samples to {path}\n")
    )
    digests = [json.loads(p.read_text())["trailer"]["digest"] for p in (path, other)]
    assert digests[0] == digests[1]
    assert run("verify", path) == (0, f"{path}: ok, 100 samples\n", "")
    assert run("stats", path) == run("stats", other)
    code, _, err = run("recipe", "--merge", *shares[::2], "-o", path)
    assert code == 2
    assert f"ids 34 to 66 are missing between '{shares[0]}' and '{shares[2]}'" in err


@pytest.mark.parametrize("command", ["generate", "recipe"])
def test_a_share_of_nothing_behind_the_last_id(run, path, command):
    options = ["--start-id", 2**64 - 2, "--rank", 2, "--world-size", 3]
    assert run(command, "-n", 2, *options, "-o", path, "-q") == (0, "", "")
    assert run("verify", path) == (0, f"{path}: ok, 0 samples\n", "")


def test_a_recipe_of_other_samples_generates_nothing(run, path, tmp_path, monkeypatch):
    recipe = tmp_path / "recipe.json"
    monkeypatch.setattr("dpa.derivation.digest.SampleDigest.hexdigest", lambda self: "0" * 64)
    run("recipe", "-n", 10, "-o", recipe)
    monkeypatch.undo()
    code, _, err = run("generate", "--recipe", recipe, "-o", path)
    assert code == 2
    assert "trailer says digest '000" in err
    assert not path.exists()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            "generate -o {path}",
            "are required: -n/--num-samples (or --ids-from, --recipe); see dpa generate --help",
        ),
        ("generate -n 1 --recipe {chain} -o {path}", "not allowed with argument"),
        ("generate --recipe {chain} -o {path}", "--recipe: '{chain}' is no recipe"),
        ("generate --recipe {chain} --epoch 0 -o {path}", "--epoch is not allowed with --recipe"),
        ("generate --recipe {chain} --preset moderate -o {path}", "--preset is not allowed"),
        ("generate --recipe {chain} --start-id 0 -o {path}", "--start-id is not allowed"),
        ("generate --recipe {path} -o {path}", "No such file or directory: '{path}'"),
        (
            "recipe -o {path}",
            "are required: -n/--num-samples (or --ids-from, --merge); see dpa recipe --help",
        ),
        ("recipe -n 1", "the following arguments are required: -o/--output"),
        ("recipe -n -1 -o {path}", "num_samples must not be negative, got -1"),
        ("recipe -n 1 -o {path}.npz", "path of a recipe must end with .json, got '{path}.npz'"),
        ("recipe --merge {chain} --rank 1 -o {path}", "--rank is not allowed with --merge"),
        ("recipe --merge {chain} {chain} -o {path}", "overlap from id 0 on"),
        ("show 1 --from {chain} --world-size 1", "--world-size is not allowed with --from"),
        ("show 1 3 --from {chain}", "'{chain}' has no sample with the id 3"),
        (f"show {2**64} --from {{chain}}", f"'{{chain}}' has no sample with the id {2**64}"),
        ("show 1 --string --from {chain}", "--string is for text, but the ids in '{chain}' are"),
        ("show x --from {chain}", "ID must be a non-negative integer, got 'x'; as in '{chain}'"),
        ("show 1 --from {chain} --run {chain}", "--from is not allowed with --run"),
        ("diff {chain}", "the following arguments are required: FILE"),
        ("diff {chain} {path}", "No such file or directory: '{path}'"),
        ("verify", "the following arguments are required: FILE"),
        ("verify chain.txt", "path must end with"),
    ],
)
def test_errors(run, path, tmp_path, argv, message):
    chain = tmp_path / "three.json"
    dpa.generate_augmentation_chain(3, save_path=chain)
    code, out, err = run(*argv.format(path=path, chain=chain).split())
    assert (code, out) == (2, "")
    assert message.format(path=path, chain=chain) in err
    assert err.count("\n") == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["three.json"]


# ---- show --from ----


@pytest.mark.parametrize("ids", [range(5000), [4999, 2**64 - 1, 7, 7]], ids=["range", "listed"])
@pytest.mark.parametrize("rank", [None, 2])
def test_show_from_a_file(run, path, ids, rank):
    batch = dpa.generate_augmentation_batch(ids, epoch=3, rank=rank)
    dpa.save_augmentation_chain(batch, path)
    code, out, err = run("show", 4999, 7, 4999, "--from", path)
    assert (code, err) == (0, "")
    for line, seed_id in zip(out.splitlines(), [4999, 7, 4999], strict=True):
        expected = dpa.gen_augmentation_params(seed_id, epoch=3, rank=rank)
        assert json.loads(line) == {"id": seed_id, **expected}


def test_show_what_is_stored(run, path):
    rows = dpa.generate_augmentation_batch(["a", "7"]).to_dicts()
    rows[1]["noise"] = 0.75
    dpa.save_augmentation_chain(rows, path, ids=["a", "7"])
    code, out, _ = run("show", "7", "--string", "--from", path)
    assert code == 0
    assert json.loads(out) == {"id": "7", **rows[1]}
    dpa.save_augmentation_recipe(path, 10, epoch=1)
    shown = json.loads(run("show", 9, "--from", path)[1])
    assert shown == {"id": 9, **dpa.gen_augmentation_params(9, epoch=1)}


def test_the_file_says_what_kind_its_ids_are(run, path):
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(["7", "x"]), path)
    for options in ([], ["--string"]):
        code, out, _ = run("show", "7", "--from", path, *options)
        assert (code, json.loads(out)) == (0, {"id": "7", **dpa.gen_augmentation_params("7")})


@pytest.mark.parametrize("option", ["--run", "--from"])
def test_show_from_a_run(run, tmp_path, option):
    made = dpa.Run(range(5), epochs=range(2, 4), base_seed=7)
    made.save(tmp_path / "run")
    code, out, err = run("show", 3, option, tmp_path / "run")
    assert (code, err) == (0, "")
    assert [json.loads(line) for line in out.splitlines()] == [
        {"id": 3, "epoch": epoch, **made.params(3, epoch)} for epoch in (2, 3)
    ]


# ---- What a file says beside its config ----


@pytest.mark.parametrize("option", ["--config", "--space"])
def test_what_is_not_used_of_a_file_is_told(run, path, other, option):
    dpa.generate_augmentation_chain(3, save_path=path, epoch=3, base_seed=7)
    note = f"dpa: note: {option} {str(path)!r}: only its config is used, not its "
    assert run("generate", "-n", 2, option, path, "-o", other)[2].splitlines()[0] == (
        f"{note}epoch 3, base_seed 7"
    )
    err = run("generate", "-n", 2, option, path, "--epoch", 4, "-o", other)[2]
    assert err.splitlines()[0] == f"{note}base_seed 7"
    assert run("generate", "-n", 2, option, path, "-o", other, "-q")[2] == ""
    assert run("show", 1, option, path)[2] == (
        f"{note}epoch 3, base_seed 7; --from takes its samples\n"
    )
    dpa.save_augmentation_recipe(other, 3)
    assert run("show", 1, option, other)[2] == ""  # there is nothing to tell


def test_what_is_not_used_of_a_run_is_told(run, tmp_path):
    dpa.Run(range(5), epochs=3, base_seed=7).save(tmp_path / "run")
    err = run("show", 1, "--config", tmp_path / "run")[2]
    assert "not its base_seed 7, epochs 0 to 2; --from takes its samples" in err


# ---- Folders ----


@pytest.mark.parametrize("stored", [None, "npz"])
def test_stats_of_a_run(run, tmp_path, stored):
    made = dpa.Run(range(500), epochs=3, views=2)
    made.save(tmp_path / "run", stored)
    batches = [made.batch(epoch, view) for epoch in range(3) for view in range(2)]
    rotation = [value for batch in batches for value in batch.rotation.tolist()]
    code, out, err = run("stats", tmp_path / "run", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["statistics"]["rotation"]["count"] == 3000
    assert found["statistics"]["rotation"]["max"] == max(rotation)
    assert found["statistics"]["rotation"]["mean"] == pytest.approx(sum(rotation) / 3000)
    assert found["theoretical"]["rotation"]["max"] == 30
    assert run("stats", tmp_path / "run")[1].startswith("3,000 samples (in brackets: the uniform")


def test_stats_of_a_run_with_schedules_have_no_theory(run, tmp_path):
    space = Space(x=Uniform(0, Linear([(0, 1), (9, 10)])))
    dpa.Run(range(50), space, epochs=3).save(tmp_path / "run")
    assert json.loads(run("stats", tmp_path / "run", "--json")[1])["theoretical"] is None
    dpa.Run(range(50), space, epochs=range(9, 10)).save(tmp_path / "last")
    found = json.loads(run("stats", tmp_path / "last", "--json")[1])
    assert found["theoretical"]["x"]["max"] == 10


def test_stats_of_damaged_parts(run, tmp_path):
    dpa.Run(range(50), epochs=2).save(tmp_path / "run", "jsonl")
    noise = dpa.gen_augmentation_params(7, epoch=1)["noise"]
    edited(tmp_path / "run" / "epoch-1.jsonl", f'"noise":{noise!r}', '"noise":0.06')
    code, out, err = run("stats", tmp_path / "run")
    assert (code, out) == (2, "")
    assert "epoch-1.jsonl': trailer says digest" in err


def test_stats_of_the_parts_of_a_chain(run, path, tmp_path):
    dpa.generate_augmentation_chain(100, save_path=path)
    for rank in range(2):
        options = ["--rank", rank, "--world-size", 2, "--elastic", "-q"]
        run("generate", "-n", 100, *options, "-o", tmp_path / "parts" / f"{rank}.npz")
    assert run("stats", tmp_path / "parts") == run("stats", path)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("each", "each"),
        ("fixed", "fixed"),
        ("every:2", ("every", 2)),
        ("cycle:2", ("cycle", 2)),
    ],
)
def test_epoch_policies(run, tmp_path, text, policy):
    options = ["--epochs", "0:4", "--epoch-policy", text, "-q"]
    for command in (["generate", "--format", "npz"], ["recipe"]):
        folder = tmp_path / command[0]
        assert run(*command, "-n", 5, *options, "-o", folder) == (0, "", "")
        assert dpa.Run.load(folder) == dpa.Run(range(5), epochs=4, epoch_policy=policy)
        assert run("verify", folder, "-q")[0] == 0


@pytest.mark.parametrize("text", ["every", "each:2", "cycle:0", "cycle:-1", "every:x", ""])
def test_bad_epoch_policies(run, tmp_path, text):
    options = ["--epochs", "0:4", "-o", tmp_path / "run", f"--epoch-policy={text}"]
    code, _, err = run("generate", "-n", 5, *options)
    assert code == 2
    assert f"must be each, fixed, every:K or cycle:K, got {text!r}" in err
    code, _, err = run("generate", "-n", 5, "--epoch-policy", "fixed", "-o", tmp_path / "x.json")
    assert (code, "--epoch-policy is for --epochs" in err) == (2, True)


# ---- diff ----


def test_equal_files(run, path, other, tmp_path):
    dpa.generate_augmentation_chain(5000, save_path=path)
    dpa.save_augmentation_recipe(other, 5000)
    indented = tmp_path / "indented.json"
    indented.write_text(json.dumps(json.loads(path.read_text()), indent=2))
    for second in (path, other, indented):
        assert run("diff", path, second) == (0, "0 of 5,000 common samples differ\n", "")


def test_fields_and_how_far(run, path, other):
    batch = dpa.generate_augmentation_batch(range(5000))
    dpa.save_augmentation_chain(batch, path)
    batch.noise[4500] += 0.5
    batch.noise[[1, 2, 3, 4]] += 0.25
    batch.scale[4500] -= 0.25 * batch.scale[4500]
    batch.digests[9] = 0
    rows = batch.to_dicts()
    dpa.save_augmentation_chain(rows, other)
    code, out, err = run("diff", path, other)
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[-5:] == [
        "6 of 5,000 common samples differ",
        "  hash: in 1 of them",
        "  noise: in 5 of them, by up to 0.5",
        f"  scale: in 1 of them, by up to {dpa.gen_augmentation_params(4500)['scale'] / 4!r}",
        "  ids: 1 (noise), 2 (noise), 3 (noise), 4 (noise), 9 (hash) ...",
    ]


def test_another_config_and_key(run, path, other):
    dpa.generate_augmentation_chain(3, save_path=path)
    dpa.generate_augmentation_chain(3, dpa.get_preset("mild"), save_path=other, epoch=1)
    code, out, _ = run("diff", path, other)
    assert code == 1
    lines = out.splitlines()
    assert "rotation: Uniform(low=-30.0, high=30.0, draw=0) and Uniform(low=-15.0" in out
    assert "epoch: None and 1" in lines
    assert "3 of 3 common samples differ" in lines


def test_ids_only_in_one(run, path, other):
    dpa.generate_augmentation_chain(9000, save_path=path)
    dpa.generate_augmentation_chain(9000, save_path=other, start_id=4000)
    code, out, _ = run("diff", path, other)
    assert code == 1
    assert out.splitlines() == [
        "0 of 5,000 common samples differ",
        f"4,000 only in '{path}': 0, 1, 2, 3, 4 ...",
        f"4,000 only in '{other}': 9000, 9001, 9002, 9003, 9004 ...",
    ]
    dpa.generate_augmentation_chain(2, save_path=other, start_id=2**64 - 2)
    diff = diff_chains(path, other)
    assert (diff.common, diff.only) == (0, [9000, 2])


@pytest.mark.parametrize(
    ("first", "second", "common", "only"),
    [
        (range(5000), list(range(4999, -1, -1)), 5000, [0, 0]),
        (range(5), [4, 3, 7], 2, [3, 1]),
        ([5, 5, 6, 7], [7, 5, 8], 2, [2, 1]),
        ([5, 6], [5, 6, 7], 2, [0, 1]),
        (["a", "b"], ["b", "c", "a"], 2, [0, 1]),
        (["1", "2"], [1, 2], 0, [2, 2]),
        (["1", "2"], range(3), 0, [2, 3]),
        ([], [1, 2], 0, [0, 2]),
        ([2, 1], [], 0, [2, 0]),
        ([], [], 0, [0, 0]),
    ],
    ids=str,
)
def test_ids_in_another_order(path, other, first, second, common, only):
    for ids, file in ((first, path), (second, other)):
        dpa.save_augmentation_chain(dpa.generate_augmentation_batch(ids), file)
    diff = diff_chains(path, other)
    assert (diff.different, diff.common, diff.only) == (0, common, only)
    assert bool(diff) == any(only)


def test_repeated_ids_are_paired_in_order(path, other):
    ids = [7, 5, 7, 6, 5, 7]
    first = dpa.generate_augmentation_batch(ids)
    second = dpa.generate_augmentation_batch([*ids[::-1], 7])
    for batch in (first, second):  # which of equal ids it is: 0, 1, 2, ...
        all_ids = batch.sample_ids.tolist()
        batch["noise"][:] = [all_ids[:at].count(each) for at, each in enumerate(all_ids)]
    dpa.save_augmentation_chain(first, path)
    dpa.save_augmentation_chain(second, other)
    diff = diff_chains(path, other)
    assert (diff.common, diff.only) == (6, [0, 1])
    assert diff.different == 0
    second["noise"][0] = 9  # the first 7
    dpa.save_augmentation_chain(second, other)
    assert diff_chains(path, other).fields == {"noise": (1, 9.0)}


@pytest.mark.parametrize("kind", [int, str])
def test_repeated_ids_are_paired_across_blocks(kind):
    first = [kind(x) for x in (4, 6, 7, 5, 7, 3, 5, 7, 8)]
    second = [kind(x) for x in (7, 7, 5, 9, 6, 5, 7, 7)]
    batches = [dpa.generate_augmentation_batch(ids) for ids in (first, second)]
    for batch, ids in zip(batches, (first, second), strict=True):  # 0, 1, 2, ... of equal ids
        batch["noise"][:] = [ids[:at].count(each) for at, each in enumerate(ids)]
    both, only = [], ([], [])
    for a, b in by_id(batches[0].parts(2), batches[1].parts(3)):
        if a is not None and b is not None:
            assert a.ids == b.ids
            assert a.columns["noise"].tolist() == b.columns["noise"].tolist()
            both += a.ids
        else:
            only[a is None].extend((b if a is None else a).ids)
    assert both == [kind(x) for x in (6, 7, 5, 7, 5, 7)]
    assert only == ([kind(4), kind(3), kind(8)], [kind(9), kind(7)])


@pytest.mark.parametrize("kind", [int, str])
def test_an_id_that_one_file_lacks_takes_no_others_place(kind):
    first, second = ([*map(kind, ids)] for ids in ((4, 5, 4, 6), (5, 7, 6, 7)))
    a, b = map(dpa.generate_augmentation_batch, (first, second))
    found = list(by_id(a.parts(1), b.parts(2)))
    assert [x for a, b in found if a and b for x in zip(a.ids, b.ids, strict=True)] == [
        (kind(5), kind(5)),
        (kind(6), kind(6)),
    ]
    assert [x for a, b in found if not b for x in a.ids] == [kind(4), kind(4)]
    assert [x for a, b in found if not a for x in b.ids] == [kind(7), kind(7)]


def test_minus_zero_and_far_values(path, other):
    rows = dpa.generate_augmentation_chain(2)
    rows[0]["noise"], rows[1]["scale"] = 0.0, 1.7e308
    dpa.save_augmentation_chain(rows, path)
    rows[0]["noise"], rows[1]["scale"] = -0.0, -1.7e308
    dpa.save_augmentation_chain(rows, other)
    diff = diff_chains(path, other)
    assert diff.fields == {"noise": (1, 0.0), "scale": (1, float("inf"))}


def test_a_trailer_that_contradicts_is_noted(run, path, other):
    dpa.generate_augmentation_chain(10, save_path=path)
    other.write_text(path.read_text())
    edited(other, f'"noise":{dpa.gen_augmentation_params(7)["noise"]!r}', '"noise":0.5')
    code, out, _ = run("diff", path, other)
    assert code == 1
    assert f"'{other}': trailer says digest" in out
    assert "\n  ids: 7 (noise)\n" in out


@pytest.mark.parametrize("command", ["verify", "stats", "diff"])
def test_a_folder_that_is_not_there(run, tmp_path, command):
    path = f"{tmp_path}/run"
    paths = [f"{path}/"] * (2 if command == "diff" else 1)
    assert run(command, *paths) == (2, "", f"dpa: error: No such file or directory: {path!r}\n")
