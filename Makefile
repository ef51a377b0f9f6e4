# `make demo` and `make test` install everything they need: packages of the system where that is possible,
# Python packages into .venv. What cannot be installed is named, with the command that does it.

PYTHON ?= python3
PIP := PIP_NO_CACHE_DIR=1 .venv/bin/python -m pip --disable-pip-version-check
RUN := .venv/installed-to-run
DEV := .venv/installed-to-develop

# An agent's own desk has no part in the demo or in the tests.
unexport HELPDESK_CONFIG HELPDESK_STORE
# The tests start the program hundreds of times; it is compiled once.
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.PHONY: help demo test test-long check bench services clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS='	' read -r name words; do \
		printf 'make %-10s %s\n' "$$name" "$$words"; done

demo: $(RUN) ## Try the help desk out, with example mail; no server is needed
	@.venv/bin/helpdesk demo

test: $(DEV) services ## Run the tests: a sample of the long proofs, all the rest
	.venv/bin/python -m pytest -n 3 -m "not long"

test-long: $(DEV) services ## Run the tests, the long proofs in full; writes docs/measured.md
	HELPDESK_LONG=1 .venv/bin/python -m pytest -n 3 -p tests.longrun -o timeout=900

check: $(DEV) ## Check format, style, types and imports
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy --strict
	.venv/bin/lint-imports

bench: $(DEV) services ## Measure how fast everything is; writes docs/measured.md
	.venv/bin/python -m benchmarks

clean: ## Remove what was installed or built here
	rm -rf .venv build dist *.egg-info .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

services: $(DEV)
	@bash .ci/setup.sh services

$(RUN): pyproject.toml
	@PYTHON='$(PYTHON)' bash .ci/setup.sh venv
	@echo 'Installing into .venv; this happens once and takes about half a minute ...'
	@$(PIP) install --quiet --editable .
	@touch $@

$(DEV): $(RUN)
	@echo 'Installing into .venv what development needs ...'
	@$(PIP) install --quiet --editable '.[dev]'
	@touch $@
