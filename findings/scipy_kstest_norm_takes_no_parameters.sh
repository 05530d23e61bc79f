#!/bin/bash
# SciPy: kstest(values, "norm", (mean, stdev)) worked up to 1.17.1. In 1.18.1 the name "norm" alone
# stands for the function scipy.special.ndtr, which has no parameters: a TypeError that speaks of
# ndtr. Other names, and the same distribution given as norm.cdf, take parameters as before.
# Seen with CPython 3.12.1, scipy 1.18.1, numpy 2.5.2: "['ndtr() takes from 1 to 2 positional
# arguments but 3 were given', None, None]", and "[None, None, None]" with 1.17.1.
# dpa: audit/ computes its own distances; tests/test_space_audit.py asks for stats.norm(3, 2).cdf.
set -euo pipefail
export PYENV_VERSION=${PYENV_VERSION:-3.12.1} # SciPy 1.18 needs Python 3.12; no effect without pyenv
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.12}" -m venv "$folder/venv"
for version in 1.17.1 1.18.1; do
    "$folder/venv/bin/pip" -q --disable-pip-version-check install "scipy==$version" numpy==2.5.2
    "$folder/venv/bin/python" - <<'PY'
import numpy as np
import scipy
from scipy import stats

values = np.random.default_rng(1).normal(3, 2, 5000)
found = []
for cdf in ("norm", "logistic", stats.norm.cdf):
    try:
        stats.kstest(values, cdf, (3, 2))
        found.append(None)
    except TypeError as error:
        found.append(str(error))
print(scipy.__version__, found)
assert found[1:] == [None, None]
broken = found[0] is not None and "ndtr() takes from 1 to 2" in found[0]
assert broken == (scipy.__version__ == "1.18.1"), found[0]
PY
done
