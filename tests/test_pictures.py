"""Pictures: what is drawn is what is there, nothing is cut off, and nothing global is set."""

import io
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from frameworks import require
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

import dpa
from dpa import cli
from dpa.audit import Distribution
from dpa.checks import count_of
from dpa.config import PARAMETERS
from dpa.images.effects import LIMITS
from dpa.integrations.image import apply_augmentation
from dpa.integrations.matplotlib import (
    plot_chain,
    plot_preview,
    preset_pages,
    preview_pages,
    run_pages,
    save_pages,
    save_picture,
)
from dpa.space import Bernoulli, Choice, Linear, Space, Uniform, sometimes

CONFIG = dpa.get_preset("mild", sampler="mt19937")
#: Every effect, with values that make long captions.
MANY = Space({
    name: Bernoulli(0.5)
    if name in ("flip_horizontal", "flip_vertical", "grey")
    else Uniform(max(low, -0.25), min(high, 1))
    for name, (low, high) in LIMITS.items()
})  # fmt: skip


@pytest.fixture
def run(capsys):
    """main(argv) in this process: exit code, stdout, stderr."""

    def run(*argv):
        code = cli.main([str(argument) for argument in argv])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def picture(*shape, dtype=np.uint8, seed=0):
    """Random pixels."""
    values = np.random.default_rng(seed).random(shape)
    return (values * np.iinfo(dtype).max).astype(dtype) if dtype != np.float32 else values / 2


def texts(figure):
    found = [text.get_text() for text in figure.findobj(Text)]
    return "\n".join(text for text in found if text)


def rendered(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", facecolor=figure.get_facecolor(), dpi=30)
    return file.getvalue()


# ---- Files ----


@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("PDF", b"%PDF")]
)
def test_the_suffix_is_the_format(tmp_path, suffix, start):
    path = tmp_path / "new" / f"picture.{suffix}"
    save_picture(Figure(figsize=(1, 1)), path)
    assert path.read_bytes().startswith(start)


@pytest.mark.parametrize("name", ["picture.jpg", "picture", ".png"])
def test_other_suffixes_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"must end with \.png, \.svg, \.pdf, got '.*" + name):
        save_picture(Figure(), tmp_path / name)
    assert [*tmp_path.iterdir()] == []


def test_a_failure_leaves_the_earlier_file(tmp_path):
    class Broken(Figure):
        def savefig(self, file, **_):
            file.write(b"half")
            raise OSError("disk full")

    path = tmp_path / "picture.png"
    path.write_bytes(b"earlier")
    with pytest.raises(OSError, match="disk full"):
        save_picture(Broken(), path)
    assert [p.name for p in tmp_path.iterdir()] == ["picture.png"]
    assert path.read_bytes() == b"earlier"


# ---- Plots ----


@pytest.mark.parametrize("form", ["chain.jsonl", "chain.npz", "recipe"])
def test_plots_show_the_tests_of_all_samples(tmp_path, form):
    batch = dpa.generate_augmentation_batch(range(9000), CONFIG)
    path = tmp_path / form
    if form == "recipe":
        path = path.with_suffix(".json")
        dpa.save_augmentation_recipe(path, 9000, CONFIG)
    else:
        dpa.save_augmentation_chain(batch, path)
    distribution = Distribution(CONFIG)
    distribution.update(batch.columns)
    checks = list(distribution.checks())
    shown = texts(plot_chain(path))
    assert f"{path.name}: 9,000 samples, mt19937, depth 10" in shown
    assert len(checks) == 25
    for check in checks:
        assert f"p = {check.p_value:.3g}" in shown
        if check.kind in ("correlation", "neighbours"):
            assert f"r = {check.statistic:+.4f}" in shown
    assert "(below 4e-08): 0" in shown
    assert "the first 1,000" in shown
    assert "NOT UNIFORM" not in shown
    assert "CORRELATED" not in shown


def panels(figure, part):
    return figure.subfigs[part].axes


def test_histograms_are_relative_to_the_uniform_distribution(tmp_path):
    path = tmp_path / "chain.npz"
    batch = dpa.generate_augmentation_batch(range(3200), CONFIG)
    dpa.save_augmentation_chain(batch, path)
    for axes, name, bounds in zip(
        panels(plot_chain(path), 0), PARAMETERS, CONFIG.bounds, strict=True
    ):
        heights, edges, _ = axes.patches[0].get_data()
        counts, expected_edges = np.histogram(batch[name], 32, bounds)
        assert heights == pytest.approx(counts / 100)
        assert edges == pytest.approx(expected_edges)
        assert axes.get_xlim() == pytest.approx(bounds)


@pytest.mark.parametrize(("size", "zoomed"), [(1000, False), (300_000, True)])
def test_an_axis_shows_the_band_where_bins_are_nearly_equal(tmp_path, size, zoomed):
    path = tmp_path / "chain.npz"
    dpa.save_augmentation_chain(dpa.generate_augmentation_batch(range(size), CONFIG), path)
    for axes in panels(plot_chain(path), 0):
        seen, _, baseline = axes.patches[0].get_data()
        high, _, low = axes.patches[1].get_data()
        bottom, top = axes.get_ylim()
        shown = high[0] - low[0]
        assert min(seen.min(), low.min()) >= bottom
        assert max(seen.max(), high.max()) <= top
        if zoomed:  # areas are what bins have above or below the expected
            assert bottom > 0.9
            assert baseline == pytest.approx(np.ones(len(seen)))
            assert shown > 0.5 * (top - bottom)
        else:
            assert bottom == baseline == 0


