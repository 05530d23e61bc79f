"""The command line with declared spaces: --space, --columns, show FILE, stats, typed values."""

import json

import numpy as np
import pytest
from PIL import Image

import dpa
from dpa import cli
from dpa.derivation.config import PARAMETERS
from dpa.space import (
    Bernoulli,
    Beta,
    Choice,
    Cosine,
    Integers,
    Linear,
    LogUniform,
    Normal,
    Seed,
    Space,
    Subset,
    Uniform,
    sometimes,
)

SPACE = Space(
    {
        "op": Choice(["turn", "mix", "a\nb"], [1, 2, 1]),
        "op.turn": Uniform(-30, 30, when={"op": "turn"}),
        "op.mix.lam": Beta(0.5, 0.5, when={"op": "mix"}),
    },
    flip=Bernoulli(0.5),
    blur=sometimes(0.2, sigma=LogUniform(0.25, 4)),
    k=Integers(1, 9, 4),
    order=Subset(["x", "y", "z"], 2),
    seed=Seed(),
    vector=Normal(0, 1, shape=2),
    depth=3,
)
SCHEDULED = Space(
    angle=Uniform(0, Linear([(0, 10), (10, 30)])),
    p=Bernoulli(Cosine(0.5, 0, 100)),
    k=Integers(0, 1),
)


@pytest.fixture
def run(capsys):
    """main(argv) in this process: exit code, stdout, stderr."""

    def run(*argv):
        code = cli.main([str(argument) for argument in argv])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def space(tmp_path):
    path = tmp_path / "space.json"
    path.write_text(SPACE.to_json())
    return path


@pytest.fixture
def scheduled(tmp_path):
    path = tmp_path / "scheduled.json"
    path.write_text(json.dumps(SCHEDULED.to_dict(), indent=2))
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "chain.json"


# ---- --space ----


def test_generate_and_recipe(run, space, path, tmp_path):
    options = ["-n", 20, "--start-id", 5, "--space", space, "--epoch", 2, "-q"]
    assert run("generate", *options, "-o", path) == (0, "", "")
    expected = dpa.generate_augmentation_batch(range(5, 25), SPACE, epoch=2)
    assert dpa.load_augmentation_batch(path) == expected
    recipe, again = tmp_path / "recipe.json", tmp_path / "again.json"
    assert run("recipe", *options, "-o", recipe) == (0, "", "")
    assert run("generate", "--recipe", recipe, "-o", again, "-q") == (0, "", "")
    assert again.read_bytes() == path.read_bytes()
    assert run("verify", path, recipe, "-q") == (0, "", "")


@pytest.mark.parametrize("option", ["--space", "--config"])
def test_the_space_of_a_chain_file(run, path, tmp_path, option):
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(3), SPACE), path)
    other = tmp_path / "other.npz"
    assert run("generate", "-n", 3, option, path, "-o", other, "-q") == (0, "", "")
    assert dpa.load_augmentation_batch(other) == dpa.load_augmentation_batch(path)
    assert run("generate", "-n", 3, option, other, "-o", path, "-q") == (0, "", "")


def test_the_five_as_a_space(run, tmp_path, path):
    source = tmp_path / "five.json"
    source.write_text(dpa.get_preset("mild").space().to_json())
    assert run("generate", "-n", 3, "--space", source, "-o", path, "-q") == (0, "", "")
    assert dpa.load_augmentation_config(path) == dpa.get_preset("mild")


def test_columns(run, space, path):
    options = ["--space", space, "--columns", "blur.sigma,seed"]
    assert run("generate", "-n", 9, *options, "-o", path, "-q") == (0, "", "")
    found = dpa.load_augmentation_batch(path)
    assert found.names == ("blur", "blur.sigma", "seed")
    whole = dpa.generate_augmentation_batch(range(9), SPACE)
    assert all((found[name] == whole[name]).all() for name in found.names)
    assert json.loads(run("show", 4, "--columns", "noise")[1]).keys() == {"id", "noise", "hash"}


