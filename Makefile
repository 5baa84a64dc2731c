# Every target sets up what it needs: `.venv` is made once and renewed when the project's metadata changes.

PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell \
	$(p) -c 'import sys; (3, 11) <= sys.version_info[:2] < (3, 14) and print("$(p)")' 2>/dev/null)))
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
CONSTRAINTS := requirements/constraints.txt

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export TF_CPP_MIN_LOG_LEVEL ?= 2

.DEFAULT_GOAL := help
.PHONY: help install demo test lint types unit examples test-slow test-gpu bench docs format coverage constraints clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

install: $(STAMP) ## set up .venv with the project (editable) and the tools for its development

$(STAMP): pyproject.toml setup.py $(CONSTRAINTS)
	@test -x $(BIN)/pip || { test -n "$(PYTHON)" && $(PYTHON) -m venv $(VENV); } || { echo \
		"keras_nas needs Python 3.11, 3.12 or 3.13 with its venv module (on Debian: python3-venv);" \
		"name the interpreter with: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(BIN)/pip install --quiet --editable '.[dev]' --constraint $(CONSTRAINTS)
	@touch $@

demo: install ## search on scikit-learn's digits, in at most three minutes on two cores
	$(BIN)/keras-nas demo

test: lint types unit ## lint, types and tests

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

# Two processes, each with whole files, so that what a file's tests share is made once.
unit: install
	$(BIN)/python -m pytest -m "not slow and not gpu" --numprocesses 2 --dist loadfile

examples: install ## run every example and notebook at smoke size, each in less than a minute
	$(BIN)/python -m pytest tests/examples --durations 0 --durations-min 1

test-slow: install ## the tests that take more than a few seconds each
	$(BIN)/python -m pytest -m "slow and not gpu"

test-gpu: install ## the tests that need a GPU; they say so and skip where there is none
	$(BIN)/python -m pytest -m gpu -rs

bench: install ## every benchmark, at full size; the figures go to build/benchmarks
	@mkdir -p build/benchmarks
	@for script in benchmarks/[a-z]*.py; do \
		echo "== $$script"; \
		$(BIN)/python $$script --json build/benchmarks/$$(basename $$script .py).json || exit 1; \
	done

docs: install ## build the documentation in site/, strictly
	$(BIN)/pip install --quiet '.[docs]' --constraint $(CONSTRAINTS)
	$(BIN)/mkdocs build --strict --quiet

format: install ## sort imports and format all code
	$(BIN)/ruff check --select I --fix .
	$(BIN)/ruff format .

coverage: install ## the fast tests' coverage by line and branch
	$(BIN)/coverage run -m pytest -m "not slow and not gpu"
	$(BIN)/coverage combine
	$(BIN)/coverage report

constraints: install ## pin the versions that .venv now holds
	@{ grep '^#' $(CONSTRAINTS); $(BIN)/pip freeze --all --exclude keras-nas --exclude pip; } > $(CONSTRAINTS).new
	@mv $(CONSTRAINTS).new $(CONSTRAINTS)

clean: ## remove what builds, tests and tools wrote, and leave .venv
	rm -rf build dist site htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
	find keras_nas blocks tuners tests -name __pycache__ -type d -exec rm -rf {} +
