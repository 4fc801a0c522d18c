# Everything starts here: `make run` and `make test` need only Python ≥ 3.11, make and git.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
FILES := bot handlers knowledge tests benchmarks docs
# Full texts of the laws, if they lie beside this folder: articles are held against them.
STATUTES ?= ../shared/statutes
# The `youjun` command, from this folder; needs nothing that is not in the lock file.
INSTALL_COMMAND = $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .

.PHONY: run talk test faults check fuzz audit format lock screenshots clean help

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

run: $(VENV)/.run  ## install, migrate, serve web chat and console on loopback
	$(BIN)/python -m bot serve --migrate

talk: $(VENV)/.run  ## chat in the terminal
	@$(BIN)/python -m bot talk

test: $(VENV)/.dev  ## install and run all tests
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

faults: $(VENV)/.dev  ## the long fault tests: 20,000 updates, 104 kills, both databases (half an hour)
	FAULTS_FULL=1 $(BIN)/python -m pytest tests/faults -q -s $(ARGS)

check: $(VENV)/.dev  ## format, lint, types, import contracts, knowledge
	$(BIN)/ruff format --check $(FILES)
	$(BIN)/ruff check $(FILES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m bot check $(if $(wildcard $(STATUTES)),--statutes $(STATUTES))

fuzz: $(VENV)/.dev  ## odd files, updates and requests for some minutes (FUZZ=20: twenty times what CI tries)
	FUZZ=$(or $(FUZZ),20) $(BIN)/python -m pytest tests/security -k fuzz -q

audit: requirements.lock  ## known weaknesses of what is pinned; asks pypi.org; CI does so where it answers
	$(PYTHON) -m venv $(VENV)-audit
	$(VENV)-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(VENV)-audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock

format: $(VENV)/.dev  ## format and mend what can be mended
	$(BIN)/ruff format $(FILES)
	$(BIN)/ruff check --fix $(FILES)

lock: $(VENV)/.dev  ## pin the dependencies anew
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --group dev pyproject.toml -o requirements-dev.lock
	$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --group build pyproject.toml -c requirements-dev.lock -o requirements.lock

screenshots: $(VENV)/.dev  ## draw the manuals' pictures anew (needs Chromium)
	$(BIN)/python -m docs.screenshots

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(INSTALL_COMMAND)
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(INSTALL_COMMAND)
	@touch $@ $(VENV)/.run

clean:  ## remove the environment and caches (not the data)
	rm -rf $(VENV) $(VENV)-audit .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
