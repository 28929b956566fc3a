# Everything a clone needs: `make run`, `make test`. Each target first installs what it needs into
# .venv, and nothing when that is there already.

PYTHON ?= python3
PYTEST_ARGS ?=
BENCH_ARGS ?=
FUZZ_ARGS ?=
FAULTS_ARGS ?=

VENV := .venv
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
# The jobs of the workflow call `python`, so the environment comes first in PATH.
PIP := $(VENV)/bin/python -m pip
IN_VENV := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
CONFIG := config/pipeline.yaml
RESULTS := results/sample
OUTPUT := $(RESULTS)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup run report verify test test-loaders lint bench fuzz faults scaling campaigns format schema pins images clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile
	@echo "PYTHON=python3.12 picks the interpreter of a new .venv, PYTEST_ARGS='-k windows' goes to pytest."

setup: $(READY) ## make .venv with all that running needs, pinned, and alm (editable)

# The stamp goes first and comes back last: an interrupted setup starts again from nothing, while
# new pins are installed over the old ones.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Python 3.11 or newer is needed, '$(PYTHON)' is: $$($(PYTHON) --version 2>&1);" \
	        "name another with: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "'$(PYTHON)' cannot make virtual environments (no ensurepip);" \
	        "on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing what running needs into $(VENV): about 0.95 GB, a few minutes, only this once."
	@if [ -e $@ ]; then rm $@; else $(PYTHON) -m venv --clear $(VENV); fi
	$(PIP) install --requirement requirements.txt
	$(PIP) install --no-deps --editable .
	@$(VENV)/bin/python -m alm.compiled || :
	@touch $@

# Interrupted, this too starts again from nothing.
$(READY_DEV): $(READY) requirements-dev.txt
	@echo "Installing what tests and linters need besides: about 0.25 GB more, a minute or two."
	@rm -f $(READY) $@
	$(PIP) install --requirement requirements.txt --requirement requirements-dev.txt
	@touch $(READY) $@

run: setup ## curate the shipped sample with the backend that the config names
	$(IN_VENV) snakemake --cores all --configfile $(CONFIG)
	@echo
	@echo "To look at: $(RESULTS)/report/overview.html, or all of it as one page, $(RESULTS)/report.html: make report"
	@echo "Curated: $(RESULTS)/alm_output.jsonl    figures: $(RESULTS)/stats.json, $(RESULTS)/stats.tsv"
	@echo "Rows that could not be read: $(RESULTS)/quarantine.jsonl    logs: $(RESULTS)/logs/"
	@echo "How it came to be: $(RESULTS)/provenance.json    checked by: make verify"

report: run ## render the report of the sample as one page, report.html
	$(IN_VENV) snakemake --configfile $(CONFIG) --report $(RESULTS)/report.html

verify: setup ## check OUTPUT=results/sample, or another output_dir, against its provenance.json
	$(IN_VENV) python -m alm.verify '$(OUTPUT)'

test: $(READY_DEV) ## run all tests, and those of what can be compiled once more interpreted
	$(IN_VENV) pytest --numprocesses 3 --dist loadgroup $(PYTEST_ARGS)
	$(IN_VENV) pytest --numprocesses 2 --dist loadgroup --interpreted $(PYTEST_ARGS)

# An environment of its own, on the Python that has Debian's torch: lhotse asks for one, and PyPI's
# brings 5.7 GB for GPUs. Interrupted, it starts again from nothing.
LOADERS := build/loaders
LOADERS_PYTHON ?= /usr/bin/python3
LOADERS_READY := $(LOADERS)/venv/.ready

$(LOADERS_READY): tests/loaders/requirements.txt tests/loaders/requirements-no-deps.txt
	$(LOADERS_PYTHON) -m venv --clear --system-site-packages $(LOADERS)/venv
	$(LOADERS)/venv/bin/python -m pip install --requirement tests/loaders/requirements.txt
	$(LOADERS)/venv/bin/python -m pip install --no-deps --requirement tests/loaders/requirements-no-deps.txt
	@touch $@

