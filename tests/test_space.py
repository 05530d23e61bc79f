"""Declarations of spaces: names, structure, conditions, schedules, JSON, and what is refused."""

import json
import pickle
import sys
from enum import StrEnum

import numpy as np
import pytest
import space_reference

import dpa
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
    TruncatedNormal,
    Uniform,
    group,
    one_of,
    sometimes,
)

EXAMPLE = {"space": "dpa-space-1", **space_reference.EXAMPLE}
POLICY = Space(
    {
        "flip": Bernoulli(0.5),
        "crop": group(area=Uniform(0.08, 1), x=Uniform(0, 1)),
        "blur": sometimes(0.5, sigma=LogUniform(0.1, 2)),
        "mix": one_of({"mixup": group(lam=Beta(0.4, 0.4)), "none": group()}, weights=[1, 3]),
        "k": Integers(1, 8, when={"flip": True}),
    }
)


# ---- Names and structure ----


def test_groups_and_gates_become_names_and_conditions():
    assert POLICY.names == (
        *("blur", "blur.sigma", "crop.area", "crop.x", "flip", "k", "mix", "mix.mixup.lam"),
    )
    conditions = {name: dict(POLICY[name].when) for name in POLICY.names if POLICY[name].when}
    assert conditions == {
        "blur.sigma": {"blur": True},
        "k": {"flip": True},
        "mix.mixup.lam": {"mix": "mixup"},
    }
    assert POLICY["mix"] == Choice(["mixup", "none"], [1, 3])
    assert POLICY["blur"] == Bernoulli(0.5)


def test_groups_nest():
    inner = group(
        {"b.c": Seed()}, d=sometimes(0.1, e=Bernoulli(0.2), f=group(g=Seed(when={"z": True})))
    )
    space = Space(a=one_of({"x": inner, "y": Normal(0, 1)}), z=Bernoulli(0.5))
    conditions = {name: dict(each.when) for name, each in space.parameters}
    assert conditions == {
        "a": {},
        "a.x.b.c": {"a": "x"},
        "a.x.d": {"a": "x"},
        "a.x.d.e": {"a.x.d": True},
        "a.x.d.f.g": {"a.x.d": True, "z": True},
        "a.y": {"a": "y"},
        "z": {},
    }


def test_order_is_draws_then_bytes():
    space = Space(
        b=Seed(), a=Seed(), Z=Seed(), _=Seed(), y=Uniform(0, 1, draw=7), x=Uniform(0, 1, draw=7),
        w=Uniform(0, 1, draw=0),
    )  # fmt: skip
    assert space.names == ("w", "x", "y", "Z", "_", "a", "b")
    assert list(Space.from_dict(EXAMPLE).names) == space_reference.order(EXAMPLE["parameters"])


def test_joining():
    config = dpa.AugmentationConfig(augmentation_depth=4)
    space = config.space() | {"flip": Bernoulli(0.5)} | Space(zoom=Seed(), depth=4)
    assert space.names == (*dpa.PARAMETERS, "flip", "zoom")
    assert (config | {"flip": Bernoulli(0.5)}).depth == 4
    five = dpa.generate_augmentation_batch(range(50), config)
    more = dpa.generate_augmentation_batch(range(50), space)
    for name in dpa.PARAMETERS:
        assert (five[name] == more[name]).all()
    gated = config.space() | {"flip": Bernoulli(0.5)} | {"x": Seed(when={"flip": True})}
    assert gated.names == (*dpa.PARAMETERS, "flip", "x")
    assert config.space() | {} == config
    with pytest.raises(ValueError, match="both spaces declare flip"):
        space | {"flip": Seed()}
    with pytest.raises(ValueError, match="spaces differ in their depth: 4, 10"):
        space | Space(other=Seed())
    with pytest.raises(ValueError, match=r"differ in their sampler: xoshiro256\+\+, mt19937"):
        space | Space(other=Seed(), depth=4, sampler="mt19937")
    with pytest.raises(ValueError, match=r"the parameter 'a\.b' is declared twice"):
        space | {"a.b": Seed(), "a": group(b=Seed())}
    with pytest.raises(TypeError):
        space | 5


