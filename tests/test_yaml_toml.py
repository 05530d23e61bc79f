"""Configs and spaces of what parsers of YAML and TOML give: ints for floats, lists, no nulls."""

import tomllib

import pytest

import dpa
from dpa.space import (
    Bernoulli,
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

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

SPACE = Space(
    {"op": Choice(["turn", "no"], [1, 3]), "op.turn": Uniform(-30, 30, when={"op": "turn"})},
    blur=sometimes(0.5, sigma=LogUniform(0.25, 4)),
    cut=Bernoulli(Linear([(0, 0), (10, 1)])),
    noise=Normal(0, Cosine(1, 0, 30)),
    k=Integers(1, 9, 4),
    order=Subset(["x", "y", "z"], 2),
    seed=Seed(),
    vector=Normal(0, 1, shape=(2, 3)),
    depth=3,
)
TOML = """
space = "dpa-space-1"
depth = 3
sampler = "xoshiro256++"

[parameters]
op.choice = {choices = ["turn", "no"], weights = [1, 3]}
"op.turn" = {uniform = {low = -30, high = 30}, when = {op = "turn"}}
blur.bernoulli.p = 0.5
"blur.sigma" = {loguniform = {low = 0.25, high = 4}, when = {blur = true}}
cut.bernoulli.p.linear = [[0, 0], [10, 1]]
noise.normal = {mean = 0, stdev = {cosine = [1, 0, 30]}}
k.integers = {low = 1, high = 9, step = 4}
order.subset = {choices = ["x", "y", "z"], k = 2}
seed.seed = {}
vector.normal = {mean = 0, stdev = 1, shape = [2, 3]}
"""
YAML = """
space: dpa-space-1
depth: 3
sampler: xoshiro256++
parameters:
  op: {choice: {choices: [turn, "no"], weights: [1, 3]}}
  op.turn: {uniform: {low: -30, high: 30}, when: {op: turn}}
  blur: {bernoulli: {p: 0.5}}
  blur.sigma: {loguniform: {low: 0.25, high: 4}, when: {blur: true}}
  cut: {bernoulli: {p: {linear: [[0, 0], [10, 1]]}}}
  noise: {normal: {mean: 0, stdev: {cosine: [1, 0, 30]}}}
  k: {integers: {low: 1, high: 9, step: 4}}
  order: {subset: {choices: [x, y, z], k: 2}}
  seed: {seed: {}}
  vector: {normal: {mean: 0, stdev: 1, shape: [2, 3]}}
"""


def with_tuples(value):
    if isinstance(value, dict):
        return {name: with_tuples(each) for name, each in value.items()}
    return tuple(map(with_tuples, value)) if isinstance(value, list) else value


@pytest.mark.parametrize(
    "fields",
    [yaml.safe_load(YAML), tomllib.loads(TOML), with_tuples(SPACE.to_dict())],
    ids=["yaml", "toml", "tuples"],
)
def test_a_space(fields):
    found = Space.from_dict(fields)
    assert found == SPACE
    assert found.identity == SPACE.identity
    assert found.to_json() == SPACE.to_json()


@pytest.mark.parametrize("space", [SPACE, dpa.get_preset("mild").space()], ids=["many", "mild"])
def test_a_space_comes_back(space):
    assert Space.from_dict(yaml.safe_load(yaml.safe_dump(space.to_dict()))) == space


def test_no_field_of_a_dict_is_null():
    """TOML has no null."""

    def values(value):
        inner = value.values() if isinstance(value, dict) else value
        yield from (
            [value]
            if not isinstance(value, (dict, list))
            else (each for part in inner for each in values(part))
        )

    plain = Space({**dict(SPACE.parameters), "plain": Choice(["a", "b"])})
    for fields in (plain.to_dict(), dpa.AugmentationConfig().to_dict()):
        assert all(type(value) in (str, int, float, bool) for value in values(fields))


@pytest.mark.parametrize(
    "fields",
    [
        yaml.safe_load("{rotation_range: [-60, 60], noise_range: [0, 0.2], sampler: mt19937}"),
        tomllib.loads("rotation_range=[-60, 60]\nnoise_range=[0, 0.2]\nsampler='mt19937'"),
        {"rotation_range": (-60, 60), "noise_range": (0.0, 0.2), "sampler": "mt19937"},
    ],
    ids=["yaml", "toml", "tuples"],
)
def test_a_config(fields):
    found = dpa.AugmentationConfig.from_dict(fields)
    assert found == dpa.AugmentationConfig((-60, 60), noise_range=(0, 0.2), sampler="mt19937")
    assert (
        dpa.AugmentationConfig.from_dict(yaml.safe_load(yaml.safe_dump(found.to_dict()))) == found
    )


HEAD = "space: dpa-space-1\ndepth: 3\nsampler: xoshiro256++\nparameters:\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "  x: {uniform: {low: 1e-3, high: 1}}",
            r"^x: low must be a number, got '1e-3', which is text: in YAML write it like 1\.0e-3$",
        ),
        ("  x: {uniform: {low: a, high: 1}}", r"^x: low must be a number, got 'a'$"),
        ("  x: {integers: {low: 1.0, high: 2}}", r"^x: low must be an integer, got 1\.0$"),
        ("  no: {bernoulli: {p: 1}}", r"^names must be words .* got False$"),
        ("  x: {choice: {choices: [1, 2.5]}}", r"^x: choices must be of one type, got float, int$"),
        ("  x:", r"^x: a parameter must be an object, got None$"),
    ],
)
def test_what_yaml_makes_otherwise(text, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Space.from_dict(yaml.safe_load(HEAD + text))


def test_names_with_dots_that_toml_has_taken_apart():
    fields = tomllib.loads(TOML.replace('"blur.sigma"', "blur.sigma"))
    with pytest.raises(
        ValueError, match=r'^blur: .*; in TOML quote names with dots, such as "blur'
    ):
        Space.from_dict(fields)
    fields["parameters"] = {"crop": {"area": {"uniform": {"low": 0.1, "high": 1}}}}
    with pytest.raises(ValueError, match=r"^crop: .*; in TOML quote names with dots, such as "):
        Space.from_dict(fields)
    fields["parameters"] = {"x": {"gauss": {"mean": 0}}}
    with pytest.raises(ValueError, match=r"got \{'gauss': \{'mean': 0\}\}$"):
        Space.from_dict(fields)


def test_a_space_is_no_config():
    with pytest.raises(ValueError, match=r"a space is Space\.from_dict\(fields\)$"):
        dpa.AugmentationConfig.from_dict(yaml.safe_load(YAML))
