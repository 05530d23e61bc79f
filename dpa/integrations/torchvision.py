"""A torchvision v2 transform whose values come from the sample's id; masks and boxes follow."""

from __future__ import annotations

from typing import Any

from dpa.checks import extra, finite
from dpa.derivation.config import checked_space
from dpa.derivation.derivation import derive
from dpa.derivation.keys import Key
from dpa.derivation.space import Space
from dpa.images.effects import Effect
from dpa.images.noise import standard_normals

with extra("torchvision", "dpa.integrations.torchvision needs torchvision"):
    import torch
    from PIL import Image
    from torchvision import tv_tensors
    from torchvision.transforms import v2
    from torchvision.transforms.v2 import functional


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
    torchvision allows. Images (tensors and PIL) are interpolated bilinearly, masks by the
    nearest pixel. Brightness, contrast and noise are those of dpa.integrations.image, clamped
    to the range of the dtype. A call raises ValueError unless it has exactly one SampleId, and
    for a PIL image of a mode other than L and RGB.

    Parameters
    ----------
    config
        What to draw: an AugmentationConfig or a Space; None is the default config, "moderate".
    base_seed
        The run in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    view
        The view of the sample in the key, 0 to 2**64 - 1; None leaves it out; 0 does not.
    fill
        The value of pixels outside the image.

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
        self.fill = finite("fill", fill)

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
        if isinstance(inpt, SampleId):
            return inpt
        if isinstance(inpt, Image.Image):
            if inpt.mode not in ("L", "RGB"):
                raise ValueError(
                    f"a PIL image must have the mode L or RGB, got {inpt.mode!r}: "
                    "image.convert('RGB') makes one"
                )
            return functional.to_pil_image(self.transform(functional.pil_to_tensor(inpt), params))
        effect = params["effect"]
        mask = isinstance(inpt, tv_tensors.Mask)
        moved = self._call_kernel(
            functional.affine,
            inpt,
            angle=-effect.rotation,  # torchvision turns clockwise
            translate=[0, 0],
            scale=effect.scale,
            shear=[0.0, 0.0],
            interpolation=v2.InterpolationMode.NEAREST if mask else v2.InterpolationMode.BILINEAR,
            fill=self.fill,
        )
        if isinstance(inpt, (tv_tensors.Image, tv_tensors.Video)) or type(inpt) is torch.Tensor:
            return tv_tensors.wrap(_toned(moved, **params), like=moved)
        return moved


def _toned(image: torch.Tensor, params: dict[str, Any], effect: Effect) -> torch.Tensor:
    """Brightness, contrast and noise of an image or of all frames of a video."""
    values = functional.to_dtype(image, torch.float32, scale=True)
    values = effect.gain * values + (effect.lift and effect.lift * values.mean())
    if effect.noise > 0:
        channels, height, width = image.shape[-3:]
        field = torch.from_numpy(standard_normals(params, (height, width, channels)))
        values = values + effect.noise * field.permute(2, 0, 1).to(values.device)
    return functional.to_dtype(values.clamp(0, 1), image.dtype, scale=True)
