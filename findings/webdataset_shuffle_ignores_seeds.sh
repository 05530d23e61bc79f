#!/bin/bash
# WebDataset: shuffle() is seeded by the clock and the process id. torch.manual_seed, random.seed and
# numpy.random.seed, all set, change nothing of it: each run has another order, unless detshuffle()
# or shuffle(rng=...) is used.
# Seen with webdataset 1.0.2: "10 passes after equal seeds: 10 orders; detshuffle 1".
# dpa: parameters are made of the sample's __key__, in any order (docs/integrations.md);
# tests/test_recipes.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "webdataset==${WEBDATASET:-1.0.2}" "torch==${TORCH:-2.13.0}" "numpy==${NUMPY:-2.4.6}"
cat >"$folder/run.py" <<'PY'
import random

import numpy as np
import torch
import webdataset

path = f"{__file__}.tar"
with webdataset.TarWriter(path) as writer:
    for at in range(50):
        writer.write({"__key__": f"{at:03}", "txt": str(at)})


def order(how):
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    samples = webdataset.WebDataset(path, shardshuffle=False).compose(how)
    return tuple(sample["__key__"] for sample in samples)


plain = {order(webdataset.shuffle(100)) for _ in range(10)}
steady = {order(webdataset.detshuffle(100)) for _ in range(10)}
print(f"10 passes after equal seeds: {len(plain)} orders; detshuffle {len(steady)}")
assert len(plain) > 5
assert len(steady) == 1
PY
"$folder/venv/bin/python" "$folder/run.py"