def test_presets_side_by_side(tmp_path):
    path = tmp_path / "recipe.json"
    config = dpa.AugmentationConfig(rotation_range=(-180, 90), noise_range=(0.2, 0.2))
    dpa.save_augmentation_recipe(path, 100, config)
    rows = [*dpa.PRESETS.values(), config]
    for at, axes in enumerate(panels(plot_chain(path), 1)):
        bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
        assert np.ravel(bars) == pytest.approx(np.ravel([row.bounds[at] for row in rows]))
        left, right = axes.get_xlim()
        assert left < np.min(bars)
        assert right > np.max(bars)


def test_another_config_is_found_not_to_fit(tmp_path):
    path = tmp_path / "recipe.json"
    dpa.save_augmentation_recipe(path, 1000, dpa.get_preset("mild"))
    shown = texts(plot_chain(path, dpa.get_preset("moderate")))
    assert shown.count("NOT UNIFORM") == 5


def test_correlations_are_found_and_a_config_is_needed(tmp_path):
    path = tmp_path / "chain.json"
    samples = dpa.generate_augmentation_chain(1000)
    for sample in samples:
        sample["scale"] = sample["brightness"]
    dpa.save_augmentation_chain(samples, path)
    with pytest.raises(ValueError, match=r"chain\.json' does not say its config"):
        plot_chain(path)
    shown = texts(plot_chain(path, dpa.get_preset("moderate")))
    assert "r = +1.0000, p = 0: CORRELATED" in shown
    assert shown.count("CORRELATED") == 1
    repeated = [sample for sample in samples for _ in range(2)]
    dpa.save_augmentation_chain(repeated, path)
    assert texts(plot_chain(path, dpa.get_preset("moderate"))).count("CORRELATED") == 1 + 5


@pytest.mark.parametrize("size", [1, 63])
def test_plots_of_few_samples(tmp_path, size):
    path = tmp_path / "chain.json"
    dpa.generate_augmentation_chain(size, save_path=path)
    shown = texts(plot_chain(path))
    assert count_of(size, "sample") in shown
    assert shown.count("chi-squared p: too few samples") == 5
    assert shown.count("too few samples") == 5 + (10 + 5) * (size < 3)


def test_fixed_parameters(tmp_path):
    path = tmp_path / "chain.json"
    config = dpa.AugmentationConfig(noise_range=(0.25, 0.25))
    dpa.generate_augmentation_chain(10, config, save_path=path)
    shown = texts(plot_chain(path))
    assert shown.count("fixed at 0.25") == 1
    assert shown.count("fixed") == 1 + 4 + 1


def test_no_samples(tmp_path):
    path = tmp_path / "chain.json"
    dpa.generate_augmentation_chain(0, save_path=path)
    with pytest.raises(ValueError, match=r"chain\.json' has no samples to plot"):
        plot_chain(path)


def test_the_samples_of_a_run_are_taken_together(tmp_path):
    folder = tmp_path / "run"
    dpa.Run(range(500), epochs=range(2, 4), views=2).save(folder)
    shown = texts(plot_chain(folder))
    assert "run: 2,000 samples, epochs 2 to 3, views 0 to 1, xoshiro256++" in shown
    assert "NOT" not in shown
    assert cli.main(["plot", str(folder), "-q", "-o", str(tmp_path / "x.svg")]) == 0


def test_parts_of_a_chain_are_plotted(tmp_path):
    folder = tmp_path / "parts.json"  # a folder may be called so
    folder.mkdir()
    for first in (0, 40):
        batch = dpa.generate_augmentation_batch(range(first, first + 40))
        dpa.save_augmentation_chain(batch, folder / f"{first}.npz")
    assert "parts.json: 80 samples" in texts(plot_chain(folder))
    assert cli.main(["plot", str(folder), "-q", "-o", str(tmp_path / "x.svg")]) == 0


def test_a_run_whose_parameters_change_is_no_distribution(tmp_path):
    space = Space(angle=Uniform(0, Linear(((0, 1), (9, 10)))))
    dpa.Run(range(50), space, epochs=2).save(tmp_path / "run", "jsonl")
    with pytest.raises(ValueError, match=r"run' has parameters that change with the epoch: plot"):
        plot_chain(tmp_path / "run")
    plot_chain(tmp_path / "run" / "epoch-1.jsonl")


# ---- Sheets ----


