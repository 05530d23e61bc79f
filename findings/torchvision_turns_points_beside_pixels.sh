#!/bin/bash
# torchvision v2: a rotation moves KeyPoints to other places than the pixels that they mark. Flips
# take integers as the centres of pixels (x becomes width - 1 - x), rotate() and affine() turn points
# about (width / 2, height / 2), and pixels about ((width - 1) / 2, (height - 1) / 2). So a half turn
# puts a point one pixel to the right of its pixel and one below, a horizontal and a vertical flip
# put it on the pixel, and a model learns both.
# Seen with torchvision 0.28.0, torch 2.13.0: "rotate 180: pixel [2, 6], point [3, 7]; flips: pixel
# [2, 6], point [2, 6]".
# dpa: integrations/torchvision.py moves keypoints by the map of the pixels; tests/test_torchvision.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "torch==${TORCH:-2.13.0}" "torchvision==${TORCHVISION:-0.28.0}"
cat >"$folder/points.py" <<'PY'
import torch

try:
    import torchvision
except RuntimeError:  # built for another CUDA than torch: without C++ operators, which nothing needs
    operators = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional

image = tv_tensors.Image(torch.zeros(1, 9, 9))
image[0, 2, 6] = 1
points = tv_tensors.KeyPoints([[6.0, 2.0]], canvas_size=(9, 9))


def moved(transform):
    [[y, x]] = torch.nonzero(transform(image)[0] > 0.5).tolist()
    [point] = transform(points).tolist()
    return f"pixel {[x, y]}, point {[round(value) for value in point]}"


half = moved(lambda part: functional.rotate(part, 180))
flips = moved(lambda part: functional.vertical_flip(functional.horizontal_flip(part)))
found = f"rotate 180: {half}; flips: {flips}"
print(f"torchvision {torchvision.__version__}: {found}")
assert found == "rotate 180: pixel [2, 6], point [3, 7]; flips: pixel [2, 6], point [2, 6]"
PY
"$folder/venv/bin/python" "$folder/points.py"
