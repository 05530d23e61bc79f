"""AugmentedDataset, AugmentedIterableDataset: an id's item is the same wherever it is made."""

import copy
import functools
import multiprocessing
import operator
import pickle
import subprocess
import sys

import numpy as np
import pytest
from frameworks import require

import dpa
import dpa.noise
from dpa.config import PARAMETERS
from dpa.space import Bernoulli, Choice, Linear, Space, Uniform

torch = require("torch")

import torch.distributed as dist  # noqa: E402 (skipped above where torch is absent)
from torch.multiprocessing import start_processes  # noqa: E402
from torch.utils.data import (  # noqa: E402
    ConcatDataset,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    Subset,
    get_worker_info,
)

from dpa.integrations.image import apply_augmentation  # noqa: E402
from dpa.integrations.samples import augment_sample  # noqa: E402
from dpa.integrations.torch import (  # noqa: E402
    AugmentedDataset,
    AugmentedIterableDataset,
    Draw,
)

SIZE, BATCH, SEED = 36, 5, 7
CONFIG = dpa.get_preset("aggressive")


class Photos(Dataset):
    """Sample i is (image, i)."""

    def __len__(self):
        return SIZE

    def __getitem__(self, index):
        if not 0 <= index < SIZE:
            raise IndexError(index)
        return torch.full((2,), float(index)), index


class Shards(IterableDataset):
    """The same samples, in reverse; each worker has every n-th of them."""

    def __iter__(self):
        worker = get_worker_info()
        part = range(SIZE)[::-1]
        if worker is not None:
            part = part[worker.id :: worker.num_workers]
        return map(Photos().__getitem__, part)


def record(image, params):
    """An "image" that tells all: its sample and the parameters' bits."""
    values = [params[name] for name in PARAMETERS]
    return torch.tensor([image[0], *values], dtype=torch.float64)


def text_id(index):
    return f"class/{index}.png"


def augmented(dataset=None, transform=record, **options):
    options = {"base_seed": SEED, **options}
    dataset = Photos() if dataset is None else dataset
    return AugmentedDataset(dataset, CONFIG, transform, **options)


def expected(epoch, **key):
    """What each id's record must be, by the function that made parameters before."""
    batch = dpa.generate_augmentation_batch(range(SIZE), CONFIG, base_seed=SEED, epoch=epoch, **key)
    return {at: (at, *(column[at] for column in batch.columns.values())) for at in range(SIZE)}


def seen(loader):
    """The record of each id that comes out of a loader; each comes once."""
    found = {}
    for images, indices in loader:
        for record, index in zip(images.tolist(), indices.tolist(), strict=True):
            assert index not in found
            found[index] = tuple(record)
    return found


# ---- The matrix: workers, start methods, order, ranks, restarts ----

LOADERS = {
    "in this process": {},
    "shuffled": {"shuffle": True},
    "1 forked": {"num_workers": 1, "method": "fork"},
    "3 forked": {"num_workers": 3, "method": "fork", "shuffle": True},
    "3 forked, persistent": {"num_workers": 3, "method": "fork", "persistent_workers": True},
    "1 spawned, persistent": {
        "num_workers": 1, "method": "spawn", "persistent_workers": True, "shuffle": True,
    },
    "3 spawned, persistent": {"num_workers": 3, "method": "spawn", "persistent_workers": True},
}  # fmt: skip


def available(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"processes cannot be made by {method} here")
    return method


def loader(dataset, method=None, **options):
    if method is not None:
        options["multiprocessing_context"] = available(method)
    return DataLoader(dataset, batch_size=BATCH, **options)


def many_processes(function):
    """Python warns of fork beside threads, PyTorch of more workers than cores."""
    for warning in (
        "ignore:.*multi-threaded.*fork:DeprecationWarning",
        "ignore:This DataLoader will create:UserWarning",
    ):
        function = pytest.mark.filterwarnings(warning)(function)
    return function


@pytest.mark.parametrize("name", LOADERS)
@many_processes
def test_loaders_give_the_same_items_in_every_epoch(name):
    dataset = augmented()
    items = loader(dataset, **LOADERS[name])
    for epoch in (0, 1, 5):
        dataset.set_epoch(epoch)
        assert seen(items) == expected(epoch)


