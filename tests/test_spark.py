"""Spark: the digest of any cluster is that of one process, after a killed executor, too."""

import os
import sys
from pathlib import Path

import pytest
from frameworks import require

pytestmark = pytest.mark.filterwarnings("default")  # PySpark's own
require("pyspark", "adapters")
pa = require("pyarrow")
import engines  # noqa: E402 (needs pyarrow)
import pyarrow.parquet as pq  # noqa: E402
from engines import KEY, PARTS, SHAPED  # noqa: E402
from pyspark.errors import PySparkException  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql import functions as sf  # noqa: E402

from dpa.integrations.spark import add_parameters, digest, parameters  # noqa: E402

TABLE = engines.table()
IDS = TABLE["file"].to_pylist()
WANTED = engines.wanted(IDS, SHAPED)


@pytest.fixture(scope="module")
def spark():
    """Two executors, each a process of its own."""
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(Path(__file__).parent)}
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.sql.shuffle.partitions": "4",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "512m",  # 20 million samples would not fit
        "spark.executor.memory": "1g",
    }
    builder = SparkSession.builder.master("local-cluster[2,1,1024]")
    made = builder.config(map=settings).getOrCreate()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def frame(spark):
    return spark.createDataFrame(TABLE)


def made(frame, space=SHAPED, **options):
    return add_parameters(frame, "file", space, **KEY, **options)


def check(frame, answer=WANTED, **options):
    assert digest(frame, "file", SHAPED, **KEY, **options) == answer


def plan(frame):
    return frame._jdf.queryExecution().executedPlan().toString()


@pytest.mark.parametrize("parts", PARTS)
def test_any_number_of_partitions(frame, parts):
    check(made(frame.repartition(parts), prefix="p_"), prefix="p_")


def test_any_plan_gives_the_same(frame):
    whole = made(frame)
    check(whole.orderBy("order"))
    check(whole.repartition(5, "order"))
    check(whole.join(frame.withColumnRenamed("order", "other"), "file"))
    part = whole.filter("order < 99")
    ids = [row.file for row in part.select("file").collect()]
    assert len(ids) == 99
    check(part, engines.wanted(ids, SHAPED))
    assert digest(whole.filter("order < 0"), "file", SHAPED, **KEY) == engines.dpa.SampleDigest()


def test_an_expression_is_computed_once_and_filters_go_below_it(spark):
    struct = parameters("id", SHAPED, **KEY)
    frame = spark.range(500).withColumn("order", sf.col("id") % 7)
    named = frame.select("id", "order", struct.noise.alias("a"), struct.level.alias("b"))
    above, found, below = plan(named.filter("order < 3")).partition("ArrowEvalPython")
    assert (found, "Filter" in above) == ("ArrowEvalPython", False)
    assert "Filter ((id#" in below
    assert "ArrowEvalPython" not in below
    expected = engines.dpa.generate_augmentation_batch(range(500), SHAPED, **KEY).noise.tolist()
    assert [row.a for row in named.orderBy("id").collect()] == expected


def test_types(frame):
    types = dict(made(frame, prefix="p_").dtypes)
    assert (types["p_seed"], types["p_level"]) == ("decimal(20,0)", "bigint")
    assert (types["p_hash"], types["p_grid"]) == ("binary", "array<array<double>>")
    assert "p_mix.zoom.factor" in types


def test_ids_of_64_bits(spark, tmp_path):
    ids = [2**64 - 1, 2**63, 5]
    pq.write_table(pa.table({"id": pa.array(ids, pa.uint64())}), tmp_path / "ids.parquet")
    frame = spark.read.parquet(str(tmp_path / "ids.parquet"))
    assert frame.dtypes == [("id", "decimal(20,0)")]
    assert digest(add_parameters(frame, "id"), "id") == engines.dpa.expected_digest(ids)
    frame = spark.range(3).select(sf.col("id").cast("short").alias("an id"))
    assert digest(add_parameters(frame, "an id"), "an id") == engines.dpa.expected_digest(range(3))


def test_written_and_read_again(spark, frame, tmp_path):
    made(frame.repartition(3)).write.parquet(str(tmp_path / "t"))
    check(spark.read.parquet(str(tmp_path / "t")))
    engines.check_folder(tmp_path / "t", IDS, SHAPED)


def test_nulls(spark):
    ids, answer = engines.nullable()
    frame = spark.createDataFrame(pa.table({"file": ids}))
    found = made(frame, engines.SPACE, nulls="null")
    assert digest(found, "file", engines.SPACE, nulls="null", **KEY) == answer
    with pytest.raises(PySparkException, match="ids must not be null"):
        made(frame, engines.SPACE).collect()


def test_no_column_is_replaced(frame):
    longest = frame.select("file", *(frame.order.alias(name) for name in ("__dpa__", "parameters")))
    whole = made(longest)
    assert whole.columns[:3] == longest.columns
    assert whole.select(longest.columns).orderBy("file").collect() == (
        longest.orderBy("file").collect()
    )
    check(whole)


def test_all_partitions_of_a_digest_are_one_job(spark, frame):
    whole = made(frame.repartition(8)).persist()
    assert whole.count() == len(IDS)
    spark.sparkContext.setJobGroup("digest", "the digest")
    check(whole)
    jobs = spark.sparkContext.statusTracker().getJobIdsForGroup("digest")
    spark.sparkContext.setLocalProperty("spark.jobGroup.id", None)
    whole.unpersist()
    assert len(jobs) == 1


def test_bad_columns(frame):
    with pytest.raises(ValueError, match="no column 'x'; there are file, order"):
        add_parameters(frame, "x")
    with pytest.raises(ValueError, match="has a column 'flip' already"):
        made(made(frame))
    with pytest.raises(ValueError, match="no column 'rotation'"):
        digest(made(frame), "file")


def test_one_thread_in_a_worker(spark):
    def threads(rows):
        from dpa.host.threads import thread_count

        yield thread_count()

    assert set(spark.sparkContext.parallelize([1, 2], 2).mapPartitions(threads).collect()) == {1}


def test_an_executor_killed_in_mid_job(spark, tmp_path):
    """Not its Python alone: the worker's parent is a daemon, whose parent is the executor."""
    marker, size = str(tmp_path / "killed"), engines.SIZE

    def deadly(batches):
        engines.die_once(marker, parents=2)
        yield from batches

    frame = spark.range(0, size, 1, 16).mapInArrow(deadly, "id long")
    frame = add_parameters(frame, "id", **KEY)
    with engines.small_driver():
        found = digest(frame, "id", **KEY)
    assert found == engines.dpa.expected_digest(range(size), **KEY)
    assert (tmp_path / "killed").exists()