def tiles(figure):
    """(pixels, caption) of each tile."""
    captions = [text.get_text() for text in figure.texts[1:]]  # the first is the sheet's title
    assert len(captions) == 2 * len(figure.axes)
    pairs = zip(captions[::2], captions[1::2], strict=True)
    images = [axes.images[0].get_array() for axes in figure.axes]
    return [(image, "\n".join(pair)) for image, pair in zip(images, pairs, strict=True)]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_tiles_are_what_the_parameters_make(shape, dtype):
    image = picture(*shape, dtype=dtype)
    full_range = 1 if dtype == np.float32 else np.iinfo(dtype).max
    key = {"base_seed": 3, "rank": 1, "epoch": 2, "view": 0}
    figure = plot_preview({"x.png": image}, [7, 2**64 - 1], CONFIG, world_size=2, **key)
    original, *others = tiles(figure)
    assert np.array_equal(original[0], np.asarray(image) / full_range)
    assert original[1] == "x.png\noriginal\nhere 30 x 20 pixels"
    assert len(others) == 2
    for seed_id, (pixels, caption) in zip([7, 2**64 - 1], others, strict=True):
        params = dpa.gen_augmentation_params(seed_id, CONFIG, **key)
        expected = apply_augmentation(image, params) / full_range
        assert np.array_equal(pixels, expected.clip(0, 1))
        assert caption == (
            f"id {seed_id}\nrotation {params['rotation']:+.1f}°   scale {params['scale']:.3f}\n"
            f"brightness {params['brightness']:.3f}   contrast {params['contrast']:.3f}\n"
            f"noise {params['noise']:.4f}"
        )
    for word in ("rotation -15 to 15", "mt19937, depth 10", "epoch 2", "view 0", "rank 1"):
        assert word in texts(figure).replace("\n", " ")


def test_captions_have_what_a_sample_has():
    crop = {"area": Uniform(0.2, 1), "ratio": Uniform(0.5, 2)}
    space = Space({
        "shear_x": Uniform(-9, 9), "flip_vertical": Bernoulli(0.5), "crop": sometimes(0.5, crop),
        "op": Choice(["a", "b"]), "grey": Bernoulli(0.5), "gamma": Uniform(0.5, 2),
    })  # fmt: skip
    image = picture(20, 30, 3)
    _, *others = tiles(plot_preview({"x": image}, range(8), space))
    params = dpa.generate_augmentation_batch(range(8), space).to_dicts()
    assert {"crop.area" in sample for sample in params} == {True, False}
    for id_, (pixels, caption), sample in zip(range(8), others, params, strict=True):
        words = [f"shear_x {sample['shear_x']:+.1f}°", f"flip_vertical {sample['flip_vertical']}"]
        if sample["crop"]:
            words += [f"{name} {sample[name]:.3f}" for name in ("crop.area", "crop.ratio")]
        words += [f"gamma {sample['gamma']:.3f}", f"grey {sample['grey']}"]
        assert caption.split("\n")[0] == f"id {id_}"
        assert [word for line in caption.split("\n")[1:] for word in line.split("   ")] == words
        assert np.array_equal(pixels, apply_augmentation(image, sample) / 255)


def test_the_heading_leads_with_what_was_chosen():
    image = {"x": picture(8, 8)}
    config = dpa.get_preset("mild", sampler="mt19937")
    heading = plot_preview(image, [1], config, epoch=2, base_seed=7).texts[0].get_text()
    assert heading.replace("\n", " ").startswith("mild, epoch 2, base_seed 7: rotation -15 to 15, ")
    heading = plot_preview(image, [1], config.replace(noise_range=(0, 1))).texts[0].get_text()
    assert heading.startswith("rotation -15 to 15, ")


def test_presets_are_columns():
    images = {f"{n}.png": picture(n, 10) for n in (5, 10)}
    [figure] = preset_pages(images, ["a", "b"], epoch=2)
    names = [*dpa.PRESETS]
    assert [caption.split("\n")[0] for _, caption in tiles(figure)] == [
        *["5.png, id a", *names, "5.png, id b", *names],
        *["10.png, id a", *names, "10.png, id b", *names],
    ]
    assert len({axes.get_position().x0 for axes in figure.axes}) == 1 + len(names)
    assert figure.texts[0].get_text() == "presets side by side, epoch 2"
    params = dpa.gen_augmentation_params("b", dpa.PRESETS["aggressive"], epoch=2)
    expected = apply_augmentation(images["5.png"], params)
    assert np.array_equal(tiles(figure)[7][0], expected / 255)
    with pytest.raises(ValueError, match="2 to 4,000 tiles, got 2 images and 501 ids"):
        preset_pages(images, range(501))


def test_each_image_has_its_rows_even_if_names_look_alike_in_captions():
    names = ["猫.png", "犬.png", *(f"{'x' * 20}{n}{'y' * 20}.png" for n in range(2))]
    [figure] = preset_pages({name: picture(8, 8) for name in names}, ["鳥", "魚"])
    assert len(tiles(figure)) == 4 * 2 * (1 + len(dpa.PRESETS))


