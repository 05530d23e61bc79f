#!/bin/bash
# NumPy on CPython 3.11: reading the header of a sound .npy raises SystemError, "AST constructor
# recursion depth mismatch", where the garbage collector comes in between and a finalizer parses
# Python, too, at another depth of calls: one that reads another .npy, say. NumPy reads headers by
# ast.literal_eval, and the parser's count of depth is shared. CPython 3.12 and 3.13 do not fail.
# The thresholds make the collector come in between; else that is rare.
# Seen with CPython 3.11.7, numpy 2.4.6: "some of 398 reads failed".
# dpa: files/formats/npz.py matches headers; tests/test_never_lost.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install "numpy==${NUMPY:-2.4.6}"
cat >"$folder/header.py" <<'PY'
import ast
import gc
import io

import numpy as np


class Finalised:
    def __del__(self):
        parse(20)


def parse(calls):
    return parse(calls - 1) if calls else ast.literal_eval("(1, 2)")


file = io.BytesIO()
np.lib.format.write_array(file, np.zeros((3, 2)))
header, failed = file.getvalue()[8:], 0
for threshold in range(2, 400):
    gc.set_threshold(100_000)
    gc.collect()
    garbage = Finalised()
    garbage.itself = garbage
    del garbage
    gc.set_threshold(threshold)
    try:
        np.lib.format.read_array_header_1_0(io.BytesIO(header))
    except SystemError as error:
        assert "AST constructor recursion depth mismatch" in str(error)
        failed += 1
print("some" if failed else "none", "of 398 reads failed")
assert failed
PY
"$folder/venv/bin/python" "$folder/header.py"
