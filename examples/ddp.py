"""Train on any number of ranks: torchrun --standalone --nproc-per-node 2 examples/ddp.py.

The items of an epoch, whoever takes which, are the same for 1, 2 or 3 ranks.
"""

import hashlib

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

from dpa.integrations.torch import AugmentedDataset, EpochSampler

SIZE = 96


def digest(image: torch.Tensor, label: int) -> int:
    """A number of 48 bits: sums of them do not depend on the order."""
    data = image.numpy().tobytes() + bytes([label])
    return int.from_bytes(hashlib.sha256(data).digest()[:6], "big")


def train(network: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    images = torch.rand(SIZE, 16, 16, generator=torch.Generator().manual_seed(0)).numpy()
    dataset = AugmentedDataset([(image, at % 10) for at, image in enumerate(images)], base_seed=7)
    sampler = EpochSampler(DistributedSampler(dataset, shuffle=True))
    loader = DataLoader(dataset, batch_size=8, sampler=sampler)
    model = DistributedDataParallel(network)
    for epoch in range(3):  # each pass has another order and other parameters
        total = torch.tensor(0)
        for batch, labels in loader:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(batch.flatten(1)), labels).backward()
            optimizer.step()
            total += sum(map(digest, batch, labels.tolist()))
        dist.all_reduce(total)
        if dist.get_rank() == 0:
            print(f"epoch {epoch}: digest of all items {total.item():x}")


def main() -> None:
    network = torch.nn.Linear(256, 10)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)  # its threads end with the group
    dist.init_process_group("gloo")  # nccl on GPUs
    train(network, optimizer)  # its model ends before the group: a thread might hang at exit
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
