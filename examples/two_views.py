"""Contrastive learning: two views of each digit attract, views of different digits repel.

pip install 'dpa-augment[torch,image]' scikit-learn
"""

import torch
from torch.nn.functional import cross_entropy, normalize
from torch.utils.data import DataLoader

import dpa
from dpa.integrations.torch import AugmentedDataset

try:
    from sklearn.datasets import load_digits
except ModuleNotFoundError as error:
    raise ImportError("the digits are scikit-learn's: pip install scikit-learn") from error

CONFIG = dpa.AugmentationConfig(rotation_range=(-20, 20), noise_range=(0, 0.2))
EPOCHS, TEMPERATURE = 5, 0.2


def contrastive_loss(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Each row's partner is to be found among all other rows, by cosine similarity."""
    rows = normalize(torch.cat([first, second]))
    similarity = (rows @ rows.T / TEMPERATURE).fill_diagonal_(-torch.inf)
    return cross_entropy(similarity, torch.arange(len(rows)).roll(len(first)))


def neighbour_accuracy(rows: torch.Tensor, labels: torch.Tensor) -> float:
    """How often the nearest of the other rows has the same label."""
    rows = normalize(rows)
    nearest = (rows @ rows.T).fill_diagonal_(-torch.inf).argmax(1)
    return (labels[nearest] == labels).float().mean().item()


def main() -> None:
    torch.manual_seed(0)
    digits = load_digits()
    images = torch.from_numpy((digits.images / 16).astype("float32"))
    dataset = AugmentedDataset(list(images.numpy()), CONFIG, base_seed=7, views=2)
    loader = DataLoader(dataset, batch_size=128, shuffle=True, drop_last=True)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 8)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    labels = torch.from_numpy(digits.target)
    before = neighbour_accuracy(model(images).detach(), labels)
    for epoch in range(EPOCHS):
        dataset.set_epoch(epoch)  # two new views of each digit
        for first, second in loader:
            optimizer.zero_grad()
            contrastive_loss(model(first), model(second)).backward()
            optimizer.step()
    after = neighbour_accuracy(model(images).detach(), labels)
    print(f"8 numbers a digit, nearest neighbour of the same digit: {before:.1%} -> {after:.1%}")


if __name__ == "__main__":
    main()