def test_show_prints_typed_values(run, space, path):
    code, out, err = run("show", 0, 1, 2, 3, "--space", space, "--epoch", 1)
    assert (code, err) == (0, "")
    rows = [json.loads(line) for line in out.splitlines()]
    assert rows == [{"id": x, **dpa.gen_augmentation_params(x, SPACE, epoch=1)} for x in range(4)]
    kinds = {name: type(value) for row in rows for name, value in row.items()}
    assert (kinds["flip"], kinds["op"], kinds["k"], kinds["order"]) == (bool, str, int, list)
    batch = dpa.generate_augmentation_batch(range(4), SPACE, epoch=1)
    dpa.save_augmentation_chain(batch, path)
    assert run("show", 0, 1, 2, 3, "--from", path) == (0, out, "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no JSON: Expecting value"),
        ("[]", "space must be an object, got []"),
        ("{}", "space must have the fields space, depth, sampler, parameters"),
        (
            '{"x": {"uniform": {"low": 2, "high": 1}}}',
            "x: low must not be above high, got 2.0 and 1.0",
        ),
        ('{"a.b": {"bernoulli": {"p": 2}}}', "a.b: p must be 0 to 1, got 2.0"),
        ('{"x": {"normal": {"mean": 0}}}', "x: normal must have stdev"),
        ('{"x": {"gauss": {}}}', "x: a parameter must have one kind of"),
        ('{"hash": {"seed": {}}}', "the name 'hash' is taken"),
        ('{"x": {"seed": {}, "when": {"y": true}}}', "x: when names 'y', which is not declared"),
    ],
)
def test_a_space_file_s_error_names_it(run, tmp_path, path, content, message):
    source = tmp_path / "bad.json"
    if content.startswith('{"'):
        parameters = json.loads(content)
        fields = {"space": "dpa-space-1", "depth": 1, "sampler": "xoshiro256++"}
        content = json.dumps({**fields, "parameters": parameters})
    source.write_text(content)
    for argv in (["generate", "-n", 1, "-o", path, "--space", source], ["show", source]):
        code, out, err = run(*argv)
        assert (code, out) == (2, "")
        assert f"{str(source)!r}: " in err
        assert message in err
        assert err.count("\n") == 1
    assert not path.exists()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("generate -n 1 -o {path} --space {space} --preset mild", "not allowed with argument"),
        ("generate -n 1 -o {path} --space {space} --config {space}", "not allowed with argument"),
        (
            "generate -n 1 -o {path} --space {space} --depth 3",
            "--depth is not allowed with a space",
        ),
        ("audit -n 100 --space {space} --sampler mt19937", "--sampler is not allowed with a space"),
        ("generate -n 1 -o {path} --space {space}x", "No such file or directory: '{space}x'"),
        ("generate -n 1 -o {path} --config {space}", "'{space}': it is a space: say --space"),
        ("generate -n 1 -o {path} --space {scheduled}", "say epoch=, on which the space depends"),
        ("audit -n 100 --space {scheduled}", "say epoch=, on which the space depends: 'angle, p'"),
        ("show 1 --space {scheduled}", "say epoch=, on which"),
        (
            "show 1 --space {space} --columns sigma",
            "no parameter 'sigma'; did you mean blur",
        ),
        (
            "generate --recipe {space} -o {path} --space {space}",
            "--space is not allowed with --rec",
        ),
        ("generate --recipe {space} -o {path} --columns a", "--columns is not allowed with --rec"),
        ("show {space} --preset mild", "--preset is not allowed with FILE"),
        ("show {space} --view 1", "--view is not allowed with FILE"),
        ("show {space} --from {space}", "it declares a space and has no samples"),
        ("show {space} --epoch -1", "epoch must be 0 to 2**64 - 1, got -1"),
        ("show {space} {space}", "ID must be a non-negative integer, got '{space}'"),
        ("show none.json", "No such file or directory: 'none.json'"),
        ("show none.npz", "No such file or directory: 'none.npz'"),
        ("preview {image} -o {path}.png --space {space}", "images need one of rotation, scale, "),
        (
            "plot {space} -o {path}.png --preset mild",
            "--preset is not allowed with the JSON of a s",
        ),
        ("plot {space} -o {path}.png --space {space}", "--space is not allowed with the JSON of a"),
        ("plot x.npz -o {path}.png --epoch 3", "--epoch is not allowed with a chain file"),
    ],
)
def test_refused(run, space, scheduled, path, tmp_path, argv, message):
    image = tmp_path / "image.png"
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(image)
    names = {"space": space, "scheduled": scheduled, "path": path, "image": image}
    before = sorted(tmp_path.iterdir())
    code, out, err = run(*argv.format(**names).split())
    assert (code, out) == (2, "")
    assert message.format(**names) in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_preview_takes_a_space_with_the_five(run, tmp_path):
    image, source, sheet = tmp_path / "i.png", tmp_path / "s.json", tmp_path / "sheet.png"
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(image)
    more = dpa.get_preset("mild").space() | {"flip": Bernoulli(0.5), "op": Choice(["a", "b"])}
    source.write_text(more.to_json())
    assert set(PARAMETERS) < set(more.names)
    assert run("preview", image, "-o", sheet, "--space", source, "--ids", "0:2")[0] == 0
    assert sheet.read_bytes().startswith(b"\x89PNG")
    _, _, err = run("preview", image, "-o", sheet, "--space", source, "--ids", "0:2")
    assert err == f"dpa: note: no effects on images, not drawn: flip, op\nwrote {sheet}\n"
    dpa.save_augmentation_recipe(source, 3, dpa.get_preset("mild"), epoch=3)
    _, _, err = run("preview", image, "-o", sheet, "--config", source, "--ids", "0:2")
    assert err.splitlines()[0] == (
        f"dpa: note: --config {str(source)!r}: only its config is used, not its epoch 3; "
        "--from takes its samples"
    )


