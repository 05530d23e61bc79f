"""How two chain files differ; implemented in dpa.files.diff."""

from dpa.files.diff import ChainDiff, diff_chains

__all__ = ["ChainDiff", "diff_chains"]
