#!/bin/bash
# PySpark: mapInArrow and mapInPandas fail on a frame that has a column with a dot in its name, whether
# the function reads it or not: the name is looked up as a field of a struct. The column itself is fine:
# select with backticks, filters and writing work, and arrow_udf on it, too.
# Seen with pyspark 4.3.0, pyarrow 26.0.1, pandas 2.3.3, Java 17: "UNRESOLVED_COLUMN.WITH_SUGGESTION" or, where the first part
# is a column, too, "INVALID_EXTRACT_BASE_FIELD_TYPE".
# dpa: integrations/spark.py packs the columns into one struct; tests/test_spark.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "pyspark==${PYSPARK:-4.3.0}" "pyarrow==${PYARROW:-26.0.1}" "pandas==${PANDAS:-2.3.3}"
cat >"$folder/dots.py" <<'PY'
import os
import sys

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf

os.environ["PYSPARK_PYTHON"] = sys.executable
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
spark = builder.config("spark.driver.host", "127.0.0.1").getOrCreate()


def tried(frame):
    try:
        found = frame.mapInArrow(lambda batches: batches, frame.schema).count()
        return f"{found} rows"
    except PySparkException as error:
        return error.getCondition()


plain = spark.range(3).withColumn("a.b", sf.lit(1))
both = plain.withColumn("a", sf.lit(2))
packed = plain.select(sf.struct("id", "`a.b`").alias("row"))
found = [tried(frame) for frame in (spark.range(3), plain, both, packed)]
print("id: {}; a.b: {}; a and a.b: {}; in a struct: {}".format(*found))
assert (found[0], found[3]) == ("3 rows", "3 rows"), found
assert found[2] == "INVALID_EXTRACT_BASE_FIELD_TYPE", found
assert found[1].startswith("UNRESOLVED_COLUMN"), found
PY
"$folder/venv/bin/python" "$folder/dots.py" 2>/dev/null
