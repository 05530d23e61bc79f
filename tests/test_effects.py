"""dpa.images.effects: parameters as numbers to apply."""

import itertools
import math
import re

import numpy as np
import pixels_reference as twin
import pytest

import dpa
from dpa.derivation.members import RESERVED
from dpa.images.effects import (
    LIMITS,
    Effect,
    check_applicable,
    require_channels_last,
    require_channels_second,
)
from dpa.images.forms import ERASED, Form, Rendering
from dpa.images.table import EffectTable
from dpa.space import (
    Bernoulli,
    Choice,
    Integers,
    Linear,
    Normal,
    Space,
    Subset,
    Uniform,
    group,
    sometimes,
)

NOTHING = {"rotation": 0, "scale": 1, "brightness": 1, "contrast": 1, "noise": 0}
PARAMS = dpa.gen_augmentation_params(42)
SWITCHES = ["flip_horizontal", "flip_vertical", "grey"]
NUMBERS = [name for name in LIMITS if name not in SWITCHES]


def test_a_sample_of_dpa_can_be_applied():
    effect = Effect.checked(PARAMS)
    assert effect == Effect(**{name: PARAMS[name] for name in NOTHING}, digest=effect.digest)
    assert effect.digest.hex() == PARAMS["hash"]
    assert Effect.checked(dpa.generate_augmentation_batch([42])[0]) == effect


def test_no_hash_is_needed_without_noise():
    assert Effect.checked(NOTHING).digest is None
    assert Effect.checked({name: np.float32(value) for name, value in NOTHING.items()})


def test_the_map_turns_counter_clockwise_and_leaves_the_centre():
    effect = Effect.checked({**NOTHING, "rotation": 30, "scale": 2})
    xx, xy, yx, yy, x, y = effect.placed((31, 50), (31, 50))
    # What lies to the right of the centre comes from further down, where y is more.
    assert (xx, yx) == (yy, -xy) == (round(math.sqrt(3) * 2**29), 2**29)
    assert (x, y) == (0, 0)


# ---- Names and limits ----


def test_the_names_are_the_twins():
    assert set(LIMITS) == set(twin.EFFECTS)
    neutral = Effect.checked({})
    assert neutral == Effect() == Effect.checked(NOTHING)
    for name, each in twin.EFFECTS.items():
        found = getattr(neutral, name.replace(".", "_"))
        if name == "erase.area":
            assert found == 0  # which erases nothing
        elif each.neutral is None:
            assert math.isnan(found)
        else:
            assert found == each.neutral
            assert Effect.checked({name: each.neutral}) == neutral


@pytest.mark.parametrize("name", LIMITS)
def test_a_name_sets_its_own_value(name):
    least, most = LIMITS[name]
    inside = 1 if (least, most) == (0, 1) else 0.5
    found = Effect.checked({name: inside, "hash": PARAMS["hash"]})
    field = name.replace(".", "_")
    assert getattr(found, field) == inside
    assert found._replace(**{field: getattr(Effect(), field), "digest": None}) == Effect()


@pytest.mark.parametrize("name", NUMBERS)
def test_both_limits_are_inside_and_the_next_number_is_not(name):
    for limit, outwards, word in zip(
        LIMITS[name], (-math.inf, math.inf), ("(be at least|not be neg)", "be at most"), strict=True
    ):
        if abs(limit) > 1e300:
            continue
        for inside in (limit, np.float64(limit), np.float32(limit) if limit in (0, 1) else limit):
            found = Effect.checked({name: inside, "hash": PARAMS["hash"]})
            assert getattr(found, name.replace(".", "_")) == limit
        beyond = math.nextafter(limit, outwards)
        for outside in (beyond, np.float64(beyond), round(limit) + math.copysign(5, outwards)):
            message = rf"params\['{re.escape(name)}'\] must {word}.*got {float(outside)}"
            with pytest.raises(ValueError, match=message):
                Effect.checked({name: outside})