def test_only_takes_what_is_needed():
    assert POLICY.only(["mix.mixup.lam", "crop.x"]).names == ("crop.x", "mix", "mix.mixup.lam")
    with pytest.raises(
        ValueError, match=r"there is no parameter 'crop'; did you mean crop\.area, crop"
    ):
        POLICY.only(["crop"])
    with pytest.raises(KeyError, match="there is no parameter 'zoom'; there are blur, "):
        POLICY["zoom"]
    with pytest.raises(ValueError, match="columns must be one name or more, got none"):
        POLICY.only([])
    with pytest.raises(TypeError, match="columns must be a list of names, got 'flip'"):
        POLICY.only("flip")


def test_names_of_a_space():
    assert "flip" in POLICY
    assert "crop" not in POLICY
    assert list(POLICY) == list(POLICY.names)
    assert len(POLICY) == 8
    assert Space(a=Seed(shape=np.int64(3)))["a"].shape == (3,)


def test_a_config_comes_back_from_json():
    config = dpa.get_preset("mild", sampler="mt19937")
    assert dpa.AugmentationConfig.from_json(config.to_json()) == config
    assert type(dpa.AugmentationConfig.from_json(config.to_json())) is dpa.AugmentationConfig
    assert dpa.AugmentationConfig.from_json(POLICY.to_json()) == POLICY
    assert config.space().to_json() == config.to_json()


def test_spaces_are_values():
    twin = Space.from_json(POLICY.to_json())
    for copy in (twin, pickle.loads(pickle.dumps(POLICY)), Space.from_dict(POLICY.to_dict())):
        assert copy == POLICY
        assert hash(copy) == hash(POLICY)
        assert copy.identity == POLICY.identity
    assert eval(repr(POLICY["mix"])) == POLICY["mix"]
    assert eval(repr(POLICY)) == POLICY
    alike = [Choice([0, 1]), Choice([0.0, 1.0]), Choice([False, True])]
    assert all((x == y) == (x is y) for x in alike for y in alike)
    assert Choice(["a"], [1]) != Choice(["a"])
    assert Uniform(0, 1, draw=0) != Uniform(0, 1)
    with pytest.raises(AttributeError, match="cannot assign to field 'depth'"):
        POLICY.depth = 3
    with pytest.raises(AttributeError, match="cannot assign to field 'p'"):
        POLICY["flip"].p = 0.1
    with pytest.raises(TypeError, match="does not support item assignment"):
        POLICY["k"].when["flip"] = False

    class Own(Uniform):
        __slots__ = ()

    assert type(Space.from_json(Space(u=Own(0, 1)).to_json())["u"]) is Uniform


def test_types_are_exact():
    class Op(StrEnum):
        TURN = "turn"

    space = Space(
        op=Choice([Op.TURN, np.str_("none")]),
        n=Choice(np.array([3, 5])),
        f=Choice(np.float32([0.5, -0.0])),
        b=Choice([np.True_, False]),
    )
    found = {name: {type(x) for x in space[name].choices} for name in space.names}
    assert found == {"b": {bool}, "f": {float}, "n": {int}, "op": {str}}
    assert repr(space["f"].choices[1]) == "0.0"
    assert Space.from_json(space.to_json()) == space


# ---- JSON ----


def test_the_references_example():
    space = Space.from_dict(EXAMPLE)
    assert space.to_json() == space_reference.canonical(EXAMPLE)
    assert space.identity == space_reference.identity(EXAMPLE)
    assert Space.from_json(json.dumps(EXAMPLE, indent=3)) == space


def test_defaults_are_written():
    assert Space(n=Integers(0, 5)).to_dict()["parameters"] == {
        "n": {"integers": {"low": 0, "high": 5, "step": 1}}
    }
    assert Space(c=Choice(["a"])).to_dict()["parameters"] == {"c": {"choice": {"choices": ["a"]}}}
    assert '"low":0.0' in Space(u=Uniform(-0.0, 1)).to_json()
    assert Space(u=Uniform(-0.0, 1)) == Space(u=Uniform(0, 1.0))
    spaces = [Space(c=Choice([z, 1.0]), s=Seed(when={"c": z})) for z in (0.0, -0.0)]
    assert spaces[0].identity == spaces[1].identity


