# Two commands do all: `make demo` and `make test`. Both make the environment first if it is not there.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
MADE = $(VENV)/.made
SOURCES = src tests benchmarks
# What a file's tests share is made once.
TOGETHER = -n 2 --dist loadfile --no-loadscope-reorder
TYPED = --jaxtyping-packages=vidi,beartype.beartype

unexport PYTHONDONTWRITEBYTECODE # each process of the tests would compile everything anew

.PHONY: demo test test-slow typed check lint fix docs clean

demo: $(MADE)
	$(BIN)/vidi demo

test: $(MADE)
	$(BIN)/python -m pytest -m "not slow" $(TOGETHER)

test-slow: $(MADE)
	$(BIN)/python -m pytest -m slow --timeout 900 $(TYPED)

# The same tests with every call's types and shapes checked; of all but the verbs, the command line and the papers.
typed: $(MADE)
	$(BIN)/python -m pytest -m "not slow" $(TOGETHER) $(TYPED) $(filter-out tests/cli/ tests/verbs/ tests/documents/,$(wildcard tests/[a-z]*/))

check: lint test typed

lint: $(MADE)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m vidi.documents.docs --check

fix: $(MADE)
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

docs: $(MADE)
	$(BIN)/python -m vidi.documents.docs

# Made again when what it installs changes.
$(MADE): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "vidi needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1): say make PYTHON=python3.12"; \
		exit 2; }
	@echo "making the environment in $(VENV): a few minutes, once"
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make environments: install its venv module"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $(MADE)

clean:
	rm -rf $(VENV) build dist src/*.egg-info
