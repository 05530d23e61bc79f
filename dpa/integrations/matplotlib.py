"""Pictures (extra `viz`); implemented in dpa.pictures."""

from dpa.pictures.benchmarks import plot_comparison
from dpa.pictures.chains import plot_chain
from dpa.pictures.figures import SUFFIXES, picture_format, save_pages, save_picture
from dpa.pictures.previews import plot_preview, preset_pages, preview_pages, run_pages
from dpa.pictures.spaces import plot_space

__all__ = [
    "SUFFIXES",
    "picture_format",
    "plot_chain",
    "plot_comparison",
    "plot_preview",
    "plot_space",
    "preset_pages",
    "preview_pages",
    "run_pages",
    "save_pages",
    "save_picture",
]
