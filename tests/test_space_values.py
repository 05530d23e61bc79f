"""The values of declared parameters, against the reference to the last bit."""

import json
import os
import random
from pathlib import Path

import numpy as np
import pytest
import reference
import space_reference

import dpa
from dpa.derivation.derivation import derive
from dpa.derivation.digest import SampleDigest
from dpa.derivation.distributions import Distribution
from dpa.derivation.ids import Ids
from dpa.space import Beta, Integers, Seed, Space, Uniform

#: Samples of each distribution; 1,000,000 in .ci/full.
SAMPLES = int(os.environ.get("DPA_WORDS", "1500"))
ANSWERS = json.loads((Path(__file__).parent / "vectors" / "space.json").read_text())
KINDS = [*{json.dumps([x["kind"], x["arguments"]]): x for x in ANSWERS["word_edges"]}.values()]


def distribution(kind, arguments, **more):
    """One of ours by the reference's kind and arguments, in which beta has no b."""
    both = {"b": arguments["a"]} if kind == "beta" else {}
    return Distribution.from_dict({kind: {**arguments, **both, **more}})


def expected(space, ids, **key):
    """Digests, values and activity by the reference: a list a name."""
    rows = [space_reference.sample_of(space.to_dict(), i, **key) for i in ids]
    digests = [digest for digest, _, _ in rows]
    values = {name: [values[name] for _, values, _ in rows] for name in space.names}
    return digests, values, {n: [active[n] for *_, active in rows] for n in space.names}


def assert_equal(space, ids, **key):
    """A batch, its dicts and single dicts are the reference's."""
    digests, values, active = expected(space, ids, **key)
    batch = dpa.generate_augmentation_batch(ids, space, **key)
    assert [bytes(x) for x in batch.digests] == digests
    for name in space.names:
        found = [batch.field(name, at) for at in range(len(batch))]
        if len(space[name].shape) > 1 or (space[name].shape and space[name].kind != "subset"):
            found = [space_reference.flat(x) if space[name].kind != "subset" else x for x in found]
        assert found == values[name]
        assert {type(a) for a in found} == {type(b) for b in values[name]}
        assert batch.active(name).tolist() == active[name]
    rows = batch.to_dicts()
    assert [set(row) - {"hash", "rank"} for row in rows] == [
        {name for name in space.names if active[name][at]} for at in range(len(batch))
    ]
    assert rows == [dpa.gen_augmentation_params(i, space, **key) for i in ids]


@pytest.mark.parametrize("case", KINDS, ids=range(len(KINDS)))
def test_every_distribution(case, kernel):
    declared = distribution(case["kind"], case["arguments"])
    space = Space({"a": declared}, depth=1)
    batch = dpa.generate_augmentation_batch(range(SAMPLES), space)
    found = [batch.field("a", at) for at in range(SAMPLES)]
    parameter = space.to_dict()["parameters"]["a"]
    digests = [bytes(x) for x in batch.digests]
    made = [space_reference.value_of(d, "a", parameter, "xoshiro256++", None) for d in digests]
    assert found == made
    single = dpa.generate_augmentation_batch(range(SAMPLES), space, dtype=np.float32)["a"]
    assert single.dtype == (np.float32 if declared.dtype == np.float64 else declared.dtype)
    assert (single == batch["a"].astype(single.dtype)).all()


@pytest.mark.parametrize("sampler", ["xoshiro256++", "mt19937"])
@pytest.mark.parametrize(
    "key",
    [
        {},
        {"epoch": 3},
        {"epoch": 0, "view": 1, "base_seed": 7, "rank": 1},
        {"base_seed": 2**64 - 1},
    ],
    ids=str,
)
def test_the_example(sampler, key, kernel):
    fields = {"space": "dpa-space-1", **space_reference.EXAMPLE, "sampler": sampler}
    space = Space.from_dict(fields)
    if "epoch" not in key:
        space = space.at(5)
    for ids in ([0, 42, 2**64 - 1], ["a", "", "ü" * 99], range(7, 60)):
        assert_equal(space, ids, **key)


@pytest.mark.parametrize("depth", [1, 2, 10, 300])
def test_draws_of_the_sampler_may_have_gaps(depth, kernel):
    drawn = {f"d{n}": Uniform(-n, 1, draw=n) for n in (0, 4, 255)}
    for sampler in dpa._native.SAMPLERS:
        space = Space(
            {**drawn, "again": Uniform(2, 3, draw=4), "s": Seed()}, depth=depth, sampler=sampler
        )
        assert space.names == ("d0", "again", "d4", "d255", "s")
        assert_equal(space, range(5))


def test_names_of_any_length_and_number(kernel):
    names = ["_", "Z9", "a" * 255, *(f"n{at}.x" for at in range(40))]
    assert_equal(Space({name: Seed() for name in names}, depth=2), range(30))