test-loaders: $(READY_DEV) ## open exports with lhotse, webdataset, datasets and others (needs Debian's python3-torch)
	@if ! $(LOADERS_PYTHON) -c 'import torch' 2>/dev/null; then \
	    echo "skipped: $(LOADERS_PYTHON) has no torch, which lhotse imports" \
	        "(Debian: apt-get install --no-install-recommends python3-torch)"; \
	    test -z "$$CI"; \
	else \
	    $(MAKE) $(LOADERS_READY) && \
	    $(IN_VENV) python tests/loaders/make_exports.py $(LOADERS)/corpus && \
	    ALM_LOADERS=$(LOADERS)/corpus $(LOADERS)/venv/bin/python -m pytest -c tests/loaders/pytest.ini tests/loaders; \
	fi

lint: $(READY_DEV) ## check format, style, types and the workflow
	$(IN_VENV) ruff format --check .
	$(IN_VENV) ruff check .
	$(IN_VENV) cython-lint alm
	$(IN_VENV) snakefmt --check Snakefile workflow
	$(IN_VENV) lint-imports
	$(IN_VENV) mypy
	$(IN_VENV) snakemake --lint --configfile $(CONFIG)

bench: $(READY_DEV) ## measure speed and memory, as ratios within one run (some 15 minutes)
	$(IN_VENV) PYTHONPATH=tests:tests/campaigns python -m bench $(BENCH_ARGS)

fuzz: $(READY_DEV) ## damage 100,000 manifests at random and see that every row is answered for
	$(IN_VENV) PYTHONPATH=tests python tests/campaigns/fuzz.py $(FUZZ_ARGS)

faults: $(READY_DEV) ## break 200 runs at random, run them again, compare the bytes (an hour; resumable)
	$(IN_VENV) PYTHONPATH=tests:tests/campaigns python -m faults $(FAULTS_ARGS)

scaling: $(READY_DEV) ## measure what planning and jobs cost, print the tables of docs/scaling.md
	$(IN_VENV) PYTHONPATH=tests python tests/campaigns/scaling.py

campaigns: $(READY_DEV) ## bench, fuzz, faults and scaling, one after the other (some hours)
	$(MAKE) bench
	$(MAKE) fuzz
	$(MAKE) faults
	$(MAKE) scaling

format: $(READY_DEV) ## apply the formatters and the safe fixes
	$(IN_VENV) ruff check --fix .
	$(IN_VENV) ruff format .
	$(IN_VENV) snakefmt Snakefile workflow

schema: setup ## make the schema of the configuration anew from the parameters in alm/
	mkdir -p build
	$(IN_VENV) python -m alm.keys > build/schema.yaml
	mv build/schema.yaml workflow/schemas/config.schema.yaml

# The newest versions that pyproject.toml allows. PYTHON should be the oldest supported one; its
# venv may come with a setuptools of its own.
PINS := build/pins
FREEZE := $(PINS)/bin/python -m pip freeze --all --exclude-editable --exclude pip
pins: ## renew requirements.txt and requirements-dev.txt (then envs/alm.yaml by hand)
	$(PYTHON) -m venv --clear $(PINS)
	$(PINS)/bin/python -m pip uninstall --quiet --yes setuptools
	$(PINS)/bin/python -m pip install --quiet --editable '.[workflow,engines,remote,audio]'
	{ grep '^#' requirements.txt; $(FREEZE); } > $(PINS)/new
	mv $(PINS)/new requirements.txt
	$(PINS)/bin/python -m pip install --quiet -c requirements.txt --editable '.[workflow,engines,remote,audio,dev]'
	{ grep '^#' requirements-dev.txt; $(FREEZE) | grep -vxF -f requirements.txt; } > $(PINS)/new
	mv $(PINS)/new requirements-dev.txt

images: $(READY_DEV) ## draw the pictures of the README anew (needs chromium and chromedriver)
	$(IN_VENV) python docs/images/make_windows.py
	$(IN_VENV) python tests/screenshot.py

clean: ## remove .venv, the caches and the results of the sample
	rm -rf $(VENV) $(RESULTS) build dist *.egg-info .pytest_cache .hypothesis .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
