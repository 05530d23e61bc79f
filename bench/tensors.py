"""Tensors: applying parameters to batches of images, beside Kornia and a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import dpa
from dpa.benchmark import Case

KORNIA = "RandomAffine, ColorJiggle of Kornia"


def cases(device: str, size: int) -> Iterator[Case]:
    """Batches of `size` x 3 x 224 x 224; beside Kornia, where it is installed.

    None without PyTorch, or without a GPU if `device` is "cuda".
    """
    if not find_spec("torch"):
        return
    import torch

    from dpa.integrations.torch import apply_augmentation

    if device == "cuda" and not torch.cuda.is_available():
        return
    where = "CPU" if device == "cpu" else torch.cuda.get_device_name()
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
