"""dpa.integrations.torch.kernels: compiled for GPUs that need not be there, and interpreted."""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from frameworks import require

torch = require("torch")
triton = require("triton", "torch")

import triton.language as tl  # noqa: E402 (needs triton)
from triton.backends.compiler import GPUTarget  # noqa: E402
from triton.compiler import ASTSource  # noqa: E402

from dpa.integrations.torch import kernels, powers  # noqa: E402
from dpa.integrations.torch.place_kernel import EDGE, FILL, REFLECT, place  # noqa: E402
from dpa.integrations.torch.steps import CUBIC, LINEAR, NEAREST  # noqa: E402
from dpa.integrations.torch.tone_kernels import make_levels, tone  # noqa: E402

HERE = Path(__file__).parent
#: Operations that are not rounded to nearest, or that the assembler may fuse: those without .rn.
INEXACT = re.compile(r"\b(?:fma|(?:add|sub|mul|div)\.f|\w+\S*\.(?:ftz|approx|full))\S*")


def compiled(kernel, architecture, *, interpolation=LINEAR, **constants):
    """A kernel compiled for NVIDIA GPUs, with what a launch by kernels.augmented says of it."""
    types = {"steps_ptr": "*i64", "sums_ptr": "*i64", "table_ptr": "*fp32", "levels_ptr": "*u8"}
    pixel = "*u8" if constants["FULL_RANGE"] == 255.0 else "*fp32"
    types |= {"images_ptr": pixel, "out_ptr": pixel, "fill": "fp32", "erase_fill": "fp32"}
    known = {"stride_x": 1, "out_p": 1, "INTERPOLATION": interpolation, "RUNS": kernels.RUNS}
    names = kernel.arg_names
    constants = {name: value for name, value in (constants | known).items() if name in names}
    signature = {name: types.get(name, "i32") for name in names}
    signature |= dict.fromkeys(constants, "constexpr")
    values = {(names.index(name),): value for name, value in constants.items()}
    source = ASTSource(kernel, signature, values)
    options = kernels.launch_options(interpolation)
    return triton.compile(source, target=GPUTarget("cuda", architecture, 32), options=options)


def spilled_bytes(ptx, architecture, folder):
    """Of each function, by the assembler that comes with Triton."""
    source = folder / "kernel.ptx"
    source.write_text(ptx)
    ptxas = Path(triton.__file__).parent / "backends/nvidia/bin/ptxas"
    name = f"sm_{architecture}" + "a" * (architecture == 90)
    call = [ptxas, "-v", f"--gpu-name={name}", source, "-o", os.devnull]
    said = subprocess.run(call, capture_output=True, text=True, check=True).stderr
    print(re.findall(r"Used \d+ registers|\d+ bytes spill stores", said))
    return [int(size) for size in re.findall(r"(\d+) bytes spill", said)]


@pytest.mark.parametrize(
    ("border", "mean"),
    [(REFLECT, False), (EDGE, False), (FILL, False), (REFLECT, True)],
    ids=["reflect", "edge", "fill", "mean"],
)
@pytest.mark.parametrize(
    "interpolation", [LINEAR, NEAREST, CUBIC], ids=["linear", "nearest", "cubic"]
)
@pytest.mark.parametrize("full_range", [255.0, 1.0], ids=["uint8", "float32"])
def test_the_compiled_kernel_rounds_each_step_and_keeps_to_its_registers(
    full_range, interpolation, border, mean, tmp_path
):
    constants = {"FULL_RANGE": full_range, "CHANNELS": 3, "BORDER": border.value}
    constants |= {"OFFSET": tl.int32, "NARROW": False, "HAS_GAMMA": True, "HAS_MEAN": mean}
    for kernel in (place, tone):
        ptx = compiled(kernel, 90, interpolation=interpolation, **constants).asm["ptx"]
        assert not INEXACT.findall(ptx)
        assert sum(spilled_bytes(ptx, 90, tmp_path)) <= 32  # gamma of float32: two words a thread
    assert "mul.rn.f32" in ptx


@pytest.mark.parametrize("architecture", [75, 80, 90])
@pytest.mark.parametrize("full_range", [255.0, 0.9], ids=["uint8", "float32"])
def test_the_constants_of_powers_stay_doubles(architecture, full_range):
    if full_range == 255.0:
        ptx = compiled(make_levels, architecture, FULL_RANGE=full_range).asm["ptx"]
    else:
        constants = {"CHANNELS": 1, "BORDER": EDGE.value, "OFFSET": tl.int64, "HAS_GAMMA": True}
        constants |= {"HAS_MEAN": False, "NARROW": True, "FULL_RANGE": full_range}
        ptx = compiled(place, architecture, **constants).asm["ptx"]
    assert not INEXACT.findall(ptx)
    assert "div.rn.f64" in ptx
    numbers = [*powers.LOG_EVEN, *powers.LOG_ODD, *powers.EXP, full_range]
    numbers += [powers.LN2_HIGH, powers.LN2_LOW, powers.PER_LN2]
    for number in numbers:
        bits, negative = (struct.pack(">d", x).hex().upper() for x in (number, -number))
        assert f"0d{bits}" in ptx or f"0d{negative}" in ptx, number


def test_the_interpreted_kernels_make_the_bits_of_arrays():
    """Triton interprets only what is imported with TRITON_INTERPRET=1: a process of its own."""
    call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [*call, HERE / "interpreted_kernels.py"],
        env=os.environ | {"TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
        cwd=HERE.parent,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ passed", done.stdout)
    assert "skipped" not in done.stdout
