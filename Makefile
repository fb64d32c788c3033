# Every target sets up what it needs on a machine with Python 3.11, 3.12 or 3.13, make and nothing else.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# PocketSphinx is published for these versions; for a newer one it would have to be compiled.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)
# A uv on the PATH that runs is used as it is; otherwise one is installed into .uv, a folder of this checkout.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .uv/bin/uv)
PIP_INSTALL := pip install --quiet --disable-pip-version-check
export UV_PYTHON_DOWNLOADS := never

.PHONY: setup demo test test-all gpu-test bench evidence lint format lock clean
.DELETE_ON_ERROR:

setup: $(STAMP)

define CHECK_PYTHON
@"$(PYTHON)" -c '$(FITS)' 2>/dev/null || \
  { echo "callgap needs Python 3.11, 3.12 or 3.13, found none: make setup PYTHON=/path/to/python3.13" >&2; exit 1; }
endef

.uv/bin/uv:
	$(CHECK_PYTHON)
	@echo "installing uv into .uv"
	@rm -rf .uv
	@if "$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null; then \
	  "$(PYTHON)" -m venv .uv && .uv/bin/python -m $(PIP_INSTALL) uv; \
	elif "$(PYTHON)" -m pip --version >/dev/null 2>&1; then \
	  "$(PYTHON)" -m $(PIP_INSTALL) --target .uv uv; \
	else \
	  echo "callgap needs uv, or a Python with venv or pip; $(PYTHON) has neither" >&2; exit 1; \
	fi

$(STAMP): requirements.lock requirements-compiled.lock pyproject.toml | $(filter .uv/bin/uv,$(UV))
	$(CHECK_PYTHON)
	@echo "setting up $(VENV) from requirements.lock: several GB, minutes the first time"
	@$(UV) venv --quiet --allow-existing --python "$$("$(PYTHON)" -c 'import sys; print(sys.executable)')" $(VENV)
	@$(UV) pip sync $$(test -t 2 || echo --quiet) --python $(BIN)/python --compile-bytecode --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-compiled.lock 2>/dev/null || \
	  echo "pesq and pyworld could not be compiled here: alterations of pitch and PESQ are not there, their tests skip"
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --offline --editable .
	@touch $@

demo: setup
	$(BIN)/callgap run

# A file of tests stays on one core: what its fixtures make is made once.
ON_ALL_CORES := -n logical --dist loadfile
test test-all: export OMP_NUM_THREADS = 1
test test-all: export OPENBLAS_NUM_THREADS = 1

test: setup
	$(BIN)/python -m pytest $(ON_ALL_CORES) -m "not slow and not gpu"

test-all: setup
	$(BIN)/python -m pytest $(ON_ALL_CORES) -m "not gpu"

# A test that skips here has not shown what it is for: the CUDA device is missing, or cannot run the kernels.
gpu-test: setup
	$(BIN)/python -m pytest -m gpu -p no_skips

# One thread unless a row says otherwise. Elsewhere than the CPU: make bench DEVICE=cuda; into the published tables:
# make bench OUT=results/performance.
DEVICE ?= cpu
OUT ?= outputs/performance
bench: export OMP_NUM_THREADS = 1
bench: export OPENBLAS_NUM_THREADS = 1
bench: setup
	$(BIN)/python -m callgap_kernels.speed.run --device $(DEVICE) --out $(OUT)
	$(BIN)/python -m callgap.scoring.speed --out $(OUT)
	$(BIN)/python -m callgap.speed --device $(DEVICE) --out $(OUT)

# Every proof of the statistics, on all cores; half an hour on two. Into the published tables, and into what verdicts may
# be said: make evidence OUT=results/evidence OFFER=--offer.
evidence: OUT = outputs/evidence
evidence: setup
	$(BIN)/python -m callgap.proofs.run --out $(OUT) $(OFFER)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Not coqui: its dependencies are as many as all others together. Not ecapa: once SpeechBrain is imported, whoever looks
# through the modules of the process (as hypothesis does) imports k2, which is not there. Not what has to be compiled.
EXTRAS := codecs denoise faster-whisper huggingface transformers voice
lock: | $(filter .uv/bin/uv,$(UV))
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --group pyproject.toml:dev --group pyproject.toml:pinned \
	  $(addprefix --extra ,$(EXTRAS)) --output-file requirements.lock pyproject.toml
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --no-deps --group pyproject.toml:compiled \
	  --output-file requirements-compiled.lock

clean:
	rm -rf $(VENV) .uv outputs multirun dist
