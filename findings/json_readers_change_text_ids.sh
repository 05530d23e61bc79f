#!/bin/bash
# DuckDB, pandas and pyarrow (and with it Hugging Face's load_dataset and Ray's read_json) guess the
# types of JSON's strings. Ids that are text come back changed: pandas makes the integer 7 of "007",
# DuckDB writes UUIDs in lower case, pyarrow makes times of dates. What is looked up or
# hashed by such an id finds another sample. polars leaves text as it is.
# Seen with duckdb 2.0.1, pandas 3.1.1, polars 2.1.0, pyarrow 26.0.1: "pandas 7, duckdb
# a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11, pyarrow 2024-01-05 00:00:00".
# dpa: its own readers keep ids as the file has them; docs/files.md warns; tests/test_formats.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "duckdb==${DUCKDB:-2.0.1}" "pandas==${PANDAS:-3.1.1}" "polars==${POLARS:-2.1.0}" "pyarrow==${PYARROW:-26.0.1}"
cat >"$folder/run.py" <<'PY'
import io

import duckdb
import pandas as pd
import polars as pl
import pyarrow.json

IDS = {"digits": "007", "uuid": "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "day": "2024-01-05"}
text = '{"digits": "%(digits)s", "uuid": "%(uuid)s", "day": "%(day)s"}\n' % IDS


def changed(row):
    return {name: str(row[name]) for name in IDS if str(row[name]) != IDS[name]}


source = io.BytesIO(text.encode())
found = {
    "pandas": changed(pd.read_json(io.StringIO(text), lines=True).iloc[0]),
    "polars": changed(pl.read_ndjson(source).row(0, named=True)),
    "pyarrow": changed(pyarrow.json.read_json(io.BytesIO(text.encode())).to_pylist()[0]),
}
with open(f"{__file__}.jsonl", "w") as file:
    file.write(text)
query = "select digits, uuid, day, typeof(day) from read_json('{}')"
[(*values, kind)] = duckdb.sql(query.format(f"{__file__}.jsonl")).fetchall()
duck = dict(zip(IDS, values))
print(f"pandas {found['pandas']['digits']}, duckdb {duck['uuid']}, pyarrow {found['pyarrow']['day']}")
assert found["pandas"]["digits"] == "7"
assert changed(duck) == {"uuid": IDS["uuid"].lower()}
assert kind == "DATE"
assert found["pyarrow"] == {"day": "2024-01-05 00:00:00"}
assert found["polars"] == {}
PY
"$folder/venv/bin/python" "$folder/run.py"
