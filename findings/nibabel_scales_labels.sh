#!/bin/bash
# nibabel: an array keeps the dtype on disk of the header that it is saved with, and values are scaled to
# fit. Labels (int16, up to 300) that are saved with the header of a uint8 image come back as
# multiples of 300 / 255: 7 as 7.06, and no label but 0 is a whole number any more. There is
# neither an error nor a warning, and a comparison with 7 finds nothing.
# Seen with nibabel 5.4.2: "labels 0 1 7 300 come back as 0 1.17647 7.05882 300".
# dpa: masks keep their dtype and their values (docs/images.md); tests/test_image_labels.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "nibabel==${NIBABEL:-5.4.2}" "numpy==${NUMPY:-2.4.6}"
cat >"$folder/run.py" <<'PY'
import nibabel
import numpy as np

image = nibabel.Nifti1Image(np.zeros((4, 4, 4), np.uint8), np.eye(4))
labels = np.zeros((4, 4, 4), np.int16)
labels.flat[:4] = 0, 1, 7, 300
path = f"{__file__}.nii"
nibabel.save(nibabel.Nifti1Image(labels, image.affine, image.header), path)
read = nibabel.load(path).get_fdata().flat[:4]
print("labels 0 1 7 300 come back as", " ".join(f"{label:.6g}" for label in read))
assert abs(read[2] - 7 * 300 / 255) < 1.2
assert not (read[1:3] == np.round(read[1:3])).any()
PY
"$folder/venv/bin/python" "$folder/run.py"
