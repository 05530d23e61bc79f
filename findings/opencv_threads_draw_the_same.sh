#!/bin/bash
# OpenCV: setRNGSeed() seeds the calling thread alone. Every other thread has a generator of its own
# that begins in one fixed state: the first picture of each thread gets the same noise, whatever
# seed was set, and in every run of the program. A pool of threads that adds noise by cv2.randn
# repeats itself.
# Seen with opencv-python-headless 5.0.0.93: "2 seeds, 4 threads each: 1 noise field".
# dpa: noise is a function of the sample's hash (docs/spec.md, section 11); tests/test_noise.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "opencv-python-headless==${OPENCV_PYTHON_HEADLESS:-5.0.0.93}" "numpy==${NUMPY:-2.4.6}"
cat >"$folder/run.py" <<'PY'
import threading

import cv2
import numpy as np

fields = set()


def draw():
    noise = np.zeros((32, 32), np.float32)
    cv2.randn(noise, 0, 1)
    fields.add(noise.tobytes())


for seed in (1, 2):
    cv2.setRNGSeed(seed)
    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(f"2 seeds, 4 threads each: {len(fields)} noise field")
assert len(fields) == 1
cv2.setRNGSeed(1)
draw()  # in the thread that was seeded
assert len(fields) == 2
PY
"$folder/venv/bin/python" "$folder/run.py"
