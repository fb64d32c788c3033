# Every target sets up what it needs on a machine with Python >= 3.11, make and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# A uv on the PATH is used as it is; otherwise one is installed into .uv, a folder of this checkout.
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
export UV_PYTHON_DOWNLOADS := never

.PHONY: setup demo test test-all lint format bench gpu-test lock clean

setup: $(STAMP)

.uv/bin/uv:
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .uv uv \
	  || { $(PYTHON) -m venv .uv/venv && .uv/venv/bin/pip install --quiet --disable-pip-version-check --target .uv uv; }

$(STAMP): requirements.lock pyproject.toml | $(filter .uv/bin/uv,$(UV))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "callgap needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ...")'
	$(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --offline --editable .
	@touch $@

demo: setup
	$(BIN)/callgap run

test: setup
	$(BIN)/python -m pytest -m "not slow and not gpu"

test-all: setup
	$(BIN)/python -m pytest -m "not gpu"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: | $(filter .uv/bin/uv,$(UV))
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --group pyproject.toml:dev --group pyproject.toml:pinned \
	  --all-extras --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .uv outputs multirun dist
