"""Ray Data: the digest of any cluster is that of one process, after a killed worker, too."""

from pathlib import Path

import pytest
from frameworks import require

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own
ray = require("ray", "adapters")
require("ray.data", "adapters")
pa = require("pyarrow")
import engines  # noqa: E402 (needs pyarrow)
from engines import KEY, PARTS, SHAPED  # noqa: E402
from ray.data.expressions import col, unnest  # noqa: E402

from dpa.integrations.ray import add_parameters, digest, parameters  # noqa: E402
from dpa.space import Space  # noqa: E402

TABLE = engines.table()
IDS = TABLE["file"].to_pylist()
WANTED = engines.wanted(IDS, SHAPED)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    environment = {"env_vars": {"PYTHONPATH": str(Path(__file__).parent)}}
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    ray.init(num_cpus=2, runtime_env=environment, **quiet)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def made(table=TABLE, space=SHAPED, **options):
    return add_parameters(ray.data.from_arrow(table), "file", space, **KEY, **options)


def check(dataset, answer=WANTED, **options):
    assert digest(dataset, "file", SHAPED, **KEY, **options) == answer


@pytest.mark.parametrize("parts", PARTS)
def test_any_number_of_blocks(parts):
    dataset = ray.data.from_arrow(TABLE).repartition(parts)
    check(add_parameters(dataset, "file", SHAPED, prefix="p_", **KEY), prefix="p_")


def test_any_plan_gives_the_same():
    check(made().random_shuffle(seed=1))
    check(made().sort("order"))
    check(made().repartition(5))
    part = made().filter(expr=col("order") < 99).materialize()
    ids = [row["file"] for row in part.take_all()]
    assert len(ids) == 99
    check(part, engines.wanted(ids, SHAPED))
    other = ray.data.from_arrow(TABLE.rename_columns(["file", "other"]))
    check(made().join(other, "inner", 2, on=("file",)))


def test_what_row_functions_pickle_is_named():
    """They make objects of integers from 2**63 on; the digest says so."""
    rows = made().map(lambda row: row)
    with pytest.raises(
        Exception, match=r"column 'seed': .* \(pickled objects, if Ray's row functions"
    ):
        digest(rows, "file", SHAPED, **KEY)
    without = Space({n: each for n, each in SHAPED.parameters if n != "seed"}, depth=2)
    rows = made(space=without).map(lambda row: row)
    assert digest(rows, "file", without, **KEY) == engines.wanted(IDS, without)


def test_an_expression():
    dataset = ray.data.from_arrow(TABLE)
    check(dataset.with_columns(unnest(parameters("file", SHAPED, **KEY))))
    struct = dataset.with_column("p", parameters("file", SHAPED, **KEY)).schema()
    assert [
        str(type_) for name, type_ in zip(struct.names, struct.types, strict=True) if name == "p"
    ]


def test_written_and_read_again(tmp_path):
    made().repartition(3).write_parquet(str(tmp_path))
    check(ray.data.read_parquet(str(tmp_path)))
    engines.check_folder(tmp_path, IDS, SHAPED)


def test_nulls():
    ids, answer = engines.nullable()
    table = pa.table({"file": ids})
    found = digest(
        made(table, engines.SPACE, nulls="null"), "file", engines.SPACE, nulls="null", **KEY
    )
    assert found == answer
    with pytest.raises(Exception, match="ids must not be null"):
        made(table, engines.SPACE).materialize()


def test_one_thread_in_a_worker():
    @ray.remote
    def threads():
        from dpa.host.threads import thread_count

        return thread_count()

    assert ray.get(threads.remote()) == 1


def test_a_worker_killed_in_mid_job(tmp_path):
    marker = str(tmp_path / "killed")

    def deadly(batch):
        engines.die_once(marker)
        return batch

    size = engines.SIZE
    dataset = ray.data.range(size, override_num_blocks=16).map_batches(deadly)
    dataset = add_parameters(dataset, "id", **KEY)
    with engines.small_driver():
        found = digest(dataset, "id", **KEY)
    assert found == engines.dpa.expected_digest(range(size), **KEY)
    assert (tmp_path / "killed").exists()
