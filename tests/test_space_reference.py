"""The twin of declared parameters gives the known answers; the page says what it computes."""

import json
import re
import struct
from pathlib import Path

import pytest
import reference
import space_reference as twin

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "tests/vectors/space.json").read_text(encoding="utf-8")
VECTORS = json.loads(TEXT)
EXAMPLE = VECTORS["space"]["example"]
FIVE = {
    "depth": 10,
    "parameters": {
        name: {"uniform": {"low": low, "high": high, "draw": draw}}
        for draw, (name, (low, high)) in enumerate(
            zip(reference.NAMES, reference.PRESETS["moderate"], strict=True)
        )
    },
}


def same(found, expected):
    """Equal to the last bit, with types: True is not 1, and 0.0 is not -0.0."""
    return json.dumps(found) == json.dumps(expected)


def test_words():
    for where, expected in VECTORS["words"].items():
        key, name = where.split("|")
        assert twin.first_words(key, name, len(expected)) == expected, where


@pytest.mark.parametrize("kind", twin.KINDS)
def test_distributions(kind):
    entries = [each for each in VECTORS["values"] if each["kind"] == kind]
    for each in entries:
        words = twin.words(twin.digest_of(each["key"]), each["name"])
        assert same(twin.KINDS[kind](words, **each["arguments"]), each["value"]), each
    edges = [each for each in VECTORS["word_edges"] if each["kind"] == kind]
    for each in edges:
        w = each["word"]
        words = iter([w, w ^ 0x5555555555555555, w, w, w, w])
        assert same(twin.KINDS[kind](words, **each["arguments"]), each["value"]), each
    assert entries
    assert edges


