#!/bin/bash
# SciPy: the exact Kolmogorov-Smirnov distribution, scipy.stats.kstwo, is right for 2**31 - 1 values
# and gives NaN from 2**31 on, for distances whose p-value is not 1. A comparison with NaN is False,
# so a test "p < 0.05" passes whatever the distance is.
# Seen with CPython 3.11.7, scipy 1.17.1, numpy 2.4.6: "0.02222 for 2147483647 values, nan for
# 2147483648, by the limit 0.02222".
# dpa: audit/check.py takes the limit from 10,000 values on; tests/test_audit.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install "scipy==${SCIPY:-1.17.1}" numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import math

from scipy import special, stats

distance = 1.5 / math.sqrt(2**31)
below, above = (float(stats.kstwo.sf(distance, n)) for n in (2**31 - 1, 2**31))
limit = float(special.kolmogorov(1.5))
print(f"{below:.4g} for {2**31 - 1} values, {above:.4g} for {2**31}, by the limit {limit:.4g}")
assert abs(below - limit) < 1e-4
assert math.isnan(above)
PY
