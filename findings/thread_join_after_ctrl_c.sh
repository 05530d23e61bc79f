#!/bin/bash
# CPython 3.11 and 3.12 (3.13 no more): a KeyboardInterrupt in Thread.join() makes a running thread count as dead. Its
# is_alive() is False, join() returns at once, enumerate() leaves it out, and it goes on working.
# A library that joins its helpers "again" after Ctrl-C so returns while they still write.
# Seen with 3.11.7, no packages: "is_alive False, join took 0.0 s, still working True".
# dpa: host/threads.py counts the helpers' own ends; tests/test_reliability.py.
set -euo pipefail
python=${PYTHON:-python3.11}
command -v "$python" >/dev/null || { echo "needs Python 3.11 or 3.12, which have this"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/join.py" <<'PY'
import signal
import sys
import threading
import time

assert sys.version_info[:2] in ((3, 11), (3, 12)), sys.version
stop, ticks = threading.Event(), []


def work():
    while not stop.wait(0.01):
        ticks.append(None)


def ctrl_c(*_):
    raise KeyboardInterrupt


thread = threading.Thread(target=work)
thread.start()
signal.signal(signal.SIGALRM, ctrl_c)
signal.setitimer(signal.ITIMER_REAL, 0.2)
try:
    thread.join()
except KeyboardInterrupt:
    pass
start, before = time.monotonic(), len(ticks)
thread.join(timeout=5)
took, alive = time.monotonic() - start, thread.is_alive()
time.sleep(0.2)
working = len(ticks) > before
stop.set()
print(f"is_alive {alive}, join took {took:.1f} s, still working {working}")
assert (alive, round(took, 1), working) == (False, 0.0, True)
PY
"$python" "$folder/join.py"
