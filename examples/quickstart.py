"""Parameters from names, the image that they make, and the file that makes them again."""

import tempfile
from pathlib import Path

import numpy as np

import dpa
from dpa.integrations.image import apply_augmentation


def main() -> None:
    config = dpa.get_preset("moderate", rotation_range=(-15, 15))
    names = ["cat/001.png", "cat/002.png", "dog/001.png"]

    params = dpa.gen_augmentation_params(names[0], config, base_seed=7, epoch=0)
    print(
        f"{names[0]}: rotated by {params['rotation']:.2f} degrees, scaled by {params['scale']:.3f}"
    )

    image = np.zeros((64, 64, 3), np.uint8)
    image[16:48, 24:40] = 200
    result = apply_augmentation(image, params)
    print(f"image: {result.shape}, {result.dtype}, mean {image.mean():.1f} -> {result.mean():.1f}")

    batch = dpa.generate_augmentation_batch(names, config, base_seed=7, epoch=0)
    assert batch[0] == params  # alone or in a batch: the same bits
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "epoch0.json"
        dpa.save_augmentation_chain(batch, path)
        report = dpa.verify_augmentation_chain(path)
        print(f"{path.name}: {len(dpa.load_augmentation_chain(path))} samples, ok: {report.ok}")


if __name__ == "__main__":
    main()
