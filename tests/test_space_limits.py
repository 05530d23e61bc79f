"""Spaces and files of spaces that are hostile, contradictory or large: refused in little time."""

import json

import numpy as np
import pytest

import dpa
from dpa.diff import diff_chains
from dpa.space import (
    Bernoulli,
    Choice,
    Linear,
    LogUniform,
    Normal,
    Seed,
    Space,
    Subset,
    Uniform,
    group,
    sometimes,
)
from dpa.statistics import Statistics


def declared(parameters):
    head = {"space": "dpa-space-1", "depth": 1, "sampler": "xoshiro256++"}
    return Space.from_dict({**head, "parameters": parameters})


# ---- Declarations ----


def test_many_conditions_on_many_choices():
    seeds = {f"p{at}": {"seed": {}, "when": {"c": 65_535}} for at in range(4095)}
    space = declared({"c": {"choice": {"choices": list(range(65_536))}}, **seeds})
    assert space.conditions["p7"] == ((0, 65_535),)


class _Compared(int):
    """An epoch that counts how often it is compared."""

    times = 0

    def __lt__(self, other):
        self.times += 1
        return int(self) < other

    def __ge__(self, other):
        self.times += 1
        return int(self) >= other


def test_few_of_many_knots_are_compared():
    schedule = Linear([(2 * at, at) for at in range(1024)])
    for epoch in (0, 1, 1000, 2046, 2047):
        compared = _Compared(epoch)
        assert schedule.at(compared) == min(epoch / 2, 1023)
        assert 0 < compared.times <= 11


def test_gates_that_hang_on_all_before():
    gates = {
        f"g{at:03}": {"bernoulli": {"p": 1}, "when": {f"g{n:03}": True for n in range(at)}}
        for at in range(600)
    }
    assert len(declared(gates).conditions["g599"]) == 599


@pytest.mark.parametrize(
    "choices", [[*range(65_535), 65_534], [*map(str, range(65_535)), "7"]], ids=["int", "str"]
)
def test_one_of_many_choices_appears_twice(choices):
    with pytest.raises(ValueError, match=r"choices must be distinct, .* appears twice"):
        Choice(choices)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Choice({"a", "b"}),
        lambda: Subset(frozenset(["a", "b"]), 1),
        lambda: Choice(["a", "b"], weights={1, 2}),
        lambda: Uniform(0, 1, shape={3, 2}),
        lambda: Uniform(0, 1, shape=b"\x02"),
        lambda: Uniform(0, Linear({(0, 1), (5, 2)})),
    ],
    ids=range(6),
)
def test_what_has_no_order_is_refused(call):
    with pytest.raises(TypeError, match=r"must be a.* sequence"):
        call()


def test_odd_declarations():
    assert Space(crop=group(id=Seed())).names == ("crop.id",)
    with pytest.raises(ValueError, match="the name 'id' is taken"):
        Space(id=Seed())
    with pytest.raises(ValueError, match="shape must be at most 32 sides of 1 to 65,536, got"):
        Uniform(0, 1, shape=(2**20_000, 2))
    with pytest.raises(TypeError, match="a: when must be an object, got None"):
        declared({"a": {"seed": {}, "when": None}})
    nested = group(a=Seed())
    for _ in range(3000):
        nested = group(g=nested)
    with pytest.raises(ValueError, match="groups are nested too deeply"):
        Space(g=nested)
    with pytest.raises(TypeError, match="epoch must be an integer, got 'x'"):
        Space(a=Seed()).at("x")


def test_five_names_that_are_no_config(tmp_path):
    members = {name: Uniform(0, 1, draw=at) for at, name in enumerate(dpa.PARAMETERS[:4])}
    space = Space({**members, "contrast": Normal(0, 2e307)})
    path = tmp_path / "a.json"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(3), space), path)
    assert dpa.load_augmentation_config(path) == space


# ---- Files ----


def test_an_epoch_that_is_missing_is_found_when_a_file_is_opened(tmp_path):
    space = Space(a=Uniform(0, Linear([(0, 1), (10, 3)])))
    sound, path = tmp_path / "sound.json", tmp_path / "a.json"
    dpa.save_augmentation_recipe(sound, 5, space, epoch=3)
    path.write_text(sound.read_text().replace('"epoch": 3', '"epoch": null'))
    for call in (dpa.load_augmentation_config, dpa.load_augmentation_chain, open_and_verify):
        with pytest.raises(dpa.ChainFileError, match=r"a\.json.*say epoch=, on which the space"):
            call(path)
    assert not dpa.verify_augmentation_chain(tmp_path).ok


def open_and_verify(path):
    return dpa.verify_augmentation_chain(path)


def test_a_recipe_of_large_samples_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    space = Space(a=Seed(shape=65_536))
    dpa.save_augmentation_recipe(path, 3, space)
    text = path.read_text()
    path.write_text(text.replace('"num_samples": 3', '"num_samples": 900'))
    monkeypatch.setattr("dpa.host.memory.total_memory", lambda: 10**9)
    with pytest.raises((ValueError, dpa.ChainFileError), match=r"bytes of memory|trailer says"):
        dpa.load_augmentation_chain(path)
    with pytest.raises(ValueError, match="bytes of memory, there are 1,000,000,000"):
        dpa.generate_augmentation_chain(100_000, space)


