# make run     serves the product with a demo; HOST=, PORT= and SITE_URL= change the address
# make test    installs what the tests need, checks, and runs every test
# make test-server, make test-browser  its two halves, without the checks: all but a browser's tests, and those
# make check   the quick part: style, types, migrations, layers, JavaScript; make check-style etc. is one of them
# make coverage says which lines of the live path no test runs, and fails if there are any
# make bench   a table of how fast it is; AUDIO_DIR= takes speech from a folder of WAV files
# make reconnect a table of how soon words come after a reconnect: a quarter of an hour, so not part of make bench
# make capacity a table of how many live answers this machine bears: a quarter of an hour
# make pages   the long form of the test of pages: with N= interviews, 2,000 if not said
# make leaks   the long form of the test that nothing is left behind
# make long    the long form of the test that a dashboard stays small and quick over a long answer
# make chaos   the long form of the tests that kill things; N= is how many workers, 200 if not said
# make messages looks for new texts to translate, and compiles the translations
# make schema  writes the JSON schema of the wire after a change of its messages

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
# A server on all addresses is opened under the one that SITE_URL says.
SITE_URL ?= http://$(patsubst 0.0.0.0,127.0.0.1,$(HOST)):$(PORT)
AUDIO_DIR ?=
# Test files that run side by side where they measure no times: most of them wait.
WORKERS ?= 3
N ?=
# Those that pages are translated into.
LANGUAGES := de

VENV := .venv
BIN := $(VENV)/bin
# Debian keeps the server's program out of the way of PATH.
NEED_POSTGRES := ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || scripts/need postgresql

BY_FILE := $(BIN)/python -m pytest --dist loadfile --no-loadscope-reorder
SIDE_BY_SIDE := $(BY_FILE) -n $(WORKERS) -m "not alone and not paired"
IN_PAIRS := $(BY_FILE) -n 2 -m paired tests/process tests/chaos

# What stands between a candidate's voice and its row, and the tests that run it in their own process.
LIVE_PATH := interviews/consumers.py interviews/live interviews/processing interviews/services/answers.py interviews/wire
COVERING := tests/interviews tests/speech tests/process/test_large_messages.py

CHECKS := check-types check-scripts check-layers check-migrations check-style

.PHONY: run test test-server test-browser check $(CHECKS) coverage bench reconnect capacity pages leaks long chaos messages schema
.DEFAULT_GOAL := run

run: $(VENV)/run
	@SITE_URL=$(SITE_URL) $(BIN)/python manage.py run --host $(HOST) --port $(PORT)

test: check
	@scripts/need redis-server=redis-server ip=iproute2 chromium=chromium chromium-headless-shell=chromium-headless-shell flite=flite faketime=faketime xgettext=gettext
	@$(NEED_POSTGRES)
	@$(SIDE_BY_SIDE)
	@$(IN_PAIRS)
	@$(BIN)/python -m pytest -m alone

test-server: $(VENV)/dev
	@scripts/need redis-server=redis-server flite=flite faketime=faketime xgettext=gettext
	@$(NEED_POSTGRES)
	@$(SIDE_BY_SIDE) --ignore tests/browser
	@$(IN_PAIRS)
	@$(BIN)/python -m pytest -m alone --ignore tests/browser

test-browser: $(VENV)/dev
	@scripts/need redis-server=redis-server ip=iproute2 chromium=chromium chromium-headless-shell=chromium-headless-shell flite=flite
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder tests/browser

# Its parts run side by side, and each tells what it finds, whatever the others find.
check:
	@$(MAKE) --no-print-directory --jobs 3 --keep-going --output-sync=target $(CHECKS)

check-types: $(VENV)/dev
	@$(BIN)/mypy

