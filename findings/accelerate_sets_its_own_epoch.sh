#!/bin/bash
# accelerate 1.15: a prepared loader calls set_epoch of the data set (and of samplers that have one) at the begin of each
# pass, with its own count of passes, which is 0 in every new process. What the program set before is overwritten in
# silence, so a run that resumes in epoch 3 trains epoch 0 again.
# Seen with accelerate 1.15.0, torch 2.13.0 (CPU), CPython 3.11.7: "set [3, 0, 4, 1], used [0, 1]".
# dpa: EpochSampler carries the epoch with the index (docs/training.md); tests/test_trainers.py.
set -euo pipefail
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q accelerate==1.15.0 torch==2.13.0 numpy==2.4.6
cat >"$folder/resume.py" <<'PY'
from accelerate import Accelerator
from torch.utils.data import DataLoader, Dataset

told, used = [], []


class Samples(Dataset):
    def __len__(self):
        return 2

    def set_epoch(self, epoch):
        told.append(epoch)

    def __getitem__(self, index):
        used.append(told[-1])
        return index


samples = Samples()
loader = Accelerator(cpu=True).prepare(DataLoader(samples))
for epoch in (3, 4):  # as after a restart
    samples.set_epoch(epoch)
    for _ in loader:
        pass
print(f"set {told}, used {sorted(set(used))}")
assert (told, sorted(set(used))) == ([3, 0, 4, 1], [0, 1])
PY
"$folder/venv/bin/python" "$folder/resume.py"