def test_thresholds():
    for each in VECTORS["choice_thresholds"]:
        assert twin.choice(each["word"], each["weights"]) == each["code"], each
    assert twin.thresholds([0, 1, 0]) == [0, 2**64]
    assert twin.thresholds([0.1, 0.2]) == [2**64 // 3]  # not what the doubles would give


def test_functions():
    for each in VECTORS["functions"]:
        assert same(twin.functions(each["x"]), each), each


def test_schedules():
    for each in VECTORS["linear"]:
        assert same(twin.linear(each["knots"], each["epoch"]), each["value"]), each
    for each in VECTORS["cosine"]:
        arguments = (each[name] for name in ("start", "stop", "epochs", "epoch"))
        assert same(twin.cosine(*arguments), each["value"]), each
    with pytest.raises(ValueError, match="a schedule needs an epoch"):
        twin.sample(EXAMPLE, "42")


def test_a_space():
    expected = VECTORS["space"]
    assert twin.canonical(EXAMPLE) == expected["canonical"]
    assert twin.canonical(json.loads(expected["canonical"])) == expected["canonical"]
    assert twin.identity(EXAMPLE) == expected["identity"]
    assert twin.order(EXAMPLE["parameters"]) == expected["order"]
    for where, answers in expected["samples"].items():
        key, epoch = where.split(" epoch ")
        digest, values, active = twin.sample(EXAMPLE, key, int(epoch))
        assert digest.hex() == reference.chain_hash(key, 10)
        assert list(values) == list(active) == expected["order"]
        for name in values:
            assert same(values[name], answers["values"][name]), (where, name)
        assert active == answers["active"]
        assert twin.leaf(EXAMPLE, key, int(epoch)).to_bytes(32, "little").hex() == answers["leaf"]


def test_noise():
    for where, expected in VECTORS["noise"].items():
        key, block = where.split("|")
        assert reference.noise_block(twin.digest_of(key), int(block)) == expected


def test_the_file_is_what_the_twin_prints():
    assert twin.known_answers() == TEXT


@pytest.mark.parametrize("sampler", ["xoshiro256++", "mt19937"])
def test_the_five_parameters_are_a_space(sampler):
    space = {**FIVE, "sampler": sampler}
    for sample_id in (0, 42, "a"):
        key = reference.key_text(sample_id, epoch=3)
        _, values, active = twin.sample_of(space, sample_id, epoch=3)
        h = reference.chain_hash(key, 10)
        expected = reference.params(h, reference.PRESETS["moderate"], sampler)
        del expected["hash"]
        assert values == expected
        assert all(active.values())
        assert twin.leaf(space, key, 3) == reference.leaf(key, h, list(expected.values()))


def test_the_page_has_the_constants():
    page = (ROOT / "docs/spec.md").read_text(encoding="utf-8")
    found = {}
    for names, text in re.findall(r'^([A-Z0-9_, ]+) = doubles\("+([^"]*)"+\)$', page, re.MULTILINE):
        numbers = [float.fromhex(word) for word in text.split()]
        several = names.split(", ")
        found |= zip(several, numbers, strict=True) if len(several) > 1 else [(names, numbers)]
    assert len(found) == 14
    assert found == {name: getattr(twin, name) for name in found}


def test_the_page_has_digest_and_statistics_of_the_example():
    page = (ROOT / "docs/spec.md").read_text(encoding="utf-8")
    assert twin.identity(EXAMPLE) in page
    samples = [twin.sample_of(EXAMPLE, number, epoch=3) for number in range(5000)]
    for name in ("blur.sigma", "op.b.angle", "n", "mix", "strength"):
        column = [values[name] for _, values, _ in samples]
        s = twin.statistics(column, [active[name] for _, _, active in samples])
        row = " | ".join(repr(s[each]) for each in ("mean", "stdev", "min", "max"))
        assert f"| {name} | {s['count']:,} | {row} |" in page


def test_the_page_has_the_digest_of_the_example():
    page = (ROOT / "docs/spec.md").read_text(encoding="utf-8")
    assert twin.set_digest(EXAMPLE, ((f"3@{number}", 3) for number in range(5000))) in page


def test_statistics_of_active_values():
    column = [float(number) for number in range(9000)]
    active = [number // 4096 == 1 for number in range(9000)]  # empty, whole, empty
    assert twin.statistics(column, active) == reference.statistics(column[4096:8192])
    assert twin.statistics([1], [False])["count"] == 0
    every_other = [number % 2 == 0 for number in range(9000)]
    blocks = [column[at : min(at + 4096, 9000) : 2] for at in (0, 4096, 8192)]
    first, second, third = map(reference.block_moments, blocks)
    count, mean, *_ = reference.merge(reference.merge(first, second), third)
    found = twin.statistics(column, every_other)
    assert (found["count"], found["mean"]) == (count, mean)


def test_canonical_text_is_that_of_equal_spaces():
    def text(kind, **arguments):
        space = {"depth": 1, "sampler": "mt19937", "parameters": {"a": {kind: arguments}}}
        return twin.canonical(space)

    assert text("uniform", low=-0.0, high=1, draw=None, shape=[]) == text(
        "uniform", low=0.0, high=1.0
    )
    assert text("integers", low=1, high=3) == text("integers", low=1, high=3, step=1)
    assert text("choice", choices=[1, 2]) != text("choice", choices=[1.0, 2.0])
    assert text("choice", choices=[1, 2]) != text("choice", choices=[1, 2], weights=[1, 1])
    assert '"\\u00fc\\u007f"' in text("choice", choices=["ü\x7f"])


def test_no_value_is_a_negative_zero():
    space = {"depth": 1, "sampler": "xoshiro256++", "parameters": {}}
    space["parameters"] = {
        "a": {"normal": {"mean": -0.0, "stdev": 0}},
        "b": {"uniform": {"low": -0.0, "high": -0.0}},
        "c": {"normal": {"mean": {"linear": [[0, -0.0]]}, "stdev": -0.0}},
    }
    _, values, _ = twin.sample_of(space, 1, epoch=0)
    assert [struct.pack("<d", value) for value in values.values()] == [bytes(8)] * 3
