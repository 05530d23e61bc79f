"""Pictures (extra `viz`): contact sheets of images, and plots of chain files and benchmarks."""

from dpa.checks import extra

with extra("viz", "pictures need matplotlib"):
    import matplotlib.figure  # noqa: F401  # every module here needs it
