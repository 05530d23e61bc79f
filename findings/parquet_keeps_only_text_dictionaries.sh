#!/bin/bash
# pyarrow: a dictionary column of strings comes back from Parquet as a dictionary, also within
# lists. One of integers, floats or booleans comes back as its plain values, though the file has
# the schema that Arrow stored with it (ARROW:schema), which names the dictionary. So a writer
# that declares its choices as dictionaries cannot compare the schema that it reads with the one
# that it wrote.
# Seen with pyarrow 26.0.1: "string dictionary, int64 plain, double plain, bool plain".
# dpa: arrow/schema.py has dictionaries for strings alone; tests/test_space_files.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install "pyarrow==${PYARROW:-26.0.1}"
cat >"$folder/dictionaries.py" <<'PY'
import sys

import pyarrow as pa
import pyarrow.parquet as pq

values = {"string": ["a", "b"], "int64": [1, 5], "double": [0.5, 1.5], "bool": [True, False]}
columns = {
    name: pa.DictionaryArray.from_arrays(pa.array([0, 1, 1], pa.int32()), pa.array(choices))
    for name, choices in values.items()
}
path = f"{sys.argv[1]}/x.parquet"
pq.write_table(pa.table(columns), path, store_schema=True)
read = pq.read_table(path)
found = {
    name: "dictionary" if pa.types.is_dictionary(read.schema.field(name).type) else "plain"
    for name in values
}
print(", ".join(f"{name} {kind}" for name, kind in found.items()))
assert found == {"string": "dictionary", "int64": "plain", "double": "plain", "bool": "plain"}
PY
"$folder/venv/bin/python" "$folder/dictionaries.py" "$folder"
