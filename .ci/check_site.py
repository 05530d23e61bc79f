"""The site has every public name and command: python .ci/check_site.py SITE, after make docs.

A name is public if a public module has it in its __all__, or if a page uses it. What docs/conf.py
leaves out must exist.
"""

import ast
import importlib
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from zlib import decompress

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
COMMAND = re.compile(r"^\$ (dpa \w+)", re.MULTILINE)
INHERITED = {"dpa.integrations.torch.AugmentedDataset.set_epoch", "dpa.AugmentationConfig.identity"}
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def names_of_site(site: Path) -> set[str]:
    """The Python names that the site describes, from the inventory that Sphinx writes."""
    *_, packed = site.joinpath("objects.inv").read_bytes().split(b"\n", 4)
    lines = decompress(packed).decode().splitlines()
    return {line.split(" ")[0] for line in lines if line.split(" ")[1].startswith("py:")}


def names_of_modules() -> dict[str, set[str]]:
    """__all__ of the public modules, without those whose framework is not installed."""
    found = {}
    for module in json.loads((ROOT / "tests/vectors/public_paths.json").read_text()):
        try:
            found[module] = {*getattr(importlib.import_module(module), "__all__", ())}
        except ImportError:
            continue
    return found


def names_of_pages() -> dict[str, set[str]]:
    """What the blocks of the pages import from dpa, or read as `dpa.name`."""
    found = defaultdict(set)
    for page in PAGES:
        for code in BLOCK.findall(page.read_text(encoding="utf-8")):
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("dpa."):
                    found[node.module] |= {alias.name for alias in node.names}
                elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "dpa":
                    found["dpa"].add(node.attr)
    return found


def commands_of_pages() -> set[str]:
    """The commands that the pages run, such as `dpa verify`."""
    return {each for page in PAGES for each in COMMAND.findall(page.read_text(encoding="utf-8"))}


def commands_of_site(site: Path) -> set[str]:
    """The commands on the page of the command line."""
    return {*re.findall(r"<h2>(dpa \w+)", site.joinpath("command_line.html").read_text("utf-8"))}


def members() -> set[str]:
    """The names in the bodies of the package's classes."""
    found = set()
    for path in ROOT.glob("dpa/**/*.py"):
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for node in each.body if isinstance(each, ast.ClassDef) else ():
                if isinstance(node, ast.FunctionDef):
                    found.add(node.name)
                elif isinstance(node, ast.AnnAssign | ast.Assign):
                    targets = getattr(node, "targets", None) or [node.target]
                    found |= {ast.unparse(target) for target in targets}
    return found


def left_out() -> set[str]:
    """The members that docs/conf.py leaves out."""
    for node in ast.parse((ROOT / "docs/conf.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "INTERNAL":
            return set(" ".join(ast.literal_eval(node.value).values()).split())
    raise ValueError("docs/conf.py has no INTERNAL")


def described(module: str, name: str, site: set[str]) -> bool:
    """Whether the site has the name, or the same object by that name in another module."""
    if f"{module}.{name}" in site:
        return True
    thing = getattr(sys.modules.get(module), name, None)
    modules = {each.rpartition(".")[0] for each in site if each.endswith(f".{name}")}
    others = [getattr(sys.modules.get(other), name, None) for other in modules]
    return thing is not None and any(other is thing for other in others)


def misread(site: Path) -> list[str]:
    """Properties whose docstrings have a colon, before which Sphinx takes the words for a type."""
    words = re.compile(
        r'(?:property|attribute).*?id="([^"]+)".*?>Type<.*?<p>[A-Z][a-z]+ ', re.DOTALL
    )
    found = []
    for page in site.glob("api/*.html"):
        parts = page.read_text(encoding="utf-8").split('<dl class="py ')
        found += [match[1] for match in map(words.match, parts) if match]
    return found


def main(site: Path) -> str | None:
    """What is missing, as sys.exit takes it."""
    if stale := left_out() - members():
        return f"docs/conf.py leaves out what no class has: {', '.join(sorted(stale))}"
    if colons := misread(site):
        return f"a docstring of these begins with words and a colon: {', '.join(sorted(colons))}"
    there = names_of_site(site)
    wanted = [
        (module, name)
        for names in (names_of_modules(), names_of_pages())
        for module, public in names.items()
        for name in public
    ]
    missing = {f"{module}.{name}" for module, name in wanted if not described(module, name, there)}
    missing |= INHERITED - there
    missing |= commands_of_pages() - commands_of_site(site)
    print(f"{len({*wanted})} public names, {len(missing)} of them missing on the site")
    return f"missing: {', '.join(sorted(missing))}; docs/api describes names" if missing else None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
