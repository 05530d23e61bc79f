#!/bin/bash
# Hugging Face datasets: map() caches by a hash of the function's pickle. A function of an importable
# module is pickled by its name, so an edit of the module changes nothing: the next run reads what
# the old code made. In a notebook or in __main__, where most people try it, the edit counts.
# Seen with datasets 5.2.0: "factor 2: [2, 4]; after the edit to 3: [2, 4]".
# dpa: what it passes to map carries algorithm, space and version in its pickle
# (integrations/huggingface.py); tests/test_huggingface.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "datasets==${DATASETS:-5.2.0}"
cat >"$folder/run.py" <<'PY'
import os
import subprocess
import sys
from pathlib import Path

folder = Path(__file__).parent
environment = {
    **os.environ,
    "HF_HOME": str(folder / "home"),
    "HF_HUB_OFFLINE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


run("import datasets; datasets.Dataset.from_dict({'x': [1, 2]}).save_to_disk('rows')")
made = []
for factor in (2, 3):
    (folder / "steps.py").write_text(f"def scaled(row):\n    return {{'y': {factor} * row['x']}}\n")
    made.append(run(
        "import datasets, steps\n"
        "print(datasets.load_from_disk('rows').map(steps.scaled)['y'][:])"
    ))
print(f"factor 2: {made[0]}; after the edit to 3: {made[1]}")
assert made == ["[2, 4]", "[2, 4]"]
PY
"$folder/venv/bin/python" "$folder/run.py"
