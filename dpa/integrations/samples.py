"""Whole samples, of which masks, boxes and keypoints follow the image."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from dpa.checks import brief
from dpa.integrations.image import apply_augmentation
from dpa.integrations.labels import (
    augment_boxes,
    augment_keypoints,
    augment_mask,
    mask_border,
    pillow_of,
)

#: A kind, or kinds in the form of the sample: a sequence for a tuple, a dict for a dict.
Targets: TypeAlias = "str | Sequence[Targets] | Mapping[str, Targets]"
#: transform(image, params) -> image, or sample_transform(sample, params) -> sample.
Transform: TypeAlias = Callable[[Any, dict[str, Any]], Any]
#: What to do with each kind of part.
Moves: TypeAlias = Mapping[str, Callable[[Any], Any]]

KINDS = ("image", "mask", "boxes", "keypoints", "label")
#: Types that are never a second picture; they come first, because most parts have them.
_PLAIN = (int, float, str, bytes, dict, type(None))


def augment_sample(
    sample: Any,
    params: Mapping[str, Any],
    targets: Targets,
    *,
    fill_mask: float | None = None,
    box_format: str = "corners",
    normalised: bool = False,
    **options: Any,
) -> Any:
    """Applies one sample's parameters to all that it has; the input stays unchanged.

    Parameters
    ----------
    sample
        A tuple, a list or a dict, with tuples, lists and dicts in it.
    params
        A dict of one sample, or batch[i].
    targets
        What the parts are, in the form of the sample: for a tuple the kind of each element, for a
        dict a dict with the kinds of those keys that are not labels, or a tuple of keys that are
        named like their kinds. Kinds are "image", "mask", "boxes" and "keypoints", which
        apply_augmentation, augment_mask, augment_boxes and augment_keypoints move, and "label",
        which stays as it is.
    fill_mask
        The label outside masks. None: masks continue as the image does, and are 0 where `border`
        is a number.
    box_format
        How boxes are written; `format` of augment_boxes.
    normalised
        Whether boxes are in parts of width and height.
    options
        Of apply_augmentation: out_size, border, interpolation, full_range, erase_fill, strict.

    Returns
    -------
    object
        A sample of the same form. Boxes and keypoints are arrays of float64, or of the dtype that
        they had if it is a float's; tensors stay tensors.

    Raises
    ------
    TypeError
        An argument has the wrong type.
    ValueError
        An argument has a bad value; the message names it. Also for a mask or a second image
        whose size is not that of the image, and for a sample that `targets` does not fit.

    Examples
    --------
    >>> image = np.arange(4, dtype=np.uint8).reshape(2, 2)
    >>> sample = {"image": image, "boxes": [[0, 0, 1, 1]], "name": "a"}
    >>> moved = augment_sample(sample, {"rotation": 180}, ("image", "boxes"))
    >>> moved["image"].tolist(), moved["boxes"].tolist(), moved["name"]
    ([[3, 2], [1, 0]], [[1.0, 1.0, 2.0, 2.0]], 'a')
    """
    size = image_size(sample, targets)
    placing: dict[str, Any] = {"params": params}
    placing |= {name: options[name] for name in ("out_size", "strict") if name in options}
    border = mask_border(options.get("border", "reflect"), fill_mask)
    boxes = partial(augment_boxes, size=size, format=box_format, normalised=normalised, **placing)
    keypoints = partial(augment_keypoints, size=size, **placing)
    moves: Moves = {
        "image": partial(apply_augmentation, params=params, **options),
        "mask": partial(augment_mask, border=border, **placing),
        "boxes": partial(_like, boxes),
        "keypoints": partial(_like, keypoints),
    }
    return moved(sample, targets, moves)


def moved(sample: Any, targets: Targets, moves: Moves) -> Any:
    """The sample with each part moved by the function of its kind; labels have none."""
    if isinstance(targets, str):
        move = moves.get(targets)
        return sample if move is None else move(sample)
    if isinstance(sample, Mapping):
        found = dict(sample)
        for name, kind in _named(sample, targets):
            found[name] = moved(sample[name], kind, moves)
        return found
    return tuple([moved(each, kind, moves) for each, kind in _paired(sample, targets)])


def check_targets(targets: Targets) -> set[str]:
    """The kinds in targets. Raises TypeError or ValueError."""
    if isinstance(targets, str):
        if targets not in KINDS:
            raise ValueError(f"targets must be of {', '.join(KINDS)}, got {targets!r}")
        return {targets}
    if not isinstance(targets, (Mapping, tuple, list)) or not targets:
        raise TypeError(
            "targets must be the kinds of a sample's parts, such as ('image', 'mask') or "
            f"{{'picture': 'image'}}, got {brief(targets)}"
        )
    each = targets.values() if isinstance(targets, Mapping) else targets
    return set().union(*map(check_targets, each))


def require_image(targets: Targets) -> set[str]:
    """The kinds in targets. Raises TypeError or ValueError, also where no part is an image."""
    kinds = check_targets(targets)
    if "image" not in kinds:
        raise ValueError(f"targets must have an image, which the others follow, got {targets!r}")
    return kinds


def image_size(sample: Any, targets: Targets) -> tuple[int, int]:
    """(height, width) of the image, which masks and other images must have, too."""
    require_image(targets)
    found: list[tuple[str, tuple[int, int]]] = []

    def keep(kind: str) -> Callable[[Any], None]:
        return lambda value: found.append((kind, sides_of(value)))

    moved(sample, targets, {"image": keep("image"), "mask": keep("mask")})
    size = next(sides for kind, sides in found if kind == "image")
    for kind, sides in found:
        if sides != size and 0 not in sides:  # what has no sides is refused where it is moved
            raise ValueError(f"a sample's {kind} must have its image's size {size}, got {sides}")
    return size


def sides_of(value: Any) -> tuple[int, int]:
    """(height, width) of an array or a PIL image; (0, 0) of something else."""
    if pillow_of(value) is not None:
        width, height = value.size
        return height, width
    if isinstance(value, np.ndarray) and value.ndim >= 2:
        return value.shape[0], value.shape[1]
    return 0, 0


def refuse_pair(parts: Sequence[Any]) -> None:
    """Raises TypeError if a tuple has a second picture, which would stay where it is."""
    kinds = "('image', 'mask')", "('image', 'label')"
    for at, part in enumerate(parts[1:], 1):
        _refuse("sample[0]", parts[0], f"sample[{at}]", part, *kinds)


def refuse_columns(row: Mapping[str, Any], image: str) -> None:
    """Raises TypeError if a row has a second picture, which would stay where it is."""
    for name in row:
        if name != image:
            both, alone = {image: "image", name: "mask"}, {image: "image"}
            _refuse(f"column {image!r}", row[image], f"column {name!r}", row[name], both, alone)


def _refuse(name: str, image: Any, other: str, part: Any, both: object, alone: object) -> None:
    if not isinstance(part, _PLAIN) and _is_picture(part, image):
        raise TypeError(
            f"{other} must not be an image or a mask ({type(part).__name__}), which would "
            f"not move with {name}: targets={both} moves both, targets={alone} leaves it, "
            "and sample_transform=function(sample, params) does as you say"
        )


def _is_picture(part: Any, image: Any) -> bool:
    if pillow_of(part) is not None:
        return True
    shape, other = getattr(part, "shape", ()), getattr(image, "shape", ())
    if pillow_of(image) is not None:
        other = image.size[::-1]
    if not (2 <= len(shape) <= 3 and len(other) >= 2):
        return False
    sides = {tuple(shape[:2]), tuple(shape[-2:])}
    return min(other[:2]) > 1 and not sides.isdisjoint({tuple(other[:2]), tuple(other[-2:])})


def _named(sample: Mapping[str, Any], targets: Any) -> Iterator[tuple[str, Targets]]:
    """Key and kind of the parts of a dict."""
    for name in targets:
        if name not in sample:
            raise ValueError(f"targets has {name!r}, the sample has {brief(', '.join(sample))}")
        yield name, targets[name] if isinstance(targets, Mapping) else name


def _paired(sample: Any, targets: Any) -> Iterator[tuple[Any, Targets]]:
    """The parts of a tuple and their kinds."""
    if isinstance(targets, Mapping) or not isinstance(sample, (tuple, list)):
        raise TypeError(f"targets={targets!r} must fit the sample, got {brief(sample)}")
    if len(sample) != len(targets):
        raise ValueError(f"targets={targets!r} must have as many as the sample, {len(sample)}")
    return zip(sample, targets, strict=True)


def _like(move: Callable[[Any], Any], value: Any) -> Any:
    """Moved points of the type that they had; integers become floats."""
    result = move(value)
    if hasattr(value, "new_tensor"):
        return (value if value.is_floating_point() else value.double()).new_tensor(result)
    dtype = getattr(value, "dtype", None)
    return result.astype(dtype) if isinstance(dtype, np.dtype) and dtype.kind == "f" else result


def whole_transform(
    transform: Any, targets: Targets | None, sample_transform: Transform | None
) -> Transform | None:
    """What makes a whole sample; None where `transform` alone makes its first element.

    `transform`: None, which is apply_augmentation, a function, or False. Raises TypeError or
    ValueError.
    """
    if not (transform is None or transform is False or callable(transform)):
        raise TypeError(f"transform must be callable, False or None, got {transform!r}")
    if sample_transform is not None:
        if transform is not None or targets is not None:
            raise ValueError("sample_transform makes the whole sample: no transform, no targets")
        if not callable(sample_transform):
            raise TypeError(f"sample_transform must be callable, got {sample_transform!r}")
        return sample_transform
    if targets is None:
        return None
    kinds = require_image(targets)
    if transform is None or getattr(transform, "func", transform) is apply_augmentation:
        return partial(augment_sample, targets=targets, **getattr(transform, "keywords", {}))
    if transform is False or kinds - {"image", "label"}:
        raise ValueError(
            "targets with masks, boxes or keypoints are moved by apply_augmentation, or a "
            "functools.partial of it, as transform; sample_transform=function(sample, params) "
            f"moves them as you say; got transform={transform!r}"
        )
    return partial(_with_image, transform=transform, targets=targets)


def _with_image(sample: Any, params: dict[str, Any], transform: Transform, targets: Targets) -> Any:
    """The sample with transformed images."""
    return moved(sample, targets, {"image": lambda image: transform(image, params)})