def test_several_images_are_rows():
    images = {f"{n}.png": picture(n, 10) for n in (5, 10, 20)}
    figure = plot_preview(images, range(4))
    assert [caption.split("\n")[0] for _, caption in tiles(figure)] == [
        *["5.png", "id 0", "id 1", "id 2", "id 3"],
        *["10.png", "id 0", "id 1", "id 2", "id 3"],
        *["20.png", "id 0", "id 1", "id 2", "id 3"],
    ]
    bottoms = [axes.get_position(original=True).y0 for axes in figure.axes]
    assert [len({*bottoms[at : at + 5]}) for at in (0, 5, 10)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("images", "ids"),
    [
        ({"one.png": picture(256, 200)}, [2**64 - 1]),
        ({"square.png": picture(8, 8)}, range(20)),
        ({"tall.png": picture(300, 10, 3), "wide.png": picture(10, 300)}, range(9)),
        ({name: picture(8 * n, 40) for n, name in enumerate("abcde", 1)}, [3]),
        ({"long name " * 9: picture(9, 9)}, ["$x^2$ 日本\n" * 9, "0" * 64, "", "W" * 30]),
    ],
    ids=["one", "20", "tall and wide", "side by side", "long names"],
)
@pytest.mark.parametrize("config", [CONFIG, MANY], ids=["five", "many"])
def test_nothing_is_cut_off_or_covered(images, ids, config):
    figure = plot_preview(images, ids, config, epoch=2**64 - 1)
    FigureCanvasAgg(figure).draw()
    whole = figure.bbox
    boxes = [axes.get_window_extent() for axes in figure.axes]
    boxes += [text.get_tightbbox() for text in figure.findobj(Text) if text.get_text()]
    for box in boxes:
        assert whole.x0 <= box.x0 <= box.x1 <= whole.x1
        assert whole.y0 <= box.y0 <= box.y1 <= whole.y1
    for a, b in itertools.combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        along = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(across, along) < 1.5, (a, b)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I", "I;16", "F"]
)
def test_images_of_every_mode(mode):
    grey = Image.fromarray(np.full((300, 600), 100, np.uint8))
    if mode == "PA":
        image = grey.convert("LA").convert("PA")
    elif mode in ("I", "I;16"):
        image = Image.fromarray(np.full((300, 600), 100 * 257, np.uint16)).convert(mode)
    else:
        image = grey.convert(mode)
    (pixels, caption), _ = tiles(plot_preview({"x": image}, [0]))
    assert "256 x 128" in caption
    assert pixels[..., :3].mean() * 255 == pytest.approx(100, abs=2)
    assert image.size == (600, 300)  # as it was


def test_photographs_are_upright():
    image = Image.fromarray(picture(20, 40))
    image.getexif()[0x0112] = 6  # turned by 90 degrees
    (pixels, _), _ = tiles(plot_preview({"x": image}, [0]))
    assert pixels.shape == (40, 20)


def test_transparency_is_kept():
    image = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    for pixels, _ in tiles(plot_preview({"x": image}, [0])):
        assert pixels[5, 5, 3] == 0


@pytest.mark.parametrize(
    ("images", "ids", "error", "message"),
    [
        ({}, [0], ValueError, "got 0 images and 1 id"),
        ({"x": picture(9, 9)}, [], ValueError, "got 1 image and 0 ids"),
        ({"x": picture(9, 9)}, range(400), ValueError, "got 1 image and 400 ids"),
        ({"x": picture(9, 9)}, 5, TypeError, "ids must be a sequence of ids, got 5"),
        ({"x": picture(9, 9, dtype=np.uint32)}, [0], TypeError, "uint32"),
        ({"x": picture(9, 9, 2)}, [0], ValueError, r"'x' must be HxW, HxWx3 or HxWx4"),
        ({"x": picture(9, 0)}, [0], ValueError, r"'x' must be .*, not \(9, 0\)"),
        (picture(9, 9), [0], TypeError, "images must be a mapping of names to images, got"),
        ({"x": picture(9)}, [0], ValueError, r"'x' must be HxW, HxWx3 or HxWx4"),
        ({"x": np.array(7)}, [0], ValueError, r"'x' must be HxW, HxWx3 or HxWx4"),
        ({"x": "x.png"}, [0], TypeError, "'x' must be a NumPy array or a PIL image, got 'x.png'"),
    ],
)
def test_bad_arguments(images, ids, error, message):
    with pytest.raises(error, match=message):
        plot_preview(images, ids)


# ---- Pages ----


def test_a_run_is_drawn_as_a_training_has_it():
    images = {"a.png": picture(20, 30, 3), "b.png": picture(20, 30, 3, seed=1)}
    run = dpa.Run([*images], CONFIG, epochs=range(2, 9), base_seed=3, views=2)
    [figure] = run_pages(images, run, range(3, 5))
    drawn = tiles(figure)
    assert len(drawn) == 2 * (1 + 4)
    for at, (name, image) in enumerate(images.items()):
        (original, caption), *others = drawn[at * 5 : at * 5 + 5]
        assert np.array_equal(original, image / 255)
        assert caption.startswith(f"{name}\noriginal")
        versions = [(epoch, view) for epoch in (3, 4) for view in (0, 1)]
        for (epoch, view), (pixels, caption) in zip(versions, others, strict=True):
            params = run.params(name, epoch, view)
            assert np.array_equal(pixels, apply_augmentation(image, params) / 255)
            assert caption.startswith(f"epoch {epoch}, view {view}\nrotation ")
    words = texts(figure)
    assert "base_seed 3, epoch_policy each" in words
    [figure] = run_pages(images, dpa.Run([*images], CONFIG, epochs=9))
    assert [caption.split("\n")[0] for _, caption in tiles(figure)[1:7]] == [
        f"epoch {epoch}" for epoch in range(6)
    ]
    with pytest.raises(TypeError, match="epochs must be a range or None, got 3"):
        next(run_pages(images, run, 3))
    with pytest.raises(ValueError, match=r"the run has no sample with the id 'c\.png'"):
        next(run_pages({"c.png": images["a.png"]}, run))
    with pytest.raises(ValueError, match="epoch must be one of the run's, 2 to 8, got 9"):
        next(run_pages(images, run, range(8, 10)))


