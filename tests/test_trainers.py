"""Loops of other libraries: a resumed run makes the samples of one that ran through, each once."""

import copy
from collections import Counter
from pathlib import Path

import pytest
from frameworks import require

torch = require("torch")

from torch.utils.data import (  # noqa: E402 (skipped above where torch is absent)
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
)

from dpa.integrations.torch import (  # noqa: E402 (skipped above where torch is absent)
    AugmentedDataset,
    AugmentedIterableDataset,
    EpochSampler,
)

EPOCHS, SIZE, BATCH = 3, 22, 4
STEPS = -(-SIZE // BATCH)  # of an epoch; the last batch is a smaller one
#: After how many batches a run is stopped: within epoch 0, at its end, within epoch 1.
STOPS = (2, STEPS, STEPS + 3)
WORKERS = {
    "no workers": {},
    "2 workers": {"num_workers": 2},
    "2 workers, persistent": {"num_workers": 2, "persistent_workers": True},
}

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries, and of fork beside threads


class Numbers(IterableDataset):
    """A stream that one worker reads alone; its order depends on the epoch that it was told."""

    epoch = 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):  # without it the Trainer knows no epochs
        return SIZE

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        mine = worker is None or worker.id == 0
        numbers = torch.randperm(SIZE, generator=torch.Generator().manual_seed(self.epoch))
        return iter(numbers.tolist() if mine else [])


class Unsized(IterableDataset):
    """A stream with a state and without a length."""

    def __init__(self):
        self.inner = Resumable()
        self.set_epoch = self.inner.set_epoch
        self.state_dict = self.inner.state_dict
        self.load_state_dict = self.inner.load_state_dict

    def __iter__(self):
        return iter(self.inner)


class Resumable(Numbers):
    """The same with a state: how many numbers this copy gave in the pass."""

    given, skipped = 0, 0

    def __iter__(self):
        self.given, skipped, self.skipped = self.skipped, self.skipped, 0
        for number in list(super().__iter__())[skipped:]:
            self.given += 1
            yield number

    def state_dict(self):
        return {"given": self.given}

    def load_state_dict(self, state):
        self.skipped = state["given"]


def record(sample, params):
    """The (id, epoch, view) that a sample was made with; no view is -1."""
    view = -1 if params["view"] is None else params["view"]
    return torch.tensor([params["id"], params["epoch"], view])


def same(number):
    return number


def stream():
    return AugmentedIterableDataset(Numbers(), transform=record, id_fn=same)


def resumable():
    return AugmentedIterableDataset(Resumable(), transform=record, id_fn=same)


def unsized():
    return AugmentedIterableDataset(Unsized(), transform=record, id_fn=same)


def images():
    return AugmentedDataset(range(SIZE), transform=record)


def twice():
    """Draws in which some come twice in an epoch."""
    return EpochSampler(RandomSampler(range(SIZE), replacement=True))


def once():
    return EpochSampler(RandomSampler(range(SIZE)))


def keys(batch):
    return [tuple(key) for key in batch.tolist()]


def flat(batches):
    return [key for batch in batches for key in keys(batch)]


def reference(make):
    """What a plain loader makes, batch by batch."""
    if make in (stream, resumable):
        dataset, found = make(), []
        for epoch in range(EPOCHS):
            dataset.set_epoch(epoch)
            found += [keys(batch) for batch in DataLoader(dataset, BATCH)]
        return found
    loader = DataLoader(images(), BATCH, sampler=make())
    return [keys(batch) for _ in range(EPOCHS) for batch in loader]


@pytest.mark.parametrize("make", [once, twice, stream, resumable])
def test_the_reference_makes_each_key_once(make):
    found = [key for batch in reference(make) for key in batch]
    assert set(Counter(found).values()) == {1}
    assert [epoch for _, epoch, _ in found] == [
        epoch for epoch in range(EPOCHS) for _ in range(SIZE)
    ]
    assert any(view > 0 for *_, view in found) == (make is twice)


def matrix(name, values, ids, quick):
    """All values; those but `quick` are left out by -m "not slow"."""
    marks = [() if each in quick else pytest.mark.slow for each in ids]
    cells = [
        pytest.param(value, id=each, marks=mark)
        for value, each, mark in zip(values, ids, marks, strict=True)
    ]
    return pytest.mark.parametrize(name, cells)


everywhere = matrix("workers", WORKERS.values(), list(WORKERS), ["2 workers, persistent"])
at_any_time = matrix("stop", STOPS, ["early", "between", "late"], ["late"])


def of(*makes):
    return matrix(
        "make", makes, [each.__name__ for each in makes], ["twice", "stream", "resumable"]
    )


# ---- torchdata ----


def stateful(dataset, **options):
    require("torchdata", "adapters")
    from torchdata.stateful_dataloader import StatefulDataLoader

    return StatefulDataLoader(dataset, BATCH, **options)


