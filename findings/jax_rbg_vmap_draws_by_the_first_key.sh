#!/bin/bash
# JAX: under vmap the generators "rbg" and "unsafe_rbg", which large runs on TPUs choose for speed
# (JAX_DEFAULT_PRNG_IMPL), make all numbers of a batch from the first key alone. The other keys
# do not count, so what a sample gets depends on which one stands first and on its own place.
# The documentation of jax.random says so; "threefry2x32", the default, is exact.
# Seen with jax 0.10.2 (CPU): "key 1 alone 0.198, behind key 0 0.398; threefry2x32 equal".
# dpa: what else is in a batch changes no value; tests/test_batch.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3.11}" -m venv "$folder/venv"
"$folder/venv/bin/pip" -q --disable-pip-version-check install \
    "jax==${JAX:-0.10.2}" "jaxlib==${JAXLIB:-0.10.2}"
cat >"$folder/run.py" <<'PY'
import jax


def drawn(kind, first):
    keys = jax.random.split(jax.random.key(0, impl=kind), 3)[first:]
    return jax.vmap(jax.random.uniform)(keys), [float(jax.random.uniform(key)) for key in keys]


batch, alone = drawn("rbg", 0)
later, _ = drawn("rbg", 1)
print(f"key 1 alone {alone[1]:.3f}, behind key 0 {float(batch[1]):.3f}; threefry2x32 equal")
assert float(batch[0]) == alone[0]
assert float(batch[1]) != alone[1] == float(later[0])
same = jax.random.key(0, impl="rbg")
pair = jax.numpy.stack([same, jax.random.key(1, impl="rbg")])
other = jax.numpy.stack([same, jax.random.key(2, impl="rbg")])
assert (jax.vmap(jax.random.uniform)(pair) == jax.vmap(jax.random.uniform)(other)).all()
batch, alone = drawn("threefry2x32", 0)
assert batch.tolist() == alone
PY
"$folder/venv/bin/python" "$folder/run.py"