@pytest.mark.parametrize("name", [name for name in LOADERS if "3 spawned" not in name])
@many_processes
def test_loaders_of_a_stream_give_the_same_items_in_every_epoch(name):
    dataset = AugmentedIterableDataset(
        Shards(), CONFIG, record, base_seed=SEED, id_fn=operator.itemgetter(1)
    )
    items = loader(dataset, **{**LOADERS[name], "shuffle": None})
    for epoch in (0, 1):
        dataset.set_epoch(epoch)
        assert seen(items) == expected(epoch)


def rank_main(rank, world_size, folder):
    torch.set_num_threads(1)  # the parent's OpenMP threads are not there in a fork
    dist.init_process_group("gloo", f"file://{folder}/store", rank=rank, world_size=world_size)
    dataset = augmented()
    sampler = DistributedSampler(dataset, shuffle=True)
    for epoch in (0, 1):
        dataset.set_epoch(epoch)
        sampler.set_epoch(epoch)
        parts = [None] * world_size
        dist.all_gather_object(parts, seen(DataLoader(dataset, BATCH, sampler=sampler)))
        if rank == 0:
            torch.save(parts, f"{folder}/{epoch}")
    dist.destroy_process_group()


@pytest.mark.parametrize("world_size", [1, 2, 3])
@many_processes
def test_ranks_of_any_number_give_the_same_items(world_size, tmp_path):
    start_processes(rank_main, (world_size, tmp_path), world_size, start_method=available("fork"))
    for epoch in (0, 1):
        parts = torch.load(tmp_path / str(epoch))
        assert [len(part) for part in parts] == [SIZE // world_size] * world_size
        assert dict(item for part in parts for item in part.items()) == expected(epoch)


def test_a_restart_in_mid_epoch_goes_on_with_the_same_items():
    def order(epoch):
        return torch.randperm(SIZE, generator=torch.Generator().manual_seed(epoch)).tolist()

    dataset = augmented()
    dataset.set_epoch(3)
    first = iter(DataLoader(dataset, BATCH, sampler=order(3)))
    before = seen([next(first), next(first)])

    again = augmented()
    again.set_epoch(3)
    after = seen(DataLoader(again, BATCH, sampler=order(3)[2 * BATCH :]))
    assert {**before, **after} == expected(3)
    assert len(before) + len(after) == SIZE


# ---- Keys ----


@pytest.mark.parametrize(
    ("policy", "epochs"),  # of the key, at the epochs 0 to 6
    [
        ("fixed", [None] * 7),
        ("each", [0, 1, 2, 3, 4, 5, 6]),
        (("every", 1), [0, 1, 2, 3, 4, 5, 6]),
        (("every", 3), [0, 0, 0, 1, 1, 1, 2]),
        (("cycle", 1), [0] * 7),
        (["cycle", 3], [0, 1, 2, 0, 1, 2, 0]),
    ],
)
def test_epoch_policies(policy, epochs):
    dataset = augmented(epoch_policy=policy, return_params=True)
    for epoch, part in enumerate(epochs):
        dataset.set_epoch(epoch)
        wanted = dpa.gen_augmentation_params(4, CONFIG, base_seed=SEED, epoch=part)
        assert dataset[4][1] == wanted
        assert dataset.__getitems__([1, 4])[1][1] == wanted


def test_views_are_numbered_in_the_key_and_one_view_is_not():
    keys = {"base_seed": SEED, "epoch": 0}
    one, three = (augmented(transform=False, return_params=True, views=k) for k in (1, 3))
    assert one[4][1] == dpa.gen_augmentation_params(4, CONFIG, **keys)
    wanted = [dpa.gen_augmentation_params(4, CONFIG, view=view, **keys) for view in range(3)]
    assert three[4][1] == three.__getitems__([4])[0][1] == wanted


def test_without_a_base_seed_or_a_config():
    dataset = AugmentedDataset(Photos(), transform=False, return_params=True, epoch_policy="fixed")
    assert dataset[4][1] == dpa.gen_augmentation_params(4)


def test_ids_of_text():
    dataset = augmented(transform=False, return_params=True, id_fn=text_id)
    wanted = dpa.gen_augmentation_params("class/4.png", CONFIG, base_seed=SEED, epoch=0)
    assert dataset[4][1] == dataset.__getitems__([3, 4])[1][1] == wanted


def test_a_subset_within_takes_its_own_ids_and_a_subset_of_it_keeps_them():
    part = [30, 4, 17]
    kept = Subset(augmented(), part)
    assert seen(loader(kept)) == {at: expected(0)[at] for at in part}
    within = Subset(Photos(), part)
    assert tuple(augmented(within)[1][0].tolist()[1:]) == expected(0)[1][1:]
    renamed = augmented(within, id_fn=within.indices.__getitem__)
    assert seen(loader(renamed)) == seen(loader(kept))


# ---- Items ----


def test_a_batch_is_the_items_one_by_one():
    for options in ({}, {"views": 2}, {"return_params": True}, {"id_fn": text_id}):
        dataset = augmented([1.0, 2.0, 3.0], lambda *given: given, **options)
        assert dataset.__getitems__([2, 0, 2]) == [dataset[2], dataset[0], dataset[2]]
        assert dataset.__getitems__([]) == []


@pytest.mark.parametrize(
    ("sample", "item", "two"),
    [
        (3, 4, [4, 4]),
        ((3, "a", None), (4, "a", None), ([4, 4], "a", None)),
        ([3, "a"], (4, "a"), ([4, 4], "a")),
        ((3,), (4,), ([4, 4],)),
    ],
)
def test_the_first_element_is_the_image(sample, item, two):
    def next_(image, params):
        assert len(params["hash"]) == 64
        return image + 1

    assert augmented([sample], next_)[0] == item
    assert augmented([sample], next_, views=2)[0] == two
    assert augmented([sample], next_, return_params=True)[0][0] == item


def test_transform_none_is_that_of_images():
    from dpa.integrations.image import apply_augmentation

    image = np.arange(48, dtype=np.uint8).reshape(6, 8)
    params = dpa.gen_augmentation_params(0, CONFIG, base_seed=SEED, epoch=0)
    wanted = apply_augmentation(image, params)
    assert (augmented([image], None)[0] == wanted).all()
    assert (wanted != image).any()


@pytest.mark.parametrize("sample", [torch.zeros(3, 8, 8), {"image": 1}], ids=type)
def test_transform_none_says_what_other_samples_need(sample):
    dataset = augmented([sample], None)
    kind = type(sample).__name__
    for call in (lambda: dataset[0], lambda: dataset.__getitems__([0])):
        with pytest.raises(TypeError, match=rf"^image must be .*, got {kind}; ") as caught:
            call()
        for words in (
            "dpa.integrations.torch.apply_augmentation on a batch",
            "transform=False, collate_fn=dataset.collate",
            "transform=function(sample, params)",
        ):
            assert words in str(caught.value)


def test_without_a_transform_samples_come_as_they_are_with_ids_or_params():
    samples = [{"image": 1}, (2, "b")]
    with_ids = augmented(samples, transform=False, id_fn=text_id)
    assert with_ids[0] == ({"image": 1}, "class/0.png")
    assert with_ids.__getitems__([1]) == [((2, "b"), "class/1.png")]
    sample, params = augmented(samples, transform=False, return_params=True)[1]
    assert sample is samples[1]
    assert params == dpa.gen_augmentation_params(1, CONFIG, base_seed=SEED, epoch=0)


def test_two_views_become_two_batches():
    (first, second), labels = next(iter(loader(augmented(views=2))))
    assert labels.tolist() == [0, 1, 2, 3, 4]
    for view, images in enumerate((first, second)):
        assert tuple(images[3].tolist()) == expected(0, view=view)[3]


def test_the_wrapped_dataset_is_asked_for_whole_batches_if_it_gives_them():
    class Table(Photos):
        def __getitems__(self, indices):
            return [(torch.zeros(2), -index) for index in indices]

    dataset = augmented(Table())
    assert [label for _, label in dataset.__getitems__([4, 2])] == [-4, -2]
    Table.__getitems__ = lambda self, indices: [self[0]]
    with pytest.raises(ValueError, match="longer"):
        dataset.__getitems__([4, 2])


def test_iteration_ends():
    assert len(list(augmented())) == len(augmented()) == SIZE


# ---- collate ----


@pytest.mark.parametrize("id_fn", [None, text_id])
def test_collate_gives_the_samples_and_the_parameters_of_their_ids(id_fn):
    dataset = augmented(transform=False, id_fn=id_fn)
    dataset.set_epoch(2)
    order = [7, 0, 7, 35]
    (images, labels), batch = dataset.collate(dataset.__getitems__(order))
    assert images.tolist() == [[at, at] for at in order]
    assert labels.tolist() == order
    ids = [text_id(at) for at in order] if id_fn else order
    assert batch == dpa.generate_augmentation_batch(ids, CONFIG, base_seed=SEED, epoch=2)


def test_collate_of_views():
    dataset = augmented(transform=False, views=2)
    _, batches = dataset.collate([dataset[5]])
    assert batches == [
        dpa.generate_augmentation_batch([5], CONFIG, base_seed=SEED, epoch=0, view=view)
        for view in (0, 1)
    ]


@many_processes
def test_collate_in_workers_and_through_other_datasets():
    dataset = augmented(transform=False)
    halves = ConcatDataset([Subset(dataset, range(18)), Subset(dataset, range(18, 36))])
    options = {"num_workers": 2, "method": "fork", "persistent_workers": True}
    batches = loader(halves, shuffle=True, collate_fn=dataset.collate, **options)
    for epoch in (0, 4):
        dataset.set_epoch(epoch)
        found = {}
        for (_, labels), batch in batches:
            assert labels.tolist() == batch.sample_ids.tolist()
            rows = zip(labels.tolist(), *batch.columns.values(), strict=True)
            found.update({at: (at, *values) for at, *values in rows})
        assert found == expected(epoch)


def test_collate_of_a_stream():
    dataset = AugmentedIterableDataset(
        Shards(), CONFIG, False, base_seed=SEED, id_fn=operator.itemgetter(1)
    )
    (_, labels), batch = next(iter(loader(dataset, collate_fn=dataset.collate)))
    assert labels.tolist() == batch.sample_ids.tolist() == [35, 34, 33, 32, 31]


@pytest.mark.parametrize("options", [{}, {"transform": False, "return_params": True}])
def test_collate_is_for_samples_with_ids(options):
    dataset = augmented(**options)
    with pytest.raises(ValueError, match="transform=False and return_params=False"):
        dataset.collate([dataset[0]])


# ---- Epochs ----


def test_the_epoch_begins_at_0_and_is_what_was_set():
    dataset = augmented()
    assert dataset.epoch == 0
    for epoch in (3, np.int64(4), torch.tensor(5), 2**63 - 1, 0):
        dataset.set_epoch(epoch)
        assert dataset.epoch == epoch
        assert tuple(dataset[1][0].tolist()) == expected(int(epoch))[1]


@pytest.mark.parametrize("epoch", [-1, 2**63])
def test_an_epoch_out_of_range(epoch):
    with pytest.raises(ValueError, match=rf"^epoch must be 0 to 2\*\*63 - 1, got {epoch}"):
        augmented().set_epoch(epoch)


@pytest.mark.parametrize("epoch", [None, 1.0, "1", True])
def test_an_epoch_of_another_type(epoch):
    dataset = augmented()
    dataset.set_epoch(3)
    with pytest.raises(TypeError, match=f"^epoch must be an integer, got {epoch!r}"):
        dataset.set_epoch(epoch)
    assert dataset.epoch == 3


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, copy.copy, lambda dataset: pickle.loads(pickle.dumps(dataset))]
)
@many_processes
def test_a_copy_has_the_epoch_and_reaches_its_own_workers(copied):
    original = augmented()
    original.set_epoch(2)
    dataset = copied(original)
    items = loader(dataset, "fork", num_workers=1, persistent_workers=True)
    assert seen(items) == expected(2)
    dataset.set_epoch(3)
    assert seen(items) == expected(3)
    assert original.epoch == 2


