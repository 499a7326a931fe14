# Every target works in a fresh clone with only Python on the machine.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check format audit clean

demo: $(VENV)/demo.stamp ## install, then answer a real question from seeds/, offline
	$(BIN)/rag ask "why did Jasper decline" --source seeds

test: $(VENV)/dev.stamp ## install the tools, then run the tests
	$(BIN)/python -m pytest

check: $(VENV)/dev.stamp ## everything CI runs: format, lint, types, import contract, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

format: $(VENV)/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

audit: $(VENV)/dev.stamp ## licences of all that is installed, and known holes in it; asks PyPI
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet pip-audit pip-licenses
	$(VENV)/audit/bin/pip-licenses --python $(BIN)/python --from mixed
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+[^ ]*$$//' > $(VENV)/audit/installed.txt
	$(VENV)/audit/bin/pip-audit --strict --disable-pip --no-deps --requirement $(VENV)/audit/installed.txt

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/dev.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@ $(VENV)/demo.stamp

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