@pytest.mark.parametrize("suffix", [".npz", ".jsonl"])
def test_booleans_that_are_none_are_not_saved(suffix, tmp_path):
    batch = dpa.generate_augmentation_batch(range(10), Space(b=Bernoulli(0.5)))
    raw = batch["b"].view(np.uint8)
    raw[raw == 1] = 2
    with pytest.raises(ValueError, match=r"b of sample . must be codes below 2, got 2"):
        dpa.save_augmentation_chain(batch, tmp_path / f"a{suffix}")


def test_a_wrong_choice_is_named(tmp_path):
    space = Space(a=Choice(["x", "y", "z"]))
    batch = dpa.generate_augmentation_batch(range(9), space)
    batch["a"][4] = (batch["a"][4] + 1) % 3
    dpa.save_augmentation_chain(batch, tmp_path / "a.npz")
    report = dpa.verify_augmentation_chain(tmp_path / "a.npz")
    made = dpa.gen_augmentation_params(4, space)["a"]
    assert (report.first.stored, report.first.expected) == (batch.field("a", 4), made)
    dpa.save_augmentation_chain(
        dpa.generate_augmentation_batch(range(9), space), tmp_path / "b.npz"
    )
    assert diff_chains(tmp_path / "a.npz", tmp_path / "b.npz").fields == {"a": (1, 0.0)}


# ---- Samples ----


@pytest.mark.parametrize("code", [-1, 7, 2**31 - 1])
def test_codes_that_a_user_wrote(code):
    batch = dpa.generate_augmentation_batch(range(5), Space(a=Choice(["x", "y"])))
    batch["a"][2] = code
    with pytest.raises(IndexError):
        batch.to_dicts()
    with pytest.raises(IndexError):
        batch.labels("a")
    with pytest.raises(ValueError, match="codes must be 0 to 1, got"):
        batch.statistics()


@pytest.mark.parametrize("columns", ["ab", 5, None, b"a"], ids=repr)
def test_columns_must_be_a_list(columns):
    space = Space(a=Seed(), b=Seed())
    if columns is None:
        assert dpa.generate_augmentation_batch([1], space, columns=columns).names == ("a", "b")
        return
    with pytest.raises((TypeError, ValueError), match=r"columns must be a list|no parameter 97"):
        dpa.generate_augmentation_batch([1], space, columns=columns)


def test_statistics_of_two_spaces_do_not_mix():
    batches = [
        dpa.generate_augmentation_batch(range(9), Space(x=Choice(choices)))
        for choices in (["a", "b"], ["c", "d"])
    ]
    with pytest.raises(ValueError, match="item 1 is of another Space than the first"):
        dpa.compute_streaming_statistics(batches)


def test_a_state_of_equal_json_is_not_of_an_equal_space():
    streams = [
        dpa.stream_augmentation_chain(9, Space(a=Choice(choices)))
        for choices in ([0, 1], [False, True])
    ]
    with pytest.raises(ValueError, match="the state is another stream's: its space"):
        streams[1].load_state_dict(json.loads(json.dumps(streams[0].state_dict())))


def test_a_stream_of_large_samples_makes_few_at_a_time():
    stream = dpa.stream_augmentation_chain(10**6, Space(a=Seed(shape=65_536)))
    assert len(next(stream)["a"]) == 65_536
    assert stream.delivered == 1


def test_out_of_many_columns():
    space = Space({f"p{at}": Seed() for at in range(500)}, depth=1)
    out = {name: np.empty(3, np.uint64) for name in space.names}
    dpa.generate_augmentation_batch(range(3), space, out=out)
    whole = np.empty(5, np.uint64)
    with pytest.raises(ValueError, match=r"out\['p.'\] overlaps 'p.'"):
        dpa.generate_augmentation_batch(
            range(3), space, out={**out, "p1": whole[:3], "p2": whole[2:]}
        )


def test_the_summary_of_a_chain_shows_any_value(capsys):
    space = Space(
        a=Choice(["x\n"]), b=sometimes(0.5, s=LogUniform(1, 2)), c=Normal(0, 1, shape=2), d=Seed()
    )
    dpa.generate_augmentation_chain(3, space, verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("sample 0: a='x\\n' b=")


def test_further_uniforms_need_no_epoch():
    scheduled = Space(a=Uniform(0, Linear([(0, 1), (10, 3)])), depth=3)
    plain = dpa.AugmentationConfig(augmentation_depth=3)
    found = dpa.generate_uniforms(range(4), 3, config=scheduled)
    assert (found == dpa.generate_uniforms(range(4), 3, config=plain)).all()


def test_statistics_that_would_fill_the_memory_are_refused(monkeypatch):
    monkeypatch.setattr("dpa.host.memory.total_memory", lambda: 10**9)
    space = Space(a=Seed(shape=65_536))
    with pytest.raises(ValueError, match="a block of statistics needs 2,147,614,720 bytes"):
        Statistics(space.names, space)
