"""What other libraries make of a .parquet with every type of column."""

import sys

import numpy as np
import pytest
import test_space_files

import dpa
from dpa.space import Bernoulli, Choice, Integers, Seed, Space, Uniform

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
SIZE = 5000


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("engines") / "chain.parquet"
    batch = test_space_files.batch_of(range(SIZE))
    dpa.save_augmentation_chain(batch, path)
    turns = sum(row["op"] == "turn" for row in batch)
    return path, batch, turns


def test_parquet_in_pandas(saved):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    path, batch, turns = saved
    frame = pandas.read_parquet(path)
    types = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert {types[name] for name in ("rotation", "factor")} == {"float64"}
    assert (types["flip"], types["level"], types["seed"]) == ("bool", "int64", "uint64")
    assert types["op"] == "category"
    assert int((frame["op"] == "turn").sum()) == turns
    assert (frame["seed"].to_numpy() == batch["seed"]).all()
    assert frame["grid"][7].tolist()[1].tolist() == batch["grid"][7, 1].tolist()


def test_parquet_in_polars(saved):
    polars = pytest.importorskip("polars", reason="polars is not installed")
    path, batch, turns = saved
    frame = polars.read_parquet(path)
    types = {name: str(dtype) for name, dtype in frame.schema.items()}
    assert (types["flip"], types["level"], types["seed"]) == ("Boolean", "Int64", "UInt64")
    assert types["op"].startswith("Categorical")
    assert types["grid"] == "Array(Float64, shape=(2, 3))"
    assert polars.scan_parquet(path).filter(polars.col("op") == "turn").collect().height == turns
    assert (frame["grid"].to_numpy() == batch["grid"]).all()


def test_parquet_in_duckdb(saved):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    path, batch, turns = saved
    rows = duckdb.sql(f"describe select * from '{path}'").fetchall()
    types = {name: kind for name, kind, *_ in rows}
    assert (types["flip"], types["level"], types["seed"]) == ("BOOLEAN", "BIGINT", "UBIGINT")
    assert (types["op"], types["grid"]) == ("VARCHAR", "DOUBLE[][]")
    [(found,)] = duckdb.sql(f"select count(*) from '{path}' where op = 'turn'").fetchall()
    assert found == turns
    [(seed,)] = duckdb.sql(f"select seed from '{path}' limit 1 offset 9").fetchall()
    assert seed == int(batch["seed"][9])


#: One choice, real and whole number, seed, flag and array of each kind, with ids that are stored.
SPACE = Space(
    real=Uniform(0, 1),
    integers=Integers(0, 9),
    seed=Seed(),
    bernoulli=Bernoulli(0.5),
    choice=Choice(["a", "b"]),
    shape=Uniform(0, 1, shape=3),
)


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    path = tmp_path_factory.mktemp("readers") / "chain.parquet"
    batch = dpa.generate_augmentation_batch(range(50), SPACE)
    dpa.save_augmentation_chain(batch, path, list_ids=True)
    return str(path), batch


@pytest.mark.filterwarnings("default")  # its own
def test_the_page_in_spark(listed, monkeypatch):
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    path, batch = listed
    settings = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1"}
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    spark = sql.SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    try:
        frame = spark.read.parquet(path)
        types = dict(frame.dtypes)
        seeds = [int(row.seed) for row in frame.select("seed").collect()]
    finally:
        spark.stop()
    assert (types["id"], types["seed"]) == ("decimal(20,0)", "decimal(20,0)")
    assert (types["real"], types["integers"], types["bernoulli"]) == ("double", "bigint", "boolean")
    assert (types["choice"], types["shape"]) == ("string", "array<double>")
    assert types["hash"] == "binary"
    assert seeds == batch["seed"].tolist()


@pytest.mark.filterwarnings("default")  # its own
def test_the_page_in_ray(listed):
    ray = pytest.importorskip("ray", reason="ray is not installed")
    path, batch = listed
    ray.init(num_cpus=1, include_dashboard=False)
    try:
        data = ray.data.read_parquet(path)
        schema = data.schema().base_schema
        numbers = data.take_batch(50)
    finally:
        ray.shutdown()
    types = {field.name: str(field.type) for field in schema}
    assert (types["id"], types["seed"], types["integers"]) == ("uint64", "uint64", "int64")
    assert (types["real"], types["bernoulli"]) == ("double", "bool")
    assert types["choice"].startswith("dictionary")
    assert types["hash"] == "fixed_size_binary[32]"
    assert types["shape"].startswith("fixed_size_list")
    assert numbers["seed"].tolist() == batch["seed"].tolist()
    assert (numbers["shape"].dtype, type(numbers["hash"][0])) == (np.dtype(object), bytes)
    assert set(map(type, numbers["choice"])) <= {str, np.str_}


def test_the_page_in_hugging_face_datasets(listed, tmp_path):
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    path, batch = listed
    data = datasets.Dataset.from_parquet(path, cache_dir=str(tmp_path))
    types = {name: getattr(each, "dtype", str(each)) for name, each in data.features.items()}
    assert (types["id"], types["seed"], types["integers"]) == ("uint64", "uint64", "int64")
    assert (types["real"], types["bernoulli"], types["choice"]) == ("float64", "bool", "string")
    assert "length=3" in str(data.features["shape"])
    assert data["seed"][:] == batch["seed"].tolist()
    assert data[0]["hash"] == bytes(batch.digests[0])


def test_pandas_reads_real_numbers_of_json_exactly_only_if_told(tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    batch = dpa.generate_augmentation_batch(range(1000))
    path = tmp_path / "chain.jsonl"
    dpa.save_augmentation_chain(batch, path)
    read = {
        exact: pandas.read_json(path, lines=True, precise_float=exact).dropna(subset="hash")
        for exact in (True, False)
    }
    assert read[True]["rotation"].tolist() == batch.rotation.tolist()
    assert read[False]["rotation"].tolist() != batch.rotation.tolist()
    assert len(pandas.read_json(path, lines=True)) == 1002  # the first and the last line, too
