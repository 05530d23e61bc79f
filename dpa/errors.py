"""The package's own exceptions; bad arguments raise ValueError or TypeError themselves."""


class ChainFileError(ValueError):
    """A chain file that is damaged, truncated, foreign or contradicts itself.

    The message names the file and the place.
    """