def test_a_stream_keeps_the_epoch_in_which_a_pass_began():
    dataset = AugmentedIterableDataset(Shards(), transform=False, return_params=True, id_fn=len)
    items = iter(dataset)
    dataset.set_epoch(1)
    assert next(items)[1] == dpa.gen_augmentation_params(2, epoch=0)
    assert next(iter(dataset))[1] == dpa.gen_augmentation_params(2, epoch=1)
    assert len(list(dataset)) == SIZE  # which the wrapped one cannot tell


# ---- Arguments ----


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"dataset": Shards()}, TypeError, "dataset must be map-style, got .*Shards"),
        ({"dataset": 3}, TypeError, "dataset must be map-style, got 3"),
        ({"transform": "flip"}, TypeError, "transform must be callable, False or None, got 'flip'"),
        ({"transform": True}, TypeError, "transform must be callable, False or None, got True"),
        ({"id_fn": 3}, TypeError, "id_fn must be callable or None, got 3"),
        ({"views": 0}, ValueError, "views must be at least 1, got 0"),
        ({"views": 1.5}, TypeError, "views must be an integer, got 1.5"),
        ({"base_seed": -1}, ValueError, "base_seed must be 0 to .*, got -1"),
        ({"epoch_policy": "never"}, ValueError, "epoch_policy must be .*, got 'never'"),
        ({"epoch_policy": None}, ValueError, "epoch_policy must be .*, got None"),
        ({"epoch_policy": "every"}, ValueError, "epoch_policy must be .*, got 'every'"),
        (
            {"epoch_policy": ("every", 0)},
            ValueError,
            r"epoch_policy must be .*, got \('every', 0\)",
        ),
        ({"epoch_policy": ("each", 2)}, ValueError, r"epoch_policy must be .*, got \('each', 2\)"),
        ({"epoch_policy": ("cycle", 2.0)}, TypeError, "k in epoch_policy must be an integer"),
    ],
)
def test_bad_arguments(options, error, message):
    with pytest.raises(error, match=f"^{message}"):
        augmented(**options)


