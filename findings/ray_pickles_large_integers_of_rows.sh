#!/bin/bash
# Ray Data: a function of rows, Dataset.map(lambda row: row) say, makes pickled Python objects of a
# uint64 column in which a number reaches 2**63, and int64 of one in which none does. map_batches
# keeps uint64. Hashes of 64 bits and ids of other systems come back as bytes that only Python
# reads, without an error.
# Seen with ray 2.60.0, pyarrow 26.0.1: "below 2**63 int64, above
# extension<ray.data.arrow_pickled_object<ArrowPythonObjectType>>, by batches uint64".
# dpa: dpa.integrations.ray works by batches; arrow/tables.py names the pickles; tests/test_ray.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "ray[data]==${RAY:-2.60.0}" "pyarrow==${PYARROW:-26.0.1}"
cat >"$folder/rows.py" <<'PY'
import pyarrow as pa
import ray

ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
ray.data.DataContext.get_current().enable_progress_bars = False


def kind(largest, change):
    table = pa.table({"x": pa.array([1, largest], pa.uint64())})
    [found] = change(ray.data.from_arrow(table)).materialize().schema().types
    return str(found).replace("DataType(uint64)", "uint64").replace("DataType(int64)", "int64")


rows = [kind(largest, lambda dataset: dataset.map(lambda row: row)) for largest in (5, 2**63)]
batches = kind(2**63, lambda dataset: dataset.map_batches(lambda batch: batch))
found = f"below 2**63 {rows[0]}, above {rows[1]}, by batches {batches}"
print(found)
assert (rows[0], batches) == ("int64", "uint64"), found
assert "pickled_object" in rows[1], found
PY
"$folder/venv/bin/python" "$folder/rows.py" 2>/dev/null
