# The one task runner. Every target brings its own environment, from hashed requirement files, into
# .venv; nothing is installed elsewhere. `make help` is the manual.
#
#   make run PYTHON=python3.12      another interpreter (3.11 or later) for a new .venv
#   make test ARGS="-k conditions"  more words for pytest

PYTHON  ?= python3
VENV    ?= .venv
UV      ?= uv
PROFILE ?= profiles/typical_first_intake.yaml
ARGS    ?=

BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install
PIP := $(INSTALL) --quiet
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help run test check format bench governance lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## recommend for one shipped profile and explain the plan (PROFILE=file for another)
	$(BIN)/recommender recommend $(PROFILE)

test: $(VENV)/.dev ## run every test that needs no server and no browser
	$(BIN)/pytest $(ARGS)

check: $(VENV)/.dev ## format, lint, types, import contracts, YAML, rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/yamllint --strict rules profiles
	$(BIN)/recommender rules lint

format: $(VENV)/.dev ## rewrite the Python files as ruff wants them
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pin: $(VENV)/.run ## write profiles/suggested anew after rules were changed
	$(BIN)/recommender rules pin

bench: $(VENV)/.dev ## measure speed, beside other rule engines
	$(BIN)/python -m benchmarks $(ARGS)

governance: $(VENV)/.dev ## time proofs and comparisons, and plant every fault of safety (minutes)
	$(BIN)/python -m benchmarks.governance $(ARGS)

lock: ## re-lock the requirement files (the only target that needs uv)
	$(LOCK) pyproject.toml --extra pdf --extra sign --group dev --group bench -o requirements/dev.txt
	$(LOCK) pyproject.toml --group build -c requirements/dev.txt -o requirements/run.txt
	$(LOCK) --group durable -o requirements/durable.txt

clean: ## remove the environment and the caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# --- environments -----------------------------------------------------------------------------

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or later is needed; name one with PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "This Python has no venv. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# The core comes from wheels alone. durable-rules has none: it is built where a compiler and a
# Python before 3.13 allow, and otherwise only the cross-check is missing.
$(VENV)/.run: $(VENV)/.python pyproject.toml hatch_build.py requirements/run.txt requirements/durable.txt
	$(PIP) --require-hashes --only-binary :all: -r requirements/run.txt
	@$(INSTALL) --require-hashes -r requirements/durable.txt > $(VENV)/durable.log 2>&1; \
	if $(BIN)/python -W ignore -c 'import durable.engine' >> $(VENV)/durable.log 2>&1; \
	then echo "durable-rules built: cross-check is on"; \
	else echo "durable-rules not built: cross-check is off (why: $(VENV)/durable.log)"; fi
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	$(PIP) --require-hashes --only-binary :all: -r requirements/dev.txt
	@touch $@
