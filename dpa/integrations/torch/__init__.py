"""PyTorch: datasets that augment by the sample's id, and augmentation of tensors."""

from dpa.checks import extra

# Here alone: whoever imports a module of this package imports this first.
with extra("torch", "dpa.integrations.torch needs PyTorch"):
    from dpa.integrations.torch.batches import DrawnBatch
    from dpa.integrations.torch.datasets import AugmentedDataset
    from dpa.integrations.torch.samplers import Draw, EpochSampler
    from dpa.integrations.torch.streams import AugmentedIterableDataset
    from dpa.integrations.torch.tensors import apply_augmentation

__all__ = [
    "AugmentedDataset",
    "AugmentedIterableDataset",
    "Draw",
    "DrawnBatch",
    "EpochSampler",
    "apply_augmentation",
]
