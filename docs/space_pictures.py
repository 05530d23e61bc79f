"""Draws the policies of space.md as that page declares them: python docs/space_pictures.py."""

import contextlib
import io
import re
import tempfile
from pathlib import Path

from PIL import Image

from dpa.integrations.matplotlib import plot_space, save_picture
from dpa.space import Space

DOCS = Path(__file__).parent.absolute()


def policies() -> dict[str, Space]:
    """The spaces by the names of the pictures that the page shows of them."""
    text = (DOCS / "space.md").read_text("utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    variables: dict[str, Space] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),  # the page writes files
        contextlib.redirect_stdout(io.StringIO()),
    ):
        exec(compile(code, "space.md", "exec"), variables)
    return {name: variables[name] for name in re.findall(r"\(space_(\w+)\.png\)", text)}


if __name__ == "__main__":
    for name, space in policies().items():
        path = DOCS / f"space_{name}.png"
        save_picture(plot_space(space), path)
        with Image.open(path) as picture:
            few_colours = picture.convert("RGB").quantize(32, dither=Image.Dither.NONE)
        few_colours.save(path, optimize=True)  # a third of the bytes
