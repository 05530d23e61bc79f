"""EpochSampler: the epoch, the occurrence and the order of an epoch do not depend on the loader."""

import copy
import pickle
import subprocess
import sys
import warnings
from collections import Counter

import numpy as np
import pytest
from frameworks import require

import dpa

torch = require("torch")

from torch.utils.data import (  # noqa: E402 (skipped above where torch is absent)
    BatchSampler,
    ConcatDataset,
    DataLoader,
    DistributedSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

from dpa.integrations.torch import (  # noqa: E402
    AugmentedDataset,
    Draw,
    DrawnBatch,
    EpochSampler,
)

SIZE, BATCH, SEED = 22, 4, 7
WEIGHTS = [50.0] + [1.0] * (SIZE - 1)


def key_of(sample, params):
    """What a sample was made with, as numbers that default_collate takes; no view is -1."""
    view = -1 if params["view"] is None else params["view"]
    rotation = dpa.gen_augmentation_params(
        params["id"],
        epoch=params["epoch"],
        view=params["view"],
        base_seed=params["base_seed"],
    )["rotation"]
    assert rotation == params["rotation"]
    return torch.tensor([params["id"], params["epoch"], view])


def augmented(**options):
    return AugmentedDataset(range(SIZE), transform=key_of, base_seed=SEED, **options)


def keys(batches):
    """The (id, epoch, view) of all samples in batches."""
    return [tuple(key) for batch in batches for key in batch.tolist()]


LOADERS = {
    "in this process": {},
    "2 workers": {"num_workers": 2},
    "2 workers, persistent": {"num_workers": 2, "persistent_workers": True},
    "2 workers, out of order": {"num_workers": 2, "in_order": False},
    "2 workers, reading far ahead": {"num_workers": 2, "prefetch_factor": 7},
}
SAMPLERS = {
    "sequential": SequentialSampler,
    "random": RandomSampler,
    "weighted": lambda data: WeightedRandomSampler(WEIGHTS, SIZE),
    "with replacement": lambda data: RandomSampler(data, replacement=True),
    "of a subset": lambda data: SubsetRandomSampler(range(3, 17)),
    "distributed": lambda data: DistributedSampler(data, 1, 0),
}


def loader(sampler, dataset=None, **options):
    dataset = augmented() if dataset is None else dataset
    if options.get("num_workers"):
        options["multiprocessing_context"] = "fork"
    return DataLoader(dataset, BATCH, sampler=sampler, **options)


def quiet(function):
    """Python warns of fork beside threads, PyTorch of more workers than cores."""
    for warning in (
        "ignore:.*multi-threaded.*fork:DeprecationWarning",
        "ignore:This DataLoader will create:UserWarning",
    ):
        function = pytest.mark.filterwarnings(warning)(function)
    return function


def run(make, epochs, options, start=None):
    sampler = EpochSampler(make(range(SIZE)))
    if start is not None:
        sampler.load_state_dict(start)
    items = loader(sampler, **options)
    return [keys(items) for _ in range(epochs)]


@pytest.mark.parametrize("options", LOADERS.values(), ids=list(LOADERS))
@pytest.mark.parametrize("make", SAMPLERS.values(), ids=list(SAMPLERS))
@quiet
def test_every_loader_makes_the_samples_of_every_epoch_once(make, options):
    whole = run(make, 3, {})
    ordered = options.get("in_order", True)
    found = run(make, 3, options)
    assert found == whole if ordered else list(map(set, found)) == list(map(set, whole))
    for epoch, seen in enumerate(whole):
        assert {at for _, at, _ in seen} == {epoch}
        assert max(Counter(seen).values()) == 1
    resumed = run(make, 2, options, {"epoch": 1, "position": 2 * BATCH})
    rest = [whole[1][2 * BATCH :], whole[2]]
    assert resumed == rest if ordered else list(map(set, resumed)) == list(map(set, rest))


def test_orders_differ_by_epoch_and_by_seed_and_by_nothing_else():
    def orders(**options):
        sampler = EpochSampler(RandomSampler(range(SIZE)), **options)
        return [[draw.index for draw in sampler] for _ in range(2)]

    torch.manual_seed(1)
    first = orders()
    torch.manual_seed(2)
    assert orders() == orders(seed=0) == first
    others = [*first, *orders(seed=1), *orders(seed=2**64 - 1)]
    assert len(set(map(tuple, others))) == 6


def test_the_generator_that_a_sampler_was_given_is_its_seed():
    def order(seed):
        generator = torch.Generator().manual_seed(seed)
        return list(EpochSampler(RandomSampler(range(SIZE), generator=generator)))

    assert order(5) == list(EpochSampler(RandomSampler(range(SIZE)), seed=5)) != order(6)
    assert EpochSampler(RandomSampler(range(3))).state_dict()["seed"] == 0


class OfChance(Sampler):
    """As people write samplers; the order is that of the global generator."""

    generator_of_all = None

    def __iter__(self):
        return iter(torch.randperm(SIZE, generator=self.generator_of_all).tolist())


def test_an_order_of_the_global_generator_is_said():
    with pytest.warns(
        UserWarning, match=r"^OfChance draws from the global generator, so a resumed"
    ):
        draws = list(EpochSampler(OfChance()))
    assert sorted(draw.index for draw in draws) == list(range(SIZE))
    own = OfChance()
    own.generator_of_all = torch.Generator()
    for quiet_one in (own, SequentialSampler(range(3)), [], RandomSampler(range(3))):
        list(EpochSampler(quiet_one))  # a warning would be an error


# ---- Occurrences ----


@pytest.mark.parametrize(
    ("views", "wanted"), [(1, [[None], [1], [2]]), (3, [[0, 1, 2], [3, 4, 5], [6, 7, 8]])]
)
def test_occurrences_are_views(views, wanted):
    dataset = AugmentedDataset(
        range(SIZE), transform=lambda sample, params: params["view"], views=views
    )
    draws = list(EpochSampler([5, 3, 5, 5]))
    found = dataset.__getitems__(draws)
    ones = [dataset[draw] for draw in draws]
    assert found == ones
    made = [found[0], found[2], found[3]]
    assert [each if views > 1 else [each] for each in made] == wanted
    assert found[1] == found[0]


def test_twenty_draws_of_an_oversampled_set_are_twenty_images():
    pictures = [
        (np.random.default_rng(at).integers(0, 256, (16, 16, 3), np.uint8), at)
        for at in range(SIZE)
    ]
    sampler = EpochSampler(WeightedRandomSampler(WEIGHTS, 20))
    images, labels = next(iter(DataLoader(AugmentedDataset(pictures), 20, sampler=sampler)))
    assert len(images.flatten(1).unique(dim=0)) == 20
    assert (labels == 0).sum() > 10


@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
@pytest.mark.parametrize("subclass", [DistributedSampler, type("Own", (DistributedSampler,), {})])
def test_what_pads_the_shards_is_an_occurrence(ranks, subclass):
    def shards(epochs):
        found = []
        for rank in range(ranks):
            sampler = EpochSampler(subclass(range(SIZE - 1), ranks, rank))
            found.append([list(sampler) for _ in range(epochs)])
            assert len(sampler) == len(found[-1][0])
        return found

    for epoch in range(2):
        draws = [draw for shard in shards(2) for draw in shard[epoch]]
        assert len(set(draws)) == len(draws) == -(-(SIZE - 1) // ranks) * ranks
        assert {draw.index for draw in draws} == set(range(SIZE - 1))
        padded = [draw for draw in draws if draw.occurrence]
        assert len(padded) == len(draws) - (SIZE - 1)


class Repeated(DistributedSampler):
    """Repeated augmentation: each sample three times in a row, dealt out to the ranks."""

    def __iter__(self):
        order = torch.randperm(
            len(self.dataset), generator=torch.Generator().manual_seed(self.epoch)
        )
        return iter(order.repeat_interleave(3).tolist()[self.rank :: self.num_replicas])

    def __len__(self):
        return len(self.dataset) * 3 // self.num_replicas


def test_repeated_augmentation_over_ranks():
    draws = [draw for rank in range(3) for draw in EpochSampler(Repeated(range(8), 3, rank))]
    assert Counter(draw.index for draw in draws) == dict.fromkeys(range(8), 3)
    assert len(set(draws)) == 24
    assert {draw.occurrence for draw in draws} == {0, 1, 2}


def test_shards_within_a_batch_sampler_are_refused():
    inner = BatchSampler(DistributedSampler(range(8), 2, 0), 2, False)
    with pytest.raises(ValueError, match=r"^sampler has a DistributedSampler within, .*wrap that"):
        EpochSampler(inner)
    batches = BatchSampler(EpochSampler(inner.sampler), 2, False)
    assert [len(batch) for batch in batches] == [2, 2]


def test_batch_samplers_and_tensors_as_indices():
    plain = list(EpochSampler(RandomSampler(range(SIZE))))
    batches = list(EpochSampler(BatchSampler(RandomSampler(range(SIZE)), BATCH, False)))
    assert [draw for batch in batches for draw in batch] == plain
    draws = list(EpochSampler(torch.tensor([3, 1, 3])))
    assert draws == [(0, 0, 3), (0, 0, 1), (0, 1, 3)]
    assert all(type(draw.index) is int for draw in draws)
    assert list(EpochSampler(["a", "a"])) == [(0, 0, "a"), (0, 1, "a")]


@pytest.mark.parametrize("id_fn", [None, "name{}".format])
@pytest.mark.parametrize("views", [1, 2])
def test_collate_of_draws(views, id_fn):
    dataset = AugmentedDataset(
        range(SIZE), transform=False, base_seed=SEED, views=views, id_fn=id_fn
    )
    name = id_fn or int
    alike = [Draw(3, 1, at) for at in (4, 0, 9)]
    for items in (dataset.__getitems__(alike), [dataset[draw] for draw in alike]):
        samples, batch = dataset.collate(items)
        assert samples.tolist() == [4, 0, 9]
        for view, found in enumerate(batch if views > 1 else [batch]):
            assert found == dpa.generate_augmentation_batch(
                [name(at) for at in (4, 0, 9)], base_seed=SEED, epoch=3, view=views + view
            )
    mixed = [Draw(3, 0, 4), Draw(3, 1, 4), Draw(2, 0, 4), Draw(3, 0, 9)]
    for items in (dataset.__getitems__(mixed), [dataset[draw] for draw in mixed]):
        _, batch = dataset.collate(items)
        for view, found in enumerate(batch if views > 1 else [batch]):
            assert type(found) is DrawnBatch
            wanted = []
            for epoch, occurrence, at in mixed:
                number = occurrence * views + view if views > 1 or occurrence else None
                wanted.append(
                    dpa.gen_augmentation_params(name(at), base_seed=SEED, epoch=epoch, view=number)
                )
            assert list(found) == found.to_dicts() == wanted
            assert found[2] == wanted[2]
            assert list(found[1:3]) == wanted[1:3]
            assert list(found.take([3, 0])) == [wanted[3], wanted[0]]
            assert found.take([3, 0]).keys == (found.keys[3], found.keys[0])
            assert [key.epoch for key in found.keys] == [3, 3, 2, 3]
            assert pickle.loads(pickle.dumps(found)) == found != found[:2]
            assert repr(found).startswith("<DrawnBatch of 4 samples: rotation, ")
            assert "<caption>DrawnBatch of 4 samples: rotation, " in found._repr_html_()
            with pytest.raises(ValueError, match=r"has a key for each sample: batch\.keys"):
                found.key  # noqa: B018


# ---- The epoch ----


class Repeat:
    """Batches without end, as loaders have that start no worker anew."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        while True:
            yield from self.batches


@pytest.mark.parametrize("announced", [False, True])
@pytest.mark.parametrize("outer", [False, True])
@quiet
def test_a_loader_that_reads_over_the_epochs_border(outer, announced):
    dataset = augmented()
    if outer:
        sampler = EpochSampler(BatchSampler(RandomSampler(range(SIZE)), BATCH, False))
        batches = Repeat(sampler)
    else:
        sampler = EpochSampler(RandomSampler(range(SIZE)))
        batches = Repeat(BatchSampler(sampler, BATCH, False))
    options = {"num_workers": 2, "multiprocessing_context": "fork"}
    items = iter(DataLoader(dataset, batch_sampler=batches, **options))
    whole = run(RandomSampler, 3, {})
    for epoch in range(3):
        if announced:
            sampler.set_epoch(epoch)  # the workers have begun it already
        assert keys(next(items) for _ in range(-(-SIZE // BATCH))) == whole[epoch]


def epochs_of(sampler, count):
    return [{draw.epoch for draw in sampler} for _ in range(count)]


def test_set_epoch_says_which_comes_next():
    sampler = EpochSampler(range(3))
    assert epochs_of(sampler, 2) == [{0}, {1}]
    sampler.set_epoch(7)
    assert sampler.epoch == 7
    assert epochs_of(sampler, 2) == [{7}, {8}]
    sampler.set_epoch(7)
    assert epochs_of(sampler, 1) == [{7}]
    for epoch in (8, 8, 9):  # trainers may say it twice
        sampler.set_epoch(epoch)
        sampler.set_epoch(epoch)
        assert epochs_of(sampler, 1) == [{epoch}]
    sampler.set_epoch(0)  # a second run
    assert epochs_of(sampler, 2) == [{0}, {1}]


def test_a_pass_that_is_left_is_over():
    sampler = EpochSampler(range(3))
    for draw in sampler:
        assert draw.epoch == 0
        break
    sampler.set_epoch(0)
    assert epochs_of(sampler, 1) == [{0}]
    assert next(iter(sampler)).epoch == 1
    assert epochs_of(sampler, 1) == [{2}]


def test_a_state_that_was_loaded_wins_over_a_trainer_that_counts_from_0():
    sampler = EpochSampler(range(3))
    sampler.load_state_dict({"epoch": 3, "position": 1})
    for epoch, given in ((0, 2), (1, 3), (2, 3)):
        sampler.set_epoch(epoch)
        draws = list(sampler)
        assert len(draws) == given
        assert {draw.epoch for draw in draws} == {epoch + 3}
    sampler.set_epoch(9)
    assert epochs_of(sampler, 1) == [{9}]


def test_an_epoch_that_is_overruled_is_said():
    sampler = EpochSampler(range(3))
    sampler.set_epoch(3)
    with pytest.warns(UserWarning, match=r"^epoch 3 was set, and then epoch 0 .*load_state_dict"):
        sampler.set_epoch(0)


def test_a_pass_that_begins_leaves_another_alone():
    def make():
        return EpochSampler(RandomSampler(range(99), replacement=True))  # which draws 32 at a time

    sampler = make()
    first = iter(sampler)
    draws = [next(first)]
    next(iter(sampler))
    assert [*draws, *first] == list(make())


def test_a_position_beyond_the_batches_is_said():
    """As of a state that counts indices, for a sampler of batches."""
    sampler = EpochSampler(BatchSampler(RandomSampler(range(SIZE)), BATCH, False))
    sampler.load_state_dict({"epoch": 1, "position": 6})
    assert list(sampler) == []
    sampler.load_state_dict({"epoch": 1, "position": 2 * BATCH})
    with pytest.raises(
        ValueError, match=r"^position must be at most 6, the batches of epoch 1 .*got 8"
    ):
        list(sampler)


class Told:
    """A dataset whose samples are the epoch that it was told."""

    epoch = 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return SIZE

    def __getitem__(self, index):
        return self.epoch


@pytest.mark.parametrize("apart", [False, True])
def test_the_wrapped_dataset_is_in_the_epoch_of_each_draw(apart):
    transform = False if apart else lambda sample, params: sample
    dataset = AugmentedDataset(Told(), transform=transform)
    items = dataset.__getitems__([Draw(3, 0, 1), Draw(4, 0, 1), Draw(4, 0, 2)])
    if apart:
        samples, batch = dataset.collate(items)
        assert samples.tolist() == [key.epoch for key in batch.keys] == [3, 4, 4]
        assert dataset[0] == (0, 0)
    else:
        assert items == [3, 4, 4]
        assert dataset[0] == 0  # of set_epoch again


@pytest.mark.parametrize("position", range(7))
def test_a_state_is_where_it_was_taken(position):
    sampler = EpochSampler(WeightedRandomSampler(WEIGHTS, 5), seed=4)
    draws, states = [], [sampler.state_dict()]
    for _ in range(2):
        for draw in sampler:
            draws.append(draw)
            states.append(sampler.state_dict())
    again = EpochSampler(WeightedRandomSampler(WEIGHTS, 5))
    again.load_state_dict(pickle.loads(pickle.dumps(states[position])))
    assert again.state_dict() == states[position]
    assert [*again, *again][: 10 - position] == draws[position:] or position == 5
    if position == 5:  # all were given, and the end was not asked for
        assert states[5] == {"seed": 4, "epoch": 0, "position": 5}
    assert sampler.state_dict() == {"seed": 4, "epoch": 2, "position": 0}


def test_copies_and_attributes():
    batches = EpochSampler(BatchSampler(RandomSampler(range(SIZE)), BATCH, drop_last=True))
    assert (len(batches), batches.batch_size, batches.drop_last) == (SIZE // BATCH, BATCH, True)
    for again in (copy.copy(batches), copy.deepcopy(batches), pickle.loads(pickle.dumps(batches))):
        assert list(again) == list(EpochSampler(BatchSampler(RandomSampler(range(SIZE)), 4, True)))
    with pytest.raises(AttributeError, match="nothing"):
        batches.nothing  # noqa: B018


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: EpochSampler(3), TypeError, "sampler must be a sampler without epochs, got 3"),
        (lambda: EpochSampler(EpochSampler([])), TypeError, "sampler must be .* without epochs"),
        (lambda: EpochSampler([], seed=-1), ValueError, "seed must be 0 to .*, got -1"),
        (lambda: EpochSampler([]).set_epoch(-1), ValueError, "epoch must be 0 to .*, got -1"),
        (lambda: EpochSampler([]).set_epoch("1"), TypeError, "epoch must be an integer, got '1'"),
        (lambda: EpochSampler([]).load_state_dict(3), ValueError, "state must be a dict .* got 3"),
        (lambda: EpochSampler([]).load_state_dict({"position": 3}), ValueError, "state must be a"),
        (
            lambda: EpochSampler([]).load_state_dict({"epoch": 1, "step": 3}),
            ValueError,
            "state must be a dict with epoch, position and seed, got .*step",
        ),
        (
            lambda: EpochSampler([]).load_state_dict({"epoch": 1, "position": -3}),
            ValueError,
            "position must not be negative, got -3",
        ),
    ],
)
def test_bad_arguments(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()


def test_datasets_that_would_lose_the_epoch_refuse_draws():
    """Between a loader and an AugmentedDataset: there an index must be a number."""
    sampler = EpochSampler(SequentialSampler(range(4)))
    for between in (Subset(augmented(), [1, 2]), ConcatDataset([augmented(), augmented()])):
        with pytest.raises(TypeError):
            next(iter(DataLoader(between, 2, sampler=sampler)))


# ---- Training ----


def train(workers, stop=None, start=None):
    """Trains two epochs; `stop`: after how many batches, `start`: what train returned there."""
    images = torch.rand(SIZE, 8, 8, generator=torch.Generator().manual_seed(0)).numpy()
    dataset = AugmentedDataset([(image, at % 3) for at, image in enumerate(images)], base_seed=1)
    torch.manual_seed(0)
    model = torch.nn.Linear(64, 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    sampler = EpochSampler(WeightedRandomSampler(WEIGHTS, SIZE))
    epoch, done = 0, 0
    if start is not None:
        model.load_state_dict(start["model"])
        optimizer.load_state_dict(start["optimizer"])
        epoch, done = start["at"]
        sampler.load_state_dict({"epoch": epoch, "position": done * BATCH})
    items, trained = loader(sampler, dataset, num_workers=workers), 0
    for epoch in range(epoch, 2):  # noqa: B020
        for batch, labels in items:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(batch.flatten(1)), labels).backward()
            optimizer.step()
            trained, done = trained + 1, done + 1
            if trained == stop:
                parts = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
                return copy.deepcopy({**parts, "at": (epoch, done)})
        done = 0
    return model.weight.detach()


@quiet
def test_weights_are_the_same_bits_for_any_workers_and_after_a_resume():
    whole = train(0)
    assert torch.equal(train(2), whole)
    for stop in (2, 6, 9):  # within an epoch, at its end, in the next
        for workers in (0, 2):
            assert torch.equal(train(2 - workers, start=train(workers, stop)), whole)


# ---- Warnings of a dataset without a sampler ----


def warned(function):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return [str(each.message).split(";")[0] for each in caught if "set_epoch" in str(each.message)]


def test_a_second_pass_with_the_same_epoch_is_said_once():
    def passes(**options):
        items = loader(None, augmented(**options))
        for _ in range(3):
            list(items)

    said = warned(passes)
    assert said == [
        f"a second pass has the same epoch, 0: of {SIZE} samples, {SIZE + BATCH} were made in it"
    ]
    quiet_dataset = AugmentedDataset(
        range(SIZE), transform=lambda sample, params: 0, epoch_policy="fixed"
    )
    items = DataLoader(quiet_dataset, BATCH)
    assert warned(lambda: [list(items) for _ in range(3)]) == []


@pytest.mark.parametrize("workers", [0, 2])
@quiet
def test_loops_that_call_set_epoch_or_draw_epochs_are_not_warned(workers):
    def loop():
        dataset = augmented()
        next(iter(loader(None, dataset)))  # a look at a batch
        options = {"num_workers": workers, "persistent_workers": workers > 0}
        items = loader(None, dataset, shuffle=True, **options)
        for epoch in (0, 1, 2, 0):
            dataset.set_epoch(epoch)
            list(items)
        items = loader(EpochSampler(WeightedRandomSampler(WEIGHTS, 3 * SIZE)), dataset)
        list(items)
        list(items)

    assert warned(loop) == []


@quiet
def test_set_epoch_says_that_it_comes_too_late():
    def loop():
        dataset = augmented()
        batches = Repeat(BatchSampler(SequentialSampler(range(SIZE)), BATCH, False))
        options = {"num_workers": 2, "multiprocessing_context": "fork"}
        items = iter(DataLoader(dataset, batch_sampler=batches, **options))
        for epoch in range(3):
            dataset.set_epoch(epoch)
            for _ in range(-(-SIZE // BATCH)):
                next(items)

    [message] = warned(loop)
    assert message.startswith(f"set_epoch(1) comes too late: of {SIZE} samples, ")


WORKER = """
from torch.utils.data import DataLoader
from dpa.integrations.torch import AugmentedDataset
def keep(image, params): return image
if __name__ == "__main__":
    dataset = AugmentedDataset(range(9), transform=keep)
    items = DataLoader(dataset, 4, num_workers=1, persistent_workers=True)
    for _ in range(3):
        list(items)
"""


def test_a_workers_second_pass_is_said_on_its_standard_error(tmp_path):
    program = tmp_path / "loop.py"
    program.write_text(WORKER)
    run = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    assert run.stderr.count("a second pass has the same epoch, 0: of 9 samples, 13 were") == 1


def test_repeated_samples_in_a_batch_are_said():
    sampler = WeightedRandomSampler(WEIGHTS, SIZE, generator=torch.Generator().manual_seed(0))
    [message] = warned(lambda: list(loader(sampler)))
    assert message.startswith("sample 0 is in one batch more than once, as the same picture")
    assert warned(lambda: augmented().__getitems__([1, 1])) == []  # looked at by hand


def test_a_first_epoch_that_is_not_the_next_is_said():
    """The Trainer of transformers tells a dataset no epoch where it resumes within one."""

    def resumed(epoch):
        dataset = augmented()
        next(iter(loader(None, dataset)))
        dataset.set_epoch(epoch)

    assert warned(lambda: resumed(1)) == []
    [message] = warned(lambda: resumed(2))
    assert message.startswith("set_epoch(2) is the first, and samples were made in epoch 0 before")


def test_an_epoch_that_another_counter_overrules_is_said():
    dataset = augmented()
    dataset.set_epoch(3)
    [message] = warned(lambda: dataset.set_epoch(0))
    assert message == (
        "epoch 3 was set, and then epoch 0 before any sample was made: something else sets the "
        "epoch, too"
    )
    used = augmented()
    used.set_epoch(3)
    used[0]
    assert warned(lambda: used.set_epoch(0)) == []
