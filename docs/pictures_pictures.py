"""Draws the pictures of README.md, guide.md and pictures.md: python docs/pictures_pictures.py."""

import tempfile
from pathlib import Path

import numpy as np
from images_pictures import Tile, sheet
from matplotlib import cbook
from matplotlib.figure import Figure
from PIL import Image

import dpa
from dpa.integrations.image import apply_augmentation
from dpa.integrations.matplotlib import plot_chain, plot_preview, save_picture

DOCS = Path(__file__).parent.absolute()
PHOTO = Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))


def presets() -> Figure:
    """A row for each preset, with the same ids: each goes the same way, by more or less."""
    photo = PHOTO.resize((128, 150))
    tiles = []
    for name in dpa.PRESETS:
        batch = dpa.generate_augmentation_batch(range(6), dpa.get_preset(name), base_seed=7)
        for sample_id, params in zip(batch.sample_ids, batch.to_dicts(), strict=True):
            made = apply_augmentation(photo, params)
            tiles.append(Tile(f"{name}, id {sample_id}", np.asarray(made)))
    return sheet(tiles, 6)


def plot() -> Figure:
    """What `dpa plot` draws of 100,000 samples."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "epoch0.json")
        dpa.save_augmentation_recipe(path, 100_000, dpa.get_preset("moderate"), epoch=0)
        return plot_chain(path)


def save(figure: Figure, name: str) -> None:
    """A photograph as JPEG, anything else as a PNG of few colours, which is small."""
    path = DOCS / name
    save_picture(figure, path.with_suffix(".png"))
    with Image.open(path.with_suffix(".png")) as picture:
        opaque = picture.convert("RGB")
    if path.suffix == ".jpg":
        path.with_suffix(".png").unlink()
        opaque.save(path, quality=82, optimize=True)
    else:
        opaque.quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    photos = {"grace_hopper.jpg": PHOTO}
    save(plot_preview(photos, range(7), dpa.get_preset("moderate")), "preview.jpg")
    save(presets(), "guide_presets.jpg")
    save(plot(), "pictures_plot.png")
