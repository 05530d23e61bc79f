#!/bin/bash
# DuckDB and pyarrow: NaN is larger than every number in DuckDB, and left out of the statistics that
# pyarrow writes to Parquet. DuckDB asks those statistics first. So the same query of the same
# values finds NaN in a table, and in a file that DuckDB wrote, and not in one of pyarrow (or of
# pandas, Dask, Ray and Hugging Face, which write by it); max() differs, too.
# Seen with duckdb 2.0.1, pyarrow 26.0.1: "x > 1000: table 1, duckdb's file 1, pyarrow's file 0; max(x):
# nan, nan, 2.0".
# dpa: no column holds NaN: limits are finite, and what a sample lacks has a value, too;
# tests/test_arrow_parameters.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "duckdb==${DUCKDB:-2.0.1}" "pyarrow==${PYARROW:-26.0.1}"
cat >"$folder/run.py" <<'PY'
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

pyarrows, ducks = f"{__file__}.pyarrow.parquet", f"{__file__}.duckdb.parquet"
table = pa.table({"x": [1.0, float("nan"), 2.0]})
pq.write_table(table, pyarrows)
connection = duckdb.connect()
connection.register("rows", table)
connection.sql(f"copy (select * from rows) to '{ducks}' (format parquet)")
places = ("rows", f"'{ducks}'", f"'{pyarrows}'")
above, most = (
    [connection.sql(query.format(at)).fetchall()[0][0] for at in places]
    for query in ("select count(*) from {} where x > 1000", "select max(x)::varchar from {}")
)
print("x > 1000: table %d, duckdb's file %d, pyarrow's file %d; " % (*above,), end="")
print("max(x):", ", ".join(most))
assert above == [1, 1, 0]
assert most == ["nan", "nan", "2.0"]
PY
"$folder/venv/bin/python" "$folder/run.py"
