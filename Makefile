# Thin lines that call the package. `make demo` and `make test` need git, make and Python 3.11 or newer; nothing else.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install demo chat test check bench
install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Warmline needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt --editable ".[dev]"
	touch $@

demo: install
	@$(BIN)/warmline demo

chat: install
	@$(BIN)/warmline chat

test: install
	@$(BIN)/python -m pytest -n auto --dist loadfile

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=term-missing:skip-covered

bench: install
	@$(BIN)/python -m tests.bench