def test_a_long_sheet_becomes_pages(tmp_path):
    images = {f"{n}.png": picture(20, 20, seed=n) for n in range(60)}
    pages = [*preview_pages(images, [0], CONFIG)]
    names = [caption.split("\n")[0] for page in pages for _, caption in tiles(page)]
    assert names == [name for n in range(60) for name in (f"{n}.png", "id 0")]
    assert [page.get_figheight() < 40 for page in pages] == [True] * len(pages)
    assert len(pages) == 2
    assert ", page 2 of 2" in texts(pages[1]).replace("\n", " ")
    one = plot_preview(images, [0], CONFIG)
    assert len(one.axes) == 120
    single = [*preview_pages({"x": picture(9, 9)}, range(120))]
    assert [len(page.axes) for page in single][-1] < len(single[0].axes)
    assert sum(len(page.axes) for page in single) == 121
    with pytest.raises(ValueError, match=r"must make 2 to 4,000 tiles, got 60 images and 66 ids"):
        preview_pages(images, range(66))


def test_pages_are_files_of_their_own_or_one_pdf(tmp_path):
    def pages(count):
        for _ in range(count):
            figure = Figure(figsize=(1, 1))
            figure.text(0, 0, "x")
            yield figure

    (tmp_path / "x-2.png").write_bytes(b"earlier")
    found = save_pages(pages(3), tmp_path / "x.png")
    assert found == [str(tmp_path / name) for name in ("x.png", "x-2.png", "x-3.png")]
    assert all(Path(name).read_bytes().startswith(b"\x89PNG") for name in found)
    assert save_pages(pages(3), tmp_path / "x.pdf") == [str(tmp_path / "x.pdf")]
    assert (tmp_path / "x.pdf").read_bytes().count(b"/Type /Page ") == 3
    with pytest.raises(ValueError, match=r"must end with \.png"):
        save_pages(pages(1), tmp_path / "x.gif")


def test_a_function_of_the_callers_is_drawn():
    """Also an array of one channel, and numbers that a network takes: their range is told."""
    image = Image.fromarray(picture(300, 400, 3))
    seen, facts = [], []

    def prepare(given, params):
        seen.append((given.size, params["op"]))
        facts.append({name: params[name] for name in ("id", "epoch", "view", "base_seed")})
        small = given.resize((12, 10)).convert("L")
        values = np.asarray(small, np.float32)[..., None] / 255
        return values if params["op"] == "plain" else (values - 0.5) / 0.25

    space = Space(op=Choice(["plain", "normal"]))
    (original, _), *others = tiles(plot_preview({"x": image}, range(6), space, apply=prepare))
    assert original.shape == (192, 256, 3)
    assert {size for size, _ in seen} == {(400, 300)}
    assert {op for _, op in seen} == {"plain", "normal"}
    key = {"epoch": None, "view": None, "base_seed": None}
    assert facts == [{"id": sample_id, **key} for sample_id in range(6)]
    run = dpa.Run(["x"], space, epochs=9, epoch_policy=("cycle", 2), base_seed=7, views=2)
    facts.clear()
    next(run_pages({"x": image}, run, range(3, 4), apply=prepare))
    assert facts == [{"id": "x", "epoch": 1, "view": view, "base_seed": 7} for view in (0, 1)]
    del seen[6:]
    for (pixels, caption), (_, op) in zip(others, seen, strict=True):
        title, *words = caption.split("\n")
        assert pixels.shape == (10, 12)
        assert words == [f"op '{op}'"]
        if op == "normal":
            assert re.fullmatch(r"id \d \(-?\d\S* to \d\S*\)", title)
            assert (pixels.min(), pixels.max()) == (0, 1)
        else:
            assert title[:-1] == "id "


def test_a_tensor_is_drawn():
    torch = require("torch")
    levels = torch.arange(3 * 4 * 5, dtype=torch.uint8).reshape(3, 4, 5)
    for made in (levels, levels.float() / 255, (levels.float() / 255).requires_grad_()):
        sheet = plot_preview({"x": picture(9, 9)}, [0], apply=lambda image, params, m=made: m)
        _, (pixels, _) = tiles(sheet)
        assert np.allclose(pixels, levels.permute(1, 2, 0) / 255)


@pytest.mark.parametrize("made", [None, "x", np.zeros(3), np.zeros((2, 3, 5)), np.zeros((0, 9))])
def test_what_cannot_be_drawn_is_named(made):
    with pytest.raises(ValueError, match="apply must return a PIL image, an array HxW, "):
        plot_preview({"x": picture(9, 9)}, [0], apply=lambda image, params: made)
    with pytest.raises(TypeError, match="apply must be callable or None, got 3"):
        plot_preview({"x": picture(9, 9)}, [0], apply=3)


# ---- Looks ----