def test_a_config_by_name_is_no_config():
    with pytest.raises(
        TypeError, match="config must be an AugmentationConfig or a Space, got 'mild'"
    ):
        AugmentedDataset(Photos(), "mild", record)


def test_a_stream_needs_ids_and_an_iterable():
    with pytest.raises(TypeError, match=r"^an iterable dataset needs id_fn\(sample\)"):
        AugmentedIterableDataset(Shards(), transform=record)
    with pytest.raises(TypeError, match="dataset must be iterable, got <"):
        AugmentedIterableDataset(Photos(), transform=record, id_fn=len)


@pytest.mark.parametrize("bad", [-1, 1.5, None])
def test_an_id_that_is_none(bad):
    dataset = augmented(id_fn=lambda index: bad)
    for call in (lambda: dataset[3], lambda: dataset.__getitems__([3])):
        with pytest.raises((TypeError, ValueError), match=rf"(id|ids|ids\[0\]) must .*{bad}"):
            call()


def test_without_pytorch_the_error_says_what_to_install():
    code = "import sys; sys.modules['torch'] = None; import dpa.integrations.torch"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ImportError: dpa.integrations.torch needs PyTorch: pip install" in run.stderr


@pytest.mark.parametrize("change", [{"scale_range": (0, 1.2)}, {"noise_range": (-1, 0.1)}])
def test_ranges_that_no_image_can_be_given_are_refused_at_the_call(change):
    config = dpa.get_preset("mild", **change)
    name = next(iter(change)).removesuffix("_range")
    with pytest.raises(ValueError, match=f"{name} must .* for images, got"):
        AugmentedDataset([1, 2], config)
    AugmentedDataset([1, 2], config, transform=False)  # the user's business


