# make demo, make test: from a fresh clone to a result, with Python >= 3.11 (headers and venv),
# a C compiler and make; everything else is installed into .venv.
#   PYTHON=python3.12   the interpreter (default: the newest usable one)
#   ARGS="-k keys"      passed on to pytest, the demo or the benchmark

.DEFAULT_GOAL := help
LINTERS := ruff mypy stubtest cython-lint layers
.PHONY: help demo test torch bench lint $(LINTERS) docs dist clean FORCE
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
# -qq: errors alone; the warnings are about pip and editable installs.
PIP := $(BIN)/python -m pip -qq
PYTHON ?= $(or $(shell for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$python .ci/prerequisites.py >/dev/null 2>&1 && echo $$python && break; done),python3)

help:
	@echo "make demo | test | torch | bench | lint | docs | dist | clean"

demo: $(VENV)/installed
	@$(BIN)/python examples/demo.py $(ARGS)

test: $(VENV)/tested
	@echo "== running the tests"
	@$(BIN)/python -m pytest $(ARGS)

torch: $(VENV)/with-torch

bench: $(VENV)/tested
	@$(BIN)/python -m bench $(ARGS)

lint: $(LINTERS)

ruff: $(VENV)/linted
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

mypy: $(VENV)/linted
	@$(BIN)/mypy

stubtest: $(VENV)/linted
	@$(BIN)/stubtest dpa._native --mypy-config-file pyproject.toml \
		--allowlist .ci/stubtest-allowlist

cython-lint: $(VENV)/linted
	@PATH="$(CURDIR)/$(BIN):$$PATH" cython-lint dpa # it looks for pycodestyle there

layers: $(VENV)/linted
	@$(BIN)/lint-imports --no-logo --no-cache

# Warnings are errors: a link that leads nowhere, too.
docs: $(VENV)/installed
	@$(PIP) install --group docs
	@$(BIN)/python -m sphinx -qW --keep-going -b html docs build/docs
	@echo "the site: build/docs/index.html"

dist: $(VENV)/tested
	@$(PIP) install --group package
	@rm -rf dist
	@$(BIN)/python -m build --outdir dist . >build.log 2>&1 || { cat build.log; exit 1; }
	@rm build.log
	@$(BIN)/python .ci/check_dist.py dist

clean:
	rm -rf .venv* build dist *.egg-info .hypothesis .*_cache dpa/_native.c dpa/*.so
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
$(VENV)/installed: $(VENV)/made pyproject.toml setup.py $(wildcard csrc/* dpa/*.pyx dpa/*.pxd)
	@echo "== compiling and installing dpa"
	@$(PIP) install --editable '.[cli]'
	@touch $@

$(VENV)/tested: $(VENV)/installed
	@echo "== installing the test tools"
	@$(PIP) install --group test
	@touch $@

# The tests with PyTorch are skipped where it is not installed.
$(VENV)/with-torch: $(VENV)/made pyproject.toml
	@echo "== installing PyTorch"
	@$(PIP) install --group torch
	@touch $@

$(VENV)/linted: $(VENV)/tested
	@echo "== installing the lint tools"
	@$(PIP) install --group lint
	@touch $@