JSON_ERRORS = [
    ("{}", "space must have the fields space, depth, sampler, parameters; missing or unknown: "),
    ("[]", r"space must be an object, got \[\]"),
    ("{", "no JSON"),
    ('{"space": 1, "space": 2}', "the name 'space' appears twice"),
    ({"flip": {"bernoulli": {"p": 2}}}, "flip: p must be 0 to 1, got 2.0"),
    ({"flip": {"bernoulli": {"p": True}}}, "flip: p must be a number, got True"),
    ({"flip": {"bernoulli": {"q": 1}}}, "flip: bernoulli has p, shape, got 'q'"),
    ({"flip": {"bernoulli": {}}}, r"flip: bernoulli must have p, got \{\}"),
    ({"flip": {"bernoulli": [0.5]}}, "flip: bernoulli must be an object"),
    (
        {"flip": {"bernoulli": {"p": 0.5}, "seed": {}}},
        "flip: a parameter must have one kind of unif",
    ),
    ({"flip": {"coin": {"p": 0.5}}}, "flip: a parameter must have one kind of uniform, loguniform"),
    ({"flip": {"bernoulli": {"p": {"step": [1]}}}}, "flip: p must be a number, {'linear'"),
    ({"flip": {"bernoulli": {"p": {"cosine": [1, 0]}}}}, "flip: p must be a number, {'linear'"),
    (
        {"flip": {"bernoulli": {"p": 0.5}, "when": {"no": True}}},
        "flip: when names 'no', which is not",
    ),
    ({"n": {"seed": {"shape": 3}}}, "n: shape must be a list, got 3"),
    ({"flip": 5}, "flip: a parameter must be an object, got 5"),
    ({"fl ip": {"seed": {}}}, "names must be words with dots"),
    ({"n": {"integers": {"low": 0.5, "high": 2}}}, "n: low must be an integer, got 0.5"),
    (
        {"c": {"choice": {"choices": {}}}},
        r"c: choices must be a sequence, whose .* got \{\}",
    ),
    ({"q": {"uniform": {"low": {"linear": [[1, 1], [0, 2]]}, "high": 5}}}, "q: low: the epochs of"),
    (
        {"c": {"choice": {"choices": "abc"}}},
        "c: choices must be a sequence, whose .* got 'abc'",
    ),
]


@pytest.mark.parametrize(("change", "message"), JSON_ERRORS, ids=str)
def test_bad_json(change, message):
    text = change if isinstance(change, str) else json.dumps({**EXAMPLE, "parameters": change})
    with pytest.raises((TypeError, ValueError), match=message.replace("{'", r"\{'")):
        Space.from_json(text)


# ---- Schedules ----


@pytest.mark.parametrize("epoch", [0, 1, 4, 5, 6, 9, 10, 11, 2**53 - 1, 2**64 - 1])
def test_schedules(epoch):
    space = Space(a=Uniform(0, Linear([(5, 1), (10, 3)])), b=Bernoulli(Cosine(1, 0, 10)), c=Seed())
    assert space.scheduled == ("a", "b")
    knots = space_reference.linear([(5, 1.0), (10, 3.0)], epoch)
    assert space.at(epoch)["a"] == Uniform(0, knots)
    assert space.at(epoch)["b"] == Bernoulli(space_reference.cosine(1.0, 0.0, 10, epoch))
    assert not space.at(epoch).scheduled
    batch = dpa.generate_augmentation_batch(range(20), space, epoch=epoch)
    assert (
        batch["a"] == dpa.generate_augmentation_batch(range(20), space.at(epoch), epoch=epoch)["a"]
    ).all()
    assert batch.config == space


