"""Pictures of declared parameters: bars and bins are those of the samples and the declaration."""

import io
import itertools

import numpy as np
import pytest
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

import dpa
from dpa.derivation.words import conditions_in_words, in_words
from dpa.integrations.matplotlib import plot_chain, plot_space, save_picture
from dpa.pictures.shapes import below, edges, heights
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
    sometimes,
)

SPACE = Space(
    flip=Bernoulli(0.25),
    blur=sometimes(0.5, sigma=LogUniform(0.1, 10), size=Integers(1, 9, 4)),
    op=Choice(["turn", "a\nb", "$x^2$", "long" * 20], [1, 2, 3, 4]),
    normal=Normal(1, 2),
    cut=TruncatedNormal(0, 1, 4, 5),
    lam=Beta(0.3, 0.3),
    many=Integers(-20, 79),
    codes=Choice(list(range(100))),
    order=Subset(list("abc"), 2),
    vector=Uniform(-1, 1, shape=(2, 2)),
    seed=Seed(),
    fixed=Uniform(3, 3),
    never=Bernoulli(0),
)
SCHEDULED = Space(
    angle=Uniform(Linear([(0, 0), (10, -30)]), Linear([(0, 0), (10, 30)])),
    p=Bernoulli(Cosine(0.5, 0, 100)),
    x=Normal(Cosine(0, 1, 20), 2, when={"p": True}),
    plain=Uniform(0, 1),
)


def texts(figure):
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_text())


def drawn_texts(figure):
    """All texts but those of ticks outside their axis, which matplotlib keeps and does not draw."""
    hidden = set()
    for axis in itertools.chain.from_iterable((a.xaxis, a.yaxis) for a in figure.findobj(Axes)):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                hidden |= {tick.label1, tick.label2}
    found = [text for text in figure.findobj(Text) if text.get_text().strip()]
    return [text for text in found if text.get_visible() and text not in hidden]


def require_tidy(figure):
    """Nothing is cut off, and no text lies on another one."""
    FigureCanvasAgg(figure).draw()
    whole = figure.bbox
    found = [(text, text.get_window_extent()) for text in drawn_texts(figure)]
    for text, box in found:
        assert whole.x0 - 1 <= box.x0 <= box.x1 <= whole.x1 + 1, text
        assert whole.y0 - 1 <= box.y0 <= box.y1 <= whole.y1 + 1, text
    for (a, one), (b, other) in itertools.combinations(found, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        along = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert min(across, along) < 3, (a, b)


# ---- Words ----


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (Uniform(0.08, 1), "uniform, 0.08 to 1"),
        (Uniform(-1, 1, draw=3), "uniform, -1 to 1, draw 3"),
        (LogUniform(0.5, 2, shape=(2, 3)), "log-uniform, 0.5 to 2, shape 2 x 3"),
        (Normal(0, 1e-9), "normal, mean 0, stdev 1e-09"),
        (TruncatedNormal(0, 1, -2, 3), "truncated normal, -2 to 3, mean 0, stdev 1"),
        (Beta(0.4, 0.4), "beta, a 0.4, b 0.4"),
        (Integers(1, 8), "integers, 1 to 8"),
        (Integers(0, 2**62, 2**40), f"integers, 0 to {2**62}, step {2**40}"),
        (Bernoulli(0.5), "boolean, p 0.5"),
        (Choice(["a", "b"]), "choice of 2"),
        (Choice(["a", "b"], [1, 3]), "choice of 2, weighted"),
        (Subset(range(14), 2), "subset, 2 of 14"),
        (Seed(), "64-bit seed"),
        (Bernoulli(Cosine(0.5, 0, 100)), "boolean, p [0.5 to 0 by epoch 100, cosine]"),
        (Uniform(0, Linear([(0, 1), (9, 2)])), "uniform, 0 to [1 in epoch 0, 2 in epoch 9]"),
    ],
    ids=str,
)
def test_distributions_in_words(declared, words):
    assert in_words(declared) == words


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({}, ""),
        ({"blur": True}, "when blur"),
        ({"flip": False, "op": "a\nb"}, "when not flip and op is a\\nb"),
        ({"k": 7}, "when k is 7"),
    ],
)
def test_conditions_in_words(when, words):
    assert conditions_in_words(when) == words


# ---- Shapes ----


@pytest.mark.parametrize("name", ["normal", "cut", "lam", "many", "codes", "seed", "blur.sigma"])
@pytest.mark.parametrize("bins", [1, 32, 96])
def test_bins_hold_the_whole_distribution(name, bins):
    declared = SPACE[name]
    ends = edges(declared, bins)
    assert 2 <= len(ends) <= bins + 1
    assert (np.diff(ends) > 0).all()
    shares = np.diff(below(declared, ends))
    assert shares.sum() == pytest.approx(1, abs=1e-3)  # a normal goes on
    assert (shares >= 0).all()
    widths = np.diff(np.log(ends) if name == "blur.sigma" else ends)
    found = heights(declared, ends, shares)
    assert (found * widths).sum() == pytest.approx(widths.sum(), rel=1e-3)
    if name in ("many", "codes", "seed", "blur.sigma"):
        assert found == pytest.approx(np.ones(len(found)))


