"""Batches of a stream: consecutive, dealt in turn, sized by memory, or sized for speed."""

from dpa.batch.config import BatchConfig, BatchStrategy
from dpa.batch.errors import (
    BatchProcessingError,
    InvalidBatchConfigError,
    InvalidStreamError,
    MemoryLimitExceededError,
)
from dpa.batch.memory import (
    MemoryAwareBatcher,
    MemoryInfo,
    MemoryReading,
    get_memory_usage,
    memory_monitor,
    read_memory,
)
from dpa.batch.processor import BatchIterator, BatchMetrics, BatchProcessor, Clock
from dpa.host.memory import MB

__all__ = [
    "MB",
    "BatchConfig",
    "BatchIterator",
    "BatchMetrics",
    "BatchProcessingError",
    "BatchProcessor",
    "BatchStrategy",
    "Clock",
    "InvalidBatchConfigError",
    "InvalidStreamError",
    "MemoryAwareBatcher",
    "MemoryInfo",
    "MemoryLimitExceededError",
    "MemoryReading",
    "get_memory_usage",
    "memory_monitor",
    "read_memory",
]