def test_ranges_hold_in_every_epoch():
    space = Space(
        a=Normal(Linear([(0, 0), (10, 41)]), Cosine(5, 0, 10)),
        b=Uniform(-1, 2),
        c=Beta(Linear([(0, 1), (9, 4)]), Linear([(0, 1), (9, 4)])),
        d=Choice(["x", "y"]),
    )
    low, high = space.ranges["a"]
    supports = [space.at(epoch)["a"].support for epoch in range(12)]
    assert low <= min(least for least, _ in supports)
    assert high >= max(greatest for _, greatest in supports)
    assert (space.ranges["b"], space.ranges["c"]) == ((-1, 2), (0, 1))
    assert "d" not in space.ranges
    with pytest.raises(ValueError, match="mean changes with the epoch: take at"):
        _ = space["a"].support


def test_a_schedule_needs_an_epoch():
    space = Space(a=Uniform(0, Linear([(0, 1), (10, 3)])))
    for call in (dpa.gen_augmentation_params, dpa.generate_augmentation_chain):
        with pytest.raises(ValueError, match="say epoch=, on which the space depends: 'a'"):
            call(3, space)
    with pytest.raises(ValueError, match="say epoch="):
        space.at(None)
    assert dpa.AugmentationBatch.empty(3, space).columns["a"].tolist() == [0, 0, 0]


# ---- What is refused ----

