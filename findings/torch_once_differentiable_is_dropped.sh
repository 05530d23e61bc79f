#!/bin/bash
# PyTorch 2.13: once_differentiable raises in a second .backward(), but torch.autograd.grad(..., inputs), and with it
# torch.autograd.functional.hessian, leaves the function's second derivative out without a word: its terms are missing.
# A custom function that is marked so gives wrong Hessians where an error is expected.
# Seen with torch 2.13.0 (CPU) on CPython 3.11.7: "backward raises True, hessian 2.0 of 6.0".
# dpa: those of integrations/torch/operations.py and integrations/torch/powers.py have second derivatives;
# tests/test_torch_tensors.py, test_second_derivatives.
set -euo pipefail
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.13.0 numpy==2.4.6
cat >"$folder/once.py" <<'PY'
import torch
from torch.autograd.function import once_differentiable


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * 2 * x


def energy(x):
    return (x * Square.apply(x)).sum()  # x ** 3: the second derivative is 6 x


x = torch.tensor([1.0], requires_grad=True)
(first,) = torch.autograd.grad(energy(x), x, create_graph=True)
try:
    first.backward()
    raised = False
except RuntimeError:
    raised = True
hessian = torch.autograd.functional.hessian(energy, torch.tensor([1.0])).item()
print(f"backward raises {raised}, hessian {hessian} of 6.0")
assert raised
assert hessian != 6.0
PY
"$folder/venv/bin/python" "$folder/once.py"
