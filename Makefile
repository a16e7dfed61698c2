# Two commands do all: `make demo` and `make test`. Both make the environment first if it is not there.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
MADE = $(VENV)/.made

.PHONY: demo test test-slow check fix docs clean

demo: $(MADE)
	$(BIN)/vidi demo

test: $(MADE)
	$(BIN)/python -m pytest -m "not slow" -n 2

test-slow: $(MADE)
	$(BIN)/python -m pytest -m slow

check: $(MADE)
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m vidi.documents.docs --check
	$(BIN)/python -m pytest -m "not slow" -n 2

fix: $(MADE)
	$(BIN)/ruff check --fix src tests benchmarks
	$(BIN)/ruff format src tests benchmarks

docs: $(MADE)
	$(BIN)/python -m vidi.documents.docs

$(MADE): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $(MADE)

clean:
	rm -rf $(VENV) build dist src/*.egg-info