def keep(image, params):
    """A transform that changes nothing."""
    return image


def test_a_space_reaches_the_transform():
    space = Space({"flip": Bernoulli(0.5), "op": Choice(["a", "b"], when={"flip": True})})
    dataset = AugmentedDataset(Photos(), space, keep, return_params=True)
    params = [dataset[at][1] for at in range(len(dataset))]
    key = {"epoch": 0}
    assert params == [dpa.gen_augmentation_params(at, space, **key) for at in range(len(dataset))]
    assert {"op" in each for each in params} == {True, False}


def test_schedules_follow_the_epoch():
    space = Space(strength=Uniform(0, Linear([(0, 1), (10, 11)])))
    dataset = AugmentedDataset(Photos(), space, keep, return_params=True)
    for epoch in (0, 5, 20):
        dataset.set_epoch(epoch)
        expected = dpa.gen_augmentation_params(3, space, epoch=epoch)
        assert dataset[3][1] == expected
    with pytest.raises(
        ValueError, match=r"\"fixed\" has no epoch, on which .* depends: 'strength'"
    ):
        AugmentedDataset(Photos(), space, keep, epoch_policy="fixed")


def test_images_need_one_effect():
    message = r"images need one of rotation, scale, .* the space has flip; say transform= to apply"
    with pytest.raises(ValueError, match=message):
        AugmentedDataset([1, 2], Space(flip=Bernoulli(0.5)))
    AugmentedDataset([1, 2], Space(flip=Bernoulli(0.5)), transform=False)
    AugmentedDataset([1, 2], dpa.AugmentationConfig() | {"flip": Bernoulli(0.5)})
    AugmentedDataset(
        [1, 2],
        dpa.AugmentationConfig().only(["noise"])
        | {"flip": Bernoulli(0.5), "rotation": Uniform(-1, 1, when={"flip": True})},
    )


