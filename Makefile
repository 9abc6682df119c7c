# Targets first create .venv if it is missing or stale. They need only make and Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-$(shell cat requirements.txt pyproject.toml 2>/dev/null | cksum | cut -d' ' -f1)
FILES ?=
QUICK_TESTS := tests/domain tests/application tests/architecture tests/adapters/test_codec.py
COVERAGE_TESTS := tests/domain tests/application tests/contracts

.DEFAULT_GOAL := help
.PHONY: help demo serve format quick check test storage coverage lint types contracts chaos removals bench requirements clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): ; @PYTHON="$(PYTHON)" VENV="$(VENV)" sh deploy/make-venv.sh && rm -f $(VENV)/.made-from-* && touch $@

demo: $(STAMP) ## Run the main job once on samples/, or on FILES="..."
	@$(BIN)/fna-batch demo $(FILES)

serve: $(STAMP) ## Run the API with a worker
	@$(BIN)/fna-batch serve

test: $(STAMP) ## Run every test
	@$(BIN)/pytest -q -n auto --dist loadgroup

format: $(STAMP) ## Format the code, and fix what ruff can fix
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

quick: lint types contracts ## Lint, types, import contracts and the tests without a database (under 30 s)
	@$(BIN)/pytest -q $(QUICK_TESTS)

storage: $(STAMP) ## Test the adapters and the contracts, on the PostgreSQL of FNA_BATCH_POSTGRES_BIN if that is set
	@$(BIN)/pytest -q -n auto --dist loadgroup tests/adapters tests/contracts

coverage: $(STAMP) ## Measure the coverage of domain and application by branch (a minute)
	@$(BIN)/pytest -q -n auto --dist loadgroup --cov --cov-report=term-missing $(COVERAGE_TESTS)

lint: $(STAMP) ## Check style and format with ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(STAMP) ## Check types with mypy --strict
	@$(BIN)/mypy

contracts: $(STAMP) ## Check the import contracts with import-linter
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

check: lint types contracts test ## Run lint, types, contracts and every test, as CI does

chaos: $(STAMP) ## Kill processes while batches run, then check the result (SECONDS=60 EVERY=2 SEED=…)
	@$(BIN)/python -m tests.chaos --seconds $(or $(SECONDS),60) --every $(or $(EVERY),2) $(if $(SEED),--seed $(SEED))

removals: $(STAMP) ## Check that a test fails when a guarantee is removed, for each (takes minutes; ONLY="words" selects)
	@$(BIN)/python -m tests.removals $(if $(ONLY),"$(ONLY)")

bench: $(STAMP) ## Run the benchmarks
	@$(BIN)/python -m benchmarks
	@$(BIN)/python -m benchmarks.audit
	@$(BIN)/python -m benchmarks.offline 1000000

requirements: ## Pin requirements.txt again from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--python-version 3.11 --quiet --output-file requirements.txt

clean: ## Remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
