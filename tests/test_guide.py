"""The guide's snippets, as they stand there but for their imports, in one session's order.

Sections: Basic Usage, Using Presets, Custom Configuration, Save and Load, Statistics,
Single Sample Augmentation, Use Cases, Streaming API.
"""

import textwrap

import pytest

BASIC_USAGE = """
    from dpa import generate_augmentation_chain

    results = generate_augmentation_chain(10, verbose=True)
"""
USING_PRESETS = """
    from dpa import generate_augmentation_chain, get_preset

    config = get_preset("moderate")
    results = generate_augmentation_chain(20, config)
"""
CUSTOM_CONFIGURATION = """
    from dpa import AugmentationConfig, generate_augmentation_chain

    custom_config = AugmentationConfig(
        rotation_range=(-60, 60),
        brightness_range=(0.6, 1.4),
        noise_range=(0, 0.2),
        scale_range=(0.6, 1.4),
        contrast_range=(0.5, 1.5),
        augmentation_depth=15,
    )

    results = generate_augmentation_chain(50, custom_config)
"""
SAVE_AND_LOAD = """
    from dpa import generate_augmentation_chain, load_augmentation_chain

    config = get_preset("moderate")
    results = generate_augmentation_chain(
        100,
        config,
        save_path="augmentations.json"
    )

    loaded = load_augmentation_chain("augmentations.json")
"""
STATISTICS = """
    from dpa import load_augmentation_chain, compute_statistics

    loaded = load_augmentation_chain("augmentations.json")
    stats = compute_statistics(loaded)

    for param, stat_dict in stats.items():
        print(f"{param}: mean={stat_dict['mean']:.3f}, stdev={stat_dict['stdev']:.3f}")
"""
SINGLE_SAMPLE = """
    from dpa import gen_augmentation_params

    params = gen_augmentation_params(seed_id=42)
    print(params)
"""
USE_CASES = """
    config = get_preset("moderate")
    for epoch in range(num_epochs):
        augmentations = generate_augmentation_chain(num_samples, config)
        # Augmentations are identical across epochs

    generate_augmentation_chain(
        num_samples,
        config,
        save_path=f"checkpoints/aug_v{version}.json"
    )

    loaded = load_augmentation_chain("team_augmentations.json")
    # Apply loaded augmentations to your data
"""
BASIC_STREAMING = """
    from dpa import stream_augmentation_chain

    config = get_preset("moderate")

    # Stream parameters for 1 million samples
    param_stream = stream_augmentation_chain(1000000, config, chunk_size=1000)

    for params in param_stream:
        # Process each parameter set individually
        apply_augmentation(image, params)
"""
RANGE_BASED_STREAMING = """
    from dpa import stream_augmentation_range

    # Stream parameters for a specific range
    param_stream = stream_augmentation_range(
        start_id=1000,
        end_id=2000,
        config=config
    )

    for params in param_stream:
        # Process parameters for samples 1000-1999
        process_sample(params)
"""
STREAMING_STATISTICS = """
    from dpa import compute_streaming_statistics

    # Compute statistics without loading all data into memory
    param_stream = stream_augmentation_chain(100000, config)
    stats = compute_streaming_statistics(param_stream)

    print(f"Rotation mean: {stats['rotation']['mean']:.2f}")
"""
NAMES = ["rotation", "brightness", "noise", "scale", "contrast"]


@pytest.fixture
def session(tmp_path, monkeypatch):
    """Runs snippets in one namespace, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    namespace = {}

    def run(*snippets):
        for snippet in snippets:
            exec(textwrap.dedent(snippet), namespace)
        return namespace

    return run


def test_basic_usage(session, capsys):
    assert len(session(BASIC_USAGE)["results"]) == 10
    assert "sample 9: rotation=" in capsys.readouterr().out


def test_using_presets(session):
    results = session(USING_PRESETS)["results"]
    assert len(results) == 20
    assert list(results[0]) == [*NAMES, "hash"]


def test_custom_configuration(session):
    results = session(CUSTOM_CONFIGURATION)["results"]
    assert len(results) == 50
    assert max(abs(row["rotation"]) for row in results) > 45


def test_save_and_load(session):
    found = session(USING_PRESETS, SAVE_AND_LOAD)
    assert found["loaded"] == found["results"]
    assert len(found["loaded"]) == 100


def test_statistics(session, capsys):
    found = session(USING_PRESETS, SAVE_AND_LOAD, STATISTICS)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == NAMES
    assert all(stats["count"] == 100 for stats in found["stats"].values())


def test_single_sample(session, capsys):
    params = session(SINGLE_SAMPLE)["params"]
    assert params["rotation"] == 0.8235536351270127
    assert params["hash"].startswith("3c8f589003fff376")
    assert capsys.readouterr().out == f"{params}\n"


def test_use_cases(session):
    found = session(
        USING_PRESETS,
        "from dpa import load_augmentation_chain",
        "num_epochs, num_samples, version = 2, 30, 3",
        "generate_augmentation_chain(4, config, save_path='team_augmentations.json')",
        USE_CASES,
    )
    assert len(found["loaded"]) == 4
    again = found["load_augmentation_chain"]("checkpoints/aug_v3.json")
    assert again == found["augmentations"]


def test_streaming_api(session, capsys):
    found = session(
        "from dpa import get_preset",
        "image, seen, processed = None, set(), []",
        "def apply_augmentation(image, params): seen.add(params['hash'])",
        "process_sample = processed.append",
        BASIC_STREAMING,
        RANGE_BASED_STREAMING,
        STREAMING_STATISTICS,
    )
    assert len(found["seen"]) == 1_000_000
    chain = found["stream_augmentation_chain"](2000, found["config"])
    assert found["processed"] == list(chain)[1000:]
    assert found["stats"]["rotation"]["count"] == 100_000
    mean = found["stats"]["rotation"]["mean"]
    assert abs(mean) < 0.2
    assert capsys.readouterr().out == f"Rotation mean: {mean:.2f}\n"
