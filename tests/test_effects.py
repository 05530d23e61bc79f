"""dpa.effects: parameters as numbers to apply."""

import math
import re

import numpy as np
import pytest

import dpa
from dpa.images.effects import Effect, samples_of

NOTHING = {"rotation": 0, "scale": 1, "brightness": 1, "contrast": 1, "noise": 0}
PARAMS = dpa.gen_augmentation_params(42)


def test_a_sample_of_dpa_can_be_applied():
    effect = Effect.checked(PARAMS)
    assert effect[:5] == tuple(PARAMS[name] for name in Effect._fields[:5])
    assert effect.digest.hex() == PARAMS["hash"]
    assert Effect.checked(dpa.generate_augmentation_batch([42])[0]) == effect


def test_no_hash_is_needed_without_noise():
    assert Effect.checked(NOTHING).digest is None
    assert Effect.checked({name: np.float32(value) for name, value in NOTHING.items()})


def test_the_map_turns_counter_clockwise_and_leaves_the_centre():
    xx, xy, yx, yy, x, y = Effect.checked({**NOTHING, "rotation": 30, "scale": 2}).map
    # What lies to the right of the centre comes from further down, where y is more.
    assert (xx, yx) == (yy, -xy) == (round(math.sqrt(3) * 2**29), 2**29)
    assert (x, y) == (0, 0)


def test_gain_and_lift_are_brightness_then_contrast():
    effect = Effect.checked({**NOTHING, "brightness": 2, "contrast": 0.25})
    values = np.array([1.0, 2.0, 6.0])
    bright = values * 2
    wanted = bright.mean() + (bright - bright.mean()) * 0.25
    assert np.allclose(effect.gain * values + effect.lift * values.mean(), wanted)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"rotation": float("nan")}, ValueError, "params['rotation'] must be finite, got nan"),
        ({"contrast": float("inf")}, ValueError, "params['contrast'] must be finite, got inf"),
        ({"brightness": "1"}, TypeError, "params['brightness'] must be a number, got '1'"),
        ({"scale": True}, TypeError, "params['scale'] must be a number, got True"),
        ({"scale": 0}, ValueError, "params['scale'] must be at least 0.001, got 0.0"),
        ({"noise": -0.1}, ValueError, "params['noise'] must not be negative, got -0.1"),
        ({"hash": None}, ValueError, "noise needs params['hash'], 64 hex characters, got None"),
    ],
)
def test_a_bad_parameter_is_named(changes, error, message):
    with pytest.raises(error, match=re.escape(message)):
        Effect.checked({**PARAMS, **changes})


def test_missing_parameters_are_named():
    with pytest.raises(ValueError, match="params lacks 'scale': it has rotation, hash"):
        Effect.checked({"rotation": 1, "hash": PARAMS["hash"]})
    with pytest.raises(TypeError, match="params must be a dict of one sample's parameters, got 42"):
        Effect.checked(42)


def test_one_dict_is_no_batch():
    with pytest.raises(TypeError, match=r"batch must be .* a list of dicts, got one dict"):
        samples_of(dpa.gen_augmentation_params(1))
