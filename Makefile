# Two commands matter: make demo, make test. Both set up .venv when it is not there or out of date.
PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= train,slicer,dev
RUN := $(VENV)/bin

.PHONY: help demo test lint format clean

help:
	@echo "make demo    set up .venv and run the whole way on simulated images (results in demo/)"
	@echo "make test    the same environment, the tests"
	@echo "make lint    ruff and mypy"
	@echo "make format  let ruff put the code in order"
	@echo "make clean   remove .venv, demo/ and caches"
	@echo "Another Python: make demo PYTHON=python3.12"

demo: $(VENV)/installed
	$(RUN)/cervixrisk demo

test: $(VENV)/installed
	OMP_NUM_THREADS=1 $(RUN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

lint: $(VENV)/installed
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

format: $(VENV)/installed
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

# Installed again only when what is wanted has changed.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "CervixRisk needs Python 3.10 or newer, and '$(PYTHON)' is not. Name another one: make PYTHON=python3.12"; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "'$(PYTHON)' cannot make virtual environments (Debian, Ubuntu: apt install python3-venv)."; exit 1; }
	@test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS)]"
	@touch $@

clean:
	rm -rf .venv .venv-* demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
