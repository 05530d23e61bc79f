#!/bin/bash
# NumPy: a seed of several numbers, as default_rng([base_seed, epoch, id]), is padded with zeros to
# four words of 32 bits, and a larger number is cut into such words. So trailing zeros do not count,
# and an epoch and a large id can trade places: different tuples have the same generator, and all
# their samples the same draws, in silence. spawn_key= has no such trap.
# Seen with numpy 2.4.6: "[7] = [7, 0] = [7, 0, 0]; [3, 2**32 + 5] = [3, 5, 1]".
# dpa: derivation/keys.py writes the parts of a key as text between marks; tests/test_keys.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "numpy==${NUMPY:-2.4.6}"
cat >"$folder/run.py" <<'PY'
import numpy as np


def drawn(seed):
    return np.random.default_rng(seed).random(4).tolist()


assert drawn([7]) == drawn([7, 0]) == drawn([7, 0, 0])  # epoch 0 of no epoch, and of id 0
assert drawn([3, 2**32 + 5]) == drawn([3, 5, 1])
assert drawn([7]) != drawn([0, 7])
print("[7] = [7, 0] = [7, 0, 0]; [3, 2**32 + 5] = [3, 5, 1]")
PY
"$folder/venv/bin/python" "$folder/run.py"
