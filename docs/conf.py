"""The documentation as a site: make docs."""

import importlib.metadata
import os
import re
import subprocess
import sys
from typing import Any, Generic, TypeVar

import numpy.typing
from sphinx.application import Sphinx
from sphinx.util import inspect

project = "DPA"
author = copyright = "the DPA authors"  # noqa: A001 (Sphinx's name)
release = importlib.metadata.version("dpa-augment")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
html_theme = "furo"
html_title = f"DPA {release}"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
exclude_patterns = ["_build"]

myst_heading_anchors = 3
default_role = "code"  # docstrings say `name`
#: Members that the package's own modules use of each other's classes.
INTERNAL = {
    "samples": "blocks buffers exact field from_rows joined objects part parts require_same"
    " require_sound rounded rows stored values",
    "spaces": "arrays block_size conditions declaration form forms mask plain plan"
    " row_bytes sample_blocks sample_bytes",
    "distributions": "FIELDS KINDS NUMBERS OPTIONAL codes draw item_shape kind layout reach"
    " schedules turns with_numbers with_when words",
    "runs": "derivation facts key_views require_id",
    "adapters": "apply apply_to_bboxes apply_to_keypoints apply_to_mask apply_to_mask3d"
    " apply_to_masks apply_to_masks3d available_keys get_params_dependent_on_data"
    " get_transform_init_args make_params targets_as_params to_dict_private",
}
#: Classes that users get from calls and do not make themselves.
MADE_BY_CALLS = (
    *("AugmentationBatch", "AuditReport", "BatchIterator", "BatchMetrics", "ChainDiff"),
    *("DrawnBatch", "PerformanceMetrics", "ProfileResult", "RemainingSamples"),
)
autodoc_default_options = {
    "members": True,
    "member-order": "bysource",
    "inherited-members": "ABC,BaseException,Enum,Generic,dict,object,str,tuple",  # not theirs
    "exclude-members": " ".join(INTERNAL.values()).replace(" ", ","),
}
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_type_aliases = {"npt.DTypeLike": "numpy.typing.DTypeLike"}
maximum_signature_line_length = 80
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

os.environ["COLUMNS"] = "90"  # the width of help texts
Scalar = TypeVar("Scalar")


class NDArray(Generic[Scalar]):
    """Takes the place of NumPy's alias, whose name signatures would lose."""


numpy.typing.NDArray = NDArray  # type: ignore[assignment, misc]


def help_of(*command: str) -> str:
    """What `dpa COMMAND --help` prints."""
    run = [sys.executable, "-m", "dpa", *command, "--help"]
    return subprocess.run(run, check=True, text=True, stdout=subprocess.PIPE).stdout


def with_commands(app: Sphinx, page: str, source: list[str]) -> None:
    """Puts the help of all commands on the page of the command line."""
    if page == "command_line":
        whole = help_of()
        texts = {"dpa": whole}
        for name in re.findall(r"^ {4}(\w+) ", whole, re.MULTILINE):
            texts[f"dpa {name}"] = help_of(name)
        source[0] += "".join(f"\n## {name}\n\n```text\n{text}```\n" for name, text in texts.items())


def with_units(app: Sphinx, page: str, source: list[str]) -> None:
    """No line ends between a measured number and its unit."""
    if page == "benchmarks":
        source[0] = re.sub(
            r"(?<=\d) (?=([Mk]?/s|[mnu]?s|x|MB) \|)", "\N{NO-BREAK SPACE}", source[0]
        )


def with_arguments(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, arguments: str, returns: str
) -> tuple[str, str] | None:
    """The arguments to show; None: those that Sphinx finds.

    None are shown for what only the package makes; those of __init__ where a mocked base takes any.
    """
    if what == "class" and thing.__name__ in MADE_BY_CALLS:
        return "", returns
    if "TypeAliasForwardRef" in (arguments or ""):  # of an alias within a union
        return re.sub(r"TypeAliasForwardRef\('([\w.]+)'\)", r"\1", arguments), returns
    if what == "class" and (arguments or "").startswith("(*args"):
        found = inspect.signature(thing.__init__, bound_method=True)
        shown = {"unqualified_typehints": True, "show_return_annotation": False}
        return inspect.stringify_signature(found, **shown), returns
    return None


def without_builtins(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """A constant is described by its page, not by the docstring of int or tuple."""
    if what == "data" and lines and lines[0] in (type(thing).__doc__ or ""):
        lines.clear()


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("source-read", with_commands)
    app.connect("source-read", with_units)
    app.connect("autodoc-process-docstring", without_builtins)
    app.connect("autodoc-process-signature", with_arguments)
