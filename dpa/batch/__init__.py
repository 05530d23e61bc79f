"""Batches of a stream: consecutive, dealt out in turn, sized by memory, or by what is fastest."""

from dpa.batch.config import BatchConfig, BatchStrategy
from dpa.batch.errors import MemoryLimitExceededError
from dpa.batch.memory import MemoryAwareBatcher, MemoryReading, read_memory
from dpa.batch.processor import BatchIterator, BatchMetrics, BatchProcessor, Clock
from dpa.host.memory import MB

__all__ = [
    "MB",
    "BatchConfig",
    "BatchIterator",
    "BatchMetrics",
    "BatchProcessor",
    "BatchStrategy",
    "Clock",
    "MemoryAwareBatcher",
    "MemoryLimitExceededError",
    "MemoryReading",
    "read_memory",
]
