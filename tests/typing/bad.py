# pyright: strict
"""Calls that type checkers must refuse: one fault on each line that says so, and no others."""

import numpy as np

import dpa
from dpa.space import Choice, Space, Uniform

batch = dpa.generate_augmentation_batch(range(5))
config = dpa.get_preset("mild")

dpa.AugmentationConfig(rotation=(-10, 10))  # fault: no such name
dpa.AugmentationConfig(rotation_range=10)  # fault: a pair is wanted
config.augmentation_depth = 3  # fault: frozen
dpa.gen_augmentation_params(4.2)  # fault: an id is int or str
dpa.gen_augmentation_params(42, "mild")  # fault: a config, not its name
dpa.gen_augmentation_params(42, config, 3)  # fault: the key is by name
dpa.gen_augmentation_params(42, epoch="3")  # fault
dpa.generate_augmentation_batch(5)  # fault: ids, not their number
dpa.generate_augmentation_batch({1, 2})  # fault: a set has no order
dpa.generate_augmentation_batch(np.ones(3))  # fault: floats are no ids
dpa.generate_augmentation_batch(range(5), out=batch.rotation)  # fault
batch[1.0]  # fault
batch["rotation"].upper()  # fault: an array
batch.rotation.upper()  # fault: an array
print(batch.contast)  # fault
print(batch[0].rotation)  # fault: a dict
batch[0:2].keys()  # fault: a batch
dpa.stream_augmentation_chain(5)[0]  # fault: an iterator
len(dpa.stream_augmentation_chain(5))  # fault
next(dpa.stream_augmentation_batches(5)).keys()  # fault: a batch
dpa.stream_augmentation_range(5)  # fault: two ends
dpa.compute_statistics(5)  # fault
dpa.save_augmentation_chain("chain.json", batch)  # fault: the file comes second
dpa.load_augmentation_chain(3)  # fault
dpa.kernels(True)  # fault
dpa.generate_augmentation_chains(5)  # fault

Uniform("0", 1)  # fault: a number
Uniform(0, 1, when={"flip": None})  # fault: a value
Choice(["a"], weights="1")  # fault: numbers
Space({"a": (0, 1)})  # fault: no shorthand for ranges
