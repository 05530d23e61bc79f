# make demo, make test: from a fresh clone to a result, with Python >= 3.11 (headers and venv),
# a C compiler and make; everything else is installed into .venv.
#   PYTHON=python3.12   the interpreter (default: the newest usable one)
#   ARGS="-k keys"      passed on to pytest, the demo or the benchmark

.DEFAULT_GOAL := help
LINTERS := ruff mypy stubtest cython-lint layers workflows
.PHONY: help demo test torch types bench lint $(LINTERS) docs dist spec audit adapters clean FORCE
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
# Two files at a time: tests of threads and memory want most of the machine. ARGS="-n 0" ends it.
IN_PARALLEL := -n 2 --dist loadfile
# -qq: errors alone; the warnings are about pip and editable installs.
PIP := $(BIN)/python -m pip -qq
PYTHON ?= $(or $(shell for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$python .ci/prerequisites.py >/dev/null 2>&1 && echo $$python && break; done),python3)

help:
	@echo "make demo | test | torch | types | bench | lint | docs | dist | spec | audit | adapters | clean"

demo: $(VENV)/installed
	@$(BIN)/python examples/demo.py $(ARGS)

test: $(VENV)/tested
	@echo "== running the tests"
	@$(BIN)/python -m pytest $(IN_PARALLEL) $(ARGS)

torch types: %: $(VENV)/with-%

bench: $(VENV)/tested
	@$(BIN)/python -m bench $(ARGS)

lint: $(LINTERS)

ruff: $(VENV)/linted
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

mypy: $(VENV)/linted
	@$(BIN)/mypy

stubtest: $(VENV)/linted
	@$(BIN)/stubtest dpa._native dpa._columns dpa._text dpa._pixels --mypy-config-file pyproject.toml \
		--allowlist .ci/stubtest-allowlist

cython-lint: $(VENV)/linted
	@PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint dpa # it looks for pycodestyle there

layers: $(VENV)/linted
	@$(BIN)/lint-imports --no-logo --no-cache

# Warnings are errors: a link that leads nowhere, too.
docs: $(VENV)/installed $(VENV)/with-docs
	@$(BIN)/python docs/images_pictures.py
	@$(BIN)/python -m sphinx -qW --keep-going -b html docs build/docs
	@$(BIN)/python .ci/check_site.py build/docs
	@echo "the site: build/docs/index.html"

workflows: $(VENV)/linted
	@$(BIN)/zizmor --quiet --offline --no-progress --persona pedantic .github
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*
	@$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms \
		$(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*))
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config \
		.github/ISSUE_TEMPLATE/config.yml

# The date inside the wheel is the last commit's: the same sources make the same bytes.
# auditwheel looks for patchelf in PATH.
dist: export SOURCE_DATE_EPOCH ?= $(or $(shell git log -1 --pretty=%ct 2>/dev/null),315532800)
dist: export PATH := $(CURDIR)/$(BIN):$(PATH)
dist: $(VENV)/with-package
	@rm -rf dist
	@{ $(BIN)/python -m build --outdir dist . && if [ "$$(uname)" = Linux ]; then \
		auditwheel repair --wheel-dir dist dist/*-linux_*.whl && rm dist/*-linux_*.whl; fi; \
		} >build.log 2>&1 || { cat build.log; exit 1; }
	@rm build.log
	@$(BIN)/python .ci/check_dist.py dist

# The specification with its vectors, to give to whoever writes a reader in another language.
spec:
	@$(PYTHON) .ci/spec_archive.py build

# Each extra in an environment of its own, with what make dist has left: EXTRAS="kornia cli", by
# default all.
adapters:
	@$(BIN)/python .ci/check_extras.py dist $(EXTRAS)

# Of what make dist has left: is it fit for PyPI, and will a release have a wheel for each platform?
audit: $(VENV)/with-package
	@if [ "$$(uname)" = Linux ]; then $(BIN)/auditwheel show dist/*.whl; fi
	@$(BIN)/abi3audit --strict --verbose dist/*.whl
	@$(BIN)/check-wheel-contents dist/*.whl
	@$(BIN)/twine check --strict dist/*
	@for platform in linux macos windows; do \
		$(BIN)/cibuildwheel --platform $$platform --print-build-identifiers . || exit 1; \
	done | diff .ci/wheel-identifiers - && echo "the identifiers are those of .ci/wheel-identifiers"

clean:
	rm -rf .venv* build dist *.egg-info .hypothesis .*_cache dpa/_*.c dpa/*.so
	@if [ -f tests/c/Makefile ]; then $(MAKE) --no-print-directory -C tests/c clean; fi

# An interpreter asked for by name replaces the environment of another one.
ifneq ($(filter command line environment,$(origin PYTHON)),)
ifneq ($(PYTHON),$(shell cat $(VENV)/made 2>/dev/null))
$(VENV)/made: FORCE
endif
endif

$(VENV)/made:
	@command -v $(PYTHON) >/dev/null || { \
		echo "missing: $(PYTHON) (3.11 or newer); Debian and Ubuntu: apt install python3 python3-dev python3-venv gcc"; \
		exit 1; }
	@$(PYTHON) .ci/prerequisites.py
	@echo "== making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install 'pip==26.3' # dependency groups need 25.1
	@echo $(PYTHON) >$@

# The install is editable: only what is compiled or declared asks for another one.
$(VENV)/installed: $(VENV)/made pyproject.toml setup.py $(wildcard csrc/*.* csrc/*/*.* dpa/*.pyx dpa/*.pxd)
	@echo "== compiling and installing dpa"
	@$(PIP) install --editable '.[cli,viz]'
	@touch $@

$(VENV)/tested: $(VENV)/installed
	@echo "== installing the test tools"
	@$(PIP) install --group test
	@touch $@

# Groups of tools; the tests with torch or types are skipped where these are not installed.
$(VENV)/with-%: $(VENV)/made pyproject.toml
	@echo "== installing the group $*"
	@$(PIP) install --group $*
	@touch $@

$(VENV)/linted: $(VENV)/tested
	@echo "== installing the lint tools"
	@$(PIP) install --group lint
	@touch $@
