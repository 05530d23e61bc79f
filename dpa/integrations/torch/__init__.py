"""PyTorch: augmentation of tensors."""

from dpa.integrations.torch.tensors import apply_augmentation

__all__ = ["apply_augmentation"]
