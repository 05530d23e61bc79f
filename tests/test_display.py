"""What configs, spaces and batches look like: one short line, and a table in notebooks."""

import html.parser

import pytest

import dpa
from dpa.checks import count_of
from dpa.space import Bernoulli, Choice, Normal, Seed, Space, Uniform, sometimes

MANY = Space({f"x{at:04}": Uniform(0, 1) for at in range(4096)}, depth=1, sampler="mt19937")
MIXED = Space(
    blur=sometimes(0.5, sigma=Uniform(0, 2)),
    op=Choice(["<b>", "a&b", "c\nd"]),
    seed=Seed(),
    v=Normal(0, 1, shape=3),
)


class Table(html.parser.HTMLParser):
    """The cells of a table, row by row, and its caption."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.caption, self._open = [], "", []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        assert attrs == []
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        elif self._open[-1] == "caption":
            self.caption += data


# ---- In one line ----


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (dpa.AugmentationConfig(), "AugmentationConfig()"),
        (
            dpa.AugmentationConfig((-60, 60), sampler="mt19937"),
            "AugmentationConfig(rotation_range=(-60.0, 60.0), sampler='mt19937')",
        ),
        (Space(x=Uniform(0, 1)), "Space({'x': Uniform(low=0.0, high=1.0)})"),
        (
            Space(x=Bernoulli(0.5), depth=3, sampler="mt19937"),
            "Space({'x': Bernoulli(p=0.5)}, depth=3, sampler='mt19937')",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_repr_says_what_is_no_default(config, text):
    assert repr(config) == text


@pytest.mark.parametrize("preset", dpa.PRESETS)
def test_a_repr_makes_it_again(preset):
    config = dpa.get_preset(preset)
    assert eval(repr(config), vars(dpa)) == config
    assert eval(repr(config.space()), vars(dpa.space)) == config.space()
    assert eval(repr(MIXED), vars(dpa.space)) == MIXED


def test_a_large_space_is_cut():
    text = repr(MANY)
    assert text.startswith("Space({'x0000': Uniform(low=0.0, high=1.0), ")
    assert text.endswith(", ... 4,088 more}, depth=1, sampler='mt19937')")
    assert text.count("Uniform") == 8
    choices = Choice(list(range(65_536)))
    assert repr(choices) == "Choice(choices=(0, 1, 2, 3, 4, 5, ...))"


@pytest.mark.parametrize(
    ("ids", "text"),
    [
        (range(10_000_000), "10,000,000 samples: rotation, brightness, noise; ids 0 to 9999999"),
        ([7], "1 sample: rotation, brightness, noise; ids 7"),
        ([7, 1, 5], "3 samples: rotation, brightness, noise; ids 7, 1, 5"),
        (["a", "b", "c", "d"], "4 samples: rotation, brightness, noise; ids 'a', 'b', 'c', ..."),
        ([], "0 samples: rotation, brightness, noise"),
    ],
    ids=lambda value: f"{len(value)}-{type(value).__name__}",
)
def test_a_batch(ids, text):
    columns = ["rotation", "brightness", "noise"]
    batch = dpa.generate_augmentation_batch(ids, columns=columns, epoch=3, base_seed=0)
    assert repr(batch) == f"<AugmentationBatch of {text}; epoch 3; base_seed 0>"


def test_a_batch_of_many_parameters():
    assert "x0007, ... 4,088 more; ids 0" in repr(dpa.generate_augmentation_batch([0], MANY))


@pytest.mark.parametrize(
    "ids", [range(10**4), [*range(10**4)], ["x" * 500] * 10**4], ids=["range", "list", "text"]
)
def test_ids_are_cut(ids):
    text = repr(dpa.generate_augmentation_batch(ids).ids)
    assert len(text) < 1000
    assert text.endswith("...]") or text == "range(0, 10000)"


# ---- Tables ----


def test_the_table_of_a_space():
    table = Table(MIXED._repr_html_())
    assert table.caption == "Space: xoshiro256++, depth 10"
    assert table.rows == [
        ["parameter", "distribution", "when"],
        ["blur", "Bernoulli(p=0.5)", ""],
        ["blur.sigma", "Uniform(low=0.0, high=2.0)", "blur is True"],
        ["op", "Choice(choices=('<b>', 'a&b', 'c\\nd'))", ""],
        ["seed", "Seed()", ""],
        ["v", "Normal(mean=0.0, stdev=1.0, shape=(3,))", ""],
    ]
    table = Table(dpa.get_preset("mild")._repr_html_())
    assert table.caption == "AugmentationConfig: xoshiro256++, depth 10"
    assert table.rows[1] == ["rotation", "Uniform(low=-15.0, high=15.0, draw=0)", ""]
    assert Table(MANY._repr_html_()).rows[-1] == ["... 4,036 more", "", ""]


@pytest.mark.parametrize(("size", "rows"), [(0, 0), (1, 1), (10, 10), (11, 11), (5000, 11)])
def test_the_table_of_a_batch(size, rows):
    batch = dpa.generate_augmentation_batch(range(size), MIXED)
    table = Table(batch._repr_html_())
    assert table.caption == repr(batch)[1:-1]
    head, *found = table.rows
    assert head == ["id", *MIXED.names]
    assert len(found) == rows
    assert all(len(row) == len(head) for row in found)
    for row in found:
        if row[0] != "...":
            sample = batch[int(row[0])]
            assert row[1] == str(sample["blur"])
            assert row[2] == (f"{sample['blur.sigma']:.4g}" if sample["blur"] else "")
            assert row[3] == repr(sample["op"])
            assert row[4] == str(sample["seed"])
    if size > 10:
        assert [row[0] for row in found] == [
            *("0", "1", "2", "3", "4", "..."),
            *map(str, range(size - 5, size)),
        ]


def test_the_table_of_many_columns():
    head, row = Table(dpa.generate_augmentation_batch(["<i>"], MANY)._repr_html_()).rows
    assert head == ["id", *MANY.names[:20], "... 4,076 more"]
    assert row[0] == "'<i>'"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 samples"), (1, "1 sample"), (2, "2 samples"), (1000, "1,000 samples")],
)
def test_a_count_agrees_with_its_noun(count, text):
    assert count_of(count, "sample") == text
