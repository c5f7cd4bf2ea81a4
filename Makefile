# Every command of the project. `make` alone lists them.
PYTHON := .venv/bin/python
JOBS ?= 2

.PHONY: help setup demo sabotage test lint types load bench replay figures lock

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: ## .venv with everything
	@./scripts/setup

demo: setup ## the main job on embedded parts; exit 0 only when its story came true
	@$(PYTHON) -m loadtests.demo

sabotage: setup ## the demo with one part broken at a time: each run must fail
	@$(PYTHON) -m loadtests.demo.sabotage

test: setup ## the whole suite
	@$(PYTHON) -m pytest -n $(JOBS) --dist loadfile

lint: setup ## ruff, mypy --strict, import contracts
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

types: setup ## mypy --strict alone
	@.venv/bin/mypy

load: setup ## Locust: is the candidate at most 20 % slower?
	@$(PYTHON) -m loadtests.run

bench: setup ## the benchmarks, interleaved with their peers
	@$(PYTHON) -m loadtests.micro
	@$(PYTHON) -m loadtests.micro.compare
	@$(PYTHON) -m loadtests.micro.gateway --seconds 4

replay: setup ## 50,000 generated requests over all endpoints: every answer is legacy's, or declined by name
	@$(PYTHON) -m loadtests.replay

figures: setup ## the long measurements that docs/ quotes
	@$(PYTHON) -m loadtests.figures

lock: setup ## renew requirements.lock: hashes, no host names
	@uv pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml -o requirements.lock