def test_preview_takes_any_effects(run, tmp_path):
    image, source, sheet = tmp_path / "i.png", tmp_path / "s.json", tmp_path / "sheet.png"
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(image)
    crop = {"area": Uniform(0.1, 1), "x": Uniform(0, 1)}
    space = Space({"flip_horizontal": Bernoulli(0.5), "crop": sometimes(0.5, crop)})
    source.write_text(space.to_json())
    for options in (("--space", source), ("--columns", "noise")):
        assert run("preview", image, "-o", sheet, *options, "--ids", "0:9")[0] == 0
        assert sheet.read_bytes().startswith(b"\x89PNG")
        sheet.unlink()


# ---- show FILE ----


def test_show_a_space(run, space):
    code, out, err = run("show", space)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "10 parameters, xoshiro256++, depth 3"
    assert lines[1] == f"identity {SPACE.identity}"
    assert [line.split()[0] for line in lines[3:]] == list(SPACE.names)
    starts = {lines[3:][at].rindex(word) for at, word in ((0, "false"), (1, "mean"), (9, "mean"))}
    assert len(starts) == 1  # aligned
    assert max(map(len, lines)) <= 80
    by_name = {line.split()[0]: " ".join(line.split()) for line in lines[3:]}
    assert by_name["blur"] == "blur boolean, p 0.2 false 0.8, true 0.2"
    assert by_name["blur.sigma"].startswith(
        "blur.sigma log-uniform, 0.25 to 4, when blur mean 1.353, stdev 1.022"
    )
    assert by_name["op"] == "op choice of 3, weighted turn 0.25, mix 0.5, a\\nb 0.25"
    assert by_name["op.turn"] == "op.turn uniform, -30 to 30, when op is turn mean 0, stdev 17.32"
    assert by_name["op.mix.lam"].startswith(
        "op.mix.lam beta, a 0.5, b 0.5, when op is mix mean 0.5"
    )
    assert by_name["k"].startswith("k integers, 1 to 9, step 4 mean 5, stdev 3.266")
    assert by_name["order"].startswith("order subset, 2 of 3 x 0.3333, y 0.3333, z 0.3333")
    assert by_name["vector"] == "vector normal, mean 0, stdev 1, shape 2 mean 0, stdev 1"


