#!/bin/bash
# pyarrow: decimal32 and decimal64 without fractions cannot be cast to uint64, nor decimal32 to int64:
# "Integer value out of bounds", also for 7. decimal128 and decimal256 can be cast, and all of them to
# int32.
# Seen with pyarrow 26.0.1: "uint64 decimal32(9, 0): Integer value out of bounds; decimal64(18, 0):
# Integer value out of bounds; decimal128(38, 0): 7; decimal256(76, 0): 7".
# dpa: arrow/ids.py goes by way of decimal128; tests/test_arrow_parameters.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install "pyarrow==${PYARROW:-26.0.1}"
cat >"$folder/decimals.py" <<'PY'
from decimal import Decimal

import pyarrow as pa


def cast(type_, target):
    try:
        return str(pa.array([Decimal(7)], type_).cast(target)[0])
    except pa.ArrowInvalid as error:
        return str(error)


types = [pa.decimal32(9, 0), pa.decimal64(18, 0), pa.decimal128(38, 0), pa.decimal256(76, 0)]
for target in (pa.int32(), pa.int64(), pa.uint64()):
    print(target, "; ".join(f"{type_}: {cast(type_, target)}" for type_ in types))
assert cast(types[0], pa.uint64()) == cast(types[1], pa.uint64()) == "Integer value out of bounds"
assert cast(types[2], pa.uint64()) == cast(types[3], pa.uint64()) == "7"
PY
"$folder/venv/bin/python" "$folder/decimals.py"
