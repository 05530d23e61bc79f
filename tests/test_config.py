"""AugmentationConfig and the presets: what they hold and what they refuse."""

import copy
import dataclasses
import enum
import json
import math
import pickle
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st

import dpa
from dpa import AugmentationConfig

RANGES = [f"{name}_range" for name in reference.NAMES]
FIELDS = [*RANGES, "augmentation_depth", "sampler"]
WILD = AugmentationConfig(
    (-1, 2), (3, 3), (-5.5, 0), (0.25, 8), (-0.0, 1e-300), 77, sampler="mt19937"
)


# ---- Presets ----


def test_presets_are_the_table() -> None:
    assert list(dpa.PRESETS) == list(reference.PRESETS)
    for name, bounds in reference.PRESETS.items():
        preset = dpa.get_preset(name)
        assert preset.bounds == tuple(bounds)
        assert (preset.augmentation_depth, preset.sampler) == (10, "xoshiro256++")
        assert preset is dpa.PRESETS[name]


def test_defaults_are_moderate() -> None:
    assert AugmentationConfig() == dpa.get_preset("moderate")
    default = dpa.gen_augmentation_params(42)
    assert default == dpa.gen_augmentation_params(42, dpa.get_preset("moderate"))
    assert default != dpa.gen_augmentation_params(42, dpa.get_preset("mild"))


def test_presets_are_immutable() -> None:
    presets: Any = dpa.PRESETS
    with pytest.raises(TypeError, match="does not support item assignment"):
        presets["mild"] = AugmentationConfig()
    with pytest.raises(TypeError, match="does not support item deletion"):
        del presets["mild"]
    changed = dpa.get_preset("mild", rotation_range=(0, 1))
    assert changed.rotation_range == (0, 1)
    assert dpa.get_preset("mild").rotation_range == (-15, 15)


def test_unknown_preset_lists_the_known_ones() -> None:
    message = "unknown preset 'hard'; the presets are mild, moderate, aggressive"
    with pytest.raises(ValueError, match=f"^{message}$"):
        dpa.get_preset("hard")


def test_preset_with_changes() -> None:
    found = dpa.get_preset("aggressive", augmentation_depth=3, sampler="mt19937")
    assert found == dpa.PRESETS["aggressive"].replace(augmentation_depth=3, sampler="mt19937")
    with pytest.raises(ValueError, match="unknown config field 'depth'; the fields are rotation_"):
        dpa.get_preset("mild", depth=3)


# ---- A value ----


def test_fields_in_order() -> None:
    config = AugmentationConfig((1, 2), (3, 4), (5, 6), (7, 8), (9, 10), 11)
    assert [getattr(config, name) for name in FIELDS] == [
        *[(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)],
        *[11, "xoshiro256++"],
    ]


def test_sampler_is_keyword_only() -> None:
    with pytest.raises(TypeError, match="positional argument"):
        AugmentationConfig((1, 2), (3, 4), (5, 6), (7, 8), (9, 10), 11, "mt19937")  # type: ignore[misc]


@pytest.mark.parametrize("name", FIELDS)
def test_frozen(name: str) -> None:
    config = AugmentationConfig()
    with pytest.raises(AttributeError, match="cannot assign"):
        setattr(config, name, getattr(WILD, name))
    with pytest.raises(AttributeError, match="cannot delete"):
        delattr(config, name)
    assert config == AugmentationConfig()


def test_slotted() -> None:
    assert not hasattr(AugmentationConfig(), "__dict__")
    with pytest.raises((AttributeError, TypeError)):
        AugmentationConfig().hue = 1  # type: ignore[attr-defined]


def test_a_list_given_as_a_range_is_not_kept() -> None:
    bounds = [0, 1]
    config = AugmentationConfig(rotation_range=bounds)  # type: ignore[arg-type]
    bounds[1] = 99
    assert config.rotation_range == (0.0, 1.0)


@pytest.mark.parametrize(
    "bounds",
    [
        (1, 2),
        [1.0, 2],
        np.array([1, 2]),
        (np.float32(1), np.int8(2)),
        (Decimal(1), Fraction(2)),
        range(1, 3),
    ],
    ids=lambda b: type(b).__name__ + type(b[0]).__name__,
)
def test_bounds_become_floats(bounds: Any) -> None:
    found = AugmentationConfig(noise_range=bounds).noise_range
    assert found == (1.0, 2.0)
    assert [type(bound) for bound in found] == [float, float]


def test_replace() -> None:
    config = WILD.replace(scale_range=(0, 1))
    assert config.to_dict() == {**WILD.to_dict(), "scale_range": [0.0, 1.0]}
    assert WILD.scale_range == (0.25, 8)
    assert WILD.replace() == WILD