# ---- Whole samples ----


def picture(at):
    return np.random.default_rng(at).integers(0, 256, (12, 16, 3), np.uint8)


def test_targets_name_the_parts_of_a_sample():
    image, mask, boxes = picture(0), picture(1)[..., 0], [[1, 2, 9, 10]]
    samples = [(image, mask, boxes, 3)]
    targets = ("image", "mask", "boxes", "label")
    params = dpa.gen_augmentation_params(0, CONFIG, base_seed=SEED, epoch=0)
    for transform in (None, functools.partial(apply_augmentation, out_size=(5, 6))):
        dataset = augmented(samples, transform, targets=targets, return_params=True)
        options = getattr(transform, "keywords", {})
        wanted = augment_sample(samples[0], params, targets, **options)
        found, given = dataset[0]
        assert given == params
        assert all(map(np.array_equal, found, wanted))
        assert all(map(np.array_equal, dataset.__getitems__([0])[0][0], wanted))
    two = augmented(samples, None, targets=targets, views=2)[0]
    for view, found in enumerate(two):
        key = {"base_seed": SEED, "epoch": 0, "view": view}
        wanted = augment_sample(samples[0], dpa.gen_augmentation_params(0, CONFIG, **key), targets)
        assert all(map(np.array_equal, found, wanted))


def test_a_mask_follows_its_image():
    disc = np.hypot(*np.mgrid[-20:44, -20:44]) < 10
    sample = (np.uint8(disc * 200), np.uint8(disc))
    image, mask = AugmentedDataset([sample], CONFIG, targets=("image", "mask"), base_seed=2)[0]
    here, there = image > 100, mask > 0
    assert (here & there).sum() / (here | there).sum() > 0.9


@pytest.mark.parametrize("kind", ["array", "picture", "tensor", "chw"])
@pytest.mark.parametrize("own", [False, True])
def test_a_second_picture_that_would_stay_is_refused(kind, own):
    image, mask = picture(0), picture(1)[..., 0]
    if kind == "picture":
        Image = pytest.importorskip("PIL.Image")  # noqa: N806 (a module)
        image, mask = Image.fromarray(image), Image.fromarray(mask)
    elif kind in ("tensor", "chw"):
        image = torch.from_numpy(picture(0)).permute(2, 0, 1)
        mask = torch.from_numpy(mask)[None] if kind == "chw" else mask
    transform = keep if own or kind in ("tensor", "chw") else None
    message = r"^sample\[2\] must not be an image or a mask .*targets=.*sample_transform="
    dataset = augmented([(image, 3, mask)], transform)
    with pytest.raises(TypeError, match=message):
        dataset[0]
    with pytest.raises(TypeError, match=message):
        augmented([(image, 3, mask)], transform).__getitems__([0])
    left = augmented([(image, 3, mask)], transform, targets=("image", "label", "label"))[0]
    assert left[2] is mask


