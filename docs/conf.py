"""The documentation as a site: make docs."""

import dpa

project = "DPA"
author = copyright = "the DPA authors"  # noqa: A001 (Sphinx's name)
release = dpa.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
html_theme = "furo"
html_title = f"DPA {release}"
html_static_path: list[str] = []
exclude_patterns = ["_build"]

myst_heading_anchors = 3
default_role = "code"  # docstrings say `name`
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
# Frameworks of extras: their names are all that the docstrings need.
autodoc_mock_imports = [
    "PIL",
    "albumentations",
    "dask",
    "duckdb",
    "matplotlib",
    "pandas",
    "polars",
    "pyarrow",
    "pyspark",
    "ray",
    "scipy",
    "torch",
    "torchvision",
]
autodoc_preserve_defaults = True
nitpicky = False
suppress_warnings = ["misc.highlighting_failure"]
