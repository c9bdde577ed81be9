# On a fresh machine two commands do everything: `make demo` and `make test`. Each sets up .venv first.

PYTHON ?= $(shell for p in python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && { echo $$p; break; }; done)
READY := .venv/ready
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: setup demo study-open test torture check fix peers lock

setup: $(READY)  ## .venv from the lock; the other targets call it

demo: $(READY)   ## every stage on the embedded dataset, to pages/index.html
	@dvc repro || { test -s .dvc/tmp/rwlock || echo "If DVC says that it is locked, it was killed earlier. Run: rm .dvc/tmp/rwlock"; exit 1; }
	@echo; echo "The report: file://$(CURDIR)/pages/index.html"

study-open: $(READY) ## eight methods, plain and aligned, on photographs in data/raw/mine: make study-open DATASET=mine (docs/evidence.md)
	@test -n "$(DATASET)" || { echo "Which photographs? Link their folder into data/raw, and name it: make study-open DATASET=mine"; exit 2; }
	@python cli.py use "$(DATASET)" && python cli.py preset study_open && dvc repro

test: $(READY)   ## all tests, a file per core at a time
	@OMP_NUM_THREADS=1 python -m pytest -q -n auto --dist loadfile

torture: $(READY) ## thousands of kills, faults and races of stores and trainings, and of broken label files (an hour; AULENS_SEED=1 draws others)
	@AULENS_TORTURE=full OMP_NUM_THREADS=1 python -m pytest -q -o log_cli=true --log-cli-level=INFO \
		$$(grep -lE "AULENS_TORTURE|^from tests.crashing import" tests/test_*.py)

check: $(READY)  ## format, lint, types
	@ruff format --check -q . && ruff check -q . && mypy && echo "make check: clean"

fix: $(READY)    ## format, mend what ruff can, renew params.schema.json
	@ruff format . && ruff check --fix . && python -m params.schema

peers: $(READY)  ## time other people's loaders and augmentations beside ours (installs them in .peers)
	@test -x .peers/bin/python || python -m venv .peers
	@VIRTUAL_ENV=.peers uv pip install -q --no-deps --require-hashes -r requirements.lock
	@VIRTUAL_ENV=.peers uv pip install -q -r benchmarks/peers/requirements.txt
	@OMP_NUM_THREADS=1 .peers/bin/python -m benchmarks.peers

lock:            ## renew requirements.lock from requirements.in and overrides.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--override overrides.txt requirements.in -o requirements.lock

$(READY): requirements.lock
	@test -n "$(PYTHON)" || { echo "AULens needs Python 3.11 or 3.12 and found neither. Install one, or run: conda env create -f environment.yml"; exit 66; }
	@echo "Setting up .venv with $$($(PYTHON) --version) (some GB, once)"
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing; on Debian: apt install python3-venv"; exit 66; }
	@command -v uv >/dev/null || python -m pip install -q --disable-pip-version-check uv || true
	@if command -v uv >/dev/null; then VIRTUAL_ENV=.venv uv pip install -q --compile-bytecode --no-deps --require-hashes -r requirements.lock; \
	else python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock; fi
	@touch $(READY)