def test_parts_that_are_no_pictures_are_let_through():
    parts = (picture(0), np.zeros(16), torch.zeros(12), np.zeros((4, 4)), [1], {"a": 1}, None, "b")
    assert augmented([parts], None)[0][1:] == parts[1:]


def test_a_sample_transform_makes_the_whole_sample():
    def make(sample, params):
        return {**sample, "who": params["id"], "turned": params["rotation"]}

    dataset = AugmentedDataset([{"x": 1}], sample_transform=make, id_fn=text_id, base_seed=SEED)
    rotation = dpa.gen_augmentation_params(text_id(0), base_seed=SEED, epoch=0)["rotation"]
    assert dataset[0] == {"x": 1, "who": text_id(0), "turned": rotation}
    pairs = AugmentedDataset([(1, 2)], sample_transform=lambda sample, params: sample, views=2)
    assert pairs[0] == [(1, 2), (1, 2)]
    AugmentedDataset([1], Space(x=Uniform(0, 1)), sample_transform=make)  # the user's business


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sample_transform": keep, "transform": keep}, ValueError, "sample_transform makes the"),
        ({"sample_transform": keep, "targets": "image"}, ValueError, "sample_transform makes the"),
        ({"sample_transform": 3}, TypeError, "sample_transform must be callable, got 3"),
        ({"targets": ("mask",)}, ValueError, "targets must have an image"),
        (
            {"targets": ("image", "mask"), "transform": keep},
            ValueError,
            "targets with masks, .*got",
        ),
        ({"targets": ("image",), "transform": False}, ValueError, "targets with masks, .*=False"),
    ],
)
def test_bad_whole_samples(options, error, message):
    with pytest.raises(error, match=f"^{message}"):
        AugmentedDataset([(1, 2)], **options)


# ---- What params say ----


def test_params_say_whose_they_are():
    other = Space(hue=Uniform(0, 1))

    def make(image, params):
        key = {name: params[name] for name in ("epoch", "view", "base_seed")}
        made = dpa.gen_augmentation_params(params["id"], CONFIG, **key)
        assert made == {name: value for name, value in params.items() if name in made}
        uniforms = dpa.generate_uniforms(params, 3, config=CONFIG)
        assert (uniforms == dpa.generate_uniforms([params["id"]], 3, **key)[0]).all()
        dpa.noise.standard_normals(params, (2,))
        hue = dpa.gen_augmentation_params(params["id"], other, **key)["hue"]
        return params["id"], params["epoch"], params["view"], uniforms[0], hue

    for options in ({}, {"views": 2}, {"epoch_policy": "fixed"}, {"id_fn": text_id}):
        dataset = augmented(transform=make, **options)
        dataset.set_epoch(4)
        found = dataset[3][0]
        sample_id, epoch, view, *_ = found[1] if "views" in options else found
        assert sample_id == (text_id(3) if "id_fn" in options else 3)
        assert epoch == (None if "epoch_policy" in options else 4)
        assert view == (1 if "views" in options else None)
        assert dataset.__getitems__([3])[0][0] == found


def test_uniforms_of_params_need_what_they_were_made_with():
    params = []
    augmented([1], lambda image, given: params.append(given))[0]
    with pytest.raises(ValueError, match="have another hash than depth 3 gives: config= must be"):
        dpa.generate_uniforms(params[0], 1, config=dpa.get_preset("mild", augmentation_depth=3))
    with pytest.raises(ValueError, match="params have their own rank, base_seed, epoch and view"):
        dpa.generate_uniforms(params[0], 1, epoch=3)
    with pytest.raises(ValueError, match=r"params must have id and hash, .*, got 'rotation'"):
        dpa.generate_uniforms({"rotation": 3}, 1)


# ---- The wrapped dataset ----


