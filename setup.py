"""The native extensions; all else is in pyproject.toml."""

import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup

# One cp311-abi3 wheel serves 3.11 and up; the dict stream loses 2.4 % to the limited API, one id
# at a time 3 % (alternating runs of both builds, Zen 5). Free-threaded builds cannot load it.
LIMITED_API = not sysconfig.get_config_var("Py_GIL_DISABLED")
# On Windows both kinds share one pyconfig.h, which does not say which it is.
macros = [("Py_LIMITED_API", "0x030B0000") if LIMITED_API else ("Py_GIL_DISABLED", "1")]

WINDOWS = sysconfig.get_platform().startswith("win")
if WINDOWS:  # MSVC; MinGW's platform is "mingw..."
    compile_args, link_args = ["/O2", "/std:c11", "/fp:precise"], []
else:
    # A fused multiply-add would change the last bit of values on some CPUs.
    compile_args = ["-std=c11", "-O3", "-ffp-contract=off", "-fvisibility=hidden", "-g0"]
    compile_args += ["-fno-math-errno", "-fno-trapping-math"]  # loops vectorise; no bit changes
    link_args = ["-Wl,-x" if sys.platform == "darwin" else "-Wl,-s"]  # Apple's ld has no -s

# Each module links the part of csrc that it calls.
LINKED = {
    "_native": ["hash/*.c", "sample/*.c", "summary/leaves.c"],
    "_columns": ["hash/sha256.c", "summary/moments.c"],
    "_text": ["hash/sha256.c", "text/*.c"],
    "_pixels": ["hash/cpu.c", "hash/kernel_portable.c", "hash/sha256.c", "image/*.c"],
}


def matching(folder: str, *patterns: str) -> list[str]:
    """The paths under a folder that match any of the patterns."""
    return sorted(p.as_posix() for pattern in patterns for p in Path(folder).glob(pattern))


headers = [*matching("csrc", "**/*.h", "**/*.inc"), *matching("dpa", "*.pxd")]

setup(
    ext_modules=[
        Extension(
            f"dpa.{name}",
            sources=[f"dpa/{name}.pyx", *matching("csrc", *linked)],
            depends=headers,
            include_dirs=["csrc"],
            define_macros=macros,
            py_limited_api=LIMITED_API,
            extra_compile_args=compile_args,
            extra_link_args=link_args,
            libraries=[] if WINDOWS else ["m"],  # fmod, which is exact everywhere
        )
        for name, linked in LINKED.items()
    ],
    options={
        "build_ext": {"cython_c_in_temp": True},  # generated C stays out of the tree
        **({"bdist_wheel": {"py_limited_api": "cp311"}} if LIMITED_API else {}),
    },
)
