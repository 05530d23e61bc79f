# Sourced by run and full: named, timed steps; the first failure ends the script.

set -uo pipefail
exec </dev/null
export CI=true PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
# A caller's environment must not change what is tested.
unset DPA_KERNEL DPA_NUM_THREADS OMP_NUM_THREADS DPA_NO_SKIPS PYTHONPATH VIRTUAL_ENV MAKEFLAGS
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
table=()
closing= # the last line of pytest in the latest step that ran it

step() { # step PURPOSE COMMAND...
    local purpose=$1 start=$SECONDS
    shift
    printf '\n=== %s\n    $ %s\n' "$purpose" "$*"
    if ! "$@" 2>&1 | tee "$scratch/output"; then
        printf '\nFAILED after %d s: %s\n' $((SECONDS - start)) "$purpose"
        exit 1
    fi
    table+=("$(printf '%5d s  %s' $((SECONDS - start)) "$purpose")")
    tests=$(grep -aE '\b[0-9]+ passed.* in [0-9.]+s' "$scratch/output" | tail -1 || true)
    [ -z "$tests" ] || closing=$tests
}

c_tests() { # c_tests VARIABLE=VALUE...
    make -s -j "$(nproc)" -C tests/c check "$@"
}

print_table() {
    printf '\n=== seconds per step\n'
    printf '%s\n' "${table[@]}" "$(printf '%5d s  in all' $SECONDS)"
}

# reproduces: the wheel of make dist, built again, has the same bytes
reproduces() {
    sha256sum dist/*.whl >"$scratch/sums" && make dist && sha256sum --check "$scratch/sums"
}

# with_pip VENV: the pinned test tools, and what DPA_NO_SKIPS asks for
with_pip() {
    # shellcheck disable=SC2086 # several options
    "$1/bin/python" -m pip install -qq dist/*.whl --group test ${DPA_NO_SKIPS:+--group torch --group types}
}

# with_uv VENV RESOLUTION: the oldest or the newest release of all that pyproject.toml asks for
with_uv() {
    local extras=(--extra audit --extra cli --extra image --extra parquet --extra viz)
    .venv/bin/uv pip install --python "$1" --resolution "$2" --only-binary :all: \
        -r pyproject.toml "${extras[@]}" --group test-core dist/*.whl
}

# test_wheel PYTHON [lowest-direct or highest]: the tests, from the unpacked sdist without its
# sources: only the wheel can be imported.
test_wheel() {
    local venv=$PWD/.venv-wheel tree=$scratch/tree
    rm -rf "$tree" && mkdir "$tree" &&
        "$1" -m venv --clear "$venv" &&
        "$venv/bin/python" -m pip install -qq 'pip==26.3' &&
        if [ $# = 1 ]; then with_pip "$venv"; else with_uv "$venv" "$2"; fi &&
        tar -xzf dist/*.tar.gz -C "$tree" --strip-components=1 &&
        rm -r "$tree"/{dpa,csrc,setup.py} &&
        # An old release of one package may call what a new one of another has deprecated.
        (cd "$tree" && "$venv/bin/python" -m pytest -q -n 2 --dist loadfile ${2:+-W default::DeprecationWarning})
}