@everywhere
@at_any_time
@of(once, twice)
@pytest.mark.parametrize("ended", [False, True])
def test_stateful_dataloader(make, workers, stop, ended):
    found, loader = [], stateful(images(), sampler=make(), **workers)
    for _ in range(EPOCHS):
        for batch in loader:
            found.append(keys(batch))
            if len(found) == stop and not ended:
                state = copy.deepcopy(loader.state_dict())
        if ended and len(found) == -(-stop // STEPS) * STEPS:
            state = copy.deepcopy(loader.state_dict())  # of a loader whose epoch is over
    assert found == reference(make)
    done = -(-stop // STEPS) * STEPS if ended else stop
    loader = stateful(images(), sampler=make(), **workers)
    loader.load_state_dict(state)
    resumed = []
    # One that stopped at the last batch has nothing left of its epoch.
    for _ in range(EPOCHS - done // STEPS + (done % STEPS == 0 and not ended)):
        resumed += [keys(batch) for batch in loader]
    assert resumed == found[done:]


def in_batches():
    return EpochSampler(BatchSampler(RandomSampler(range(SIZE)), BATCH, drop_last=False))


def within_a_batch_sampler():
    from torchdata.stateful_dataloader.sampler import BatchSampler as StatefulBatchSampler

    return StatefulBatchSampler(once(), BATCH, drop_last=False)


@everywhere
@at_any_time
@pytest.mark.parametrize("make", [in_batches, within_a_batch_sampler])
def test_stateful_dataloader_of_batches(make, workers, stop):
    require("torchdata", "adapters")
    from torchdata.stateful_dataloader import StatefulDataLoader

    found, loader = [], StatefulDataLoader(images(), batch_sampler=make(), **workers)
    for _ in range(EPOCHS):
        for batch in loader:
            found.append(keys(batch))
            if len(found) == stop:
                state = copy.deepcopy(loader.state_dict())
    assert found == reference(once)
    loader = StatefulDataLoader(images(), batch_sampler=make(), **workers)
    loader.load_state_dict(state)
    rest = EPOCHS - (stop - 1) // STEPS  # passes; one at the last batch has nothing left
    assert [keys(batch) for _ in range(rest) for batch in loader] == found[stop:]


@everywhere
@at_any_time
@pytest.mark.parametrize("ended", [False, True])
def test_stateful_dataloader_of_a_stream(workers, stop, ended):
    def start():
        dataset = resumable()
        return dataset, stateful(dataset, **workers)

    found, (dataset, loader) = [], start()
    for epoch in range(EPOCHS):
        dataset.set_epoch(epoch)
        for batch in loader:
            found.append(keys(batch))
            if len(found) == stop and not ended:
                state = copy.deepcopy(loader.state_dict())
        if ended and len(found) == -(-stop // STEPS) * STEPS:
            state = copy.deepcopy(loader.state_dict())  # of a loader whose epoch is over
    assert found == reference(stream)
    done = -(-stop // STEPS) * STEPS if ended else stop
    dataset, loader = start()
    loader.load_state_dict(state)
    resumed = []
    # One that stopped at the last batch has nothing left of its epoch.
    for epoch in range(done // STEPS if ended else (done - 1) // STEPS, EPOCHS):
        dataset.set_epoch(epoch)
        resumed += [keys(batch) for batch in loader]
    assert resumed == found[done:]


# ---- accelerate ----


def accelerated(dataset, sampler=None, workers=None, **options):
    accelerate = require("accelerate", "adapters")
    from accelerate.state import AcceleratorState, GradientState, PartialState

    for state in (AcceleratorState, GradientState, PartialState):
        state._reset_state()
    configuration = accelerate.DataLoaderConfiguration(**options)
    accelerator = accelerate.Accelerator(cpu=True, dataloader_config=configuration)
    loader = DataLoader(dataset, BATCH, sampler=sampler, **(workers or {}))
    return accelerator.prepare(loader)


@everywhere
@at_any_time
@of(once, twice)
@matrix(
    "options",
    [{}, {"dispatch_batches": True}, {"use_seedable_sampler": True}, {"non_blocking": True}],
    ["plain", "dispatched", "seedable", "non-blocking"],
    ["plain", "dispatched"],
)
def test_accelerate(make, workers, stop, options):
    whole, loader = reference(make), accelerated(images(), make(), workers, **options)
    assert [keys(batch) for _ in range(EPOCHS) for batch in loader] == whole
    sampler = make()
    epoch, done = divmod(stop, STEPS)
    sampler.load_state_dict({"epoch": epoch, "position": done * BATCH})
    loader = accelerated(images(), sampler, workers, **options)
    assert [keys(batch) for _ in range(epoch, EPOCHS) for batch in loader] == whole[stop:]


@everywhere
@at_any_time
@of(once, stream)
def test_accelerate_that_skips_batches(make, workers, stop):
    accelerate = require("accelerate", "adapters")
    whole, (epoch, done) = reference(make), divmod(stop, STEPS)
    if make is stream:
        loader = accelerated(stream(), None, workers)
    else:
        sampler = make()
        sampler.load_state_dict({"epoch": epoch})
        loader = accelerated(images(), sampler, workers)
    found = []
    for at in range(epoch, EPOCHS):
        loader.set_epoch(at)
        part = accelerate.skip_first_batches(loader, done) if at == epoch and done else loader
        found += [keys(batch) for batch in part]
    assert found == whole[stop:]


# ---- The Trainer of transformers ----


class Seen(torch.nn.Module):
    """A model that keeps what it is trained on."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.batches = []

    def forward(self, x):
        self.batches.append(keys(x))
        return {"loss": (x * self.weight).mean()}


def transformers_run(make, folder, workers, resume=None):
    transformers = require("transformers", "adapters")

    class Trainer(transformers.Trainer):
        def _get_train_sampler(self, train_dataset=None):
            return make()

    def collate(items):
        return {"x": torch.stack(items)}

    arguments = transformers.TrainingArguments(
        folder,
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=BATCH,
        dataloader_num_workers=workers.get("num_workers", 0),
        dataloader_persistent_workers=workers.get("persistent_workers", False),
        save_steps=1,
        use_cpu=True,
        report_to=[],
        remove_unused_columns=False,
        disable_tqdm=True,
    )
    model = Seen()
    kind = transformers.Trainer if make is stream else Trainer
    dataset = stream() if make is stream else images()
    trainer = kind(model, arguments, train_dataset=dataset, data_collator=collate)
    trainer.train(resume_from_checkpoint=resume)
    return model.batches


@everywhere
@of(once, twice, stream)
def test_the_trainer_of_transformers(make, workers, tmp_path):
    whole = reference(make)
    assert transformers_run(make, tmp_path, workers) == whole
    for stop in STOPS:
        checkpoint = tmp_path / f"checkpoint-{stop}"
        assert transformers_run(make, tmp_path / "again", workers, checkpoint) == whole[stop:]


# ---- Lightning ----


def recipe(title):
    """What the first block under a heading of docs/training.md defines."""
    page = (Path(__file__).parents[1] / "docs" / "training.md").read_text(encoding="utf-8")
    namespace = {}
    exec(page.split(f"### {title}\n")[1].split("```python\n")[1].split("```")[0], namespace)
    return namespace


def lightning_run(make, folder, workers, resume=None, options=None, **saves):
    lightning = require("lightning", "adapters")
    from lightning.pytorch.callbacks import ModelCheckpoint

    class Model(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.seen = Seen()

        def training_step(self, batch, at):
            return self.seen(batch)["loss"]

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    if make in (stream, resumable, unsized):
        dataset = make()
        callback = recipe("Streams in Lightning")["ResumeStream"](dataset)
        loader = stateful(dataset, **workers)
    else:
        sampler = make()
        callback = recipe("Lightning")["ResumeSampler"](sampler, BATCH)
        loader = DataLoader(images(), BATCH, sampler=sampler, **workers)
    trainer = lightning.Trainer(
        accelerator="cpu",
        callbacks=[callback, ModelCheckpoint(folder, "{step}", save_top_k=-1, **saves)],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **{"max_epochs": EPOCHS, **(options or {})},
    )
    model = Model()
    trainer.fit(model, loader, ckpt_path=resume, weights_only=False)
    if options and "max_epochs" in options:  # a StatefulDataLoader starts workers for it
        trainer.save_checkpoint(folder / "end.ckpt")
    return model.seen.batches


@everywhere
@of(once, twice, stream, resumable)
@pytest.mark.parametrize("saves", [{"every_n_train_steps": 1}, {"every_n_epochs": 1}])
def test_lightning(make, workers, saves, tmp_path):
    require("torchdata", "adapters")
    whole = reference(make)
    assert lightning_run(make, tmp_path, workers, **saves) == whole
    for stop in STOPS if "every_n_train_steps" in saves else (STEPS, 2 * STEPS):
        checkpoint = tmp_path / f"step={stop}.ckpt"
        assert lightning_run(make, tmp_path / "again", workers, checkpoint) == whole[stop:]


@everywhere
@of(once, resumable)
def test_lightning_trains_more_epochs(make, workers, tmp_path):
    require("torchdata", "adapters")
    options = {"max_epochs": EPOCHS - 1}
    lightning_run(make, tmp_path, workers, options=options, every_n_epochs=1)
    resumed = lightning_run(make, tmp_path / "again", workers, tmp_path / "end.ckpt")
    assert resumed == reference(make)[(EPOCHS - 1) * STEPS :]


@everywhere
def test_lightning_with_a_stream_that_has_no_length(workers, tmp_path):
    require("torchdata", "adapters")
    whole, options = reference(resumable), {"limit_train_batches": STEPS}
    run = lightning_run(unsized, tmp_path, workers, options=options, every_n_train_steps=1)
    assert run == whole
    for stop in STOPS:
        checkpoint = tmp_path / f"step={stop}.ckpt"
        again = tmp_path / "again"
        assert lightning_run(unsized, again, workers, checkpoint, options) == whole[stop:]
