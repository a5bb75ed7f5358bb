# The whole of it: `make run` and `make test` set themselves up on a machine that has git, make
# and Python 3.11+. Stamp files keyed on the lock files make the second run start at once.

VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Some shells forbid it; without bytecode every start compiles its imports again, for seconds.
unexport PYTHONDONTWRITEBYTECODE

RUN_READY := $(VENV)/.run-ready
DEV_READY := $(VENV)/.dev-ready
NODE_READY := node_modules/.ready
FORGE_READY := contracts/proofs/node_modules/.ready
SETUP := bash scripts/setup.sh

.DEFAULT_GOAL := help
.PHONY: help run test lint contracts forge prove bench image-check clean

help: ## show this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*##/\t/' | expand -t 14

run: $(RUN_READY) $(NODE_READY) ## start the bot in local mode, with a chat page in the browser
	@exec sei-trader local

test: lint contracts forge ## everything CI checks: style, types, import direction, contracts, tests
	@exec python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(DEV_READY) ## style, types and import direction
	@ruff check .
	@ruff format --check .
	@mypy bot db tests scripts
	@lint-imports

contracts: $(DEV_READY) $(NODE_READY) ## compile the contracts and compare them with the committed artifacts
	@node contracts/build.mjs --check

forge: $(NODE_READY) $(FORGE_READY) ## unit, fuzz and invariant tests of the contracts, and the guided attacker in short
	@FOUNDRY_PROFILE=quick bash scripts/forge.sh test

prove: $(DEV_READY) $(NODE_READY) $(FORGE_READY) ## the long proofs of the contracts; writes docs/PROOFS.md
	@exec python -m scripts.prove

bench: $(DEV_READY) $(NODE_READY) $(FORGE_READY) ## measure against bare anchors and write BENCHMARKS.md
	@exec python -m tests.bench

image-check: $(DEV_READY) $(NODE_READY) ## run the Dockerfile's steps in a clean Debian root (needs root, debootstrap)
	@exec python -m scripts.image_check

clean: ## remove what set-up and tests made, never ./data
	@rm -rf $(VENV) node_modules contracts/proofs/node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info

$(VENV)/bin/python:
	@$(SETUP) venv

$(RUN_READY): requirements.lock requirements-build.lock pyproject.toml | $(VENV)/bin/python
	@$(SETUP) packages requirements.lock
	@$(SETUP) project
	@touch $@

$(DEV_READY): requirements-dev.lock $(RUN_READY)
	@$(SETUP) packages requirements-dev.lock
	@touch $@

$(FORGE_READY): contracts/proofs/package-lock.json requirements-node.lock | $(VENV)/bin/python
	@$(SETUP) forge
	@touch $@

$(NODE_READY): package-lock.json requirements-node.lock | $(VENV)/bin/python
	@$(SETUP) node
	@touch $@
