"""PyTorch: datasets that augment by a sample's id (extra: torch)."""

from dpa.integrations.torch.datasets import AugmentedDataset, AugmentedIterableDataset

__all__ = ["AugmentedDataset", "AugmentedIterableDataset"]
