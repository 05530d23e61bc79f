"""python -m bench.elsewhere PYTHON...: pixels in other environments, beside this one, in one run.

A PYTHON is an interpreter that has another OpenCV, Albumentations or an older dpa; each does what
it can. All take turns, one thread each, on pictures that stay in the cache. DPA_KERNEL chooses
the level of this one.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

ROUNDS = 7
SHAPES = ((224, 224, 3), (512, 512, 3), (768, 1024, 3), (224, 224, 1), (512, 512, 1))
ROTATION, SCALE = 17.0, 1.08
PARAMS = {
    "rotation": ROTATION,
    "scale": SCALE,
    "brightness": 1.1,
    "contrast": 0.9,
    "noise": 0.05,
    "hash": "73475cb40a568e8da8a045ced110137e159f890ac4da883b6b17dc651b3a8049",
}

Cases = Iterator[tuple[str, str, Callable[[], object]]]  # who, what, the work


def main() -> None:
    if sys.argv[1:] == ["--child"]:
        print(json.dumps([[who, what, median(work)] for who, what, work in cases()]))
        return
    import dpa.integrations.image  # noqa: F401 (a missing one is an error here, not in others)

    seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(ROUNDS):
        for python in (sys.executable, *sys.argv[1:]):
            command = [python, __file__, "--child"]
            found = subprocess.run(command, capture_output=True, text=True, check=True)
            for who, what, took in json.loads(found.stdout):
                ours = who.startswith("dpa") and python == sys.executable
                name = f"this {who}" if ours else who
                seconds[what][name].append(took)
    for what, of in seconds.items():
        print(f"\n{what}")
        for who, times in of.items():
            took = statistics.median(times)
            print(
                f"  {who:28} {took * 1e6:9.1f} us  {took / statistics.median(of['this dpa']):6.2f}"
            )


def median(work: Callable[[], object], least: float = 0.03) -> float:
    """Seconds of a call."""
    times: list[float] = []
    while len(times) < 5 or sum(times) < least:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def cases() -> Cases:
    photo = np.random.default_rng(1).integers(0, 256, (375, 500, 3), np.uint8)
    yield from sequences("crop, flip, turn, colour: 224 x 224 x 3 of 500 x 375", photo)
    for shape in SHAPES:
        image = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
        sides = " x ".join(map(str, shape))
        yield from warps(f"warp, {sides}", image)
        yield from whole_calls(f"whole call, {sides}", image)


def warps(what: str, image: np.ndarray) -> Cases:
    try:
        from dpa import _pixels

        numbers, result = _pixels.turn_map(ROTATION, SCALE), np.empty_like(image)
        yield "dpa", what, lambda: _pixels.warp(image, result, numbers, 0, "reflect")
    except (ImportError, AttributeError):  # none, or an older one
        pass
    try:
        import cv2
    except ImportError:
        return
    cv2.setNumThreads(1)
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), ROTATION, SCALE)
    border: Any = {"borderMode": cv2.BORDER_REFLECT_101}
    work = lambda: cv2.warpAffine(image, turn, (width, height), **border)  # noqa: E731
    yield f"OpenCV {cv2.__version__}", what, work


def whole_calls(what: str, image: np.ndarray) -> Cases:
    for noisy in (False, True):
        name = f"{what}, {'with' if noisy else 'no'} noise"
        params = {**PARAMS, "noise": PARAMS["noise"] if noisy else 0}
        try:
            from dpa.integrations.image import apply_augmentation

            yield "dpa", name, lambda params=params: apply_augmentation(image, params)
        except ImportError:
            pass
        try:
            import albumentations as A  # noqa: N812 (its users' habit)
        except ImportError:
            continue
        parts = [
            A.Affine(rotate=(-30, 30), scale=(0.8, 1.2), border_mode=4, p=1),
            A.RandomBrightnessContrast(p=1),
            *([A.GaussNoise(p=1)] if noisy else []),
        ]
        transform = A.Compose(parts)
        yield f"Albumentations {A.__version__}", name, lambda t=transform: t(image=image)


SEQUENCE = {
    "crop.area": 0.5,
    "crop.ratio": 1.1,
    "crop.x": 0.3,
    "crop.y": 0.6,
    "flip_horizontal": True,
    "rotation": ROTATION,
    "brightness": 1.1,
    "contrast": 0.9,
    "saturation": 1.2,
}


def sequences(what: str, photo: np.ndarray) -> Cases:
    """What one map and one pass do, and what others do one after the other."""
    try:
        from dpa.integrations.image import apply_augmentation

        out = {"out_size": (224, 224)}
        turn = {"rotation": ROTATION, "scale": 1.3}
        crop = {"crop.area": 0.5, "crop.x": 0.3}
        apply_augmentation(photo, crop, **out)  # an older one has no out_size
        yield "dpa", what, lambda: apply_augmentation(photo, SEQUENCE, **out)
        yield "dpa, a rotation alone", what, lambda: apply_augmentation(photo, turn, **out)
        yield "dpa, a crop alone", what, lambda: apply_augmentation(photo, crop, **out)
    except (ImportError, TypeError):
        pass
    yield from torchvision_sequence(what, photo)
    try:
        import albumentations as A  # noqa: N812 (its users' habit)
    except ImportError:
        return
    parts = [
        A.RandomResizedCrop((224, 224), p=1),
        A.HorizontalFlip(p=1),
        A.Rotate(limit=(ROTATION, ROTATION), border_mode=4, p=1),
        A.ColorJitter(hue=(0, 0), p=1),
    ]
    transform = A.Compose(parts)
    yield f"Albumentations {A.__version__}", what, lambda: transform(image=photo)


def torchvision_sequence(what: str, photo: np.ndarray) -> Cases:
    try:
        import torch

        try:
            import torchvision
        except RuntimeError:  # built for another CUDA than torch: without its C++ operators
            operators = torch.library.Library("torchvision", "FRAGMENT")
            for name in ("nms", "qnms"):
                operators.define(f"{name}(Tensor dets, Tensor scores, float iou) -> Tensor")
            import torchvision
        from torchvision.transforms.v2 import functional as F  # noqa: N812 (its users' habit)
    except ImportError:
        return
    torch.set_num_threads(1)
    tensor = torch.from_numpy(photo).permute(2, 0, 1).contiguous()
    bilinear = F.InterpolationMode.BILINEAR

    def work() -> object:
        image = F.resized_crop(tensor, 90, 60, 290, 320, [224, 224], bilinear, antialias=False)
        image = F.rotate(F.horizontal_flip(image), ROTATION, bilinear)
        image = F.adjust_contrast(F.adjust_brightness(image, 1.1), 0.9)
        return F.adjust_saturation(image, 1.2)

    yield f"torchvision {torchvision.__version__}", what, work


if __name__ == "__main__":
    main()
