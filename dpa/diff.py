"""What distinguishes two files: the public names of dpa.files.diff."""

from dpa.files.diff import ChainDiff, diff_chains

__all__ = ["ChainDiff", "diff_chains"]
