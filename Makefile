# SPDX-License-Identifier: Apache-2.0
# `make demo` and `make test` need Python (with venv) and make, and set up the rest by themselves.

PYTHON ?= python3
PORT ?= 8765
N ?= 1000
SEED ?= 1
MINUTES ?= 10
BIN := .venv/bin
READY := .venv/.ready
# $(call install,ENVIRONMENT,PACKAGES): uv takes a third of pip's time; pip may know an index that uv is not told of.
INSTALLED := --quiet -c constraints.txt
define install
@$(1)/bin/python -m pip install --disable-pip-version-check $(INSTALLED) uv
@$(1)/bin/uv pip install --compile-bytecode --python $(1)/bin/python $(INSTALLED) $(2) \
	|| $(1)/bin/python -m pip install --disable-pip-version-check $(INSTALLED) $(2)
endef

.DEFAULT_GOAL := help
.PHONY: help demo up docs dist test tests coverage test-matrix test-system test-ui screenshots chaos fuzz bench lint sandbox constraints clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The versions in constraints.txt need Python 3.11 or later: make PYTHON=python3.11 ...")'
	@echo "Setting up .venv (once; about a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	$(call install,.venv,-e '.[dev]')
	@touch $@

demo: $(READY)  ## Push 2,000 made-up users to the three vendors on loopback, with a real Airflow DAG
	@$(BIN)/python demo/run.py

up: $(READY)  ## Run Airflow's UI with the demo's DAGs and connections, and the sandbox, until Ctrl-C
	@exec $(BIN)/python demo/up.py

test: lint tests  ## Lint, then run all tests; -j2 does both at once

tests: $(READY)
	$(BIN)/python -m pytest -q -rs -n auto --dist worksteal --ignore tests/system $(COUNT)

coverage: COUNT = --cov --cov-report=term
coverage: tests  ## Run all tests, and count the lines and branches that they reach, which takes half as long again

test-matrix: $(READY)  ## Run the tests on every supported Airflow; ONLY=3.1.8 on one, TESTS=... some of them
	@$(BIN)/python tests/matrix.py --only "$(ONLY)" $(TESTS)

test-system: $(READY)  ## Kill workers, tasks, supervisors, API server, scheduler and database under running pushes (8 minutes)
	USERATTRS_REQUIRE_SERVERS=1 $(BIN)/python -m pytest -q -s tests/system

test-ui: $(READY)  ## Test the web pages in a real browser (chromium; installed if missing and allowed)
	@tests/ui/browser.sh
	USERATTRS_UI=1 $(BIN)/python -m pytest -q -p no:xdist tests/ui

docs: $(READY)  ## Build the pages of docs/ to build/docs; a warning is an error
	$(BIN)/sphinx-build -b html -W --keep-going -q -d build/doctrees docs build/docs
	@echo "build/docs/index.html"

screenshots: export USERATTRS_SCREENSHOTS = docs/screenshots
screenshots: test-ui  ## The same, and update the pictures in docs/

chaos: $(READY)  ## Push under N (1,000) random schedules of faults and kills, and responses byte by byte, from seed SEED (1) on
	USERATTRS_SCHEDULES=$(N) USERATTRS_SCRIPTS=$(N) USERATTRS_SEED=$(SEED) $(BIN)/python -m pytest -q -n auto tests/chaos

fuzz: export USERATTRS_FUZZ_SECONDS = $(shell expr $(MINUTES) \* 60)
fuzz: $(READY)  ## Give every parser of foreign input malformed input, for MINUTES (10), from seed SEED (1) on
	USERATTRS_SEED=$(SEED) $(BIN)/python -m pytest -q -p no:xdist tests/fuzz

bench: $(READY) benchmarks/.venv/.ready  ## Measure beside wrk, drt, dlt and HttpOperator; ONLY=... runs some rows
	@$(BIN)/python benchmarks/bench.py $(ONLY)

benchmarks/.venv/.ready: benchmarks/requirements.txt constraints.txt
	@$(PYTHON) -m venv --clear benchmarks/.venv
	$(call install,benchmarks/.venv,-r $<)
	@touch $@

# The pieces of `make lint`; each is a hook in .pre-commit-config.yaml too.
LINT := ruff format mypy imports spelling texts workflows secrets dependencies
.PHONY: $(LINT:%=lint-%)

lint: $(LINT:%=lint-%)  ## Check style, types, who imports whom, spelling, text files, links, names of tests, workflows, secrets, dependencies

lint-ruff: $(READY)
	$(BIN)/ruff check .

lint-format: $(READY)
	$(BIN)/ruff format --check .

lint-mypy: $(READY)
	$(BIN)/mypy

lint-imports: $(READY)
	$(BIN)/lint-imports --no-logo

lint-spelling: $(READY)
	git ls-files -z | xargs -0 $(BIN)/codespell

lint-texts: $(READY)
	$(BIN)/python -m pytest -q -p no:xdist tests/project/test_text_files.py tests/project/test_links.py tests/project/test_test_files.py

lint-workflows: $(READY)
	$(BIN)/zizmor --offline --quiet --persona pedantic .github

# What is made up has no digit, or is one of these.
MADE_UP := ^[^0-9]*$$|canary|s3cr3t|s%3Ae%2Fc|%D0%BA|Zq-never-shown
lint-secrets: $(READY)
	git ls-files -z ':!*.png' | xargs -0 $(BIN)/detect-secrets-hook --exclude-secrets '$(MADE_UP)'

lint-dependencies: $(READY)
	$(BIN)/python -m pip check

dist: $(READY)  ## Build wheel and sdist, check them, try them beside the oldest and the newest Airflow; TAG=v1.2.3 to release
	@$(BIN)/python tests/dist.py $(if $(TAG),--tag $(TAG))

sandbox: $(READY)  ## Serve the three vendors on http://127.0.0.1:8765 (PORT=...) until Ctrl-C
	@$(BIN)/python -m airflow_provider_userattrs.sandbox --port $(PORT)

constraints: $(READY)  ## Write the versions in .venv to constraints.txt
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean:  ## Remove what the other targets created
	rm -rf .venv .matrix build dist benchmarks/.venv .airflow .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