ERRORS = [
    (lambda: Uniform(1, 0), "low must not be above high, got 1.0 and 0.0"),
    (lambda: Uniform(-1e308, 1e308), "high - low overflows"),
    (lambda: Uniform(0, float("nan")), "high must be finite, got nan"),
    (lambda: Uniform("0", 1), "low must be a number, got '0'"),
    (lambda: Uniform(0, 1, draw=256), "draw must be 0 to 255, got 256"),
    (lambda: Uniform(0, 1, draw=3, shape=2), "with draw= must have no shape and no schedule"),
    (lambda: Uniform(0, Linear([(0, 1)]), draw=3), "with draw= must have no shape and no schedule"),
    (lambda: Uniform(0, Linear([(0, 1)]), shape=3), "changes with the epoch must not have a shape"),
    (lambda: Uniform(0, 1, shape=(0,)), r"sides of 1 to 65,536, got \(0,\)"),
    (lambda: Uniform(0, 1, shape=(256, 257)), "a sample may take 65,536 words"),
    (lambda: Beta(1, 1, shape=40_000), "a sample may take 65,536 words"),
    (lambda: Uniform(0, 1, shape="ab"), "shape must be an integer or a seq.*, got 'ab'"),
    (lambda: LogUniform(0, 1), "low of a log-uniform must be above 0, got 0.0"),
    (lambda: LogUniform(2, 1), "low must not be above high"),
    (lambda: LogUniform(1e-200, 1e200), r"high / low must be at most 2\*\*1000"),
    (lambda: Normal(0, -1), "stdev must be 0 or more, got -1.0"),
    (lambda: Normal(1e308, 1e308), "mean and stdev overflow"),
    (lambda: TruncatedNormal(0, 1, 9, 10), r"less than 2\*\*-28 of the normal lies within 9.0 and"),
    (lambda: TruncatedNormal(0, 1, 2, 1), "low must not be above high, got 2.0 and 1.0"),
    (lambda: TruncatedNormal(0, 1, 2, 2), r"less than 2\*\*-28"),
    (lambda: TruncatedNormal(0, -1, 0, 1), "stdev must be 0 or more"),
    (lambda: Beta(0.4, 0.5), "a and b must be equal, got 0.4 and 0.5: the values"),
    (lambda: Beta(0, 0), r"a and b must be 2\*\*-10 to 2\*\*20, got 0.0"),
    (lambda: Beta(2e6, 2e6), r"a and b must be 2\*\*-10 to 2\*\*20"),
    (lambda: Integers(3, 2), "low must not be above high, got 3 and 2"),
    (lambda: Integers(0, 2**32), r"there may be at most 2\*\*32 integers"),
    (lambda: Integers(0, 5, 0), "step must be 1 or more, got 0"),
    (lambda: Integers(0, 2**63), r"high must be -2\*\*63 to 2\*\*63 - 1"),
    (lambda: Integers(0, 2.0), "high must be an integer, got 2.0"),
    (lambda: Integers(0, True), "high must be an integer, got True"),
    (lambda: Bernoulli(1.1), "p must be 0 to 1, got 1.1"),
    (lambda: Bernoulli(-0.1), "p must be 0 to 1, got -0.1"),
    (lambda: Bernoulli(Linear([(0, 0.5), (9, 1.5)])), "p must be 0 to 1, got 1.5"),
    (lambda: Choice([]), "choices must be 1 to 65,536 values, got 0"),
    (lambda: Choice(range(65_537)), "choices must be 1 to 65,536 values, got 65,537"),
    (lambda: Choice("abc"), "choices must be a sequence, whose .* got 'abc'"),
    (lambda: Choice(["a", 1]), "choices must be of one type, got int, str"),
    (lambda: Choice([1, True]), "choices must be of one type, got bool, int"),
    (lambda: Choice([(1, 2), (3, 4)]), r"got \(1, 2\); choose among their indices"),
    (lambda: Choice([None]), "choices must be str, int, float or bool, got None"),
    (lambda: Choice(["a", "b", "a"]), "choices must be distinct, 'a' appears twice"),
    (lambda: Choice([0.0, -0.0]), "choices must be distinct, 0.0 appears twice"),
    (lambda: Choice([float("inf")]), "a choice must be finite, got inf"),
    (lambda: Choice([2**63]), r"a choice must be -2\*\*63 to 2\*\*63 - 1"),
    (lambda: Choice(["\ud800"]), "a choice must be valid Unicode"),
    (lambda: Choice(["a", "b"], [1]), "weights must be as many as choices, 2, got 1"),
    (lambda: Choice(["a", "b"], [1, -1]), "weights must be 0 or more, got -1.0"),
    (lambda: Choice(["a", "b"], [0, 0]), "weights must not all be 0"),
    (lambda: Choice(["a", "b"], [1, float("nan")]), "a weight must be finite, got nan"),
    (lambda: Choice(["a"], "1"), "weights must be a sequence of numbers, got '1'"),
    (lambda: Subset(["a", "b"], 3), "k must be 1 to 2, the number of choices, got 3"),
    (lambda: Subset(["a", "b"], 0), "k must be 1 to 2, the number of choices, got 0"),
    (lambda: Linear([]), r"knots must be one pair \(epoch, value\) or more, got none"),
    (lambda: Linear([(0, 1), (0, 2)]), "the epochs of knots must increase, got 0, 0"),
    (lambda: Linear([(-1, 1)]), r"the epoch of a knot must be 0 to 2\*\*53 - 1, got -1"),
    (lambda: Linear([1, 2]), r"knots must be pairs \(epoch, value\), got \[1, 2\]"),
    (lambda: Linear([(0.5, 1)]), "the epoch of a knot must be an integer, got 0.5"),
    (lambda: Linear([(0, -1e308), (9, 1e308)]), "the values of a schedule are too far apart"),
    (lambda: Cosine(-1e308, 1e308, 9), "the values of a schedule are too far apart"),
    (lambda: Cosine(0, 1, 0), r"epochs must be 1 to 2\*\*53 - 1, got 0"),
    (lambda: Cosine(0, float("inf"), 3), "stop must be finite"),
    (lambda: Space({"a": 5}), "a must be a distribution, such as Bernoulli.p. or Uni"),
    (lambda: Space({"a": (0, 1)}), "a must be a distribution"),
    (lambda: Space([1]), r"parameters must have names: .*, got \[1\]"),
    (lambda: group(Uniform(0, 1)), "parameters must have names: .*, got Uniform"),
    (lambda: Space(depth=Uniform(0, 1)), "a parameter called depth must stand in a dict"),
    (
        lambda: Space(crop=group(on=Bernoulli(0.5), x=Seed(when={"on": True}))),
        r"crop.x: when names 'on', which is not declared: say its full name, such as 'crop\.on'",
    ),
    (
        lambda: Uniform(Linear([(0, 0.0), (2, 1.9), (10, 2)]), Cosine(0.1, 2, 10)),
        "low must not be above high, got 0.95 and .* in epoch 1",
    ),
    (lambda: Space(a=Uniform(0, Linear([(0, 1)]))).at(-1), "epoch must be 0 to"),
    (lambda: Space(a=Uniform(0, Linear([(0, 1)]))).at(1.5), "epoch must be an integer, got 1.5"),
    (lambda: Space({}), "a space has 1 to 4096 parameters, got 0"),
    (lambda: Space({f"p{i}": Seed() for i in range(4097)}), "1 to 4096 parameters, got 4097"),
    (lambda: Space({f"p{i}": Seed(shape=65_536) for i in range(17)}), "these take 1,114,112"),
    (lambda: Space.from_json(5), "text must be a str or bytes, got 5"),
    (lambda: Space.from_json("\ud800"), "no JSON"),
    (lambda: POLICY.only(5), "columns must be a list of names, got 5"),
    (lambda: POLICY.only([[]]), r"there is no parameter \[\]"),
    (lambda: dpa.AugmentationBatch.empty(3, {"a": Seed()}), "space must be a Space, a config or a"),
    (lambda: dpa.AugmentationBatch.empty(3, np.float32, np.float32), "space must be a Space, a"),
    (lambda: Space({"": Seed()}), "names must be words with dots between them .* got ''"),
    (lambda: Space({"hash": Seed()}), "the name 'hash' is taken"),
    (lambda: Space({"1a": Seed()}), "names must be words"),
    (lambda: Space({"a..b": Seed()}), "names must be words"),
    (lambda: Space({"a": Seed()}, a=Seed()), "the parameter 'a' is declared twice"),
    (lambda: Space({"a.b": Seed(), "a": group(b=Seed())}), "'a.b' is declared twice"),
    (lambda: Space(a=Seed(when={"b": True})), "a: when names 'b', which is not declared"),
    (lambda: Space(a=Seed(when={"b": True}), b=Seed()), "a: when must name a single Bern"),
    (
        lambda: Space(a=Seed(when={"b": True}), b=Bernoulli(0.5, shape=2)),
        "a: when must name a single Bernoulli or Choice",
    ),
    (
        lambda: Space(a=Seed(when={"b": 1}), b=Bernoulli(0.5)),
        r"a: when\['b'\] must be one of \(False, True\), got 1",
    ),
    (
        lambda: Space(a=Seed(when={"b": "z"}), b=Choice(["x", "y"])),
        r"a: when\['b'\] must be one of \('x', 'y'\), got 'z'",
    ),
    (
        lambda: Space(a=Bernoulli(0.5, when={"b": True}), b=Bernoulli(0.5, when={"a": True})),
        "[ab]: its when leads back to itself",
    ),
    (lambda: Space(a=Bernoulli(0.5, when={"a": True})), "a: its when leads back to itself"),
    (
        lambda: Space(a=sometimes(0.5, b=Seed(when={"a": False}))),
        "a.b: when must not name 'a', which it depends on already",
    ),
    (lambda: Seed(when=[1]), r"when must be a dict of names and values, got \[1\]"),
    (lambda: Seed(when={"a": None}), r"when\['a'\] must be True, False or one of its choices"),
    (lambda: Space(a=Seed(), depth=0), "^depth must be 1 to 10000, got 0"),
    (lambda: Space(a=Seed(), sampler="x"), "sampler must be"),
    (lambda: one_of({}), "branches must be one or more, got none"),
    (lambda: one_of({"a": group()}, [1, 2]), "weights must be as many as choices, 1, got 2"),
    (lambda: one_of(["a"]), r"branches must be a dict such as .* a Choice\), got \['a'\]"),
    (lambda: sometimes(2, a=Seed()), "p must be 0 to 1, got 2.0"),
    (lambda: dpa.generate_augmentation_chain(5, {"a": Seed()}), r"declare it as Space\(\{...\}\)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), ERRORS, ids=range(len(ERRORS)))
def test_refused(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_gates_may_hang_on_gates_a_thousand_deep():
    chain = {"g0": Bernoulli(1)}
    chain |= {f"g{i}": Bernoulli(1, when={f"g{i - 1}": True}) for i in range(1, 1500)}
    assert len(chain) > sys.getrecursionlimit()
    space = Space(chain)
    assert len(space.conditions["g1499"]) == 1499
    assert len(dpa.gen_augmentation_params(1, space)) == 1501
