"""Deterministic Procedural Augmentation: parameters that depend only on the sample and its key."""

import importlib
import typing

from dpa._native import active_kernel, kernels
from dpa.derivation.config import PARAMETERS, PRESETS, AugmentationConfig, get_preset
from dpa.derivation.derivation import AugmentationBatch
from dpa.derivation.generate import (
    gen_augmentation_params,
    gen_augmentation_seed,
    generate_augmentation_batch,
    generate_uniforms,
)
from dpa.errors import ChainFileError
from dpa.errors import GeneratorExhaustionError as GeneratorExhaustionError
from dpa.errors import PartialWriteError as PartialWriteError
from dpa.errors import ResourceCleanupError as ResourceCleanupError
from dpa.errors import StreamingError as StreamingError
from dpa.errors import StreamingIOError as StreamingIOError

# Imported on first use: what not every process needs, so that `import dpa` takes less than half.
if typing.TYPE_CHECKING:
    from dpa import batch as batch
    from dpa import benchmark as benchmark
    from dpa import config as config
    from dpa import diff as diff
    from dpa import distributed as distributed
    from dpa import noise as noise
    from dpa import recipes as recipes
    from dpa import space as space
    from dpa import statistics as statistics
    from dpa.batch import BatchConfig as BatchConfig
    from dpa.batch import BatchMetrics as BatchMetrics
    from dpa.batch import BatchProcessor as BatchProcessor
    from dpa.batch import BatchStrategy as BatchStrategy
    from dpa.benchmark import BenchmarkRunner as BenchmarkRunner
    from dpa.benchmark import PerformanceProfiler as PerformanceProfiler
    from dpa.benchmark import benchmark_function as benchmark_function
    from dpa.benchmark import measure_memory as measure_memory
    from dpa.benchmark import measure_time as measure_time
    from dpa.compatibility import convert_stream_to_batches as convert_stream_to_batches
    from dpa.compatibility import create_simple_progress_callback as create_simple_progress_callback
    from dpa.compatibility import format_progress_info as format_progress_info
    from dpa.compatibility import generator_to_list as generator_to_list
    from dpa.compatibility import get_batch_metrics as get_batch_metrics
    from dpa.compatibility import list_to_generator as list_to_generator
    from dpa.compatibility import process_augmentation_batches as process_augmentation_batches
    from dpa.compatibility import (
        stream_augmentation_chain_batched as stream_augmentation_chain_batched,
    )
    from dpa.compatibility import (
        stream_augmentation_chain_with_memory_limit as stream_augmentation_chain_with_memory_limit,
    )
    from dpa.compatibility import (
        stream_augmentation_range_batched as stream_augmentation_range_batched,
    )
    from dpa.derivation.digest import SampleDigest, expected_digest
    from dpa.derivation.statistics import (
        Statistics,
        compute_statistics,
        compute_streaming_statistics,
        theoretical_statistics,
    )
    from dpa.files.generating import generate_augmentation_chain
    from dpa.files.loading import (
        load_augmentation_batch,
        load_augmentation_chain,
        load_augmentation_config,
        load_augmentation_stream,
    )
    from dpa.files.recipes import save_augmentation_recipe
    from dpa.files.runs import Run
    from dpa.files.saving import save_augmentation_chain, save_augmentation_stream
    from dpa.files.verify import verify_augmentation_chain
    from dpa.streams.progress import StreamingProgress as StreamingProgress
    from dpa.streams.streams import (
        stream_augmentation_batches,
        stream_augmentation_chain,
        stream_augmentation_range,
    )
else:
    _ELSEWHERE = {
        "dpa.batch": "BatchConfig BatchMetrics BatchProcessor BatchStrategy",
        "dpa.benchmark": (
            "BenchmarkRunner PerformanceProfiler benchmark_function measure_memory measure_time"
        ),
        "dpa.compatibility": (
            "convert_stream_to_batches create_simple_progress_callback format_progress_info "
            "generator_to_list get_batch_metrics list_to_generator process_augmentation_batches "
            "stream_augmentation_chain_batched stream_augmentation_chain_with_memory_limit "
            "stream_augmentation_range_batched"
        ),
        "dpa.derivation.digest": "SampleDigest expected_digest",
        "dpa.derivation.statistics": (
            "Statistics compute_statistics compute_streaming_statistics theoretical_statistics"
        ),
        "dpa.files.generating": "generate_augmentation_chain",
        "dpa.files.loading": (
            "load_augmentation_batch load_augmentation_chain load_augmentation_config "
            "load_augmentation_stream"
        ),
        "dpa.files.recipes": "save_augmentation_recipe",
        "dpa.files.runs": "Run",
        "dpa.files.saving": "save_augmentation_chain save_augmentation_stream",
        "dpa.files.verify": "verify_augmentation_chain",
        "dpa.streams.progress": "StreamingProgress",
        "dpa.streams.streams": (
            "stream_augmentation_batches stream_augmentation_chain stream_augmentation_range"
        ),
    }
    _MODULES = (
        *("audit", "batch", "benchmark", "config", "diff", "distributed"),
        *("noise", "recipes", "space", "statistics"),
    )
    _MODULE_OF = {name: module for module, names in _ELSEWHERE.items() for name in names.split()}

    def __getattr__(name):
        """Imports a module, or a name of another module, on first use."""
        if name in _MODULES:
            return importlib.import_module(f"dpa.{name}")
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(_MODULE_OF[name]), name)
        globals()[name] = found  # a later look takes no longer than any other
        return found

    def __dir__():
        return sorted({*globals(), *_MODULE_OF})


__version__ = "0.1.0"

__all__ = [
    "PARAMETERS",
    "PRESETS",
    "AugmentationBatch",
    "AugmentationConfig",
    "ChainFileError",
    "Run",
    "SampleDigest",
    "Statistics",
    "active_kernel",
    "compute_statistics",
    "compute_streaming_statistics",
    "expected_digest",
    "gen_augmentation_params",
    "gen_augmentation_seed",
    "generate_augmentation_batch",
    "generate_augmentation_chain",
    "generate_uniforms",
    "get_preset",
    "kernels",
    "load_augmentation_batch",
    "load_augmentation_chain",
    "load_augmentation_config",
    "load_augmentation_stream",
    "save_augmentation_chain",
    "save_augmentation_recipe",
    "save_augmentation_stream",
    "stream_augmentation_batches",
    "stream_augmentation_chain",
    "stream_augmentation_range",
    "theoretical_statistics",
    "verify_augmentation_chain",
]
