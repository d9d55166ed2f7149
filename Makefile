# Everything a person or CI runs. `make` alone prints this page.
# On a fresh machine each target first sets up what it needs: .venv, from the locks.

PYTHON ?= python3
BIN := .venv/bin
SERVICES := auth edge jobs media-worker search
DISTS := protos libs/kit $(SERVICES:%=services/%) deploy/local clients/admin
SOURCES := libs/kit/src $(SERVICES:%=services/%/src) deploy/local/src clients/admin/src
INSTALL = command -v "$$PYTHON" > /dev/null || { echo "Flexura needs Python 3.11 or newer, and there is no $$PYTHON (Debian 12 or newer: apt-get install python3-venv)"; exit 1; }; \
	"$$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Flexura needs Python 3.11 or newer, and %s is %d.%d: set PYTHON=/path/to/one, as in: make run PYTHON=python3.11" % ((sys.executable,) + sys.version_info[:2]))' \
	&& "$$PYTHON" deploy/local/install.py --again "make $$GOALS"

# What is given arrives as it was typed: neither make nor the shell expands a `$$` or a quote in it. Recipes take it from
# their environment, and under names that no shell has a meaning of its own for, as SECONDS has in bash.
GIVEN := PYTHON NAME SECONDS SEED KINDS MINUTES $(filter FLEXURA_%,$(.VARIABLES))
$(foreach name,$(GIVEN),$(if $(filter-out undefined,$(origin $(name))),$(eval override $(name) := $$(value $(name)))$(eval export $(name))))
export GOALS = $(value MAKECMDGOALS)
export GIVEN_SECONDS = $(SECONDS)
export GIVEN_SEED = $(SEED)
export GIVEN_MINUTES = $(MINUTES)

# Ctrl-C before the first line of a program runs would show how Python itself starts. GNU's env holds it back until then.
QUIET_START = $$(env --block-signal=INT true 2> /dev/null && echo env --block-signal=INT)

.DEFAULT_GOAL := help
.PHONY: help run stop status key clean fmt lint types imports test test-full test-unit test-integration test-e2e test-faults simulate fuzz planted-bugs docs gallery bench soak gen gen-check breaking lock

##@ Start
help: ## Print this page.
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*##/ {printf "  %-18s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/run.stamp ## Set up and run everything on this machine: FLEXURA_HOME=.flexura FLEXURA_PORT=3000.
	@exec $(QUIET_START) $(BIN)/python -m flexura_local

stop: ## Stop what `make run` started on this FLEXURA_HOME.
	@if [ -e .venv/run.stamp ]; then $(BIN)/python -m flexura_local stop; else echo 'nothing runs: Flexura is not installed here'; fi

status: ## Say what runs from this folder, whatever its FLEXURA_HOME.
	@if [ ! -e .venv/run.stamp ] || ! $(BIN)/python -m flexura_local status; then echo '  nothing runs from this folder'; fi

key: .venv/run.stamp ## Create an API key on the Flexura that runs: NAME="my laptop". `.venv/bin/flexura-admin` does more.
	@$(BIN)/flexura-admin key create --name="$$NAME"

clean: ## Remove the virtual environment and caches; never your data.
	@if [ -e .venv/run.stamp ] && $(BIN)/python -m flexura_local status 2> /dev/null; then echo 'It needs .venv: stop it first (make stop, with its FLEXURA_HOME).'; exit 1; fi
	rm -rf .venv .make .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

##@ Check
fmt: .venv/dev.stamp ## Format the code and mend what can be mended.
	$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format --quiet .

lint: .venv/dev.stamp ## Check style: ruff for Python, buf for the protos.
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && cd protos && ../$(BIN)/buf lint

types: .venv/dev.stamp ## Check types: mypy, strict.
	$(BIN)/mypy

imports: .venv/dev.stamp ## Check that every arrow between rooms points inward.
	$(BIN)/lint-imports --no-logo

