"""polars: parameters as an expression, in memory, lazy and streaming."""

import pytest
from frameworks import require

import dpa

pl = require("polars")
require("pyarrow")
import engines  # noqa: E402 (needs pyarrow)
from engines import KEY, SHAPED  # noqa: E402

from dpa.integrations.polars import add_parameters, digest, parameters  # noqa: E402

FRAME = pl.from_arrow(engines.table())
IDS = FRAME["file"].to_list()
WANTED = engines.wanted(IDS, SHAPED)


def check(frame, answer=WANTED, **options):
    assert digest(frame, "file", SHAPED, **KEY, **options) == answer


@pytest.mark.parametrize("lazy", [False, True])
def test_columns(lazy):
    frame = add_parameters(FRAME.lazy() if lazy else FRAME, "file", SHAPED, prefix="p_", **KEY)
    assert isinstance(frame, pl.LazyFrame if lazy else pl.DataFrame)
    check(frame, prefix="p_")
    found = frame.lazy().collect()
    assert frame.collect_schema() == found.schema
    assert found.schema["p_seed"] == pl.UInt64
    assert found.schema["p_grid"] == pl.List(pl.List(pl.Float64))
    batch = dpa.generate_augmentation_batch(IDS, SHAPED, **KEY)
    for name in ("p_flip", "p_noise", "p_mix.zoom.factor", "p_seed"):
        assert (found[name].to_numpy() == batch[name[2:]]).all()


def test_nothing_is_computed_before_it_is_asked_for():
    frame = add_parameters(FRAME.lazy().with_columns(pl.lit(1.5).alias("file")), "file")
    assert frame.collect_schema()["rotation"] == pl.Float64
    with pytest.raises(Exception, match="ids must be integers or strings, got double"):
        frame.collect()


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_any_plan_gives_the_same(engine):
    frame = add_parameters(FRAME.lazy(), "file", SHAPED, **KEY)
    for plan in (
        frame.sort("order"),
        frame.join(FRAME.lazy().select("file", other="order"), on="file"),
        pl.concat([frame.head(1000), frame.slice(1000)]),
        frame.with_columns(pl.col("file").cast(pl.Categorical)),
    ):
        check(plan.collect(engine=engine))
    part = frame.filter(pl.col("order") < 99).collect(engine=engine)
    check(part, engines.wanted(part["file"].to_list(), SHAPED))


def test_filters_go_below_it():
    frame = add_parameters(FRAME.lazy(), "file", SHAPED, **KEY).filter(pl.col("order") < 99)
    plan = frame.explain()
    assert plan.index("python_udf") < plan.index('FILTER col("order")')


def test_an_expression_in_a_struct():
    struct = FRAME.select(parameters(pl.col("file").cast(pl.Categorical), SHAPED, **KEY))["file"]
    check(FRAME.select("file").hstack(struct.struct.unnest()))
    only = FRAME.lazy().select(parameters("file", SHAPED, **KEY).struct.field("noise")).collect()
    assert only["noise"].to_list() == struct.struct.field("noise").to_list()


@pytest.mark.parametrize(
    "dtype", [pl.UInt8, pl.Int64, pl.UInt64, pl.Int128, pl.UInt128, pl.Decimal(20, 0)], ids=str
)
def test_integers(dtype):
    frame = pl.DataFrame({"id": pl.Series([7, 0, 99], dtype=dtype)})
    made = add_parameters(frame, "id")
    for each in (made, made.lazy()):
        assert digest(each, "id") == dpa.expected_digest([7, 0, 99])
    assert (
        made.select(pl.exclude("id")).rows()
        == add_parameters(pl.DataFrame({"id": [7, 0, 99]}), "id").select(pl.exclude("id")).rows()
    )


def test_more_rows_than_one_array_holds(monkeypatch):
    monkeypatch.setattr("dpa.integrations.polars._ROWS", 1000)
    check(add_parameters(FRAME, "file", SHAPED, **KEY))
    frame = pl.DataFrame({"id": [*range(2500), None]})
    with pytest.raises(Exception, match=r"first at index 500: .* \(index 0 is row 2000\)"):
        add_parameters(frame, "id")


def test_nulls():
    ids, answer = engines.nullable()
    frame = pl.DataFrame({"file": ids})
    made = add_parameters(frame, "file", engines.SPACE, nulls="null", **KEY)
    assert made["hash"].null_count() == ids.count(None)
    assert digest(made, "file", engines.SPACE, nulls="null", **KEY) == answer
    with pytest.raises(
        Exception, match=r"ids must not be null, got 72 nulls, the first at index 0"
    ):
        add_parameters(frame, "file", engines.SPACE, **KEY)
    nothing = pl.DataFrame({"file": [None, None]})
    assert add_parameters(nothing, "file", nulls="null")["hash"].null_count() == 2


def test_written_and_read_again(tmp_path):
    add_parameters(FRAME.lazy(), "file", SHAPED, **KEY).sink_parquet(tmp_path / "a.parquet")
    check(pl.scan_parquet(tmp_path / "a.parquet"))
    engines.check_folder(tmp_path, IDS, SHAPED)


def test_what_is_there_is_not_replaced():
    frame = add_parameters(FRAME, "file")
    with pytest.raises(ValueError, match="the table has a column 'brightness' already: say prefix"):
        add_parameters(frame.lazy(), "file")
