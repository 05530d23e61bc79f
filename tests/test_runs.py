"""A run: what each sample gets in each epoch and view; its folder, made, verified, compared."""

import hashlib
import json
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from frameworks import require

import dpa
from dpa import cli
from dpa.errors import ChainFileError
from dpa.files.diff import diff_chains
from dpa.space import Bernoulli, Cosine, Space, Uniform

NAMES = ["cat/1.jpg", "dog/2.jpg", 'a "b"\n.png', "ü.png", ""]
POLICIES = ["each", "fixed", ("every", 3), ("cycle", 3)]
CONFIG = dpa.get_preset("mild")


@pytest.fixture
def run(capsys):
    """main(argv) in this process: exit code, stdout, stderr."""

    def run(*argv):
        code = cli.main([str(argument) for argument in argv])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def key_epoch(policy, epoch):
    """As docs/training.md has it."""
    if policy == "fixed":
        return None
    if policy == "each":
        return epoch
    return epoch // policy[1] if policy[0] == "every" else epoch % policy[1]


# ---- What it says ----


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize(("views", "occurrences"), [(1, 1), (2, 1), (1, 3), (2, 3)])
def test_each_epoch_view_and_occurrence_has_its_key(policy, views, occurrences):
    made = dpa.Run(
        NAMES,
        CONFIG,
        epochs=range(4, 9),
        base_seed=7,
        epoch_policy=policy,
        views=views,
        occurrences=occurrences,
    )
    keys = set()
    for epoch in range(4, 9):
        for occurrence in range(occurrences):
            for view in range(views):
                place = occurrence * views + view
                key = {"epoch": key_epoch(policy, epoch), "base_seed": 7}
                key["view"] = None if place == 0 and views == 1 else place
                params = dpa.gen_augmentation_params("ü.png", CONFIG, **key)
                assert made.params("ü.png", epoch, view, occurrence) == params
                batch = made.batch(epoch, view, occurrence)
                assert batch == dpa.generate_augmentation_batch(NAMES, CONFIG, **key)
                keys.add((key["epoch"], key["view"]))
    parts = [part.derivation.key for part in made.parts()]
    assert {(key.epoch, key.view) for key in parts} == keys
    assert len(parts) == len(keys)
    names = [part.name for part in made.parts()]
    assert len({*names}) == len(names)


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("views", [1, 2])
def test_a_run_says_what_the_data_set_gives(policy, views, tmp_path):
    require("torch")
    from dpa.integrations.torch import AugmentedDataset

    data = AugmentedDataset(
        [(each, 0) for each in NAMES],
        CONFIG,
        transform=lambda image, params: image,
        base_seed=7,
        epoch_policy=policy,
        views=views,
        id_fn=NAMES.__getitem__,
        return_params=True,
    )
    data.save(tmp_path / "run", epochs=6)
    made = dpa.Run.load(tmp_path / "run")
    assert made == dpa.Run(NAMES, CONFIG, epochs=6, base_seed=7, epoch_policy=policy, views=views)
    for epoch in range(6):
        data.set_epoch(epoch)
        for at, name in enumerate(NAMES):
            _, params = data[at]
            ours = [made.params(name, epoch, view) for view in range(views)]
            assert (params if views > 1 else [params]) == ours


def test_what_a_run_does_not_have_is_refused():
    made = dpa.Run(NAMES, epochs=range(2, 4), views=2)
    for arguments, message in (
        (("x.jpg", 2), r"the run has no sample with the id 'x\.jpg'"),
        ((3, 2), "the run has no sample with the id 3"),
        (("ü.png", 4), "epoch must be one of the run's, 2 to 3, got 4"),
        (("ü.png", 2, 2), "view must be below the run's 2, got 2"),
        (("ü.png", 2, -1), "view must be below the run's 2, got -1"),
        (("ü.png", 2, 0, 1), "occurrence must be below the run's 1, got 1"),
    ):
        with pytest.raises(ValueError, match=message):
            made.params(*arguments)
    with pytest.raises(TypeError, match="sample id must be an integer or a str"):
        made.params(None, 2)


def test_consecutive_ids_are_not_listed():
    made = dpa.Run(range(5, 10**14), epochs=2)
    for known in (10**14 - 1, np.int64(5)):
        assert made.params(known, 1) == dpa.gen_augmentation_params(int(known), epoch=1)
    for unknown in (4, 10**14, "5"):
        with pytest.raises(ValueError, match=f"no sample with the id {unknown!r}"):
            made.params(unknown, 1)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("epochs", 0, "epochs must be at least 1, got 0"),
        ("epochs", range(3, 3), r"epochs must be n or range\(first, stop\) with some"),
        ("epochs", range(0, 9, 2), r"epochs must be n or range\(first, stop\)"),
        ("epochs", range(-1, 2), r"got range\(-1, 2\)"),
        ("epochs", "3", "epochs must be an integer, got '3'"),
        ("epochs", 10**9, "must make at most 100,000, got 1,000,000,000"),
        ("views", 0, "views must be at least 1"),
        ("occurrences", 0, "occurrences must be at least 1"),
        ("base_seed", -1, "base_seed must be 0 to"),
        ("epoch_policy", "weekly", "epoch_policy must be .* got 'weekly'"),
        ("epoch_policy", ("cycle", 0), r"epoch_policy must be .* got \('cycle', 0\)"),
        ("config", "mild", "config must be an AugmentationConfig or a Space"),
        ("ids", 3, "ids must be a sequence of ids"),
    ],
)
def test_a_bad_argument_is_named(name, value, message):
    with pytest.raises((TypeError, ValueError), match=message):
        dpa.Run(**{"ids": NAMES, "epochs": 2, name: value})


def test_a_schedule_needs_epochs_in_the_key():
    space = Space(flip_horizontal=Bernoulli(Cosine(0, 1, 9)))
    made = dpa.Run(range(50), space, epochs=10)
    shares = [made.batch(epoch)["flip_horizontal"].mean() for epoch in (0, 9)]
    assert shares == [0, 1]
    with pytest.raises(ValueError, match="epoch"):
        dpa.Run(range(50), space, epochs=10, epoch_policy="fixed")


# ---- Its folder ----

IDS = {
    "consecutive": range(5, 5005),
    "listed": np.array([7, 3, 2**64 - 1], np.uint64),
    "text": NAMES,
    "none": [],
}


def saved(ids, folder="run", stored=None, **options):
    made = dpa.Run(IDS[ids], CONFIG, **{"epochs": 3, "base_seed": 7, "views": 2, **options})
    made.save(folder, stored)
    return made


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("stored", [None, "json", "jsonl", "npz", "parquet"])
def test_a_folder_is_read_back_and_verified(ids, stored, tmp_path):
    if stored == "parquet":
        require("pyarrow")
    made = saved(ids, stored=stored)
    found = dpa.Run.load("run")
    assert found == made == pickle.loads(pickle.dumps(made))
    assert repr(found) == repr(made)
    names = {"run.json"} | ({"ids.json"} if ids in ("listed", "text", "none") else set())
    names |= {f"{part.name}.{stored}" for part in made.parts() if stored}
    assert {path.name for path in (tmp_path / "run").iterdir()} == names
    report = dpa.verify_augmentation_chain("run")
    total = 6 * len(IDS[ids])
    assert (report.ok, report.checked, report.files) == (True, total, 6)
    assert str(report) == f"run: ok, {total:,} samples in 6 parts, digest {report.digest}"
    for part in made.parts() if stored else ():
        batch = dpa.load_augmentation_batch(f"run/{part.name}.{stored}")
        assert batch == part.derivation.batch(made.ids)


def test_the_digest_is_that_of_the_samples_however_they_are_stored():
    saved("text", "a")
    saved("text", "b", "npz")
    for epoch in range(3):
        for view in range(2):
            made = dpa.Run.load("a").batch(epoch, view)
            dpa.save_augmentation_chain(made, f"parts/{epoch}-{view}.npz")
    digests = [dpa.verify_augmentation_chain(folder).digest for folder in ("a", "b")]
    assert digests[0] == digests[1]
    total = 0
    for epoch in range(3):
        for view in range(2):
            part = dpa.verify_augmentation_chain(f"parts/{epoch}-{view}.npz").digest
            total += int.from_bytes(bytes.fromhex(part), "little")
    assert (total % 2**256).to_bytes(32, "little").hex() == digests[0]


