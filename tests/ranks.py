"""What every rank of a real job checks: test_distributed.py starts it by torchrun.

torchrun --standalone --nproc-per-node 3 tests/ranks.py FOLDER
"""

import json
import os
import runpy
import sys
from itertools import chain, islice
from pathlib import Path
from unittest import mock

import numpy as np
import torch
import torch.distributed as dist

import dpa
from dpa.distributed import (
    DistributedRangeSplitter,
    gen_distributed_augmentation_params,
    stream_distributed_augmentation_batches,
    stream_distributed_augmentation_chain,
)
from dpa.recipes import merge_recipes

SIZE = 1001
CONFIG = dpa.get_preset("aggressive")
KEY = {"base_seed": 7, "epoch": 3}
EXAMPLE = Path(__file__).parents[1] / "examples" / "torch_ranks.py"
FOLDER = Path(sys.argv[1])
RANK, WORLD_SIZE = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])


def gathered(value):
    """Each rank's value, in their order."""
    values = [None] * WORLD_SIZE
    dist.all_gather_object(values, value)
    return values


def digest(path):
    return json.loads(path.read_text())["trailer"]["digest"]


def by_the_variables():
    """torch is imported, but no process group is there yet."""
    stream = stream_distributed_augmentation_chain(SIZE)
    assert (stream.shard.rank, stream.shard.world_size) == (RANK, WORLD_SIZE)


def by_torch_before_the_variables():
    os.environ["RANK"] = "no number"
    try:
        assert gen_distributed_augmentation_params(42)["rank"] == RANK
    finally:
        os.environ["RANK"] = str(RANK)


def rank_aware():
    parts = gathered(list(stream_distributed_augmentation_chain(SIZE, config=CONFIG, **KEY)))
    expected = [
        [dpa.gen_augmentation_params(x, CONFIG, rank=rank, **KEY) for x in range(start, end)]
        for rank, (start, end) in enumerate(
            DistributedRangeSplitter(SIZE, WORLD_SIZE).get_all_ranges()
        )
    ]
    assert parts == expected


def elastic():
    """The ranks together have what one process has, also when stopped and shared out again."""
    whole = dpa.generate_augmentation_batch(range(SIZE), CONFIG, **KEY)

    def stream():
        return stream_distributed_augmentation_batches(
            SIZE, config=CONFIG, batch_size=10, rank_aware=False, **KEY
        )

    parts = gathered(list(stream()))
    assert dpa.AugmentationBatch.concatenate(batch for part in parts for batch in part) == whole

    begun = stream()
    got = list(islice(begun, 3 * RANK))
    rest = DistributedRangeSplitter.remaining(gathered(begun.state_dict()))
    got += rest.batches(batch_size=17)
    parts = gathered(got)
    union = dpa.AugmentationBatch.concatenate(batch for part in parts for batch in part)
    order = np.argsort(union.sample_ids)
    assert union.sample_ids[order].tolist() == list(range(SIZE))
    assert np.array_equal(union.digests[order], whole.digests)
    assert np.array_equal(union.contrast[order], whole.contrast)


def files_add_up():
    """The digests of the ranks' files are together that of one process's."""
    parts = [FOLDER / f"{rank}-of-{WORLD_SIZE}.jsonl" for rank in range(WORLD_SIZE)]
    stream = stream_distributed_augmentation_chain(SIZE, config=CONFIG, rank_aware=False, **KEY)
    dpa.save_augmentation_stream(stream, parts[RANK])
    dist.barrier()
    if RANK == 0:
        assert merge_recipes(parts, FOLDER / "merged.json") == SIZE
        dpa.save_augmentation_recipe(FOLDER / "whole.json", SIZE, CONFIG, **KEY)
        merged, whole = map(digest, (FOLDER / "merged.json", FOLDER / "whole.json"))
        assert merged == whole
    dist.barrier()


def example(by_stream, by_ids):
    """Each image has its own sample's brightness, in any order, and another in each epoch."""
    dataset = torch.utils.data.TensorDataset(torch.arange(96), torch.ones(96, 4))
    for batches, rank in ((by_stream, RANK), (by_ids, None)):
        for epoch in range(2):
            chosen = []
            for ids, images in batches(dataset, CONFIG, epoch):
                batch = dpa.generate_augmentation_batch(ids.numpy(), CONFIG, rank=rank, epoch=epoch)
                expected = torch.as_tensor(batch.brightness, dtype=torch.float32)
                assert torch.equal(images, expected[:, None].expand(-1, 4))
                chosen += ids.tolist()
            assert sorted(chain.from_iterable(gathered(chosen))) == list(range(96))


by_the_variables()
with mock.patch.object(dist, "destroy_process_group"):  # its group serves the rest
    program = runpy.run_path(str(EXAMPLE), run_name="__main__")
by_torch_before_the_variables()
rank_aware()
elastic()
files_add_up()
example(program["by_stream"], program["by_ids"])
dist.destroy_process_group()
print(f"rank {RANK} of {WORLD_SIZE} is through\n", end="")  # one write: lines stay whole