test: lint types imports gen-check breaking ## Every check: these, the simulator, then house, unit, integration, e2e and short fault tests (under 10 minutes).
	@sh tests/programs.sh
	$(BIN)/pytest tests/simulator
	$(BIN)/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder -m 'not heavy' tests/faults tests/e2e tests/integration tests/house tests/unit

test-full: .venv/dev.stamp ## The heavy tests that are not in `make test`: whole installations that are killed and started again.
	@sh tests/programs.sh heavy
	$(BIN)/pytest -m heavy tests

test-unit: .venv/dev.stamp ## House and unit tests alone, under a minute.
	$(BIN)/pytest tests/house tests/unit

##@ Deeper
test-integration: .venv/dev.stamp ## Tests of one service against real servers.
	$(BIN)/pytest tests/integration

test-e2e: .venv/dev.stamp ## Tests of the whole, as `make run` runs it.
	$(BIN)/pytest tests/e2e

test-faults: .venv/dev.stamp ## Kill, freeze and cut off everything under load and check what clients saw: SECONDS=3600 SEED=7.
	FAULTS_SECONDS="$$GIVEN_SECONDS" FAULTS_SEED="$$GIVEN_SEED" FAULTS_KINDS="$$KINDS" $(BIN)/pytest tests/faults

simulate: .venv/dev.stamp ## Replay one seed of the simulator with its trace: SEED=123.
	@PYTHONPATH=tests $(BIN)/python -m simulator replay "$${GIVEN_SEED:-0}"

fuzz: .venv/dev.stamp ## Run the property tests with fresh inputs until one fails: SECONDS=300, or SEED=7 for one round.
	@PYTHONPATH=tests $(BIN)/python -m fuzz $${GIVEN_SECONDS:+"--seconds=$$GIVEN_SECONDS"} $${GIVEN_SEED:+"--seed=$$GIVEN_SEED"}

planted-bugs: .venv/dev.stamp ## Plant one bug at a time into a copy of the sources and see whether it is found.
	@PYTHONPATH=tests $(BIN)/python -m simulator planted

bench: .venv/bench.stamp ## Measure everything in one run and write docs/performance.md (10 minutes).
	@command -v wrk >/dev/null || { [ $$(id -u) = 0 ] && apt-get install -qq -y wrk >/dev/null; } || { echo 'The benchmark needs wrk (Debian: apt-get install wrk)'; exit 1; }
	PYTHONPATH=tests $(BIN)/python -m bench

soak: .venv/dev.stamp ## Work for a while and print the memory of each process at the start and at the end: MINUTES=20.
	PYTHONPATH=tests $(BIN)/python -m bench.soak "$${GIVEN_MINUTES:-20}"

gallery: .venv/dev.stamp ## Render what the built-in generators make of well-known prompts: docs/gallery.jpg.
	@PYTHONPATH=tests $(BIN)/python -m gallery docs/gallery.jpg

docs: .venv/dev.stamp ## Write the settings tables of docs/operations.md.
	$(BIN)/python docs/render_settings.py

##@ Contracts
gen: .venv/dev.stamp ## Generate the stubs in protos/gen.
	$(BIN)/python protos/generate.py

gen-check: .venv/dev.stamp ## Fail where the committed stubs differ from the protos.
	$(BIN)/python protos/generate.py --check

breaking: .venv/dev.stamp ## Fail where the protos break clients of the main branch.
	$(BIN)/python protos/breaking.py

lock: .venv/dev.stamp ## Compile the requirement files into locks with hashes and without addresses.
	for set in requirements requirements-dev requirements-bench; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links $$set.in -o $$set.lock || exit 1; done

# What is installed is remembered by stamps, so that a second call starts at once.
.venv/run.stamp: requirements.lock $(DISTS:%=%/pyproject.toml)
	@$(INSTALL) requirements $(DISTS)

.venv/dev.stamp: .venv/run.stamp requirements-dev.lock
	@$(INSTALL) requirements-dev $(DISTS)

.venv/bench.stamp: .venv/dev.stamp requirements-bench.lock
	@$(INSTALL) requirements-bench $(DISTS)
