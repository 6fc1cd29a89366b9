# Everything a newcomer and CI type. The environment is .venv; locks are hash-checked.
.DEFAULT_GOAL := help
.PHONY: help install dev demo run test chaos check bench bench-peers effects eval fmt clean
PYTHON ?= python3
BIN := .venv/bin
HOME_DIR ?= .tizmor
PORT ?= 8787
ROUNDS ?= 3

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || (echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3" && exit 1)
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: .venv/.python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -c "import site, pathlib; pathlib.Path(site.getsitepackages()[0], 'tizmor.pth').write_text('$(CURDIR)')"
	@printf '#!/bin/sh\nexec "$(CURDIR)/$(BIN)/python" -m bot "$$@"\n' > $(BIN)/tizmor && chmod +x $(BIN)/tizmor
	@$(BIN)/python -m compileall -q bot engine integrations storage
	@touch $@

.venv/.dev: .venv/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	@touch $@

install: .venv/.installed ## Build .venv from the locked, hash-checked dependencies

dev: .venv/.dev ## The same, with what tests and linters need

demo: .venv/.installed ## The local chat over a sample workspace; no key needed (MODEL=scripted: with scripted answers of a model)
	@TIZMOR_HOME=$(HOME_DIR) $(BIN)/python -m bot demo --port $(PORT) $(if $(MODEL),--model $(MODEL))

run: .venv/.installed ## Every configured surface
	@$(BIN)/python -m bot run

check: .venv/.dev ## Format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

test: check ## Everything check does, and all tests
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

chaos: .venv/.dev ## Break the product on purpose, the whole laboratory (ARGS="--only sweeps,soak --out folder"); 1 where anything is wrong
	$(BIN)/python -m tests.laboratory $(ARGS)

bench: .venv/.dev ## Figures of docs/performance.md (beside other engines after make bench-peers)
	$(BIN)/python -m tests.bench --rounds $(ROUNDS)

bench-peers: .venv/.python ## Install the engines bench compares with, apart from everything else
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-bench-peers.lock

effects: .venv/.dev ## Who repeats an outside effect when killed right after it (beside others after make bench-peers)
	$(BIN)/python -m tests.bench.effects

eval: .venv/.installed ## The planner's figures with a real model (needs ANTHROPIC_API_KEY or ANTHROPIC_BASE_URL)
	$(BIN)/python -m tests.evaluation $(ARGS)

fmt: .venv/.dev ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove the environment and caches, never your data
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis
