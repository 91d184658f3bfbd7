# `make run` and `make test` do all the set-up on a fresh machine.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-long check format bench flame docs matrix loops lock clean

run: $(VENV)/run.stamp
	@exec $(BIN)/llm-proxy serve

test: $(VENV)/dev.stamp
	$(BIN)/pytest -m "not long"

test-long: $(VENV)/dev.stamp
	$(BIN)/pytest -m long --timeout=1800

check: $(VENV)/dev.stamp .types/llm_proxy
	$(BIN)/ruff format --check --diff .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright --warnings

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# WITH=litellm,portkey measures others too.
bench: $(VENV)/dev.stamp
	WITH=$(WITH) $(BIN)/python -m bench

flame: $(VENV)/dev.stamp
	$(BIN)/python -m bench.flame

# The pages that are made; a test fails where one no longer holds.
docs: matrix loops
	$(BIN)/python -m tests.pages.commands_page

# What the tests know of translations, as a page.
matrix: $(VENV)/dev.stamp
	$(BIN)/python -m tests.matrix.page

# What loop detection finds in the tests' corpus, as a page.
loops: $(VENV)/dev.stamp
	$(BIN)/python -m tests.loops.page

# uv writes hashes for every platform; it is needed only here.
lock: $(VENV)/dev.stamp
	$(BIN)/pip install --quiet uv
	cd requirements && ./compile ../$(BIN)/uv

clean:
	rm -rf $(VENV) .types build *.egg-info

# Type checkers follow no package-dir; a link shows them the package under its name.
.types/llm_proxy:
	mkdir -p .types && ln -s .. $@

$(VENV)/bin/python:
	@requirements/make-venv $(PYTHON) $(VENV)

$(VENV)/run.stamp: $(VENV)/bin/python requirements/run.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@
