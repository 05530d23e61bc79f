"""Chain files: one module per format, one protocol."""

from dpa.files.metadata import Metadata

__all__ = ["Metadata"]
