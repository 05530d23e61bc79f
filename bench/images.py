"""Images: applying parameters, beside the OpenCV calls, NumPy's noise and Kornia."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

import dpa
from bench.effort import Effort
from bench.tables import rate_table
from dpa import _pixels
from dpa.benchmark import BenchmarkResult, Case, Record
from dpa.benchmark.tables import Table
from dpa.integrations import image as integration
from dpa.noise import standard_normals

TITLE = "Images"
WARPS = "Turned by 17 degrees, 1024 x 768, linear"
ARRAYS, TENSORS = "Arrays, 224 x 224 x 3, uint8", "Tensors, 64 x 3 x 224 x 224"
QUIET, CALLS = "apply_augmentation, noise 0", "warpAffine, mean, LUT of OpenCV"
NOISY, NUMPY = "apply_augmentation", "the same with NumPy's standard_normal"
KORNIA = "RandomAffine, ColorJiggle of Kornia"
NOTES = {
    WARPS: "One thread. `python -m bench.elsewhere` measures beside other environments.",
    ARRAYS: "One image a call, one thread. A field of noise is 150,528 numbers.",
    TENSORS: "One batch a call; threads as PyTorch's. A machine with a GPU has rows of it, too, "
    "with batches of 256; the others lack these figures.",
}


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    for kernel, level in _levels().items():
        _pixels.choose_loops(kernel)
        yield from _grouped(WARPS, effort.measure(_warps(level)))
    _pixels.choose_loops(os.environ.get("DPA_KERNEL") or None)
    yield from _grouped(ARRAYS, effort.measure(_arrays()))
    cv2.setNumThreads(threads)
    yield from _grouped(TENSORS, effort.measure(_tensors()))


def _grouped(title: str, results: Sequence[BenchmarkResult]) -> Sequence[BenchmarkResult]:
    for result in results:
        result.facts["group"] = title  # type: ignore[index]  # made here, a dict
    return results


def tables(results: Sequence[BenchmarkResult], machine: Record) -> list[Table]:
    groups: dict[str, list[BenchmarkResult]] = {}
    for result in results:
        groups.setdefault(result.facts["group"], []).append(result)
    return [rate_table(title, group, NOTES[title]) for title, group in groups.items()]


# ---- Warps ----


def _warps(level: str) -> list[Case]:
    """By the loops in use, each beside OpenCV."""
    cases = []
    turn = _pixels.turn_map(17.0, 1.08)
    matrix = cv2.getRotationMatrix2D((511.5, 383.5), 17.0, 1.08)
    peer = partial(cv2.warpAffine, M=matrix, dsize=(1024, 768), borderMode=cv2.BORDER_REFLECT_101)
    for dtype, channels in (("uint8", 3), ("uint8", 1), ("float32", 3)):
        shape = (768, 1024, channels)
        image = np.random.default_rng(1).integers(0, 256, shape, np.uint8).astype(dtype)
        name = f"{level}, {dtype} x {channels}"
        work = partial(_pixels.warp, image, np.empty_like(image), turn, 0, "reflect")
        cases.append(Case(name, work, facts={"against": f"OpenCV beside {name}"}))
        cases.append(Case(f"OpenCV beside {name}", partial(peer, image)))
    return cases


def _levels() -> dict[str, str]:
    """A kernel for each level that this CPU has, and the level."""
    found: dict[str, str] = {}
    for kernel in dpa.kernels():
        _pixels.choose_loops(kernel)
        if _pixels.level() not in found.values():
            found[kernel] = _pixels.level()
    return found


# ---- Arrays ----


def _arrays() -> list[Case]:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (224, 224, 3), np.uint8)
    params = dpa.gen_augmentation_params(42)
    apply = partial(integration.apply_augmentation, image)
    field = partial(standard_normals, params, image.shape)
    return [
        Case(QUIET, partial(apply, {**params, "noise": 0}), facts={"against": CALLS}),
        Case(CALLS, partial(_opencv, image, params)),
        Case(NOISY, partial(apply, params), facts={"against": NUMPY}),
        Case(NUMPY, partial(_with_numpy, image, params, rng)),
        Case("standard_normals", field, facts={"against": "standard_normal of NumPy"}),
        Case(
            "standard_normal of NumPy",
            partial(rng.standard_normal, image.shape, np.float32),
        ),
    ]


def _warped(image: npt.NDArray[Any], params: dict[str, Any]) -> tuple[Any, float, float]:
    """The turned image, and what makes its tones."""
    height, width = image.shape[:2]
    center = ((width - 1) / 2, (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(center, params["rotation"], params["scale"])
    warped = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    mean = sum(cv2.mean(warped)) / 3
    brightness, contrast = params["brightness"], params["contrast"]
    return warped, brightness * contrast, brightness * (1 - contrast) * mean


_LEVELS = np.arange(256, dtype=np.float32)


def _opencv(image: npt.NDArray[Any], params: dict[str, Any]) -> Any:
    warped, gain, offset = _warped(image, params)
    tones = np.clip(np.rint(_LEVELS * gain + offset), 0, 255).astype(np.uint8)
    return cv2.LUT(warped, tones)


def _with_numpy(
    image: npt.NDArray[Any], params: dict[str, Any], rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    warped, gain, offset = _warped(image, params)
    values = rng.standard_normal(image.shape, np.float32)
    values *= params["noise"] * 255
    values += offset
    values += warped * np.float32(gain)
    np.rint(values, out=values)
    return np.clip(values, 0, 255, out=values).astype(np.uint8)


# ---- Tensors ----


def _tensors() -> list[Case]:
    """None without PyTorch; Kornia's where it is installed; on a GPU where there is one."""
    if not find_spec("torch"):
        return []
    import torch

    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    return [case for device in devices for case in _on(device)]


