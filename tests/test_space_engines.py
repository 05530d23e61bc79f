"""What other libraries make of a .parquet with every type of column."""

import pytest
import test_space_files

import dpa

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
