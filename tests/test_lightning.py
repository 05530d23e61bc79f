"""The recipe for Lightning: a Trainer that resumes goes on with the epoch it stopped in."""

from pathlib import Path

import pytest
from frameworks import require

import dpa

lightning = require("lightning", "adapters")
import torch  # noqa: E402 (Lightning has it)
from lightning.pytorch.callbacks import ModelCheckpoint  # noqa: E402
from torch.utils.data import DistributedSampler  # noqa: E402

from dpa.integrations.torch import AugmentedDataset  # noqa: E402

PAGE = Path(__file__).parents[1] / "docs" / "integrations.md"
EPOCHS, SAMPLES, BATCH = 3, 24, 2


class Model(lightning.LightningModule):
    """Its steps are those of a linear model on the first parameter; it keeps what it has seen."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.seen = []

    def training_step(self, rotations, at):
        self.seen.append((self.current_epoch, rotations.tolist()))
        return self.layer(rotations[:, None].float()).square().mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 1e-5)


class Order(DistributedSampler):
    """Keeps the item that a worker would make when the first index goes to it."""

    items = ()

    def __iter__(self):
        self.items = (*self.items, (self.epoch, self.dataset[0]))
        return super().__iter__()


def rotation(_, params):
    return params["rotation"]


def rotations(epoch):
    batch = dpa.generate_augmentation_batch(range(SAMPLES), base_seed=7, epoch=epoch)
    return batch.rotation.tolist()


@pytest.fixture(scope="module")
def recipe():
    section = PAGE.read_text(encoding="utf-8").split("## Lightning\n")[1]
    namespace = {}
    exec(section.split("```python\n")[1].split("```")[0], namespace)
    return namespace


def fit(recipe, folder, workers=0, checkpoint=None, **saves):
    torch.manual_seed(0)
    dataset = AugmentedDataset(range(SAMPLES), transform=rotation, base_seed=7)
    order = Order(dataset, 1, 0)
    kept = workers > 0
    loader = recipe["LateLoader"](
        dataset, BATCH, sampler=order, num_workers=workers, persistent_workers=kept
    )
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_epochs=EPOCHS,
        callbacks=[recipe["SetEpoch"](dataset), ModelCheckpoint(folder, save_top_k=-1, **saves)],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    model = Model()
    trainer.fit(model, loader, ckpt_path=checkpoint)
    assert order.items
    assert order.items == tuple((epoch, rotations(epoch)[0]) for epoch, _ in order.items)
    return model


@pytest.mark.filterwarnings("ignore")  # Lightning's own: few workers, an epoch resumed midway
@pytest.mark.parametrize("workers", [0, 2])
def test_a_resumed_trainer_has_the_images_and_weights_of_one_that_ran_through(
    recipe, tmp_path, workers
):
    whole = fit(recipe, tmp_path, filename="{epoch}")
    for epoch in range(EPOCHS):
        seen = [value for at, values in whole.seen if at == epoch for value in values]
        assert sorted(seen) == sorted(rotations(epoch))
    resumed = fit(recipe, tmp_path / "again", workers, tmp_path / "epoch=0.ckpt")
    assert resumed.seen == [step for step in whole.seen if step[0] > 0]
    assert torch.equal(resumed.layer.weight, whole.layer.weight)


@pytest.mark.filterwarnings("ignore")
def test_one_that_resumes_within_an_epoch_has_its_parameters(recipe, tmp_path):
    fit(recipe, tmp_path, filename="{step}", every_n_train_steps=18)  # epoch 1 has 12 to 23
    resumed = fit(recipe, tmp_path / "again", 2, tmp_path / "step=18.ckpt")
    seen = [value for at, values in resumed.seen if at == 1 for value in values]
    assert seen
    assert set(seen) <= set(rotations(1))