def test_integers_lie_between_the_ends():
    assert edges(Integers(10, 14, 2), 96).tolist() == [9, 11, 13, 15]
    assert edges(Integers(0, 9), 4).tolist() == [-0.5, 2.5, 5.5, 8.5, 9.5]


# ---- Plots of a chain ----


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    path = tmp_path_factory.mktemp("chains") / "chain.npz"
    batch = dpa.generate_augmentation_batch(range(4000), SPACE)
    dpa.save_augmentation_chain(batch, path)
    return path, batch, plot_chain(path)


def panels(figure):
    """The panels of the first part by the first line of their labels."""
    return {axes.get_xlabel().split("\n")[0]: axes for axes in figure.subfigs[0].axes}


def test_every_parameter_has_a_panel(chain):
    _, _, figure = chain
    assert list(panels(figure)) == list(SPACE.names)
    shown = texts(figure)
    assert "4,000 samples, xoshiro256++, depth 10" in shown
    assert "NOT" not in shown
    assert "CORRELATED" not in shown
    assert "blur.sigma\nwhen blur" in shown
    assert "fixed at 3" in shown
    assert "fixed at false" in shown
    require_tidy(figure)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("flip", ["false", "true"]),
        ("blur", ["false", "true"]),
        ("op", ["turn", "a\\nb", "$x^2$", "longlo…glong"]),
        ("blur.size", ["1", "5", "9"]),
        ("order", ["a", "b", "c"]),
    ],
)
def test_bars_are_shares(chain, name, labels):
    _, batch, figure = chain
    axes = panels(figure)[name]
    assert [label.get_text() for label in axes.get_yticklabels()] == labels
    column = batch[name][batch.active(name)]
    column = column[:, 0] if name == "order" else column
    seen = np.unique(column, return_counts=True)[1] / len(column)
    assert [bar.get_width() for bar in axes.patches[: len(labels)]] == pytest.approx(seen)
    declared = [segment[0][0] for segment in axes.collections[-1].get_segments()]
    assert declared == pytest.approx([*SPACE[name].shares.values()])


@pytest.mark.parametrize("name", ["normal", "lam", "many", "blur.sigma", "vector", "cut"])
def test_histograms_are_of_active_values_and_all_items(chain, name):
    _, batch, figure = chain
    axes = panels(figure)[name]
    values = batch[name][batch.active(name)].ravel()
    seen, ends, _ = axes.patches[0].get_data()
    expected = np.histogram(values, ends)[0] / len(values)
    widths = np.diff(np.log(ends) if name == "blur.sigma" else ends)
    # Values are counted in 65,536 cells: a few near an end may count as in the next bin.
    assert seen == pytest.approx(expected * widths.sum() / widths, abs=0.02)
    dashed = axes.patches[-1].get_data().values
    assert dashed == pytest.approx(heights(SPACE[name], ends, np.diff(below(SPACE[name], ends))))
    assert axes.get_xscale() == ("log" if name == "blur.sigma" else "linear")


def test_another_declaration_is_found_not_to_fit(chain):
    path, _, _ = chain
    other = dict(SPACE.parameters) | {"normal": Normal(1, 3), "flip": Bernoulli(0.5)}
    other["vector"] = Uniform(-1, 1.5, shape=(2, 2))
    shown = texts(plot_chain(path, Space(other)))
    assert shown.count("NOT AS DECLARED") == 2
    assert shown.count("NOT UNIFORM") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"op": Choice(["turn", "b", "c", "d"])}, "values like the file's, but op is Choice"),
        ({"normal": Integers(0, 9)}, "values like the file's, but normal is Integers"),
        ({"vector": Uniform(0, 1, shape=4)}, "values like the file's, but vector is Uniform"),
        ({"more": Uniform(0, 1)}, r"config must have the file's parameters, blur, .*, vector, got"),
    ],
)
def test_declarations_that_cannot_be_compared(chain, change, message):
    with pytest.raises(ValueError, match=message):
        plot_chain(chain[0], Space(dict(SPACE.parameters) | change))
    with pytest.raises(TypeError, match="config must be an AugmentationConfig or a Space"):
        plot_chain(chain[0], "mild")


def test_long_names_are_cut_at_each_axis(tmp_path):
    path = tmp_path / "long.json"
    space = Space({letter * 100: Uniform(0, 1) for letter in "ab"})
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(99), space), path)
    labels = [x for axes in plot_chain(path).axes for x in (axes.get_xlabel(), axes.get_ylabel())]
    assert [len(label) for label in labels if label] == [34] * 4


def test_titles_say_which_samples(tmp_path):
    path = tmp_path / f"{'long' * 20}.npz"
    key = {"epoch": 2**64 - 1, "view": 1, "base_seed": 2**64 - 2, "rank": 3}
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(9), **key), path)
    figure = plot_chain(path)
    title = figure.get_suptitle().replace("\n", " ")
    words = ", ".join(f"{name} {value}" for name, value in key.items())
    assert f"longlong.npz: 9 samples, {words}, xoshiro256++, depth 10" in title
    require_tidy(figure)