def test_replace_makes_other_samples() -> None:
    config = AugmentationConfig().replace(rotation_range=(100, 101), augmentation_depth=9)
    found = dpa.gen_augmentation_params(42, config)
    assert 100 <= found["rotation"] <= 101
    assert found["hash"] == dpa.gen_augmentation_seed(42, 9)


@pytest.mark.parametrize("name", ["hue_range", "plan", "_", "depth"])
def test_unknown_fields_are_refused(name: str) -> None:
    message = f"unknown config field '{name}'; the fields are {', '.join(FIELDS)}"
    with pytest.raises(ValueError, match=f"^{message}$"):
        AugmentationConfig().replace(**{name: 1})
    with pytest.raises(ValueError, match=f"^{message}$"):
        AugmentationConfig.from_dict({name: 1})
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        AugmentationConfig(**{name: 1})


def test_to_dict() -> None:
    assert AugmentationConfig().to_dict() == {
        "rotation_range": [-30.0, 30.0],
        "brightness_range": [0.8, 1.2],
        "noise_range": [0.0, 0.1],
        "scale_range": [0.8, 1.2],
        "contrast_range": [0.7, 1.3],
        "augmentation_depth": 10,
        "sampler": "xoshiro256++",
    }


FINITE = st.floats(-1e300, 1e300)
PAIRS = st.tuples(FINITE, FINITE).map(sorted)
CONFIGS = st.builds(
    AugmentationConfig,
    *[PAIRS] * 5,
    st.integers(1, 10_000),
    sampler=st.sampled_from(["xoshiro256++", "mt19937"]),
)


@given(CONFIGS)
def test_round_trips(config: AugmentationConfig) -> None:
    text = json.dumps(config.to_dict())
    copies = [
        AugmentationConfig.from_dict(json.loads(text)),
        copy.copy(config),
        copy.deepcopy(config),
        *[pickle.loads(pickle.dumps(config, p)) for p in range(pickle.HIGHEST_PROTOCOL + 1)],
    ]
    for other in copies:
        assert other == config
        assert hash(other) == hash(config)
        assert json.dumps(other.to_dict()) == text  # -0.0 too
        assert dpa.gen_augmentation_params(7, other.replace(augmentation_depth=1)) == (
            dpa.gen_augmentation_params(7, config.replace(augmentation_depth=1))
        )


def test_from_dict_fills_in_defaults() -> None:
    assert AugmentationConfig.from_dict({}) == AugmentationConfig()
    assert AugmentationConfig.from_dict({"sampler": "mt19937"}).sampler == "mt19937"


@pytest.mark.parametrize("name", FIELDS)
def test_configs_that_differ_are_unequal(name: str) -> None:
    other = AugmentationConfig().replace(**{name: getattr(WILD, name)})
    assert other != AugmentationConfig()
    assert len({other, AugmentationConfig(), other.replace()}) == 2


def test_a_config_is_equal_only_to_a_config() -> None:
    assert AugmentationConfig() != AugmentationConfig().to_dict()


def test_repr_makes_it_again() -> None:
    assert eval(repr(WILD), {"AugmentationConfig": AugmentationConfig}) == WILD


# ---- Validation ----


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((math.nan, 1), "must be finite, got (nan, 1)"),
        ((0, math.nan), "must be finite, got (0, nan)"),
        ((0, math.inf), "must be finite, got (0, inf)"),
        ((-math.inf, 0), "must be finite, got (-inf, 0)"),
        ((0, 10**309), "must be finite in double precision, got (0, 1000"),
        ((2, 1), "must have low <= high, got (2, 1)"),
        ((1.0, 1.0 - 2**-53), "must have low <= high, got (1.0, 0.9999999999999999)"),
        ((-1e308, 1e308), "is too wide: high - low overflows, got (-1e+308, 1e+308)"),
    ],
)
def test_bad_values_of_bounds(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name} {message}")):
        AugmentationConfig(**{name: value})
    with pytest.raises(ValueError, match=re.escape(f"{name} {message}")):
        AugmentationConfig().replace(**{name: value})


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize(
    "value",
    [
        *[30, None, (), (1,), (1, 2, 3), [], np.float64(2)],  # no pairs
        *["12", b"12", {1, 2}, {1: 0, 2: 0}, frozenset({1, 2})],  # pairs in no order
        *[("1", 2), (1, b"2"), (None, 1), (1j, 2), ((0, 1), (2, 3))],  # no numbers
        *[(False, True), (0, True), (np.False_, 1), (np.complex64(1), 2), (np.complex128(1), 2)],
    ],
    ids=repr,
)
def test_bounds_that_are_no_pair_of_numbers(name: str, value: Any) -> None:
    message = f"{name} must be a pair of numbers (low, high), got {value!r}"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        AugmentationConfig(**{name: value})


