# pyright: strict
"""Calls that type checkers must accept, with the types that they must find; they also run."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

import dpa
from dpa.space import Bernoulli, Integers, Normal, Space, Uniform, group

Column = npt.NDArray[np.float64] | npt.NDArray[np.float32]
Params = dict[str, Any]

config = dpa.AugmentationConfig(rotation_range=(-10, 10.5), augmentation_depth=3)
assert_type(dpa.get_preset("mild", sampler="mt19937"), dpa.AugmentationConfig)
assert_type(config.rotation_range, tuple[float, float])

# One sample: ids may be text, the key is by name.
assert_type(dpa.gen_augmentation_params(42), Params)
assert_type(dpa.gen_augmentation_params("a.jpg", config, epoch=3, rank=0, world_size=8), Params)
assert_type(dpa.gen_augmentation_seed("a.jpg", 5, view=1), str)

# Many: a batch by column, by sample, in part.
assert_type(dpa.generate_augmentation_chain(3, config, start_id=5), list[Params])
batch = dpa.generate_augmentation_batch(range(5), config, base_seed=7, dtype=np.float32)
assert_type(batch, dpa.AugmentationBatch)
assert_type(batch["rotation"], npt.NDArray[Any])
assert_type(batch.rotation, Column)
assert_type(batch.columns, dict[str, npt.NDArray[Any]])
assert_type(batch.digests, npt.NDArray[np.uint8])
assert_type(batch[0], Params)
assert_type(batch[0:2], dpa.AugmentationBatch)
assert_type([sample["hash"] for sample in batch], list[Any])
assert_type(batch.to_dicts(), list[Params])
assert_type(dpa.AugmentationBatch.concatenate([batch, batch[:1]]), dpa.AugmentationBatch)
float(batch.rotation.mean() + batch["scale"].max())

# Ids of each kind, and where the values go.
dpa.generate_augmentation_batch(["a", "b"])
dpa.generate_augmentation_batch((1, 2))
dpa.generate_augmentation_batch(np.arange(3, dtype=np.int32))
dpa.generate_augmentation_batch(range(5), out=batch)
dpa.generate_augmentation_batch(range(5), out={**batch.columns, "digests": batch.digests})
assert_type(dpa.generate_uniforms(range(5), 2, epoch=1), npt.NDArray[np.float64])

# Streams are iterators that know where they stand.
stream = dpa.stream_augmentation_chain(5, config, chunk_size=2)
samples: Iterator[Params] = stream
assert_type(next(stream), Params)
stream.load_state_dict(stream.state_dict())
assert_type(stream.delivered, int)
batches: Iterator[dpa.AugmentationBatch] = stream.batches()
for part in dpa.stream_augmentation_batches(5, batch_size=2):
    assert_type(part, dpa.AugmentationBatch)
assert_type(next(dpa.stream_augmentation_range(3, 5)), Params)

# What is imported when it is asked for has its types, too.
assert_type(dpa.generator_to_list(stream, 3), list[Any])
for rows in dpa.stream_augmentation_chain_batched(5, dpa.BatchConfig(dpa.BatchStrategy.SEQUENTIAL)):
    assert_type(rows, list[Params])

# Statistics and files, of dicts and of columns.
assert_type(dpa.compute_statistics(batch)["rotation"], dict[str, Any])
dpa.compute_statistics(batch.to_dicts())
dpa.compute_streaming_statistics(dpa.stream_augmentation_batches(5))
with TemporaryDirectory() as folder:
    path = Path(folder, "chain.json")
    dpa.save_augmentation_chain(batch, path)
    dpa.save_augmentation_stream(dpa.stream_augmentation_chain(5, config), str(path))
    assert_type(dpa.load_augmentation_chain(path), list[Params])
    assert_type(dpa.load_augmentation_batch(str(path)), dpa.AugmentationBatch)
    assert_type(dpa.load_augmentation_config(path), Any)
    assert_type(dpa.verify_augmentation_chain(path).problems, tuple[str, ...])

assert_type(dpa.kernels(), tuple[str, ...])

# Declared parameters.
space = Space({"flip": Bernoulli(0.5), "crop": group(area=Uniform(0.08, 1))}, hue=Normal(0, 1))
assert_type(space | {"k": Integers(1, 8, when={"flip": True})}, Space)
assert_type(Space.from_json(space.to_json()), Space)
flips = dpa.generate_augmentation_batch(range(3), space, columns=["flip"])
assert_type(flips, dpa.AugmentationBatch)
assert_type(dpa.AugmentationBatch.empty(3, space), dpa.AugmentationBatch)
assert_type(batch.active("rotation"), npt.NDArray[np.bool_])
