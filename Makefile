# The one list of tasks, for people and for CI. Without make: the commands below do the same.
ifeq ($(OS),Windows_NT)
PYTHON ?= py
VENV := .venv/Scripts/python.exe
else
PYTHON ?= python3
VENV := .venv/bin/python
endif
LOCK := uv pip compile --universal --generate-hashes --no-emit-index-url --only-binary :all: --python-version 3.11

.PHONY: check static format test build setup lock

check: static test  ## everything CI checks

static: setup  ## format, lint, types
	$(VENV) -m ruff format --check .
	$(VENV) -m ruff check .
	$(VENV) -m mypy
	$(VENV) -m mypy --platform win32

format: setup
	$(VENV) -m ruff format .
	$(VENV) -m ruff check --fix .

test:
	$(PYTHON) run.py test

build:
	$(PYTHON) run.py build

setup:
	@$(PYTHON) run.py setup --dev

lock:  ## needs uv; nothing else here does
	$(LOCK) --extra explore --group build pyproject.toml -o requirements.lock
	$(LOCK) --group build pyproject.toml -c requirements.lock -o requirements-lean.lock
	$(LOCK) --extra explore --group dev pyproject.toml -c requirements.lock -o requirements-dev.lock
