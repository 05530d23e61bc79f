"""Stop in the middle of an epoch, go on from a checkpoint, and end with the same weights."""

import io
from typing import Any

import torch
from torch.utils.data import DataLoader, RandomSampler

from dpa.integrations.torch import AugmentedDataset, EpochSampler

SIZE, BATCH, EPOCHS = 96, 8, 3


def train(stop_after: int | None = None, checkpoint: bytes | None = None) -> bytes:
    """The state after all epochs, or after `stop_after` batches."""
    torch.manual_seed(0)
    images = torch.rand(SIZE, 16, 16).numpy()
    dataset = AugmentedDataset([(image, at % 10) for at, image in enumerate(images)], base_seed=7)
    model = torch.nn.Linear(256, 10)
    optimizer = torch.optim.Adam(model.parameters())
    state: dict[str, Any] = {"epoch": 0, "batches": 0}
    if checkpoint is not None:
        state = torch.load(io.BytesIO(checkpoint))
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    sampler = EpochSampler(RandomSampler(dataset))
    sampler.load_state_dict({"epoch": state["epoch"], "position": state["batches"] * BATCH})
    loader = DataLoader(dataset, BATCH, sampler=sampler)
    done, trained = state["batches"], 0
    for epoch in range(state["epoch"], EPOCHS):
        for batch, labels in loader:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(batch.flatten(1)), labels).backward()
            optimizer.step()
            done, trained = done + 1, trained + 1
            if trained == stop_after:
                return saved(epoch, done, model, optimizer)
        done = 0
    return saved(EPOCHS, 0, model, optimizer)


def saved(
    epoch: int, batches: int, model: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> bytes:
    file = io.BytesIO()
    parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({"epoch": epoch, "batches": batches, **parts}, file)
    return file.getvalue()


if __name__ == "__main__":
    checkpoint = train(stop_after=17)  # epoch 1, batch 5 of 12
    print(f"resumed and uninterrupted end the same: {train(checkpoint=checkpoint) == train()}")
