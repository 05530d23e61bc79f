#!/bin/bash
# polars: shuffle(seed) and sample(seed) begin anew from the seed in each group and each column. In
# groups of one size all have the same order and the same places drawn, so what looks like one
# random choice of each group is one choice for all of them.
# Seen with polars 2.1.0: "places drawn in 1,000 groups of 10: 1 pattern; in columns a and b: equal".
# dpa: a draw depends on the row's own id (integrations/polars.py); tests/test_polars.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "polars==${POLARS:-2.1.0}"
cat >"$folder/run.py" <<'PY'
import polars as pl

rows = pl.DataFrame({"group": [g for g in range(1000) for _ in range(10)]})
rows = rows.with_columns(place=pl.int_range(pl.len()).over("group"))
orders = rows.select("group", order=pl.col("place").shuffle(seed=1).over("group"))
samples = rows.group_by("group").agg(drawn=pl.col("place").sample(3, seed=1))
shuffled = {tuple(part["order"]) for part in orders.partition_by("group")}
sampled = {tuple(drawn) for drawn in samples["drawn"]}
columns = pl.DataFrame({"a": range(100), "b": range(100)}).select(pl.all().shuffle(seed=1))
equal = columns["a"].equals(columns["b"], check_names=False)
print(f"places drawn in 1,000 groups of 10: {len(sampled)} pattern; in columns a and b: "
      f"{'equal' if equal else 'other'}")
assert len(shuffled) == len(sampled) == 1
assert equal
PY
"$folder/venv/bin/python" "$folder/run.py"
