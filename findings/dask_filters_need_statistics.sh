#!/bin/bash
# Dask: read_parquet(filters=...) of a file with several row groups and without column statistics
# gives no rows, without an error. With one row group, or with split_row_groups=True, it gives
# the right ones, and so do pyarrow and pandas. A writer that leaves statistics out because its
# numbers are random loses all rows for Dask's users, in large files only.
# Seen with dask 2026.8.0, pyarrow 26.0.1: "pyarrow 500, pandas 500, dask 0, dask split 500 of 1000".
# dpa: files/formats/parquet.py writes statistics; tests/test_reliability.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "dask[dataframe]==${DASK:-2026.8.0}" "pyarrow==${PYARROW:-26.0.1}"
cat >"$folder/filter.py" <<'PY'
import sys

import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

path = f"{sys.argv[1]}/x.parquet"
pq.write_table(pa.table({"x": [float(at) for at in range(1000)]}), path, write_statistics=False,
               row_group_size=100)
filters = [("x", ">=", 500.0)]
found = {
    "pyarrow": pq.read_table(path, filters=filters).num_rows,
    "pandas": len(pd.read_parquet(path, filters=filters)),
    "dask": len(dd.read_parquet(path, filters=filters)),
    "dask split": len(dd.read_parquet(path, filters=filters, split_row_groups=True)),
}
print(", ".join(f"{name} {rows}" for name, rows in found.items()), "of 1000")
assert found == {"pyarrow": 500, "pandas": 500, "dask": 0, "dask split": 500}
PY
"$folder/venv/bin/python" "$folder/filter.py" "$folder"
