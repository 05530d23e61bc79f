"""Dask: the digest of any cluster is that of one process, after a killed worker, too."""

import os

import pytest
from frameworks import require

pytestmark = pytest.mark.filterwarnings("default")  # Dask's own
dd = require("dask.dataframe", "adapters")
distributed = require("distributed", "adapters")
pd = require("pandas", "adapters")
pa = require("pyarrow")
import engines  # noqa: E402 (needs pyarrow)
from engines import KEY, PARTS, SHAPED, SPACE  # noqa: E402

from dpa.integrations.dask import add_parameters, digest  # noqa: E402

FRAME = engines.table().to_pandas()
IDS = FRAME["file"].tolist()
WANTED = engines.wanted(IDS)


@pytest.fixture(scope="module", autouse=True)
def client():
    with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=None) as made:
        yield made


def made(frame=FRAME, parts=3, space=SPACE, **options):
    return add_parameters(dd.from_pandas(frame, npartitions=parts), "file", space, **KEY, **options)


def check(frame, answer=WANTED, **options):
    assert digest(frame, "file", SPACE, **KEY, **options) == answer


@pytest.mark.parametrize("parts", PARTS)
def test_any_number_of_partitions(parts):
    check(made(parts=parts, prefix="p_"), prefix="p_")


@pytest.mark.parametrize("nulls", ["raise", "null"])
def test_every_partition_has_the_types_of_meta(nulls):
    frame = made(parts=4, space=SHAPED, nulls=nulls)
    meta = frame._meta
    for part in frame.partitions:
        found = part.compute()
        assert (found.dtypes == meta.dtypes).all()
        assert list(found.columns) == list(meta.columns)
    assert str(meta.dtypes["hash"]) == "binary[pyarrow]"
    assert digest(frame, "file", SHAPED, **KEY) == engines.wanted(IDS, SHAPED)


def test_any_plan_gives_the_same():
    check(made().shuffle("order"))
    check(made().set_index("order"))
    check(made().repartition(npartitions=5))
    other = dd.from_pandas(FRAME.rename(columns={"order": "other"}), npartitions=2)
    check(made().merge(other, on="file"))
    part = made()
    part = part[part.order < 99]
    ids = part.file.compute().tolist()
    assert len(ids) == 99
    check(part, engines.wanted(ids))


@pytest.mark.parametrize("dtype", ["int32", "uint64", "Int64", "category", "str", "object"])
def test_ids_as_pandas_has_them(dtype):
    ids = pd.Series([7, 0, 99]).astype("str" if dtype in ("category", "object") else dtype)
    frame = dd.from_pandas(pd.DataFrame({"id": ids.astype(dtype)}), npartitions=2)
    plain = [str(each) for each in (7, 0, 99)] if ids.dtype == "str" else [7, 0, 99]
    assert digest(add_parameters(frame, "id"), "id") == engines.dpa.expected_digest(plain)


def test_nulls():
    ids, answer = engines.nullable()
    frame = pd.DataFrame({"file": ids})
    found = made(frame, nulls="null")
    assert digest(found, "file", SPACE, nulls="null", **KEY) == answer
    with pytest.raises(ValueError, match="ids must not be null"):
        made(frame).compute()
    numbers = dd.from_pandas(pd.DataFrame({"id": [1, None, 3]}), npartitions=1)
    with pytest.raises(TypeError, match="pandas makes floats of integers with nulls"):
        add_parameters(numbers, "id").compute()


def test_written_and_read_again(tmp_path):
    made().to_parquet(str(tmp_path))
    again = dd.read_parquet(str(tmp_path))
    check(again)
    assert again.dtypes["hash"] == pd.ArrowDtype(pa.binary())
    check(
        dd.read_parquet(str(tmp_path), filters=[("order", "<", 99)]).repartition(npartitions=1),
        answer=engines.wanted(FRAME[FRAME.order < 99].file.tolist()),
    )
    engines.check_folder(tmp_path, IDS)


def test_bad_columns():
    with pytest.raises(ValueError, match="no column 'x'; there are file, order"):
        add_parameters(dd.from_pandas(FRAME, npartitions=1), "x")
    with pytest.raises(ValueError, match="has a column 'flip' already"):
        add_parameters(made(), "file", SPACE, **KEY)
    with pytest.raises(ValueError, match="no column 'rotation'"):
        digest(made(), "file")


def test_one_thread_in_a_worker(client):
    def threads():
        from dpa.host.threads import thread_count

        return thread_count(), os.environ["OMP_NUM_THREADS"]

    assert set(client.run(threads).values()) == {(1, "1")}


def test_a_worker_killed_in_mid_job(tmp_path):
    """The nanny starts another one."""
    marker, size = str(tmp_path / "killed"), engines.SIZE

    def deadly(part):
        engines.die_once(marker)
        return part

    numbers = pd.DataFrame({"id": range(size)})
    frame = dd.from_pandas(numbers, npartitions=16)
    frame = add_parameters(frame.map_partitions(deadly, meta=numbers[:0]), "id", **KEY)
    with engines.small_driver():
        found = digest(frame, "id", **KEY)
    assert found == engines.dpa.expected_digest(range(size), **KEY)
    assert (tmp_path / "killed").exists()