def test_pictures_are_opaque_and_the_same_in_every_style(tmp_path):
    path = tmp_path / "chain.json"
    dpa.generate_augmentation_chain(100, save_path=path)

    def pictures():
        return [rendered(plot_chain(path)), rendered(plot_preview({"x": picture(64, 64)}, [0]))]

    usual = pictures()
    with style.context("dark_background"):
        assert pictures() == usual
    for png in usual:
        image = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
        assert image[..., 3].min() == 255
        assert image[0, 0].tolist() == [255] * 4


def test_nothing_global_is_set(tmp_path):
    program = (
        "import matplotlib, sys\n"
        "def settings():\n"  # not the backend: asking for it imports pyplot
        "    rc = matplotlib.rcParams\n"
        "    return {name: rc[name] for name in rc if name != 'backend'}\n"
        "before = settings()\n"
        "from dpa import cli\n"
        "cli.main('recipe -n 100 -o r.json'.split())\n"
        "cli.main('plot r.json -o r.png'.split())\n"
        "cli.main('preview r.png -o s.png --ids 0:1'.split())\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert settings() == before\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert (tmp_path / "s.png").exists()


# ---- Commands ----


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for n in range(10):
        Image.fromarray(picture(8, 8)).save(folder / f"{n}.png")
    (folder / "notes.txt").touch()
    return folder


@pytest.fixture
def classes(folder):
    """A folder as ImageFolder has it, with what is no image in it."""
    for name in ("dog/b", "dog/a", "cat/c", "cat/more/d"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(8, 8)).save(folder / f"{name}.png")
    (folder / "dog/._a.png").write_bytes(b"no image")
    (folder / "cat/notes.txt").touch()
    (folder / "empty").mkdir()
    return folder


@pytest.fixture
def calls(monkeypatch):
    """Arguments of what commands would draw: drawing takes its time."""
    calls = []
    names = ("chains.plot_chain", "previews.preview_pages", "previews.run_pages")
    for name in (*names, "previews.stored_pages", "previews.preset_pages"):
        monkeypatch.setattr(
            f"dpa.pictures.{name}",
            lambda *arguments, **key: calls.append((*arguments, key)) or Figure(),
        )
    monkeypatch.setattr("dpa.pictures.figures.save_picture", lambda figure, path: None)
    monkeypatch.setattr("dpa.pictures.figures.save_pages", lambda figures, path: [path])
    return calls


def test_preview(run, folder, tmp_path):
    output = tmp_path / "sheet.png"
    assert run("preview", folder / "3.png", "-o", output, "--ids", "0:2") == (
        (0, "", f"wrote {output}\n")
    )
    assert output.read_bytes().startswith(b"\x89PNG")


def test_preview_takes_ids_config_and_key(run, folder, calls):
    options = "--preset mild --sampler mt19937 --depth 3 --epoch 2 --view 1 --base-seed 4"
    options += " --rank 0 --world-size 2 --ids 5,3"
    assert run("preview", folder / "3.png", "-o", "x.png", *options.split())[0] == 0
    ((images, ids, config, key),) = calls
    assert [*images] == ["3.png"]
    assert ids == [5, 3]
    assert config == dpa.get_preset("mild", sampler="mt19937", augmentation_depth=3)
    assert key == {"epoch": 2, "view": 1, "base_seed": 4, "rank": 0, "world_size": 2}


def test_preview_of_the_presets(run, folder, calls):
    argv = ["preview", "--presets", "-o", "x.png", folder / "3.png"]
    assert run(*argv, "--epoch", 2)[0] == 0
    assert run(*argv, folder / "4.png")[0] == 0
    assert run(*argv, "--ids", "5,3")[0] == 0
    assert [call[1] for call in calls] == [range(4), range(1), [5, 3]]
    assert calls[0][-1]["epoch"] == 2
    for more in (["--preset", "mild"], ["--by-name"], ["--depth", 3], ["--from", "x.json"]):
        code, _, err = run(*argv, *more)
        assert (code, err) == (2, f"dpa: error: {more[0]} is not allowed with --presets\n")


def test_preview_of_an_image_has_sixteen_ids(run, folder, calls):
    assert run("preview", folder / "3.png", "-o", "x.svg")[0] == 0
    assert calls[0][1:3] == (range(16), dpa.AugmentationConfig())


def test_preview_of_a_folder_has_its_first_images(run, folder, calls):
    assert run("preview", folder, "-o", "x.pdf")[0] == 0
    assert run("preview", folder, "-o", "x.pdf", "--num-images", 2, "--ids", "7:9")[0] == 0
    assert [*calls[0][0]] == [f"{n}.png" for n in range(8)]
    assert [*calls[1][0]] == ["0.png", "1.png"]
    assert [call[1] for call in calls] == [range(4), range(7, 9)]


def test_preview_takes_the_first_of_each_subfolder_then_the_second(run, classes, calls):
    first = ["0.png", "cat/c.png", "cat/more/d.png", "dog/a.png"]
    rest = ["1.png", "dog/b.png", *(f"{n}.png" for n in range(2, 10))]
    for most in (3, 5, 12, 99):
        assert run("preview", classes, "-o", "x.png", "--num-images", most)[0] == 0
        images = calls.pop()[0]
        assert [*images] == [*first, *rest][:most]
        assert all(image.size == (8, 8) for image in images.values())


def test_preview_of_several_images(run, classes, calls):
    argv = ["preview", "-o", "x.png", classes / "3.png", classes / "dog"]
    assert run(*argv)[0] == 0
    assert [*calls[0][0]] == ["3.png", "a.png", "b.png"]
    assert calls[0][1] == range(4)
    code, _, err = run(*argv, classes / "dog/a.png")
    assert code == 2
    assert "two images are called 'a.png': give the folder above both" in err


def test_preview_as_in_training(run, classes, calls):
    options = ["--num-images", 3, "--base-seed", 7, "--preset", "mild"]
    assert run("preview", classes, "--by-name", *options, "-o", "x.png")[0] == 0
    ids = ["0.png", "cat/c.png", "cat/more/d.png"]
    images, found, epochs, _ = calls.pop()
    assert [*images] == ids
    assert found == dpa.Run(ids, dpa.get_preset("mild"), epochs=6, base_seed=7)
    assert epochs == range(6)
    options = ["--by-name", "--epochs", "3:5", "--views", 2, "--num-images", 3]
    assert run("preview", classes, *options, "-o", "x.png")[0] == 0
    _, found, epochs, _ = calls.pop()
    assert found == dpa.Run(ids, epochs=range(3, 5), views=2)
    assert epochs == range(3, 5)


def test_preview_of_a_run(run, classes, calls, tmp_path):
    saved = dpa.Run(["dog/a.png", "dog/b.png", "lost.png", "9.png"], epochs=4, views=2)
    saved.save(tmp_path / "run")
    argv = ["preview", "-o", "x.png", "--from", tmp_path / "run"]
    assert run(*argv, classes)[0] == 0
    images, found, epochs, _ = calls.pop()
    assert [*images] == ["dog/a.png", "dog/b.png", "9.png"]
    assert (found, epochs) == (saved, None)
    assert run(*argv, classes, "--epochs", "1:3")[0] == 0
    assert calls.pop()[2] == range(1, 3)
    code, _, err = run(*argv, classes / "8.png")
    assert code == 2
    assert f"'8.png' is no sample of '{tmp_path / 'run'}'" in err
    code, _, err = run(*argv, classes / "cat")
    assert code == 2
    assert "and whose path in it is the id of a sample" in err


def test_preview_of_a_file(run, classes, calls, tmp_path):
    path = tmp_path / "names.npz"
    batch = dpa.generate_augmentation_batch(["9.png", "x.png", "dog/a.png"], CONFIG, epoch=3)
    dpa.save_augmentation_chain(batch, path)
    assert run("preview", classes, "-o", "x.png", "--from", path)[0] == 0
    images, samples, metadata, _ = calls.pop()
    assert [*images] == ["dog/a.png", "9.png"]
    assert samples == {"dog/a.png": [("epoch 3", batch[2])], "9.png": [("epoch 3", batch[0])]}
    assert metadata.key.epoch == 3
    path = tmp_path / "recipe.json"
    dpa.save_augmentation_recipe(path, 100, CONFIG, start_id=5)
    image = classes / "3.png"
    assert run("preview", image, "-o", "x.png", "--from", path, "--ids", "7,9")[0] == 0
    expected = [(f"id {n}", dpa.gen_augmentation_params(n, CONFIG)) for n in (7, 9)]
    assert calls.pop()[1] == {"3.png": expected}
    assert run("preview", image, "-o", "x.png", "--from", path)[0] == 0
    assert [title for title, _ in calls.pop()[1]["3.png"]] == [f"id {n}" for n in range(5, 21)]


def test_preview_follows_links_to_folders(run, folder, calls):
    (folder.parent / "set").mkdir()
    (folder.parent / "set/linked").symlink_to(folder)
    assert run("preview", folder.parent / "set", "-o", "x.png", "--num-images", 1)[0] == 0
    assert [*calls[0][0]] == ["linked/0.png"]


def test_preview_meets_a_folder_once_however_it_is_linked(run, folder, calls):
    (folder / "sub").mkdir()
    for place in ("self", "sub/up", "sub/round"):
        (folder / place).symlink_to(folder)
    assert run("preview", folder, "-o", "x.png", "--num-images", 100)[0] == 0
    assert [*calls[0][0]] == [f"{n}.png" for n in range(10)]


def test_preview_takes_ids_that_are_strings(run, folder, calls):
    argv = ["preview", folder / "3.png", "-o", "x.png", "--string", "--ids"]
    assert run(*argv, "cat/1.jpg,7,0:3")[0] == 0
    assert run(*argv, "7")[0] == 0
    assert [call[1] for call in calls] == [["cat/1.jpg", "7", "0:3"], ["7"]]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("{folder} -o x.gif", "path of a picture must end with .png, .svg, .pdf, got 'x.gif'"),
        ("missing.png -o x.gif", "must end with .png"),  # before anything is read
        ("missing.png -o x.png", "missing.png'"),  # an old Pillow tells the whole path
        ("{folder}/notes.txt -o x.png", "notes.txt' cannot be read as an image: cannot identify"),
        ("{folder} -o x.png --ids 3:", "--ids must be like 0:16 or 3,5,42, got '3:'; for text"),
        ("{folder} -o x.png --ids=-1", "--ids must be like 0:16 or 3,5,42, got '-1'"),
        ("{folder} -o x.png --ids=", "--ids must be like 0:16 or 3,5,42, got ''"),
        ("{folder} -o x.png --ids a,b", "got 'a,b'; for text: --string"),
        ("{folder} -o x.png --ids 5:5", "A must be below B, got '5:5'"),
        ("{folder} -o x.png --ids 5:0", "--ids A:B is A to B - 1, so A must be below B, got '5:0'"),
        ("{folder} -o x.png --string", "--string needs --ids"),
        ("{folder} -o x.png --string --ids a,,b", "ids with commas between them, got 'a,,b'"),
        ("{folder} -o x.png --ids 0:18446744073709551617", "must be fewer than 2**48"),
        ("{folder} -o x.png --ids 0:99999999999999", "8 images and 99,999,999,999,999 ids"),
        ("{folder} -o x.png --num-images 0", "--num-images must be at least 1, got 0"),
        ("{folder} -o x.png --rank 2 --world-size 2", "rank must be below world_size 2, got 2"),
        ("{folder} -o x.png --by-name --ids 0:3", "--ids is not allowed with --by-name or a run"),
        ("{folder} -o x.png --by-name --epoch 3", "--epoch is not allowed with --by-name or a run"),
        ("{folder} -o x.png --by-name --epoch 0", "--epoch is not allowed with --by-name or a run"),
        ("{folder} -o x.png --by-name --epochs 3", "--epochs must be like 0:16, got '3'"),
        ("{folder} -o x.png --epochs 0:3", "--epochs is for --by-name or --from a run"),
        ("{folder} -o x.png --views 2", "--views is for --by-name without --from"),
        ("{folder} -o x.png --from missing.json", "No such file or directory: 'missing.json'"),
        ("{folder} -o x.png --from r.json --epoch 3", "--epoch is not allowed with --from"),
    ],
)
def test_preview_refuses(run, folder, argv, message):
    code, out, err = run("preview", *argv.format(folder=folder).split())
    assert (code, out) == (2, "")
    assert err.startswith("dpa: error: ")
    assert message in err
    assert err.count("\n") == 1


