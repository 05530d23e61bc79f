#!/bin/bash
# PyTorch: rand() in bfloat16 is one of 256 numbers. A gate that is written rand() < p, as many
# augmentations are, opens for p = 0.001 three times as often under set_default_dtype(bfloat16) or
# with rand_like of a bfloat16 image, and 0.0 itself comes once in 500 draws, so its logarithm is
# -inf. bernoulli_() and dropout are right.
# Seen with torch 2.13.0 (CPU): "p = 0.001: float32 0.0010, bfloat16 0.0029, bernoulli_ 0.0010; zeros
# 0.0020".
# dpa: gates compare 53 bits whatever the dtype of the columns (docs/spec.md, section 14);
# tests/test_space_values.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "torch==${TORCH:-2.13.0}" "numpy==${NUMPY:-2.4.6}"
cat >"$folder/run.py" <<'PY'
import torch

torch.manual_seed(0)
COUNT = 4_000_000
single, half = (torch.rand(COUNT, dtype=kind) for kind in (torch.float32, torch.bfloat16))
gate = torch.empty(COUNT, dtype=torch.bfloat16).bernoulli_(0.001)
rates = [(values < 0.001).double().mean().item() for values in (single, half)]
right, zeros = gate.double().mean().item(), (half == 0).double().mean().item()
print("p = 0.001: float32 %.4f, bfloat16 %.4f, bernoulli_ %.4f; zeros %.4f" % (*rates, right, zeros))
assert abs(rates[0] - 0.001) < 1e-4
assert abs(right - 0.001) < 1e-4
assert rates[1] > 0.002
assert zeros > 0.001
PY
"$folder/venv/bin/python" "$folder/run.py"
