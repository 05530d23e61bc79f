"""Train on digits, plain and augmented (pip install 'dpa-augment[torch,image]' scikit-learn)."""

import torch
from torch.utils.data import DataLoader, default_collate

import dpa
from dpa.integrations.torch import AugmentedDataset

try:
    from sklearn.datasets import load_digits
except ModuleNotFoundError as error:
    raise ImportError("the digits are scikit-learn's: pip install scikit-learn") from error

CONFIG, EPOCHS = dpa.get_preset("moderate"), 8
DIGITS = load_digits()
SAMPLES = list(zip((DIGITS.images / 16).astype("float32"), DIGITS.target.tolist(), strict=True))
TRAINING, TEST = SAMPLES[:1200], SAMPLES[1200:]


def accuracy(model: torch.nn.Module, samples: list[tuple[torch.Tensor, int]]) -> float:
    images, labels = default_collate(samples)
    return (model(images).argmax(1) == labels).float().mean().item()


def train(augment: bool) -> torch.nn.Module:
    torch.manual_seed(0)
    dataset = AugmentedDataset(TRAINING, CONFIG, base_seed=7)
    loader = DataLoader(dataset if augment else TRAINING, batch_size=32, shuffle=True)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(EPOCHS):
        dataset.set_epoch(epoch)
        for images, labels in loader:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
    return model


def weights(model: torch.nn.Module) -> bytes:
    return b"".join(weight.detach().numpy().tobytes() for weight in model.parameters())


def main() -> None:
    torch.set_num_threads(1)  # how many threads add up a sum may change its last bits
    distorted = list(AugmentedDataset(TEST, CONFIG, base_seed=8))  # in every run the same
    plain, augmented = train(augment=False), train(augment=True)
    for name, model in (("without", plain), ("with", augmented)):
        usual, hard = accuracy(model, TEST), accuracy(model, distorted)
        print(f"{name} augmentation: accuracy {usual:.1%}, on distorted digits {hard:.1%}")
    same = weights(train(augment=True)) == weights(augmented)
    print(f"the weights of a second run are the same bits: {same}")


if __name__ == "__main__":
    main()