def test_the_same_run_may_be_saved_again_and_another_may_not(tmp_path):
    made = saved("text")
    before = (tmp_path / "run" / "run.json").stat().st_mtime_ns
    made.save("run/")
    assert (tmp_path / "run" / "run.json").stat().st_mtime_ns == before
    with pytest.raises(ValueError, match="'run' holds another run: choose another folder"):
        made.save("run", "npz")
    with pytest.raises(ValueError, match="'run' holds another run"):
        saved("text", epochs=4)
    with pytest.raises(ValueError, match=r"stored must be None or one of json, .* got 'csv'"):
        made.save("other", "csv")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("")
    with pytest.raises(FileExistsError, match="Not an empty folder"):
        made.save("full")
    (tmp_path / "empty").mkdir()
    made.save("empty")
    assert dpa.Run.load("empty") == made


def test_a_failure_leaves_nothing(tmp_path):
    def fail(count):
        raise KeyboardInterrupt

    made = dpa.Run(NAMES, epochs=2)
    with pytest.raises(KeyboardInterrupt):
        made.save("new/run", "npz", advance=fail)
    assert [*(tmp_path / "new").iterdir()] == []


def test_no_manifest_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        dpa.Run.load("nothing")


def changed(change, checksum=True):
    """Changes the manifest of `run`; its checksum, too."""
    path = Path("run", "run.json")
    fields = json.loads(path.read_text())
    change(fields)
    if checksum:
        del fields["checksum"]
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        fields["checksum"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(fields))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("format", "dpa-chain", "format 'dpa-chain' is not the 'dpa-run' that this dpa reads"),
        ("version", 2, "version 2 is not the 1"),
        ("algorithm", None, "algorithm None is not the 'dpa-1'"),
        ("epochs", [3], "epochs must be the first and the stop"),
        ("epochs", [0, 2**62], "must make at most 100,000"),
        ("epochs", [0, "3"], "epochs must be an integer"),
        ("epoch_policy", ["each"], "epoch_policy must be"),
        ("views", 1.5, "views must be an integer"),
        ("views", 1, "digests must be those of"),
        ("space", {"space": "dpa-space-9"}, "space"),
        ("num_samples", 4, "ids.json': it has 5 ids, the manifest says 4"),
        ("num_samples", 10**30, "ids.json': it has 5 ids"),
        ("stored", "csv", "stored must be None or one of"),
        ("digests", {}, "digests must be those of"),
        ("more", 1, "missing or unknown: more"),
    ],
)
def test_a_manifest_that_cannot_be_is_named(name, value, message):
    saved("text")
    changed(lambda fields: fields.update({name: value}))
    with pytest.raises(ChainFileError, match=re.escape(message)):
        dpa.Run.load("run")