class Named(Photos):
    classes = ("cat", "dog")

    def __init__(self):
        self.epochs = []
        self.targets = [1, 2]

    def set_epoch(self, epoch):
        self.epochs.append(epoch)

    def state_dict(self):
        return {"epochs": self.epochs}

    def part(self, *indices):
        return Named()


def test_attributes_of_the_wrapped_dataset():
    inner = Named()
    dataset = augmented(inner)
    assert dataset.classes is inner.classes
    assert augmented(inner, None, targets=("image", "label")).targets is inner.targets
    assert dataset.state_dict() == {"epochs": []}
    dataset.set_epoch(3)
    assert dataset.state_dict() == {"epochs": [3]}
    inner.pipeline = functools.partial(max, default=3)  # called, but no method
    assert dataset.pipeline is inner.pipeline
    for name in ("nothing", "_private", "__array__"):
        assert not hasattr(dataset, name)
    with pytest.raises(TypeError, match=r"^part of .* is not augmented: .*\(dataset\.part\("):
        dataset.part(1)


class Shuffled(IterableDataset):
    """A stream whose order depends on the epoch that this process was told."""

    epoch = 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __iter__(self):
        generator = torch.Generator().manual_seed(self.epoch)
        return map(Photos().__getitem__, torch.randperm(SIZE, generator=generator).tolist())


@pytest.mark.parametrize("workers", [0, 1])
@many_processes
def test_a_stream_within_is_told_the_epoch_in_running_workers_too(workers):
    dataset = AugmentedIterableDataset(
        Shuffled(), CONFIG, record, base_seed=SEED, id_fn=operator.itemgetter(1)
    )
    items = loader(dataset, num_workers=workers, persistent_workers=workers > 0)
    for epoch in (0, 1, 5):
        dataset.set_epoch(epoch)
        batches = list(items)
        assert seen(batches) == expected(epoch)
        plain = Shuffled()
        plain.set_epoch(epoch)
        order = [index for _, indices in batches for index in indices.tolist()]
        assert order == [index for _, index in plain]


def test_a_streams_state_has_its_epoch():
    loaded = []

    def start():
        inner = Shuffled()
        inner.state_dict = lambda: {"at": 3}
        inner.load_state_dict = loaded.append
        return AugmentedIterableDataset(inner, transform=keep, id_fn=len)

    stream = start()
    stream.set_epoch(4)
    state = stream.state_dict()
    assert state == {"epoch": 4, "dataset": {"at": 3}}
    again = start()
    again.load_state_dict(state)
    assert (again.epoch, again.dataset.epoch, again.state_dict()) == (4, 4, state)
    assert copy.copy(again).state_dict() == state
    next(iter(again))
    assert loaded == [{"at": 3}]
    other = start()
    other.set_epoch(1)
    with pytest.warns(UserWarning, match=r"^the state is of epoch 4, but set_epoch\(1\) was"):
        other.load_state_dict(state)
    next(iter(other))
    assert (other.epoch, loaded) == (1, [{"at": 3}])
    plain = AugmentedIterableDataset(Shuffled(), transform=keep, id_fn=len)
    assert not hasattr(plain, "state_dict")


def test_a_streams_ids_may_be_draws():
    dataset = AugmentedIterableDataset(
        [1, 1, 2],
        transform=lambda sample, params: params["view"],
        id_fn=lambda at: Draw(3, at, "a"),
    )
    assert list(dataset) == [1, 1, 2]


def test_a_second_pass_over_a_stream_is_said():
    dataset = AugmentedIterableDataset(Shards(), transform=keep, id_fn=operator.itemgetter(1))
    list(dataset)
    with pytest.warns(UserWarning, match="^a second pass over a stream has the same epoch, 0"):
        iter(dataset)
    iter(dataset)  # said once


@pytest.mark.parametrize("name", ["config", "transform", "views", "dataset", "epoch_policy"])
def test_settings_cannot_be_set_later(name):
    dataset = augmented()
    before = getattr(dataset, name)
    with pytest.raises(AttributeError, match=f"^{name} cannot be set: workers .* have copies"):
        setattr(dataset, name, None)
    assert getattr(dataset, name) is before
    dataset.note = 3  # of the user's own
    assert copy.copy(dataset).note == 3
