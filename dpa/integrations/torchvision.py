"""A torchvision v2 transform whose values come from the sample's id; masks and boxes follow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from dpa.checks import boolean, extra, finite
from dpa.derivation.config import checked_space
from dpa.derivation.derivation import derive
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.images.effects import Effect, check_applicable
from dpa.images.forms import Rendering
from dpa.images.pixels import augmented, moved_labels
from dpa.integrations.image import applied, augment_boxes, augment_keypoints

with extra("torchvision", "dpa.integrations.torchvision needs torchvision"):
    import torch
    from PIL import Image
    from torchvision import tv_tensors
    from torchvision.transforms import v2
    from torchvision.transforms.v2 import functional

#: Computed in single precision.
_HALVES = (torch.float16, torch.bfloat16)
_DTYPES = (torch.uint8, torch.uint16, *_HALVES, torch.float32, torch.float64)
_FORMATS = {"XYXY": "corners", "XYWH": "xywh", "CXCYWH": "cxcywh"}
_KEYPOINTS = getattr(tv_tensors, "KeyPoints", ())  # from torchvision 0.23 on


class SampleId:
    """The id of a sample among the inputs of Augment, which returns it unchanged.

    `epoch` and `view` are parts of the key; a view takes the place of that of Augment.
    """

    def __init__(
        self, sample_id: int | str, *, epoch: int | None = None, view: int | None = None
    ) -> None:
        self.sample_id = sample_id
        self.epoch = epoch
        self.view = view

    def __repr__(self) -> str:
        return f"SampleId({self.sample_id!r}, epoch={self.epoch!r}, view={self.view!r})"


class Augment(v2.Transform):  # type: ignore[misc]  # without types here
    """All that the parameters of a sample say, whose id is an input; masks and boxes follow.

    The call is `augment(image, boxes, SampleId(42, epoch=3))`; inputs may be nested as
    torchvision allows. Images (PIL images and tensors [..., C, H, W], a video's frames each on
    its own) get the pixels of dpa.integrations.image with linear interpolation; tensors are
    uint8, uint16 or of floating point, which is not clamped. Masks [..., H, W] take the nearest
    element. Keypoints follow the centres of pixels and are kept outside the image. Boxes XYXY,
    XYWH and CXCYWH follow the corners of pixels; their clamping_mode counts. What is on another
    device goes through the CPU. A call raises ValueError unless it has exactly one SampleId, and
    TypeError or ValueError for an image of another dtype or mode and for rotated boxes.

    Parameters
    ----------
    config
        What to draw: an AugmentationConfig or a Space whose names say what is done to an image;
        None is the default config, "moderate".
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not. The
        view of a SampleId takes its place.
    out_size
        (height, width) of the result; None keeps those of the input.
    fill
        The value outside the image: `border` of dpa.integrations.image.
    fill_mask
        The label outside masks, which their dtype must hold exactly; None is `fill`.
    full_range
        The value of white: noise and gamma are relative to it, and integers are clipped to it.
        None: 255 for uint8, 65535 for uint16, 1 for floats.
    erase_fill
        What erased pixels become.
    strict
        Whether names that are no effects are refused, not ignored.

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
        out_size: tuple[int, int] | None = None,
        fill: float = 0,
        fill_mask: float | None = None,
        full_range: float | None = None,
        erase_fill: float = 0,
        strict: bool = False,
    ) -> None:
        super().__init__()
        self.config, self.key = checked_space(config), Key.checked(view=view, base_seed=base_seed)
        check_applicable(self.config, strict=strict)
        finite("fill", fill)
        self.fill = fill
        self.fill_mask = fill if fill_mask is None else fill_mask
        finite("fill_mask", self.fill_mask)
        self.out_size, self.full_range, self.erase_fill = out_size, full_range, erase_fill
        self._rendering.range_of(np.dtype(np.float32))  # the check
        self.out_size, self.erase_fill = self._rendering.out_size, self._rendering.erase_fill
        self.strict = boolean("strict", strict)

    @property
    def _rendering(self) -> Rendering:
        """How images are made, by the options as they are now."""
        return Rendering.checked(
            self.out_size, self.fill, "linear", self.full_range, self.erase_fill
        )

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The parameters of the sample."""
        found = [each for each in flat_inputs if isinstance(each, SampleId)]
        if len(found) != 1:
            raise ValueError(f"the inputs must have one SampleId, got {len(found)}")
        [sample] = found
        view = self.key.view if sample.view is None else sample.view
        derivation = derive(self.config, sample.epoch, view, self.key.base_seed)
        params = derivation.params(sample.sample_id)
        return {"params": params, "effect": Effect.checked(params, strict=self.strict)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """One input: pixels change, labels move; other types are returned unchanged."""
        sample, effect = params["params"], params["effect"]
        if isinstance(inpt, SampleId):
            return inpt
        if isinstance(inpt, Image.Image):
            return applied(inpt, effect, self._rendering)
        if isinstance(inpt, tv_tensors.Mask):
            return tv_tensors.wrap(self._moved_mask(inpt, effect), like=inpt)
        if isinstance(inpt, tv_tensors.BoundingBoxes):
            return self._moved(inpt, partial(augment_boxes, params=sample, format=_format(inpt)))
        if isinstance(inpt, _KEYPOINTS):
            return self._moved(inpt, partial(augment_keypoints, params=sample))
        images = tv_tensors.Image, tv_tensors.Video
        if isinstance(inpt, tv_tensors.TVTensor) and not isinstance(inpt, images):
            return inpt  # a type of the caller's own
        return tv_tensors.wrap(self._augmented(inpt, effect), like=inpt)

    def _augmented(self, image: torch.Tensor, effect: Effect) -> torch.Tensor:
        """An image, or each frame of a video."""
        if image.ndim < 3:
            raise ValueError(f"an image must be [..., C, H, W], got shape {tuple(image.shape)}")
        if image.dtype not in _DTYPES:
            raise TypeError(_bad_dtype(image.dtype))
        single = image.float() if image.dtype in _HALVES else image
        frames = single[None].flatten(0, -4).movedim(1, -1).detach().cpu().numpy()
        sides = self.out_size or frames.shape[1:3]
        results = np.empty((len(frames), *sides, frames.shape[3]), frames.dtype)
        for frame, result in zip(frames, results, strict=True):
            augmented(frame, effect, self._rendering, result)
        found = torch.from_numpy(results).movedim(-1, 1).reshape(*image.shape[:-2], *sides)
        return found.contiguous().to(image.device, image.dtype)

    def _moved_mask(self, mask: torch.Tensor, effect: Effect) -> torch.Tensor:
        """A mask, or a stack of them."""
        if mask.ndim < 2:
            raise ValueError(f"a mask must be [..., H, W], got shape {tuple(mask.shape)}")
        try:
            labels = mask[None].flatten(0, -3).movedim(0, -1).detach().cpu().numpy()
        except TypeError:
            raise TypeError(
                f"mask must have a dtype that NumPy has, too, got {_name(mask.dtype)}: "
                "mask.float() keeps its labels"
            ) from None
        moved = torch.from_numpy(moved_labels(labels, effect, self.fill_mask, self.out_size))
        sides = moved.shape[:2]
        return moved.movedim(-1, 0).reshape(*mask.shape[:-2], *sides).contiguous().to(mask.device)

    def _moved(self, labels: Any, move: Callable[..., Any]) -> Any:
        """Boxes or keypoints, computed in double precision; integers are rounded.

        Boxes are clamped as they ask for. Keypoints follow the map of the pixels: torchvision
        turns points about another centre than flips do.
        """
        size = tuple(labels.canvas_size)
        plain = labels.as_subclass(torch.Tensor)
        rows = plain.reshape(-1, plain.shape[-1]).detach().cpu().double().numpy()
        moved = torch.from_numpy(move(rows, size=size, out_size=self.out_size))
        canvas = self.out_size or size
        if isinstance(labels, tv_tensors.BoundingBoxes):
            moved = tv_tensors.wrap(moved, like=labels, canvas_size=canvas)
            moved = functional.clamp_bounding_boxes(moved).as_subclass(torch.Tensor)
        moved = moved.reshape(plain.shape)
        rounded = moved if plain.is_floating_point() else moved.round()
        found = rounded.to(plain.device, plain.dtype)
        return tv_tensors.wrap(found, like=labels, canvas_size=canvas)


def _format(boxes: Any) -> str:
    """The format of upright boxes, as augment_boxes calls it."""
    name = boxes.format.name
    if name not in _FORMATS:
        raise ValueError(
            f"boxes must have one of the formats {', '.join(_FORMATS)}, got {name}: a shear or "
            "a crop makes other shapes of rotated boxes; move their corners as KeyPoints "
            "(XYXYXYXY less 0.5, because KeyPoints count from the centres of pixels)"
        )
    return _FORMATS[name]


def _bad_dtype(dtype: torch.dtype) -> str:
    """What to say of it, and what to do that keeps the values."""
    advice = ""
    if dtype == torch.int16:
        advice = ": (image.int() + 32768).to(torch.uint16) keeps its values"
    elif dtype == torch.bool:
        advice = ": tv_tensors.Mask is for labels"
    elif not (dtype.is_floating_point or dtype.is_complex):
        advice = ": image.float() with full_range= keeps integers to 2**24"
    known = ", ".join(map(_name, _DTYPES))
    return f"image must have one of the dtypes {known}, got {_name(dtype)}{advice}"


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
