# Everything a clone needs: `make run`, `make test`. Each target sets up .venv first.

PYTHON ?= python3
PYTEST_ARGS ?=
BENCH_ARGS ?=
FUZZ_ARGS ?=
FAULTS_ARGS ?=

VENV := .venv
READY := $(VENV)/.ready
# The jobs of the workflow call `python`, so the environment comes first in PATH.
IN_VENV := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
CONFIG := config/pipeline.yaml
RESULTS := results/sample
OUTPUT := $(RESULTS)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup run report verify test lint bench fuzz faults scaling format pins images clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile
	@echo "PYTHON=python3.12 picks the interpreter of a new .venv, PYTEST_ARGS='-k windows' goes to pytest."

setup: $(READY) ## make .venv with the pinned requirements and alm (editable)

# The stamp goes first and comes back last: an interrupted setup starts again from nothing, while
# new pins are installed over the old ones.
$(READY): requirements.txt requirements-dev.txt pyproject.toml $(wildcard alm/*.pyx)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed, '$(PYTHON)' is: $$($(PYTHON) --version 2>&1);" \
	        "name another with: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "'$(PYTHON)' cannot make virtual environments (no ensurepip);" \
	        "on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@if [ -e $@ ]; then rm $@; else $(PYTHON) -m venv --clear $(VENV); fi
	$(VENV)/bin/python -m pip install --quiet -r requirements.txt -r requirements-dev.txt
	$(VENV)/bin/python -m pip install --quiet --no-deps --editable .
	@$(VENV)/bin/python -c 'import sys; from alm.compiled import kernel, measures; sys.exit(not (kernel and measures))' || \
	    echo "alm/*.pyx were not compiled, for want of a C compiler or Python's headers: all works" \
	        "without, only slower. On Debian and Ubuntu: apt-get install gcc libc6-dev python3-dev," \
	        "then: make -B setup" >&2
	@touch $@

run: setup ## curate the shipped sample with the backend that the config names
	$(IN_VENV) snakemake --cores all --configfile $(CONFIG)
	@echo
	@echo "To look at: $(RESULTS)/report/overview.html, or all of it as one page, $(RESULTS)/report.html: make report"
	@echo "Curated: $(RESULTS)/alm_output.jsonl    figures: $(RESULTS)/stats.json, $(RESULTS)/stats.tsv"
	@echo "Rows that could not be read: $(RESULTS)/quarantine.jsonl    logs: $(RESULTS)/logs/"
	@echo "How it came to be: $(RESULTS)/provenance.json    checked by: make verify"

report: run ## render the report of the sample as one page, report.html
	$(IN_VENV) snakemake --configfile $(CONFIG) --report $(RESULTS)/report.html

verify: setup ## check OUTPUT=results/sample, or another output_dir, against its record
	$(IN_VENV) python -m alm.verify '$(OUTPUT)'

test: setup ## run all tests
	$(IN_VENV) pytest $(PYTEST_ARGS)

lint: setup ## check format, style, types and the workflow
	$(IN_VENV) ruff format --check .
	$(IN_VENV) ruff check .
	$(IN_VENV) cython-lint alm
	$(IN_VENV) snakefmt --check Snakefile workflow
	$(IN_VENV) lint-imports
	$(IN_VENV) mypy
	$(IN_VENV) snakemake --lint --configfile $(CONFIG)

bench: setup ## measure speed and memory, as ratios within one run (some 15 minutes)
	$(IN_VENV) PYTHONPATH=tests:tests/campaigns python -m bench $(BENCH_ARGS)

fuzz: setup ## damage 100,000 manifests at random and see that every row is answered for
	$(IN_VENV) PYTHONPATH=tests python tests/campaigns/fuzz.py $(FUZZ_ARGS)

faults: setup ## break 200 runs at random, run them again, compare the bytes (an hour; resumable)
	$(IN_VENV) PYTHONPATH=tests:tests/campaigns python -m faults $(FAULTS_ARGS)

scaling: setup ## measure what planning and jobs cost, print the tables of docs/scaling.md
	$(IN_VENV) PYTHONPATH=tests python tests/campaigns/scaling.py

format: setup ## apply the formatters and the safe fixes
	$(IN_VENV) ruff check --fix .
	$(IN_VENV) ruff format .
	$(IN_VENV) snakefmt Snakefile workflow

schema: setup ## make the schema of the configuration anew from the parameters in alm/
	mkdir -p build
	$(IN_VENV) python -m alm.config > build/schema.yaml
	mv build/schema.yaml workflow/schemas/config.schema.yaml

# The newest versions that pyproject.toml allows. PYTHON should be the oldest supported one.
PINS := build/pins
FREEZE := $(PINS)/bin/python -m pip freeze --exclude-editable --exclude setuptools
pins: ## renew requirements.txt and requirements-dev.txt (then envs/alm.yaml by hand)
	$(PYTHON) -m venv --clear $(PINS)
	$(PINS)/bin/python -m pip install --quiet --editable '.[workflow,engines,remote]'
	{ grep '^#' requirements.txt; $(FREEZE); } > $(PINS)/new
	mv $(PINS)/new requirements.txt
	$(PINS)/bin/python -m pip install --quiet -c requirements.txt --editable '.[workflow,engines,remote,dev]'
	{ grep '^#' requirements-dev.txt; $(FREEZE) | grep -vxF -f requirements.txt; } > $(PINS)/new
	mv $(PINS)/new requirements-dev.txt

images: setup ## draw the pictures of the README anew (needs chromium and chromedriver)
	$(IN_VENV) python docs/images/make_windows.py
	$(IN_VENV) python tests/screenshot.py

clean: ## remove .venv, the caches and the results of the sample
	rm -rf $(VENV) $(RESULTS) build dist *.egg-info .pytest_cache .hypothesis .ruff_cache .mypy_cache
	rm -f alm/*.c alm/*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
