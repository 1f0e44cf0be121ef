# Needs Python 3.11 or newer, make, and the package registries. Everything else comes as packages.
#
#   make demo    start everything and watch complaints become cases
#   make test    the whole test suite
#   make help    the rest

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

# The first of these that is new enough; `make PYTHON=/path/to/python3` decides otherwise.
PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))))

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
ARGS ?=
DATA ?= ../shared/data

.PHONY: help demo test lint format lock contracts bench bench-linking bench-casework bench-clocks bench-console bench-analytics evaluate screenshots office clean clean-state environment

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

demo: $(READY) ## start broker, database and services, publish invented complaints, watch them move
	@$(PY) -m services.cli demo $(ARGS)

test: $(READY) ## the whole test suite, two files at a time (ARGS='-k name' for a part)
	@$(PY) -m pytest -n 2 --dist loadfile $(ARGS)

lint: $(READY) ## ruff and mypy
	@$(PY) -m ruff check .
	@$(PY) -m mypy

format: $(READY) ## sort imports and mend what ruff can mend
	@$(PY) -m ruff check --fix .

contracts: $(READY) ## AsyncAPI and JSON Schemas from contracts/
	@$(PY) -m contracts.generate

bench-clocks: $(READY) ## a sweep over a million open clocks
	@$(PY) -m tests.benchmarks.clocks $(ARGS)

office: $(READY) ## six simulated months of an office of thirty officers over real complaints (ARGS='--seed 2')
	@$(PY) -m tests.simulation.office $(ARGS)

bench: $(READY) ## drain and latency from published to assigned
	@$(PY) -m tests.benchmarks.spine $(ARGS)

bench-linking: $(READY) ## quality and speed of finding the earlier complaint
	@$(PY) -m tests.benchmarks.linking $(ARGS)

bench-console: $(READY) ## pages over a million complaints: time to answer, officers at once
	@$(PY) -m tests.benchmarks.console $(ARGS)

screenshots: $(READY) ## the README's pictures, anew
	@$(PY) -m tests.screenshots $(ARGS)

evaluate: $(READY) ## quality of triage on labelled complaints, shipped and after training (DATA=folder)
	@$(PY) -m classifiers.evaluate_table $(DATA) $(ARGS)

bench-casework: $(READY) ## commands a second on cases with long histories
	@$(PY) -m tests.benchmarks.casework $(ARGS)

bench-analytics: $(READY) ## figures read and kept at size (ARGS='--complaints 1000000')
	@$(PY) -m tests.benchmarks.analytics $(ARGS)

lock: $(READY) ## resolve pyproject.toml and the broker's jars anew
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes --no-header \
		pyproject.toml -o requirements.lock
	@$(PY) -m services.stack.jars

environment: $(READY) ## only make .venv

# The environment is made once, and anew when the lock or the project's own metadata changed.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "petitions: no Python 3.11 or newer was found as python3: install one, or run make PYTHON=/path/to/it" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "petitions: $(PYTHON) is older than Python 3.11: install a newer one, or run make PYTHON=/path/to/it" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "petitions: $(PYTHON) came without venv: install it (Debian and Ubuntu: apt install python3-venv), then run make again" >&2; exit 1; }
	@echo "making $(VENV): 1 GB of packages, once; a minute or a few" >&2
	@test -x $(PY) && $(PY) -c 'import pip' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV) \
		|| { echo "petitions: $(VENV) could not be made: see the lines above; if the disk is full make room, then run make again" >&2; exit 1; }
	@$(PY) -m pip install $(if $(CI),--quiet) --disable-pip-version-check --require-hashes -r requirements.lock \
		|| { echo "petitions: the packages of requirements.lock could not be installed: see pip's lines above; check the connection to the package registry (PIP_INDEX_URL for a mirror) and the free disk space, then run make again" >&2; exit 1; }
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable . \
		|| { echo "petitions: the project itself could not be installed into $(VENV): see the lines above, then run make clean and make again" >&2; exit 1; }
	@touch $@

clean: clean-state ## end what this clone started; remove .venv, caches and .petitions
	@rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-state: ## end what this clone started and remove its data (.petitions)
	@test ! -d .petitions || ! test -x $(PY) || $(PY) -m services.cli down
	@rm -rf .petitions
