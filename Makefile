# Two commands set everything up on a machine with only python3.11, pip and make:
#   make screen   the main job on data/samples
#   make test     lint, format, types and the whole test suite
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: setup screen test lint format bench compiled test-compiled lock clean

setup: $(READY)

# One resolver call for everything: a second call could lift numpy above what thinc was built for.
$(READY): pyproject.toml requirements.lock
	command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

screen: setup
	$(BIN)/endplate screen data/samples/sudirman.jsonl data/samples/reports.jsonl \
	  --clinical data/samples/clinical.csv --clinical data/samples/conditions.csv \
	  --clinical data/samples/procedures.csv --clinical data/samples/observations.csv \
	  --criteria selection --criteria fda-label \
	  --out build/screen --overwrite

test: lint
	$(BIN)/pytest -n auto

lint: setup
	$(BIN)/ruff check pipeline tests
	$(BIN)/ruff format --check pipeline tests
	$(BIN)/mypy

# Speed, memory, start-up; BENCH=--million adds an archive of a million reports. Without a C compiler
# the program is measured as it is installed there, all Python.
bench: setup
	-$(MAKE) compiled
	$(BIN)/python tests/bench/bench.py $(BENCH)

# The program as `pip install` puts it where there is a C compiler, in build/compiled.
compiled: setup
	rm -rf build/compiled
	ENDPLATE_BUILD=compiled $(BIN)/pip install --quiet --no-deps --no-build-isolation --target build/compiled .

# The whole suite against that.
test-compiled: compiled
	PYTHONPATH=$(CURDIR)/build/compiled $(BIN)/pytest -n auto

format: setup
	$(BIN)/ruff format pipeline tests
	$(BIN)/ruff check --fix pipeline tests

# Needs uv; only for those who change a dependency.
lock:
	uv pip compile --universal --generate-hashes --python-version 3.11 --extra review --extra delta --group dev \
	  --no-header --no-annotate pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