check-scripts: node_modules/.package-lock.json
	@node --test --test-reporter=spec tests/js/*.test.mjs

check-layers: $(VENV)/dev
	@$(BIN)/python -m pytest -q tests/test_layers.py

check-migrations: $(VENV)/dev
	@$(BIN)/python manage.py makemigrations --check --dry-run

check-style: $(VENV)/dev node_modules/.package-lock.json
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@node_modules/.bin/biome ci --colors=off --error-on-warnings

# Counted is what runs in the tests' processes and in programs that they start: on the event loop, in threads, in the fork
# server. Not counted are the fork server's children (decoders, meters, PocketSphinx): they are killed when they have
# done their work, and some may open no file to leave a count in.
coverage: $(VENV)/dev
	@scripts/need flite=flite redis-server=redis-server
	@rm -rf var/coverage && mkdir -p var/coverage
	@$(BIN)/coverage run -m pytest -q -n 2 --dist loadfile $(COVERING)
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report --skip-covered
	@$(BIN)/coverage json -q -o var/coverage/report.json
	@$(BIN)/python scripts/uncovered.py var/coverage/report.json $(LIVE_PATH)

bench: $(VENV)/dev
	@scripts/need flite=flite redis-server=redis-server
	@$(NEED_POSTGRES)
	@$(BIN)/python -m benchmarks $(if $(AUDIO_DIR),--audio-dir $(AUDIO_DIR))

reconnect: $(VENV)/dev
	@scripts/need flite=flite
	@DJANGO_SETTINGS_MODULE=interview_project.settings $(BIN)/python -m benchmarks.reconnect

capacity: $(VENV)/dev
	@scripts/need flite=flite
	@$(BIN)/python -m benchmarks.capacity

pages: $(VENV)/dev
	@PAGES_INTERVIEWS=$(or $(N),2000) $(BIN)/python -m pytest tests/interviews/views/test_page_sizes.py

leaks: $(VENV)/dev
	@scripts/need flite=flite
	@LEAK_ROUNDS=long $(BIN)/python -m pytest -s tests/process/test_leaks.py

long: $(VENV)/dev
	@scripts/need chromium=chromium chromium-headless-shell=chromium-headless-shell flite=flite
	@LONG_ANSWER_WORDS=1500 LONG_ANSWER_SPEED=2 $(BIN)/python -m pytest -s tests/browser/test_long_answer.py

chaos: $(VENV)/dev
	@scripts/need redis-server=redis-server flite=flite faketime=faketime
	@$(NEED_POSTGRES)
	@CHAOS_ROUNDS=$(or $(N),200) $(BY_FILE) -n 2 -m paired tests/chaos
	@CHAOS_ROUNDS=$(or $(N),200) $(BIN)/python -m pytest -m alone tests/chaos

messages: $(VENV)/run
	@scripts/need xgettext=gettext
	@$(BIN)/python manage.py makemessages $(LANGUAGES:%=-l %) --no-location --no-wrap --no-obsolete -i .venv -i node_modules -i tests -i var -i benchmarks
	@$(BIN)/python manage.py compilemessages $(LANGUAGES:%=-l %) -i .venv -i node_modules -i var

schema: $(VENV)/run
	@$(BIN)/python manage.py protocol_schema > docs/protocol.schema.json

# What is installed is installed again when its list changes.

$(VENV)/bin/python:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || scripts/need python3-venv
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run: requirements.txt requirements-moonshine.txt | $(VENV)/bin/python
	@echo "Installing what the product runs on …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(MAKE) --no-print-directory $(VENV)/moonshine
	@touch $@

# Not for every machine: `manage.py check` says so where it can't be had, and PocketSphinx recognises. It comes last:
# pip warns of what its packages ask for besides whenever it installs anything after them.
$(VENV)/moonshine: requirements-moonshine.txt | $(VENV)/bin/python
	@echo "Installing the model that recognises …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-moonshine.txt \
		|| echo "It can't be had for this machine. PocketSphinx recognises instead."
	@touch $@

$(VENV)/dev: requirements.txt requirements-dev.txt requirements-moonshine.txt | $(VENV)/bin/python
	@echo "Installing what the tests need …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@$(MAKE) --no-print-directory $(VENV)/moonshine
	@touch $@ $(VENV)/run

node_modules/.package-lock.json: package.json package-lock.json
	@scripts/need node=nodejs npm=npm
	@echo "Installing what checks scripts and styles …"
	@npm ci --silent --no-audit --no-fund
	@touch $@