def test_images_that_cannot_be_read(run, folder, calls):
    damaged, lost = folder / "3.png", folder / "5.png"
    damaged.write_bytes(damaged.read_bytes()[:50])
    lost.unlink()
    lost.symlink_to("nowhere")
    code, _, err = run("preview", folder, "-o", "x.png")
    assert code == 0
    assert [*calls[0][0]] == [f"{n}.png" for n in (0, 1, 2, 4, 6, 7, 8, 9)]
    first, second, last = err.splitlines()
    assert first.startswith(f"dpa: left out: {str(damaged)!r} cannot be read as an image: ")
    assert second.startswith("dpa: left out: ")
    assert str(lost) in second
    assert last == "wrote x.png"
    code, _, err = run("preview", damaged, "-o", "x.png")
    assert code == 2
    assert err.startswith(f"dpa: error: {str(damaged)!r} cannot be read as an image: ")


def test_a_folder_without_images(run, tmp_path):
    assert run("preview", tmp_path, "-o", "x.png") == (
        (2, "", f"dpa: error: no image that can be read in {str(tmp_path)!r}\n")
    )
    (tmp_path / "x.png").touch()
    code, _, err = run("preview", tmp_path, "-o", "x.png")
    assert code == 2
    assert [line.split()[1] for line in err.splitlines()] == ["left", "error:"]


