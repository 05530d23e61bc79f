"""A torchvision v2 transform whose values come from the sample's id; masks and boxes follow."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpa.checks import extra, finite
from dpa.derivation.config import checked_space
from dpa.derivation.derivation import derive
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.images.effects import Effect
from dpa.images.pixels import Sampling, augmented, moved_labels
from dpa.images.points import moved_points
from dpa.integrations.image import apply_augmentation

with extra("torchvision", "dpa.integrations.torchvision needs torchvision"):
    import torch
    from PIL import Image
    from torchvision import tv_tensors
    from torchvision.transforms import v2
    from torchvision.transforms.v2 import functional

#: Computed in single precision.
_HALVES = (torch.float16, torch.bfloat16)
_KEYPOINTS = getattr(tv_tensors, "KeyPoints", ())  # from torchvision 0.23 on


class SampleId:
    """The id of a sample among the inputs of Augment, which returns it unchanged."""

    def __init__(self, sample_id: int | str, *, epoch: int | None = None) -> None:
        self.sample_id = sample_id
        self.epoch = epoch

    def __repr__(self) -> str:
        return f"SampleId({self.sample_id!r}, epoch={self.epoch!r})"


class Augment(v2.Transform):  # type: ignore[misc]  # without types here
    """Rotation, scale, brightness, contrast and noise of the sample whose id is an input.

    The call is `augment(image, boxes, SampleId(42, epoch=3))`; inputs may be nested as
    torchvision allows. Images (PIL images and tensors [..., C, H, W], a video's frames each on
    its own) get the pixels of dpa.integrations.image with linear interpolation; tensors are
    uint8, uint16 or of floating point, which is not clamped. Masks of any dtype take the nearest
    element. Keypoints follow the centres of pixels, and boxes the corners of theirs; both are
    clamped as torchvision does it. What is on another device goes through the CPU. A call raises
    ValueError unless it has exactly one SampleId, and TypeError or ValueError for an image of
    another dtype or mode.

    Parameters
    ----------
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    fill
        The value outside the image and the label outside a mask: `border` of
        dpa.integrations.image.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it.
    """

    _transformed_types = (torch.Tensor, Image.Image, SampleId)

    def __init__(
        self,
        config: Space | None = None,
        *,
        base_seed: int | None = None,
        view: int | None = None,
        fill: float = 0,
    ) -> None:
        super().__init__()
        self.config, self.key = checked_space(config), Key.checked(view=view, base_seed=base_seed)
        finite("fill", fill)
        self.fill = fill

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The parameters of the sample."""
        found = [each for each in flat_inputs if isinstance(each, SampleId)]
        if len(found) != 1:
            raise ValueError(f"the inputs must have one SampleId, got {len(found)}")
        [sample] = found
        derivation = derive(self.config, sample.epoch, self.key.view, self.key.base_seed)
        params = derivation.params(sample.sample_id)
        return {"params": params, "effect": Effect.checked(params)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """One input, rotated and scaled; an image also gets brightness, contrast and noise."""
        effect: Effect = params["effect"]
        if isinstance(inpt, SampleId):
            return inpt
        if isinstance(inpt, Image.Image):
            return apply_augmentation(inpt, params["params"], border=self.fill)
        if isinstance(inpt, (tv_tensors.Image, tv_tensors.Video)) or type(inpt) is torch.Tensor:
            return tv_tensors.wrap(_augmented(inpt, effect, self.fill), like=inpt)
        if isinstance(inpt, tv_tensors.Mask):
            return tv_tensors.wrap(_moved_mask(inpt, effect, self.fill), like=inpt)
        if isinstance(inpt, _KEYPOINTS):
            moved = tv_tensors.wrap(_moved_keypoints(inpt, effect), like=inpt)
            return functional.clamp_keypoints(moved)
        return self._call_kernel(  # boxes, of which torchvision knows seven formats
            functional.affine,
            inpt,
            angle=-effect.rotation,  # torchvision turns clockwise
            translate=[0, 0],
            scale=effect.scale,
            shear=[0.0, 0.0],
        )


def _augmented(image: torch.Tensor, effect: Effect, fill: float) -> torch.Tensor:
    """An image, or each frame of a video."""
    if image.ndim < 3:
        raise ValueError(f"an image must be [..., C, H, W], got shape {tuple(image.shape)}")
    single = image.float() if image.dtype in _HALVES else image
    frames = single[None].flatten(0, -4).movedim(1, -1).cpu().numpy()
    results = np.empty(frames.shape, frames.dtype)
    sampling = Sampling.checked("linear", fill)
    for frame, result in zip(frames, results, strict=True):
        augmented(frame, effect, sampling, result)
    found = torch.from_numpy(results).movedim(-1, 1).reshape(image.shape)
    return found.contiguous().to(image.device, image.dtype)


def _moved_mask(mask: torch.Tensor, effect: Effect, fill: float) -> torch.Tensor:
    """A mask, or a stack of them."""
    labels = mask[None].flatten(0, -3).movedim(0, -1).cpu().numpy()
    moved = torch.from_numpy(moved_labels(labels, effect.map, fill))
    return moved.movedim(-1, 0).reshape(mask.shape).contiguous().to(mask.device)


def _moved_keypoints(keypoints: Any, effect: Effect) -> torch.Tensor:
    """By the map of the pixels: torchvision turns points about another centre than flips do."""
    size = tuple(keypoints.canvas_size)
    rows = keypoints.as_subclass(torch.Tensor).reshape(-1, 2).cpu().double().numpy()
    moved = torch.from_numpy(moved_points(rows, effect.map, size, size)).reshape(keypoints.shape)
    if not keypoints.is_floating_point():
        moved = moved.round()
    return moved.to(keypoints.device, keypoints.dtype)
