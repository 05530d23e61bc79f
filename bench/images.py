"""Images: applying parameters, beside the OpenCV calls, NumPy's noise and Kornia."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

import dpa
from bench import tensors
from bench.effort import Effort
from bench.tables import rate_table
from dpa import _pixels
from dpa.benchmark import BenchmarkResult, Case, Record
from dpa.benchmark.tables import Table
from dpa.integrations import image as integration
from dpa.noise import standard_normals

try:
    import cv2
except ImportError:  # a peer: nothing is measured without it
    cv2 = None  # type: ignore[assignment]

TITLE = "Images"
WARPS = "Turned by 17 degrees, 1024 x 768, linear"
ARRAYS, TENSORS = "Arrays, 224 x 224 x 3, uint8", "Tensors, 64 x 3 x 224 x 224"
QUIET, CALLS = "apply_augmentation, noise 0", "warpAffine, mean, LUT of OpenCV"
NOISY, NUMPY = "apply_augmentation", "the same with NumPy's standard_normal"
NOTES = {
    WARPS: "One thread. `python -m bench.elsewhere` measures beside other environments.",
    ARRAYS: "One image a call, one thread. A field of noise is 150,528 numbers.",
    TENSORS: "One batch a call; threads as PyTorch's.",
}


def run(effort: Effort) -> Iterator[BenchmarkResult]:
    if cv2 is None:
        return
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    for kernel, level in _levels().items():
        _pixels.choose_loops(kernel)
        yield from _grouped(WARPS, effort.measure(_warps(level)))
    _pixels.choose_loops(os.environ.get("DPA_KERNEL") or None)
    yield from _grouped(ARRAYS, effort.measure(_arrays()))
    cv2.setNumThreads(threads)
    yield from _grouped(TENSORS, effort.measure(list(tensors.cases("cpu", 64))))


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