def test_others_change_nothing():
    """Twenty random subsets, in random order, with names added."""
    kinds = {f"p{at}": distribution(x["kind"], x["arguments"]) for at, x in enumerate(KINDS)}
    whole = dpa.generate_augmentation_batch(range(100), Space(kinds))
    generator = random.Random(20)
    for _ in range(20):
        names = generator.sample(sorted(kinds), generator.randint(1, len(kinds)))
        part = Space({"other": Seed(), **{name: kinds[name] for name in names}})
        batch = dpa.generate_augmentation_batch(range(100), part)
        for name in names:
            assert (batch[name] == whole[name]).all()
        chosen = dpa.generate_augmentation_batch(range(100), Space(kinds), columns=names)
        assert chosen.names == tuple(sorted(names))
        for name in names:
            assert (chosen[name] == whole[name]).all()


@pytest.mark.parametrize("num_threads", [1, 2, 5])
@pytest.mark.parametrize("shape", [(), 1, 3, (2, 5), (4, 1, 3)])
def test_shapes_and_threads(shape, num_threads):
    kinds = {f"p{at}": distribution(x["kind"], x["arguments"]) for at, x in enumerate(KINDS)}
    if shape:
        side = [shape] if isinstance(shape, int) else list(shape)
        kinds = {
            f"p{at}": distribution(x["kind"], x["arguments"], shape=side)
            for at, x in enumerate(KINDS)
        }
    space = Space(kinds)
    whole = dpa.generate_augmentation_batch(range(3000), space, num_threads=num_threads)
    for at in (0, 1, 2999):
        row = whole[at]
        assert row == dpa.gen_augmentation_params(at, space)
        reference_row = expected(space, [at])[1]
        for name in space.names:
            assert space_reference.flat(row[name]) == space_reference.flat(reference_row[name])


def test_large_subsets(kernel):
    space = Space(
        {
            "one": distribution("subset", {"choices": list(range(65_536)), "k": 2}),
            "all": distribution("subset", {"choices": list(range(700)), "k": 700}),
        },
        depth=1,
    )
    batch = dpa.generate_augmentation_batch(range(300), space)
    for at in (0, 191, 192, 299):
        assert batch[at] == dpa.gen_augmentation_params(at, space)
        _, values, _ = expected(space, [at])
        assert batch[at]["one"] == values["one"][0]
        assert batch[at]["all"] == values["all"][0]
    assert (np.sort(batch["all"], axis=1) == np.arange(700)).all()


def test_thresholds_are_met_exactly():
    for case in ANSWERS["choice_thresholds"]:
        choice = distribution("choice", {"choices": ["a", "b", "c"], "weights": case["weights"]})
        limits = choice.layout()["thresholds"]
        assert sum(case["word"] >= limit for limit in limits) == case["code"]


def test_extremes():
    space = Space(
        {
            "ends": distribution("choice", {"choices": ["a", "b", "c"], "weights": [0, 5e-324, 0]}),
            "huge": distribution("choice", {"choices": [1, 2], "weights": [1e308, 1e308]}),
            "far": Integers(-(2**63), 2**63 - 1, step=2**32),
            "flat": Beta(2**20, 2**20),
            "steep": Beta(2**-10, 2**-10),
            "point": Integers(5, 5),
        }
    )
    assert_equal(space, range(400))


# ---- Leaves ----


@pytest.mark.parametrize("sample", ANSWERS["space"]["samples"])
def test_leaves(sample, kernel):
    parts = {
        "3@42": (42, {"epoch": 3}),
        "0.1@7:1:42": (42, {"epoch": 0, "view": 1, "base_seed": 7, "rank": 1}),
        '29@"a': ("a", {"epoch": 29}),
        "1000@0": (0, {"epoch": 1000}),
    }
    sample_id, key = parts[sample.partition(" epoch")[0]]
    space = Space.from_dict({"space": "dpa-space-1", **ANSWERS["space"]["example"]})
    derivation = derive(space, **key)
    digest = SampleDigest()
    digest.update(derivation.batch(Ids.checked([sample_id])))
    leaf = bytes.fromhex(ANSWERS["space"]["samples"][sample]["leaf"])
    assert bytes.fromhex(digest.hexdigest()) == leaf


def test_digest_of_many():
    space = Space.from_dict({"space": "dpa-space-1", **space_reference.EXAMPLE})
    digest = SampleDigest()
    digest.update(dpa.generate_augmentation_batch(range(50), space, epoch=3))
    keys = [(reference.key_text(i, epoch=3), 3) for i in range(50)]
    assert digest.hexdigest() == space_reference.set_digest(space.to_dict(), keys)
