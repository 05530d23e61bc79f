#!/bin/bash
# Albumentations with a DataLoader: Compose(seed=...) has a generator of its own, which every worker
# copies and every epoch copies again. With 2 workers two samples in turn share each draw, and all
# epochs are equal. Without workers nothing repeats, so the fault does not show where it is looked for.
# Seen with albumentations 2.0.8, torch 2.13.0 (CPU): "2 epochs of 6 samples: 12 rotations without workers,
# 3 with 2".
# dpa: the draw depends on id and epoch (integrations/albumentations.py); tests/test_albumentations.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "albumentations==${ALBUMENTATIONS:-2.0.8}" "opencv-python-headless==${OPENCV_PYTHON_HEADLESS:-5.0.0.93}" "torch==${TORCH:-2.13.0}" "numpy==${NUMPY:-2.4.6}"
cat >"$folder/run.py" <<'PY'
import albumentations
import numpy as np
from torch.utils.data import DataLoader, Dataset


class Rotations(Dataset):
    def __init__(self):
        rotate = albumentations.Rotate((-30, 30), p=1)
        self.pipeline = albumentations.Compose([rotate], seed=42, save_applied_params=True)

    def __len__(self):
        return 6

    def __getitem__(self, index):
        drawn = self.pipeline(image=np.zeros((8, 8, 3), np.uint8))["applied_transforms"]
        return float(drawn[0][1]["matrix"][0][1])


def different(workers):
    loader = DataLoader(Rotations(), batch_size=1, num_workers=workers)
    return len({float(rotation) for _ in range(2) for rotation in loader})


found = different(0), different(2)
print("2 epochs of 6 samples: %d rotations without workers, %d with 2" % found)
assert found == (12, 3)
PY
"$folder/venv/bin/python" "$folder/run.py"
