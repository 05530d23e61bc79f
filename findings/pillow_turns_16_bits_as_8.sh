#!/bin/bash
# Pillow: rotate() and transform() with bilinear or bicubic resampling of a 16-bit image (mode I;16)
# return bytes of its values as if they were values, 0 to 255, without an error. resize() and the
# nearest neighbour are right. A CT slice, a depth map or a 12-bit microscope image is lost so.
# Seen with pillow 13.0.0, numpy 2.4.6: "a ramp of 1000 to 20341, turned by 10 degrees, ends at 253;
# resized it ends at 20122".
# dpa: integrations/image.py turns I;16 itself; tests/test_image.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "pillow==${PILLOW:-13.0.0}" "numpy==${NUMPY:-2.4.6}"
cat >"$folder/turned.py" <<'PY'
import numpy as np
import PIL
from PIL import Image

y, x = np.mgrid[:64, :64]
ramp = Image.fromarray((1000 + 300 * x + 7 * y).astype(np.uint16))
turned = np.asarray(ramp.rotate(10, Image.Resampling.BILINEAR))
resized = np.asarray(ramp.resize((32, 32), Image.Resampling.BILINEAR))
found = (
    f"a ramp of {np.asarray(ramp).min()} to {np.asarray(ramp).max()}, turned by 10 degrees, "
    f"ends at {turned.max()}; resized it ends at {resized.max()}"
)
print(f"pillow {PIL.__version__}: {found}")
assert ramp.mode == "I;16" and turned.dtype == np.uint16
assert found.endswith("ends at 253; resized it ends at 20122"), found
PY
"$folder/venv/bin/python" "$folder/turned.py"
