#!/bin/bash
# Ray Data: map_batches() hands out NumPy arrays by default, and an int64 column with a null becomes
# float64 there, in those blocks that have one. A function that touches another column, or none, so changes
# ids above 2**53, and the blocks of one data set differ in type. batch_format="pyarrow" keeps them.
# Seen with ray 2.60.0, pyarrow 26.0.1: "id 9007199254740993: numpy 9007199254740992, pyarrow
# 9007199254740993".
# dpa: dpa.integrations.ray takes batches of pyarrow; tests/test_ray.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "ray[data]==${RAY:-2.60.0}" "pyarrow==${PYARROW:-26.0.1}"
cat >"$folder/run.py" <<'PY'
import pyarrow as pa
import ray

ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
ray.data.DataContext.get_current().enable_progress_bars = False
rows = pa.table({"id": pa.array([2**53 + 1, None], pa.int64())})


def unchanged(batch):
    return batch


read = {}
for name in ("numpy", "pyarrow"):
    made = ray.data.from_arrow(rows).map_batches(unchanged, batch_format=name)
    read[name] = int(made.take_all()[0]["id"])
print(f"id {2**53 + 1}: numpy {read['numpy']}, pyarrow {read['pyarrow']}")
assert read == {"numpy": 2**53, "pyarrow": 2**53 + 1}
PY
"$folder/venv/bin/python" "$folder/run.py" 2>/dev/null
