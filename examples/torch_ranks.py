"""Two ways to augment in PyTorch jobs of several ranks, here on CPUs.

torchrun --standalone --nproc-per-node 2 examples/torch_ranks.py
"""

from itertools import islice

import torch
import torch.distributed as dist
from torch.utils.data import DataLoader, DistributedSampler, Subset, TensorDataset

import dpa
from dpa.distributed import DistributedRangeSplitter, stream_distributed_augmentation_chain


def by_stream(dataset, config, epoch):
    """The guide's way: a new stream each epoch, beside a loader that keeps its order."""
    splitter = DistributedRangeSplitter(len(dataset), dist.get_world_size())
    mine = Subset(dataset, range(*splitter.get_rank_range(dist.get_rank())))
    stream = stream_distributed_augmentation_chain(len(dataset), config=config, epoch=epoch)
    for ids, images in DataLoader(mine, batch_size=8, shuffle=False):
        yield ids, augmented(images, [p["brightness"] for p in islice(stream, len(images))])


def by_ids(dataset, config, epoch):
    """The way we recommend: the dataset gives each sample's id, so any sampler will do."""
    sampler = DistributedSampler(dataset, shuffle=True)
    sampler.set_epoch(epoch)
    for ids, images in DataLoader(dataset, batch_size=8, sampler=sampler):
        batch = dpa.generate_augmentation_batch(ids.numpy(), config, epoch=epoch)
        yield ids, augmented(images, batch.brightness)


def augmented(images, brightness):
    return images * torch.as_tensor(brightness, dtype=torch.float32)[:, None]


def main():
    torch.manual_seed(0)
    dataset = TensorDataset(torch.arange(96), torch.rand(96, 64))  # ids, images
    model = torch.nn.Linear(64, 1)
    # Before the group: a first optimizer made in one keeps its threads running at exit.
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    dist.init_process_group("gloo")
    for epoch in range(2):
        for batches in (by_stream, by_ids):
            for _, images in batches(dataset, dpa.get_preset("moderate"), epoch):
                optimizer.zero_grad()
                loss = model(images).square().mean()
                loss.backward()
                for parameter in model.parameters():  # as DistributedDataParallel would
                    dist.all_reduce(parameter.grad)
                optimizer.step()
            print(f"rank {dist.get_rank()} epoch {epoch} {batches.__name__}: {loss:.4f}")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
