#!/bin/bash
# Albumentations: what stands in label_fields beside boxes or keypoints goes through an array of float32.
# Integers above 2**24 come back as their neighbours, as floats: ids of annotations (COCO has some of
# 13 digits) then belong to nothing, or to another object.
# Seen with albumentations 2.0.8: "ids 16777217 and 900100581904 come back as 16777216.0 and
# 900100587520.0".
# dpa: the sample's id is an argument of its own and no label; docs/integrations.md,
# tests/test_albumentations.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "albumentations==${ALBUMENTATIONS:-2.0.8}" "opencv-python-headless==${OPENCV_PYTHON_HEADLESS:-5.0.0.93}" "numpy==${NUMPY:-2.4.6}"
cat >"$folder/run.py" <<'PY'
import albumentations
import numpy as np

IDS = [16777217, 900100581904]
pipeline = albumentations.Compose(
    [albumentations.HorizontalFlip(p=1)],
    bbox_params=albumentations.BboxParams("pascal_voc", label_fields=["ids"]),
)
boxes = [[1, 1, 5, 5], [2, 2, 6, 6]]
read = pipeline(image=np.zeros((10, 10, 3), np.uint8), bboxes=boxes, ids=IDS)["ids"]
print(f"ids {IDS[0]} and {IDS[1]} come back as {read[0]} and {read[1]}")
assert [float(value) for value in read] == [float(np.float32(value)) for value in IDS]
assert list(read) != IDS
PY
"$folder/venv/bin/python" "$folder/run.py"
