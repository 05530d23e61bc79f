#!/bin/bash
# pandas: a frame with a column of lists of Arrow, ArrowDtype(list_(float64)), is written by to_parquet
# and cannot be read by read_parquet: "data type 'list<...>[pyarrow]' not understood". The name of the
# type goes into the file's pandas metadata, and pandas does not parse it. dtype_backend="pyarrow" reads it,
# and so do polars and pyarrow. Dask's read_parquet and the shuffle of distributed fail likewise.
# Seen with pandas 3.1.1, pyarrow 26.0.1: "TypeError: data type 'list<item: double>[pyarrow]' not
# understood; with dtype_backend='pyarrow' [1.0, 2.0]".
# dpa: docs/clusters.md says so under Dask.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "pandas==${PANDAS:-3.1.1}" "pyarrow==${PYARROW:-26.0.1}"
cat >"$folder/lists.py" <<'PY'
import sys

import pandas as pd
import pyarrow as pa

path = f"{sys.argv[1]}/x.parquet"
lists = pd.array([[1.0, 2.0], [3.0]], dtype=pd.ArrowDtype(pa.list_(pa.float64())))
pd.DataFrame({"x": lists}).to_parquet(path)
try:
    pd.read_parquet(path)
    found = "read"
except TypeError as error:
    found = f"TypeError: {error}"
again = pd.read_parquet(path, dtype_backend="pyarrow")["x"][0]
print(f"{found}; with dtype_backend='pyarrow' {list(again)}")
assert found == "TypeError: data type 'list<item: double>[pyarrow]' not understood"
assert list(again) == [1.0, 2.0]
PY
"$folder/venv/bin/python" "$folder/lists.py" "$folder"
