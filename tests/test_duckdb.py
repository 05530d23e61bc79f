"""DuckDB: parameters as a function of SQL."""

import pytest
from frameworks import require

duckdb = require("duckdb")
pa = require("pyarrow")
import engines  # noqa: E402 (needs pyarrow)
from engines import KEY, SHAPED  # noqa: E402

import dpa  # noqa: E402
from dpa.integrations.duckdb import digest, register  # noqa: E402

TABLE = engines.table()
IDS = TABLE["file"].to_pylist()
WANTED = engines.wanted(IDS, SHAPED)


@pytest.fixture
def connection():
    with duckdb.connect() as made:
        made.register("samples", TABLE)
        register(made, SHAPED, **KEY)
        yield made


def check(relation, answer=WANTED):
    assert digest(relation, "file", SHAPED, **KEY) == answer


QUERIES = [
    "select file, unnest(dpa_parameters(file)) from samples",
    'select file, unnest(dpa_parameters(file)) from samples order by "order"',
    "select file, unnest(p) from (select file, dpa_parameters(file) as p from samples)",
    "select file, unnest(dpa_parameters(file)) from samples join samples as other using (file)",
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("threads", [1, 8])
def test_any_plan_gives_the_same(connection, query, threads):
    connection.execute(f"set threads = {threads}")
    check(connection.sql(query))


def test_types(connection):
    made = connection.sql(QUERIES[0])
    types = dict(zip(made.columns, map(str, made.types), strict=True))
    assert (types["seed"], types["flip"], types["hash"]) == ("UBIGINT", "BOOLEAN", "BLOB")
    assert (types["grid"], types["words"], types["mix"]) == ("DOUBLE[][]", "VARCHAR[]", "VARCHAR")


def test_a_filter(connection):
    made = connection.sql(f'{QUERIES[0]} where "order" < 99').to_arrow_table()
    check(connection.from_arrow(made), engines.wanted(made["file"], SHAPED))
    assert len(made) == 99


@pytest.mark.parametrize(
    "type_", ["utinyint", "integer", "bigint", "ubigint", "hugeint", "uhugeint", "decimal(20, 0)"]
)
def test_integers(connection, type_):
    register(connection, name="plain")
    found = connection.sql(f"select plain(7::{type_}).noise").fetchall()
    assert found == [(dpa.gen_augmentation_params(7)["noise"],)]


def test_one_function_for_integers_and_text(connection):
    register(connection, name="plain")
    found = connection.sql("select plain(42).noise, plain('42').noise").fetchall()
    assert found == [tuple(dpa.gen_augmentation_params(each)["noise"] for each in (42, "42"))]
    with pytest.raises(duckdb.Error, match="ids must not be negative, got -1 at index 0"):
        connection.sql("select plain(-1)").fetchall()
    with pytest.raises(duckdb.Error, match="ids must be integers or strings, got double"):
        connection.sql("select plain(1.5::double)").fetchall()


def test_a_digest_reads_no_other_columns(connection):
    others = "if(length(file) > 0, error('it was read'), 1) as picture"
    made = connection.sql(QUERIES[0].replace("file,", f"file, {others},"))
    with pytest.raises(duckdb.Error, match="it was read"):
        made.fetchall()
    check(made)
    with pytest.raises(ValueError, match="no column 'flip'"):
        digest(connection.sql("select 1 as file"), "file", SHAPED, **KEY)


def test_nulls(connection):
    ids, answer = engines.nullable()
    connection.register("gaps", pa.table({"file": ids}))
    register(connection, engines.SPACE, name="allowed", nulls="null", **KEY)
    made = connection.sql("select file, unnest(allowed(file)) from gaps")
    assert digest(made, "file", engines.SPACE, nulls="null", **KEY) == answer
    assert made.aggregate("count(*), count(hash), count(noise)").fetchall() == [(500, 428, 428)]
    with pytest.raises(duckdb.Error, match="ids must not be null, got 72 nulls"):
        connection.sql("select dpa_parameters(file) from gaps").fetchall()


def test_written_and_read_again(connection, tmp_path):
    path = tmp_path / "a.parquet"
    connection.execute(f"copy ({QUERIES[0]}) to '{path}'")
    check(connection.sql(f"select * from '{path}'"))
    engines.check_folder(tmp_path, IDS, SHAPED)