def test_show_the_space_of_a_chain_or_a_recipe(run, space, path, tmp_path):
    expected = run("show", space)[1].splitlines()
    batch = dpa.generate_augmentation_batch(range(5), SPACE, epoch=4)
    for suffix in (".json", ".jsonl", ".npz"):
        dpa.save_augmentation_chain(batch, path.with_suffix(suffix))
        lines = run("show", path.with_suffix(suffix))[1].splitlines()
        assert lines[0] == f"{expected[0]}, epoch 4"
        assert lines[1:] == expected[1:]
    dpa.save_augmentation_recipe(path, 5, SPACE)
    assert run("show", path)[1].splitlines() == expected
    dpa.save_augmentation_recipe(path, 5)
    words = " ".join(run("show", path)[1].split())
    assert "rotation uniform, -30 to 30, draw 0 mean 0, stdev 17.32" in words


def test_show_schedules(run, scheduled, path):
    lines = run("show", scheduled)[1].splitlines()
    assert lines[3:] == [
        "angle  uniform, 0 to [10 in epoch 0, 30 in epoch 10]  (say --epoch)",
        "k      integers, 0 to 1                               mean 0.5, stdev 0.5",
        "p      boolean, p [0.5 to 0 by epoch 100, cosine]     (say --epoch)",
    ]
    lines = run("show", scheduled, "--epoch", 5)[1].splitlines()
    assert lines[0] == "3 parameters, xoshiro256++, depth 10, epoch 5"
    assert lines[3].endswith("  mean 10, stdev 5.774")
    dpa.save_augmentation_recipe(path, 5, SCHEDULED, epoch=10)  # the epoch is that of the key
    assert run("show", path)[1].splitlines()[3].endswith("  mean 15, stdev 8.66")
    assert run("show", path, "--epoch", 0)[1].splitlines()[3].endswith("  mean 5, stdev 2.887")


def test_long_lines_are_folded(run, tmp_path):
    source = tmp_path / "long.json"
    angle = {"when": {"op": "turn_to_the_left_or_right", "flip": True}}
    op = Choice(["turn_to_the_left_or_right", "nothing"])
    many = {"flip": Bernoulli(0.5), "op": op, "angle": Uniform(-30, 30, **angle)}
    source.write_text(Space(many).to_json())
    lines = run("show", source)[1].splitlines()
    assert lines[3:] == [
        "angle  uniform, -30 to 30, when flip and op is turn_to_the_left_or_right",
        "       mean 0, stdev 17.32",
        "flip   boolean, p 0.5",
        "       false 0.5, true 0.5",
        "op     choice of 2",
        "       turn_to_the_left_or_right 0.5, nothing 0.5",
    ]


def test_show_as_json(run, scheduled, space):
    found = json.loads(run("show", scheduled, "--json")[1])
    assert Space.from_dict(found["space"]) == SCHEDULED
    assert found["identity"] == SCHEDULED.identity
    assert found["names"] == ["angle", "k", "p"]
    assert found["epoch"] is None
    assert found["expected"].keys() == {"k"}
    found = json.loads(run("show", scheduled, "--json", "--epoch", 100)[1])
    assert found["epoch"] == 100
    assert found["expected"]["angle"]["max"] == 30
    assert found["expected"]["p"] == {"shares": {"false": 1.0, "true": 0.0}}


def test_names_that_chain_files_have_may_be_parameters(run, tmp_path):
    source = tmp_path / "space.json"
    declared = Space(
        augmentations=Uniform(0, 1), format=Choice(["dpa-chain", "x"]), metadata=Seed()
    )
    source.write_text(json.dumps(declared.to_dict(), indent=1))
    assert run("show", source)[0] == 0


# ---- stats ----