@pytest.mark.parametrize("depth", [0, -1, 10_001, 2**70, np.int64(0)])
def test_depth_out_of_range(depth: Any) -> None:
    message = f"^augmentation_depth must be 1 to 10000, got {depth}$"
    with pytest.raises(ValueError, match=message):
        AugmentationConfig(augmentation_depth=depth)
    with pytest.raises(ValueError, match=message):
        dpa.gen_augmentation_seed(42, depth)


@pytest.mark.parametrize("depth", [1.5, 10.0, "10", None, True, np.True_, np.float64(3)], ids=repr)
def test_depth_that_is_no_integer(depth: Any) -> None:
    message = f"^augmentation_depth must be an integer, got {re.escape(repr(depth))}$"
    with pytest.raises(TypeError, match=message):
        AugmentationConfig(augmentation_depth=depth)
    with pytest.raises(TypeError, match=message):
        dpa.gen_augmentation_seed(42, depth)


@pytest.mark.parametrize("depth", [1, 10_000, np.uint8(7)])
def test_depth_in_range(depth: Any) -> None:
    found = AugmentationConfig(augmentation_depth=depth).augmentation_depth
    assert found == depth
    assert type(found) is int


@pytest.mark.parametrize("sampler", ["xoshiro256+", "MT19937", "", None, 0, b"mt19937"], ids=repr)
def test_unknown_sampler(sampler: Any) -> None:
    message = f"sampler must be 'xoshiro256++' or 'mt19937', got {sampler!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        AugmentationConfig(sampler=sampler)


def test_sampler_from_a_numpy_array() -> None:
    config = AugmentationConfig(sampler=np.array(["mt19937"])[0])
    assert config == AugmentationConfig(sampler="mt19937")
    assert type(config.sampler) is str


# 0.1 and 1e308 are kept as they are; -0.0 + 0.0 * u is 0.0 for every u.
@pytest.mark.parametrize("value", [0.0, -0.0, 0.1, -7, 1e308, 5e-324])
@pytest.mark.parametrize("sampler", ["xoshiro256++", "mt19937"])
def test_equal_bounds_fix_a_parameter(value: float, sampler: str) -> None:
    config = AugmentationConfig(brightness_range=(value, value), sampler=sampler)
    free = dpa.generate_augmentation_batch(range(40), AugmentationConfig(sampler=sampler))
    fixed = dpa.generate_augmentation_batch(range(40), config)
    assert fixed.brightness.tolist() == [value] * 40
    assert fixed.noise.tolist() == free.noise.tolist()  # the fixed one has its draw
    assert dpa.gen_augmentation_params(3, config) == fixed[3]


@pytest.mark.parametrize("value", ["mild", {"augmentation_depth": 3}, 10, AugmentationConfig])
def test_what_is_no_config(value: Any) -> None:
    message = f"config must be an AugmentationConfig or a Space, got {value!r}; "
    calls = [
        lambda: dpa.gen_augmentation_params(1, value),
        lambda: dpa.generate_augmentation_chain(1, value),
        lambda: dpa.generate_augmentation_batch([1], value),
        lambda: dpa.generate_uniforms([1], 1, 5, value),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=re.escape(message)):
            call()


def test_a_configs_fields_are_its_settings() -> None:
    assert list(dataclasses.asdict(WILD)) == FIELDS
    assert [field.name for field in dataclasses.fields(WILD)] == FIELDS


class Samplers(str, enum.Enum):  # noqa: UP042 (the older way, whose str() is another text)
    MT = "mt19937"


def test_a_sampler_may_be_an_enum_of_str() -> None:
    config = AugmentationConfig(sampler=Samplers.MT)
    assert type(config.sampler) is str
    assert config == AugmentationConfig(sampler="mt19937")


@pytest.mark.parametrize("fields", [None, ["sampler"], "sampler", 5])
def test_a_config_is_made_of_a_dict(fields: object) -> None:
    with pytest.raises(TypeError, match="a config is made of a dict of its fields, got"):
        AugmentationConfig.from_dict(fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [[], None, 5])
def test_a_preset_has_a_name(name: object) -> None:
    with pytest.raises(ValueError, match=r"unknown preset .*; the presets are mild"):
        dpa.get_preset(name)  # type: ignore[arg-type]
