# Two commands for newcomers: `make run`, `make test`. They need Python >= 3.11 and make; the rest is fetched.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# One more than there are cores: a test that waits for a process leaves its core to another.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1)

.PHONY: run test quick check fix bench clean

run: $(VENV)/.installed
	$(BIN)/fleet run configs/neo-terra.yaml

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

quick: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n auto -m "not slow"

check: $(VENV)/.installed-test
	$(BIN)/ruff format --check fleet tests tools
	$(BIN)/ruff check fleet tests tools
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fix: $(VENV)/.installed-test
	$(BIN)/ruff format fleet tests tools
	$(BIN)/ruff check --fix fleet tests tools

bench: $(VENV)/.installed-test
	$(BIN)/python tools/bench/simulate.py

clean:
	rm -rf $(VENV) runs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "fleet needs Python 3.11 or newer; found $$($(PYTHON) --version). Try: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]"
	@touch $@ $(VENV)/.installed