@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_no_number_is_named(name):
    for value in (math.nan, math.inf, -math.inf, 10**400, np.float32("nan")):
        with pytest.raises(ValueError, match=rf"params\['{re.escape(name)}'\] must be finite"):
            Effect.checked({name: value})
    assert Effect.checked({name: None}) == Effect()  # how tables write what is not active
    for value in ("1", True, np.True_, 1j, [1.0], np.ones(2)):
        with pytest.raises(TypeError, match=rf"params\['{re.escape(name)}'\] must be a number"):
            Effect.checked({name: value})


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_is_on_or_off(name):
    for on, off in ((True, False), (1, 0), (1.0, 0.0), (np.True_, np.False_), (np.int8(1), 0)):
        assert Effect.checked({name: on})._asdict()[name] is 1  # noqa: F632 (a plain int)
        assert Effect.checked({name: off}) == Effect()
    for value in (0.5, 2, -1, "yes", "1", math.nan, np.array([1, 0]), np.ones(1), 1j, [1]):
        message = rf"params\['{name}'\] must be True or False, got {re.escape(repr(value))}"
        with pytest.raises(ValueError, match=message):
            Effect.checked({name: value})


@pytest.mark.parametrize("bad", [None, "", "00", "x" * 64, 5])
def test_noise_needs_a_hash(bad):
    message = f"noise needs params['hash'], 64 hex characters, got {bad!r}"
    for params in ({"noise": 0.1, "hash": bad}, {"noise": np.float32(1e-9), "hash": bad}):
        with pytest.raises(ValueError, match=re.escape(message)):
            Effect.checked(params)
    assert Effect.checked({"noise": 0, "hash": bad}) == Effect()
    with pytest.raises(ValueError, match="64 hex characters, got None"):
        Effect.checked({"noise": 0.1})


def test_params_are_one_dict():
    for bad in (42, None, [NOTHING], "rotation"):
        with pytest.raises(TypeError, match="params must be a dict of one sample's parameters"):
            Effect.checked(bad)


def test_strict_refuses_names_that_are_no_effects():
    others = dict.fromkeys(RESERVED, 7) | {"crop": True, "erase": False}
    assert Effect.checked(others, strict=True) == Effect()
    assert Effect.checked({**PARAMS, **others, "hash": PARAMS["hash"]}, strict=True)
    for name in ("hue", "Rotation", "crop.z", "flip", "op.turn", "erase.fill", "grey.p", ""):
        assert Effect.checked({**PARAMS, name: object()}) == Effect.checked(PARAMS)
        with pytest.raises(ValueError, match=f"params has no effect {name!r}; there are rotation,"):
            Effect.checked({**PARAMS, name: 1}, strict=True)


# ---- Places ----


def test_a_crop_is_made_by_its_area_or_its_ratio():
    rng = np.random.default_rng(5)
    names = ("crop.area", "crop.ratio", "crop.x", "crop.y")
    for _ in range(200):
        size, out = (tuple(rng.integers(1, 99, 2).tolist()) for _ in range(2))
        values = dict(zip(names, (0.4, 1.7, 0.1, 0.9), strict=True))
        for some in itertools.chain.from_iterable(
            itertools.combinations(names, n) for n in range(5)
        ):
            params = {name: values[name] for name in some} | {"rotation": 3.0}
            found = Effect.checked(params).placed(size, out)
            assert found == twin.placement(params, size, out)
            if not {"crop.area", "crop.ratio"} & set(some):
                assert found == twin.general_map(size, out, rotation=3.0)


def test_erased_boxes_are_the_twins():
    rng = np.random.default_rng(6)
    for _ in range(2000):
        h, w = rng.integers(1, 99, 2).tolist()
        area, x, y = (float(rng.choice([0, 1, rng.random()])) for _ in range(3))
        ratio = math.exp(rng.uniform(-9, 9))
        params = {"erase.area": area, "erase.ratio": ratio, "erase.x": x, "erase.y": y}
        form = Form.checked((h, w), 3, np.dtype(np.uint8), Rendering.checked(border=0))
        found = form.steps_of(Effect.checked(params))[0, ERASED]
        left, top, width, height = twin.erase_box((h, w), area, ratio, x, y)
        if area == 0:
            width = height = 0
        assert (found[2] - found[0], found[3] - found[1]) == (height, width)
        assert not height * width or found.tolist()[:2] == [top, left]


# ---- Spaces ----


