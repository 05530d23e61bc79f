"""Say what this interpreter lacks for building DPA; exit 1 if anything.

Old Pythons read this file too, to be told that they are old.
"""

import os
import sys

missing = []
if sys.version_info < (3, 11):
    missing.append(("Python 3.11 or newer (this is %d.%d)" % sys.version_info[:2], "python3"))
else:
    import importlib.util
    import shutil
    import sysconfig

    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        missing.append(("the venv module", "python3-venv"))
    if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        missing.append(("Python's headers (Python.h)", "python3-dev"))
    compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    if os.name == "posix" and not shutil.which(compiler.split()[0]):
        missing.append(("a C compiler (%s)" % compiler.split()[0], "gcc"))

for what, package in missing:
    print("missing for %s: %s; Debian and Ubuntu: apt install %s" % (sys.executable, what, package))
sys.exit(1 if missing else 0)
