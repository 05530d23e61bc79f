"""Make a million samples' parameters, save, load, summarise and draw them: python demo.py [N]."""

import sys
import tempfile
import time
from pathlib import Path

import dpa


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


def draw(count: int, config: dpa.AugmentationConfig, folder: Path) -> None:
    try:
        from matplotlib.cbook import get_sample_data
        from PIL import Image

        from dpa.integrations.matplotlib import plot_chain, plot_preview, save_picture
    except ImportError:
        print("\npictures of them need an extra: pip install 'dpa-augment[viz]'")
        return
    with Image.open(get_sample_data("grace_hopper.jpg", asfileobj=False)) as photo:
        save_picture(plot_preview({"photo": photo}, range(11), config), folder / "sheet.png")
    dpa.save_augmentation_recipe(folder / "moderate.json", count, config)
    save_picture(plot_chain(folder / "moderate.json"), folder / "plot.png")
    print("\npictures of them:", folder / "sheet.png", folder / "plot.png")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    config = dpa.get_preset("moderate")
    dpa.generate_augmentation_batch(range(1), config)  # what only a first call does
    batch, generating = timed(dpa.generate_augmentation_batch, range(count), config)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "moderate.json"
        _, saving = timed(dpa.save_augmentation_chain, batch, path)
        size = path.stat().st_size / 1e6
        loaded, loading = timed(dpa.load_augmentation_chain, path)
    if loaded != batch.to_dicts():
        sys.exit("the loaded samples differ from the generated ones")

    print(f"{count:,} samples of the moderate preset, kernel {dpa.active_kernel()}")
    print(f"  generated in {generating:.2f} s: {count / generating:,.0f} samples/s")
    print(f"  saved in     {saving:.2f} s: {size:,.0f} MB of JSON")
    print(f"  loaded in    {loading:.2f} s: equal to what was generated\n")
    print(f"{'parameter':10}{'mean':>12}{'in theory':>12}{'stdev':>12}{'in theory':>12}")
    for name, found in batch.statistics().items():
        low, high = getattr(config, f"{name}_range")
        mean, stdev = (low + high) / 2, (high - low) / 12**0.5
        print(f"{name:10}{found['mean']:12.5f}{mean:12.5f}{found['stdev']:12.5f}{stdev:12.5f}")
    draw(count, config, Path(__file__).parents[1] / "build" / "demo")


if __name__ == "__main__":
    main()
