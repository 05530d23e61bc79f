#!/bin/bash
# torchdata: the state that a StatefulDataLoader has inside the loop, at the last batch of an epoch,
# resumes into a pass without any batch. The state after the loop, with the same number of batches
# behind it, resumes into a whole epoch. A run that saves every so many steps so loses an epoch,
# or counts one in which nothing was trained, whenever that step is an epoch's last.
# Seen with torchdata 0.11.0, torch 2.13.0: "saved at the last batch 0, 2, saved after the loop 2, 2".
# dpa: docs/training.md says so; EpochSampler's own state goes on in the next epoch;
# tests/test_trainers.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "torchdata==${TORCHDATA:-0.11.0}" "torch==${TORCH:-2.13.0}" "numpy==${NUMPY:-2.4.6}"
cat >"$folder/run.py" <<'PY'
import warnings

from torchdata.stateful_dataloader import StatefulDataLoader

warnings.simplefilter("ignore")


def loader():
    return StatefulDataLoader(range(4), batch_size=2)


def passes(state):
    resumed = loader()
    resumed.load_state_dict(state)
    return [len(list(resumed)) for _ in range(2)]


first = loader()
states = [first.state_dict() for _ in first]
at_last, after = passes(states[-1]), passes(first.state_dict())
print("saved at the last batch %d, %d, saved after the loop %d, %d" % (*at_last, *after))
assert at_last == [0, 2]
assert after == [2, 2]
PY
"$folder/venv/bin/python" "$folder/run.py"