def test_schedules_of_a_chain(tmp_path):
    path = tmp_path / "recipe.json"
    dpa.save_augmentation_recipe(path, 2000, SCHEDULED, epoch=5)
    figure = plot_chain(path)
    assert panels(figure)["angle"].get_xlim() == (-15, 15)
    assert "NOT" not in texts(figure)


def test_few_samples_and_many_parameters(tmp_path):
    path = tmp_path / "chain.json"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(3), SPACE), path)
    plot_chain(path)
    never = Space(gate=sometimes(0, x=Uniform(0, 1), y=Choice(["a", "b"])))
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(3), never), path)
    assert texts(plot_chain(path)).count("no samples have it") == 2
    many = Space({f"p{at:03}": Bernoulli(0.5) for at in range(130)}, depth=1)
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(300), many), path)
    figure = plot_chain(path)
    assert len(figure.subfigs[0].axes) == 100
    assert "the first 100 of 130 parameters" in texts(figure)


# ---- Pictures of a space ----


@pytest.mark.parametrize("epoch", [None, 0, 7, 2**64 - 1])
@pytest.mark.parametrize("count", [1, 2, 5, 6, 9, 13])
def test_spaces_are_tidy(count, epoch):
    declared = SPACE | SCHEDULED
    require_tidy(plot_space(declared.only(declared.names[-count:]), epoch))


def test_a_panel_says_what_it_shows():
    figure = plot_space(SPACE)
    shown = texts(figure)
    assert shown.startswith("15 parameters, xoshiro256++, depth 10") or "15 parameters" in shown
    for name, declared in SPACE.parameters:
        assert name in shown
        assert in_words(declared) in shown.replace("\n", " ")  # long ones take two lines
    assert "log-uniform, 0.1 to 10\nwhen blur" in shown
    assert "always 3" in shown
    assert "a\\nb" in shown
    require_tidy(figure)


def test_bars_are_the_declared_shares():
    figure = plot_space(Space(op=Choice(["a", "b", "c"], [1, 2, 5])))
    [axes] = figure.axes
    assert [bar.get_width() for bar in axes.patches] == [0.125, 0.25, 0.625]
    assert [text.get_text() for text in axes.texts[:3]] == ["0.125", "0.25", "0.625"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]


def test_densities_are_the_declared_ones():
    [axes] = plot_space(Space(x=Normal(1, 2))).axes
    seen, ends, _ = axes.patches[0].get_data()
    assert (ends[0], ends[-1]) == (-7, 9)
    assert seen == pytest.approx(seen[::-1])
    middles = (ends[1:] + ends[:-1]) / 2
    expected = np.exp(-(((middles - 1) / 2) ** 2) / 2) / (2 * np.sqrt(2 * np.pi)) * 16
    assert seen == pytest.approx(expected, rel=1e-2)


def test_schedules_are_curves():
    figure = plot_space(SCHEDULED, 5)
    curves = [axes for axes in figure.axes if axes.get_xlabel().endswith("by epoch")]
    assert [axes.get_xlabel().split("\n")[0] for axes in curves] == ["low, high", "p", "mean"]
    low, dot, high, _ = curves[0].lines
    assert low.get_ydata()[[0, -1]].tolist() == [0, -30]
    assert high.get_ydata()[[0, -1]].tolist() == [0, 30]
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (5, -15)
    assert "uniform, -15 to 15" in texts(figure)
    assert ", in epoch" not in texts(figure)
    middle = texts(plot_space(SCHEDULED))
    assert "boolean, p 0.25, in epoch 50" in middle
    assert "normal, mean 0.5, stdev 2, in epoch 10" in middle


def test_configs_and_many_parameters():
    assert "uniform, -30 to 30, draw 0" in texts(plot_space(dpa.AugmentationConfig()))
    many = Space({f"p{at:03}": Bernoulli(0.5) for at in range(130)})
    figure = plot_space(many)
    assert len(figure.axes) == 100
    assert "130 parameters, xoshiro256++, depth 10, the first 100 are drawn" in texts(figure)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["mild"], TypeError, "space must be a Space, got 'mild'"),
        ([SCHEDULED, -1], ValueError, r"epoch must be 0 to 2\*\*64 - 1, got -1"),
        ([SCHEDULED, 1.5], TypeError, "epoch must be an integer, got 1.5"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        plot_space(*arguments)


def test_the_same_in_every_style(tmp_path):
    def rendered():
        file = io.BytesIO()
        plot_space(SCHEDULED).savefig(file, format="png", facecolor="white", dpi=40)
        return file.getvalue()

    usual = rendered()
    with style.context("dark_background"):
        assert rendered() == usual
    save_picture(plot_space(SCHEDULED), tmp_path / "space.pdf")
    assert (tmp_path / "space.pdf").read_bytes().startswith(b"%PDF")