def test_a_folder_that_cannot_be_listed(run, classes, calls, monkeypatch):
    listed = os.scandir

    def scandir(path):
        if str(path).endswith("cat"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    code, _, err = run("preview", classes, "-o", "x.png", "--num-images", 12)
    assert code == 0
    assert err.startswith("dpa: left out: Permission denied: ")
    first = ["0.png", "dog/a.png", "1.png", "dog/b.png"]
    assert [*calls[0][0]] == [*first, *(f"{n}.png" for n in range(2, 10))]


def test_plot(run, tmp_path, calls):
    path = str(tmp_path / "chain.npz")
    assert run("plot", path, "-o", "x.png") == (0, "", "wrote x.png\n")
    assert run("plot", path, "-o", "x.png", "--preset", "aggressive")[0] == 0
    limit = {"unlimited": False, "progress": False}
    assert calls == [(path, None, limit), (path, dpa.get_preset("aggressive"), limit)]


def test_plot_refuses(run, tmp_path):
    path = tmp_path / "chain.json"
    assert "must end with .png" in run("plot", path, "-o", "x.jpg")[2]
    assert "No such file" in run("plot", path, "-o", "x.png")[2]
    path.write_text("{}")
    assert run("plot", path, "-o", "x.png")[0] == 2


def test_without_matplotlib(run, monkeypatch):
    for name in ("dpa.pictures", "dpa.pictures.chains", "matplotlib.figure"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    message = "dpa: error: pictures need matplotlib: pip install 'dpa-augment[viz]' "
    message += "(in a clone: pip install '.[viz]')\n"
    assert run("plot", "x.json", "-o", "x.png") == (2, "", message)