def _on(device: str) -> Iterator[Case]:
    import torch

    from dpa.integrations.torch import apply_augmentation

    size, where = (64, "CPU") if device == "cpu" else (256, torch.cuda.get_device_name())
    batch = dpa.generate_augmentation_batch(range(size), dpa.get_preset("moderate"))
    silent = dpa.get_preset("moderate", noise_range=(0, 0))
    quiet = dpa.generate_augmentation_batch(range(size), silent)
    ours = {"version": f"torch {torch.__version__}"}
    for dtype in (torch.float32, torch.uint8):
        images = (torch.rand(size, 3, 224, 224) * 255).to(dtype).to(device)
        named = f"{where}, {str(dtype).removeprefix('torch.')}"
        if dtype.is_floating_point:
            images /= 255
        for noisy, own in ((False, quiet), (True, batch)):
            noise = "noise" if noisy else "no noise"
            peer = f"{KORNIA}, {noise}, {named}"
            name, facts = f"apply_augmentation, {noise}, {named}", {**ours, "against": peer}
            work = _awaited(partial(apply_augmentation, images, own), device)
            yield Case(name, work, size, facts=facts)
            if find_spec("kornia"):
                theirs = {"version": f"kornia {version('kornia')}"}
                work = _awaited(_kornia(images, noisy), device)
                yield Case(peer, work, size, facts=theirs)
        yield Case(f"clone, {named}", _awaited(images.clone, device), size, facts=ours)


def _awaited(work: Callable[[], object], device: str) -> Callable[[], object]:
    """Until the device has done it."""
    if device == "cpu":
        return work
    import torch

    def done() -> None:
        work()
        torch.cuda.synchronize()

    return done


def _kornia(images: Any, noisy: bool) -> Callable[[], object]:
    """Of uint8 with what Kornia needs around it."""
    from kornia import augmentation as K  # noqa: N812 (its users' habit)
    from torch import nn, uint8

    parts = nn.Sequential(
        K.RandomAffine(degrees=30.0, scale=(0.8, 1.2), p=1.0),
        K.ColorJiggle(brightness=(0.8, 1.2), contrast=(0.7, 1.3), p=1.0),
        *([K.RandomGaussianNoise(std=0.05, p=1.0)] if noisy else []),
    )
    if images.dtype != uint8:
        return lambda: parts(images)
    return lambda: (parts(images.float() / 255) * 255).clamp(0, 255).round().to(uint8)
