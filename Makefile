# Layer Pruning Explorer. `make run` opens the app, `make test` runs all tests; both install what they need themselves.
# `make verify` makes two of the shipped runs again, drawn with another seed every day, and compares.
PYTHON ?= python3
IN_VENV = .venv/bin/python
BROWSERS = chromium chromium-browser google-chrome
PIP_INSTALL = $(IN_VENV) -m pip install -qq --disable-pip-version-check

.PHONY: setup run test lint format verify screenshots clean

setup: .venv/installed

run: setup
	@$(IN_VENV) -m pruning models install minilm-l6
	$(IN_VENV) app.py

test: .venv/installed-dev .venv/browser
	@$(IN_VENV) -m pruning models install minilm-l6
	$(IN_VENV) -m pytest -n 2 --dist loadfile

lint: .venv/installed-dev
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m ruff format --check .

format: .venv/installed-dev
	$(IN_VENV) -m ruff check --fix .
	$(IN_VENV) -m ruff format .

verify: setup
	@$(IN_VENV) -m pruning models install minilm-l6
	$(IN_VENV) -m pruning results verify --sample 2 --seed $(or $(SEED),$(shell date +%j)) --model minilm-l6

screenshots: .venv/installed-dev .venv/browser
	$(IN_VENV) benchmarks/screenshots.py

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .gradio
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) was not found; install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, this is `$(PYTHON) --version`; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/installed: .venv/bin/python requirements.txt
	@echo "installing what the app needs (some minutes the first time)"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	@echo "installing what the tests need"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@

# for the browser tests: a Chromium that is there, else playwright's, else the system's package, else none
.venv/browser: .venv/installed-dev
	@{ for name in $(BROWSERS); do command -v $$name && break; done \
	|| $(IN_VENV) -m playwright install chromium >/dev/null 2>&1 \
	|| { test "`id -u`" = 0 && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }; } \
	&& touch $@ || echo "no Chromium can be installed here; the browser tests skip themselves" >&2