def test_stats(run, path):
    batch = dpa.generate_augmentation_batch(range(5000), SPACE, epoch=1)
    dpa.save_augmentation_chain(batch, path)
    found = batch.statistics()
    code, out, err = run("stats", path)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "5,000 samples (in brackets: as declared)"
    assert lines[1].split() == ["mean", "stdev", "min", "max", "values"]
    rows = {line.split()[0]: line.split() for line in lines[2:14]}
    assert rows["blur.sigma"][1] == f"{found['blur.sigma']['mean']:.4g}"
    assert lines[3].split()[0] == "(1.353)"  # below: beside it there is no room
    assert rows["blur.sigma"][-1] == f"{found['blur.sigma']['count']:,}"
    assert rows["vector"][-1] == "10,000"
    assert len({len(line) for line in lines[1:14:2]}) <= 2  # aligned
    assert max(map(len, lines)) <= 80
    assert lines[14].split() == ["values", "share"]
    counted = lines[15:]
    assert [line[: lines[14].index("values")].strip() for line in counted] == [
        *("blur: false", "blur: true", "flip: false", "flip: true"),
        *("op: turn", "op: mix", "op: a\\nb", "order: x", "order: y", "order: z"),
    ]
    count, share = (found["op"][figures]["a\nb"] for figures in ("counts", "shares"))
    assert counted[6].split()[2:] == [f"{count:,}", f"{share:.4g}", "(0.25)"]


def test_stats_as_json(run, path):
    batch = dpa.generate_augmentation_batch(range(100), SPACE | {"g": sometimes(0, x=Seed())})
    dpa.save_augmentation_chain(batch, path)
    found = json.loads(run("stats", path, "--json")[1])
    assert found["statistics"]["flip"] == batch.statistics()["flip"]
    assert found["statistics"]["g.x"]["mean"] is None
    assert found["theoretical"]["op"] == {"shares": {"turn": 0.25, "mix": 0.5, "a\nb": 0.25}}


def test_stats_in_the_epoch_of_the_file(run, path):
    dpa.save_augmentation_recipe(path, 1000, SCHEDULED, epoch=5)
    lines = run("stats", path)[1].splitlines()
    assert "(10) " in lines[2]
    assert "(20)" in lines[2]
    assert lines[1].split()[-1] == "max"  # all have them all


def test_stats_of_many_choices(run, path):
    space = Space(x=Choice(list(range(1000))))
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(10), space), path)
    lines = run("stats", path)[1].splitlines()
    assert len(lines) == 2 + 16 + 1
    assert lines[1].split() == ["values", "share"]
    assert lines[-1] == "x: 984 more"


# ---- audit, plot, bench ----


def test_audit(run, space, scheduled):
    from dpa.audit import audit_augmentation

    code, out, err = run("audit", "-n", 1000, "--space", space)
    assert (code, err) == (0, "")
    assert out == f"{audit_augmentation(1000, SPACE)}\n"
    code, out, _ = run("audit", "-n", 1000, "--space", scheduled, "--epoch", 3, "--json")
    assert code == 0
    assert Space.from_dict(json.loads(out)["config"]) == SCHEDULED
    code, out, _ = run("audit", "-n", 1000, "--space", space, "--columns", "flip,k")
    assert code == 0
    assert "op.turn" not in out


def test_plot(run, space, scheduled, path, tmp_path):
    picture = tmp_path / "x.svg"
    for argv in ([space], [scheduled], [scheduled, "--epoch", 3]):
        assert run("plot", *argv, "-o", picture) == (0, "", f"wrote {picture}\n")
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(200), SPACE), path)
    assert run("plot", path, "-o", picture) == (0, "", f"wrote {picture}\n")
    assert run("plot", path, "-o", picture, "--space", space)[0] == 0
    code, _, err = run("plot", path, "-o", picture, "--space", scheduled)
    assert code == 2
    assert "config must have the file's parameters, blur, blur.sigma, flip" in err


def test_bench(run, space, tmp_path):
    argv = ["bench", "-n", 20, "--iterations", 1]
    code, out, err = run(*argv, "--space", space, "--json")
    assert (code, err) == (0, "")
    facts = [result["facts"]["config"] for result in json.loads(out)["results"]]
    assert facts == [SPACE.to_dict()] * 6
    (tmp_path / "baseline.json").write_text(out)
    assert run(*argv, "--space", space, "--compare", tmp_path / "baseline.json")[0] in (0, 1)
    code, _, err = run(*argv, "--compare", tmp_path / "baseline.json")
    assert code == 2
    assert "that was 20 samples of {" in err
    assert len(err) < 800