def test_a_space_needs_one_effect():
    check_applicable(dpa.AugmentationConfig())
    check_applicable(dpa.AugmentationConfig() | {"flip": Bernoulli(0.5), "op": Choice(["a", "b"])})
    for name in LIMITS:
        effect = Bernoulli(0.5) if name in SWITCHES else Uniform(0.5, 0.75)
        check_applicable(Space(SIZES | {name: effect}), strict=True)
    for prefix in ("crop", "erase"):
        message = rf"{prefix} needs {prefix}\.area.*: without it nothing is done"
        with pytest.raises(ValueError, match=message):
            check_applicable(Space({f"{prefix}.x": Uniform(0, 1), "rotation": Uniform(0, 1)}))
    with pytest.raises(ValueError, match=r"^flip is no effect; there are rotation, scale"):
        check_applicable(Space(flip=Bernoulli(0.5), rotation=Uniform(0, 1)), strict=True)
    with pytest.raises(ValueError, match=r"; TruncatedNormal has bounds$"):
        check_applicable(Space(scale=Normal(1, 0.5)))
    message = r"images need one of rotation, scale, .*, erase\.y; the space has flip, op$"
    with pytest.raises(ValueError, match=message):
        check_applicable(Space(flip=Bernoulli(0.5), op=Choice(["a", "b"])))


def test_an_effect_may_be_of_some_samples_alone():
    check_applicable(
        Space({
            "crop": sometimes(0.5, {"area": Uniform(0.1, 1), "x": Uniform(0, 1)}),
            "erase": group({"area": Uniform(0, 0.2, when={"crop": True})}),
            "op": Choice(["a", "b"]),
            "rotation": Uniform(-5, 5, when={"op": "a"}),
        })
    )  # fmt: skip


#: Without them a crop and an erased box do nothing.
SIZES = {"crop.area": Uniform(0.5, 0.6), "erase.area": Uniform(0.1, 0.2)}


@pytest.mark.parametrize("name", NUMBERS)
def test_values_beyond_the_limits_of_an_effect_are_named(name):
    least, most = LIMITS[name]
    if most < 1e300:
        wanted = f"{name} must be at most {most:g} for images, got"
        for bad in (Uniform(least, most + 1), Choice([least + 0.5, most * 2]),
                    Uniform(least, Linear([(0, least + 0.1), (5, most + 1)]))):  # fmt: skip
            with pytest.raises(ValueError, match=re.escape(wanted)):
                check_applicable(Space(SIZES | {name: bad}))
    if least > -1e300:
        low = least - 1
        wanted = f"be at least {least:g}" if least else "not be negative"
        for bad in (Uniform(low, 0.5), Choice([0.5, low])):
            with pytest.raises(
                ValueError, match=re.escape(f"{name} must {wanted} for images, got")
            ):
                check_applicable(Space(SIZES | {name: bad}))
    for bad in (Uniform(0.5, 0.6, shape=2), Choice(["0.5"]), Subset(["a", "b"], 1)):
        with pytest.raises(ValueError, match=f"{re.escape(name)} must be one number for images"):
            check_applicable(Space(SIZES | {name: bad}))


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_of_a_space_is_on_or_off(name):
    for good in (Bernoulli(0.5), Choice([True, False]), Choice([0, 1]), Integers(0, 1)):
        check_applicable(Space({name: good}))
        for sample in range(4):
            Effect.checked(dpa.gen_augmentation_params(sample, Space({name: good})))
    for bad in (Uniform(0, 1), Choice([0.0, 0.5]), Choice([0, 1, 2])):
        with pytest.raises(ValueError, match=f"{name} must be True or False for images, got"):
            check_applicable(Space(SIZES | {name: bad}))
    for bad in (Choice(["yes"]), Bernoulli(0.5, shape=2)):
        with pytest.raises(ValueError, match=f"{name} must be one number for images, got"):
            check_applicable(Space(SIZES | {name: bad}))


# ---- Shapes ----


@pytest.mark.parametrize("channels", range(18))
def test_the_rule_of_channels_first(channels):
    least = max(8, 2 * channels)
    for sides in ((least, least), (least, 500), (500, least)):
        shape = (channels, *sides)
        if channels <= 16:
            message = f"pixels must be HxW or HxWxC, got shape {shape}, which looks like CxHxW: "
            message += "np.moveaxis(pixels, 0, -1) puts the channels last"
            with pytest.raises(ValueError, match=re.escape(message)):
                require_channels_last("pixels", shape)
            with pytest.raises(ValueError, match=r"permute\(0, 3, 1, 2\) puts the channels second"):
                require_channels_second("pixels", (5, *sides, channels))
        else:
            require_channels_last("pixels", shape)
    for sides in ((least - 1, 500), (500, least - 1)):
        require_channels_last("pixels", (channels, *sides))
        require_channels_second("pixels", (5, *sides, channels))
    require_channels_last("pixels", (channels, least))


def test_one_dict_is_no_batch():
    with pytest.raises(TypeError, match=r"batch must be .* a list of dicts, got one dict"):
        EffectTable.checked(dpa.gen_augmentation_params(1))