@pytest.mark.parametrize("text", [b"", b"[1]", b"{", b'{"format": 1, "format": 2}', b"\xff"])
def test_what_is_no_manifest_is_named(text, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_bytes(text)
    with pytest.raises(ChainFileError, match=r"run\.json': "):
        dpa.Run.load("run")


def test_an_edited_manifest_is_found():
    saved("text")
    changed(lambda fields: fields.update(base_seed=8), checksum=False)
    with pytest.raises(ChainFileError, match="its checksum is not that of its content"):
        dpa.verify_augmentation_chain("run")


@pytest.mark.parametrize("stored", [None, "npz"])
def test_samples_of_another_seed_are_found(stored):
    saved("text", stored=stored)
    changed(lambda fields: fields.update(base_seed=8))
    report = dpa.verify_augmentation_chain("run")
    assert not report.ok
    if stored is None:
        assert len(report.problems) == 6
        assert report.problems[0].startswith("'epoch-0-view-0' has the digest ")
    else:
        assert report.problems[0] == (
            "'epoch-0-view-0.npz' says that it has other samples than the run"
        )


def test_other_ids_are_found(tmp_path):
    saved("text")
    path = tmp_path / "run" / "ids.json"
    path.write_text(path.read_text().replace("dog", "cow"))
    assert len(dpa.verify_augmentation_chain("run").problems) == 6


def test_faults_of_parts_are_found(tmp_path):
    saved("text", stored="npz")
    batch = dpa.load_augmentation_batch("run/epoch-0-view-1.npz")
    batch.noise[2] = 0.01
    dpa.save_augmentation_chain(batch, "run/epoch-0-view-1.npz")
    (tmp_path / "run" / "epoch-1-view-0.npz").unlink()
    (tmp_path / "run" / "epoch-1-view-1.npz").write_bytes(b"PK")
    shutil.copy("run/epoch-2-view-1.npz", "run/epoch-2-view-0.npz")
    shutil.copy("run/epoch-2-view-1.npz", "run/epoch-3-view-1.npz")
    report = dpa.verify_augmentation_chain("run")
    assert (report.ok, report.different, report.digest) == (False, 1, None)
    assert report.first.field == "noise"
    stranger, digest, missing, damaged, other, copied, first, *_ = report.problems
    assert stranger == "'epoch-3-view-1.npz' is no part of the run"
    assert digest.startswith("'epoch-0-view-1.npz' has the digest ")
    assert missing == "'epoch-1-view-0.npz' is missing"
    assert "epoch-1-view-1.npz': " in damaged
    assert other == "'epoch-2-view-0.npz' says that it has other samples than the run"
    assert copied.startswith("'epoch-2-view-0.npz' has the digest ")
    assert first.startswith("'epoch-0-view-1.npz': first: sample 2 ")


def test_hours_of_work_need_a_word():
    saved("consecutive")
    changed(lambda fields: fields.update(num_samples=10**12))
    with pytest.raises(ValueError, match="hours of one core to generate: say unlimited=True"):
        dpa.verify_augmentation_chain("run")


# ---- Differences ----


def test_equal_runs_do_not_differ():
    saved("text", "a")
    saved("text", "b", "jsonl")
    diff = diff_chains("a", "b")
    assert not diff
    assert str(diff) == "0 of 30 common samples differ"


def test_what_differs_is_told_by_epoch():
    saved("text", "a", views=1)
    saved("text", "b", "npz", views=1, epochs=range(1, 5))
    batch = dpa.load_augmentation_batch("b/epoch-2.npz")
    batch.noise[3] += 0.5
    dpa.save_augmentation_chain(batch, "b/epoch-2.npz")
    diff = diff_chains("a", "b")
    assert (diff.common, diff.different) == (10, 1)
    lines = str(diff).split("\n")
    assert lines[:2] == ["epochs: 0 to 2 and 1 to 4", "1 of 10 common samples differ"]
    assert lines[2].startswith("  noise: in 1 of them, by up to 0.")
    assert lines[3] == "  ids: 'ü.png' in epoch 2 (noise)"


def test_policies_are_compared_by_the_epoch_of_the_training():
    for folder, policy in (("a", "each"), ("b", ("cycle", 2))):
        saved("text", folder, epochs=4, epoch_policy=policy)
    diff = diff_chains("a", "b")
    assert (diff.common, diff.different) == (8 * 5, 4 * 5)
    assert "epoch_policy: each and ('cycle', 2)" in str(diff)
    assert "in epoch 2, view 0" in str(diff)


def test_ids_in_another_order_are_paired():
    dpa.Run(NAMES, epochs=2).save("a")
    dpa.Run([*NAMES[::-1], "new"], epochs=2).save("b")
    diff = diff_chains("a", "b")
    assert (diff.common, diff.different, diff.only) == (10, 0, [0, 2])


def test_a_run_and_a_file_are_not_compared():
    saved("text")
    dpa.generate_augmentation_chain(3, save_path="x.json")
    with pytest.raises(ValueError, match="must both be runs or both be none"):
        diff_chains("run", "x.json")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        diff_chains("run", "nowhere")
    saved("text", "late", epochs=range(7, 9))
    with pytest.raises(ValueError, match="the runs must have epochs in common"):
        diff_chains("run", "late")


def test_a_folder_without_a_manifest_is_one_chain():
    for start, stop in ((10, 30), (0, 10)):
        batch = dpa.generate_augmentation_batch(range(start, stop), epoch=3)
        dpa.save_augmentation_chain(batch, f"parts/{30 - start}.npz")
    dpa.generate_augmentation_chain(30, save_path="whole.json", epoch=3)
    assert str(diff_chains("parts", "whole.json")) == "0 of 30 common samples differ"
    dpa.generate_augmentation_chain(5, save_path="parts/z.json", epoch=4)
    with pytest.raises(ValueError, match=r"has parts of several chains: .* differ in their key"):
        diff_chains("parts", "whole.json")


# ---- The command ----


def test_the_command_makes_verifies_and_compares_runs(run, tmp_path):
    names = [name for name in NAMES if name and "\n" not in name]
    (tmp_path / "names.txt").write_text("\n".join(names), encoding="utf-8")
    key = ["--ids-from", "names.txt", "--epochs", "1:4", "--base-seed", 7, "--preset", "mild"]
    assert run("recipe", *key, "-o", "a") == (0, "", "wrote a run of 9 samples to a\n")
    assert run("generate", *key, "--format", "npz", "-o", "b", "-q") == (0, "", "")
    assert dpa.Run.load("a") == dpa.Run(names, CONFIG, epochs=range(1, 4), base_seed=7)
    code, out, _ = run("verify", "a", "b")
    assert code == 0
    assert re.sub(r"[0-9a-f]{64}", "...", out) == "".join(
        f"{folder}: ok, 9 samples in 3 parts, digest ...\n" for folder in "ab"
    )
    assert run("diff", "a/", "b") == (0, "0 of 9 common samples differ\n", "")
    assert run("recipe", *key, "--views", 2, "-o", "c", "-q")[0] == 0
    code, out, _ = run("diff", "a", "c")
    assert (code, out.split("\n")[0]) == (1, "views: 1 and 2")


def test_show_prints_samples_of_a_run(run):
    saved("text")
    code, out, _ = run("show", "ü.png", "cat/1.jpg", "--run", "run", "--epochs", "1:3")
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    found = dpa.Run.load("run")
    assert rows == [
        {"id": name, "epoch": epoch, "view": view, **found.params(name, epoch, view)}
        for name in ("ü.png", "cat/1.jpg")
        for epoch in (1, 2)
        for view in (0, 1)
    ]
    dpa.Run(range(9), CONFIG, epochs=2, epoch_policy="fixed").save("numbers")
    rows = [json.loads(line) for line in run("show", 3, "--run", "numbers")[1].splitlines()]
    same = {"id": 3, **dpa.gen_augmentation_params(3, CONFIG)}
    assert rows == [{**same, "epoch": 0}, {**same, "epoch": 1}]


def test_an_id_may_look_like_a_file(run):
    dpa.Run(["1.npz", "2.json"], epochs=2).save("run")
    code, out, _ = run("show", "2.json", "--run", "run", "--epochs", "1:2")
    assert code == 0
    params = dpa.gen_augmentation_params("2.json", epoch=1)
    assert json.loads(out) == {"id": "2.json", "epoch": 1, **params}


def test_show_prints_what_a_run_declares(run):
    saved("text")
    assert run("show", "run")[1].startswith(
        "num_samples 5, epochs 0 to 2, epoch_policy each, base_seed 7, views 2, occurrences 1\n"
        "5 parameters, "
    )
    found = json.loads(run("show", "run", "--json")[1])
    assert found["identity"] == CONFIG.identity
    assert found["run"]["views"] == 2
    assert run("generate", "-n", 3, "--space", "run", "-o", "x.json", "-q") == (0, "", "")
    assert dpa.load_augmentation_config("x.json") == CONFIG


def test_text_ids_come_from_a_file(run, tmp_path, monkeypatch):
    (tmp_path / "names.txt").write_bytes("\ufeffa b.png\r\n42\r\nü".encode())
    ids = ["a b.png", "42", "ü"]
    assert run("generate", "--ids-from", "names.txt", "--epoch", 2, "-o", "x.npz", "-q")[0] == 0
    batch = dpa.load_augmentation_batch("x.npz")
    assert batch == dpa.generate_augmentation_batch(ids, epoch=2)
    found = run("show", "--ids-from", "names.txt", "--epoch", 2)[1]
    assert [json.loads(line) for line in found.splitlines()] == [
        {"id": name, **row} for name, row in zip(ids, batch, strict=True)
    ]
    assert run("show", "--ids-from", "names.txt", "--from", "x.npz")[1] == found
    assert run("show", "42", "--from", "x.npz")[1] == found.splitlines()[1] + "\n"
    shares = []
    for rank in range(2):
        options = ["--rank", rank, "--world-size", 2, "--elastic", "--epoch", 2]
        run("generate", "--ids-from", "names.txt", *options, "-o", "y.npz", "-q")
        shares += dpa.load_augmentation_batch("y.npz").to_dicts()
    assert shares == batch.to_dicts()

    with (tmp_path / "names.txt").open() as file:  # a TextIOWrapper, as stdin is
        monkeypatch.setattr("sys.stdin", file)
        assert run("show", "--ids-from", "-", "--epoch", 2)[1] == found


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("show", "are required: ID (or FILE, --ids-from FILE); see dpa show --help"),
        ("show 3 --ids-from names.txt", "--ids-from is not allowed with ID"),
        ("show --ids-from empty.txt", "'empty.txt' must have an id on each line; it is empty"),
        ("show --ids-from blank.txt", "'blank.txt' must have an id on each line; line 2 is empty"),
        ("show --ids-from latin.txt", "--ids-from 'latin.txt' is no UTF-8"),
        ("show --ids-from no.txt", "No such file or directory: 'no.txt'"),
        ("show a --run run --epochs 2:9", "epoch must be one of the run's, 0 to 2, got 3"),
        ("show a --run run --epochs 2", "--epochs must be like 0:16, got '2'"),
        ("show a --run run --epochs 2:2", "A must be below B, got '2:2'"),
        ("show z --run run", "the run has no sample with the id 'z'"),
        ("show a --run run --epoch 2", "--epoch is not allowed with --run"),
        ("show a --run run --from x.json", "--from is not allowed with --run"),
        ("show run --run run", "the run has no sample with the id 'run'"),
        ("show 3 --epochs 0:2", "--epochs needs --run; for one epoch: --epoch"),
        ("show a --run nothing", "No such file or directory: 'nothing/run.json'"),
        ("recipe --ids-from names.txt -o x.json", "a recipe is of consecutive ids"),
        ("recipe -n 3 --epochs 0:2 --epoch 1 -o x", "--epoch is not allowed with --epochs"),
        ("recipe -n 3 --epochs 0:2 --rank 1 -o x", "--rank is not allowed with --epochs"),
        ("recipe -n 3 --epochs 0:2 --epoch 0 -o x", "--epoch is not allowed with --epochs"),
        ("generate -n 3 --epochs 0:2 --view 0 -o x", "--view is not allowed with --epochs"),
        ("recipe --merge run --epochs 0:2 -o x", "--merge is not allowed with --epochs"),
        ("recipe -n 3 --views 2 -o x.json", "--views is for --epochs; for one view: --view"),
        ("recipe -n 3 --epochs 0:2 --views 0 -o x", "views must be at least 1, got 0"),
        ("recipe -n 3 --epochs 0:2 -o run", "'run' holds another run"),
        ("generate -n 3 --format npz -o x.npz", "--format is for --epochs"),
        ("generate --ids-from names.txt --start-id 3 -o x.npz", "--start-id is not allowed with"),
        ("generate --ids-from names.txt -n 3 -o x.npz", "not allowed with argument"),
        ("verify --ids-from names.txt --ids 1 run", "--ids-from is not allowed with --ids"),
    ],
)
def test_wrong_usage_is_named(run, tmp_path, argv, message):
    (tmp_path / "names.txt").write_text("a\nb\n")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "blank.txt").write_text("a\n\nb\n")
    (tmp_path / "latin.txt").write_bytes(b"\xfc\n")
    dpa.Run(["a", "b"], epochs=3).save("run")
    code, out, err = run(*argv.split())
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err


def test_effects_of_a_space_are_saved_too():
    space = Space(flip_horizontal=Bernoulli(0.5), rotation=Uniform(-5, 5))
    made = dpa.Run(range(9), space, epochs=2)
    made.save("run", "json")
    assert dpa.Run.load("run").config == space
    assert dpa.verify_augmentation_chain("run").ok
