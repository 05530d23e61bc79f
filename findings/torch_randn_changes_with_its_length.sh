#!/bin/bash
# PyTorch (CPU): a longer randn() of the same seed does not begin with the shorter one. Below 16 values
# another algorithm draws, and where the length is no multiple of 16 the last 16 values are drawn
# once more. So noise fields of two sizes need not agree where they overlap. rand() has no such trap.
# Seen with torch 2.13.0 (CPU): "of randn(16) in randn(17): 1 of 16, of randn(15) in randn(16): 0 of
# 15, of rand(16) in rand(17): 16 of 16".
# dpa: a larger field begins with the values of a smaller one; tests/test_noise.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "torch==${TORCH:-2.13.0}" "numpy==${NUMPY:-2.4.6}"
cat >"$folder/run.py" <<'PY'
import torch


def kept(draw, short, long):
    torch.manual_seed(0)
    first = draw(short)
    torch.manual_seed(0)
    return int((draw(long)[:short] == first).sum())


found = kept(torch.randn, 16, 17), kept(torch.randn, 15, 16), kept(torch.rand, 16, 17)
print("of randn(16) in randn(17): %d of 16, of randn(15) in randn(16): %d of 15, "
      "of rand(16) in rand(17): %d of 16" % found)
assert found[0] < 16
assert found[1] < 15
assert found[2] == 16
assert kept(torch.randn, 16, 32) == 16
PY
"$folder/venv/bin/python" "$folder/run.py"
