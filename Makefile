# The README's two commands are `make book` and `make test`. `make` alone lists them all.
SHELL    := bash
PYTHON   ?= $(firstword $(shell command -v python3.11 python3 python3.13 python3.12 2>/dev/null))
PIP_ARGS ?=
# One more than there are processors: tests wait for browsers, jails and pip.
JOBS     ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) + 1 )))
BIN      := .venv/bin
READY    := .venv/.ready

export PYTHONUTF8 := 1

.PHONY: help install book serve zip pdf lighthouse keys extent style check fix test soak exercises notebook notebooks study sheet bench \
  system address clean

help: ## list the targets
	@echo "usage: make TARGET"
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  \1\t\2/' | expand -t 14

$(READY): requirements.txt lib/pyproject.toml exercises/grading/pyproject.toml
	@test -n "$(PYTHON)" || { echo "There is no Python on the path. Needed is 3.11.2 or newer."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11, 2))' || { echo "Python 3.11.2 or newer is needed;" \
	  "$(PYTHON) is $$($(PYTHON) -V). Name another: make PYTHON=/path/to/python3.13 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments." \
	  "On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "── Installing into .venv (the first time takes minutes)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install $(PIP_ARGS) --disable-pip-version-check --progress-bar off -r requirements.txt | \
	  sed -nuE 's/^Collecting ([^ ]+).*/  \1/p; /^ERROR/p'; exit $${PIPESTATUS[0]}
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e lib -e exercises/grading
	@$(BIN)/pip check
	@touch $@

install: $(READY) ## make .venv and install there what requirements.txt names; the other targets do it by themselves

book: $(READY) ## execute every chapter and write the book to _build/html
	@echo "── Building the book"
	@$(BIN)/jupyter-book build . -W --keep-going
	@echo
	@echo "The book is in _build/html. Next: make serve, and open http://localhost:8000"

serve: ## show the built book at http://localhost:8000
	@test -f _build/html/index.html || { echo "There is no book yet. First: make book"; exit 1; }
	@echo "http://localhost:8000   (Ctrl-C ends it)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

zip: $(READY) ## pack the built book into _build/from-rnn-to-attention.zip, to be read without a network
	@$(BIN)/python book/tools/pack.py

pdf: $(READY) ## print the built book: each page and the whole, into _build/pdf
	@$(BIN)/python book/tools/paper.py

lighthouse: $(READY) ## measure the built pages as a phone loads them: make lighthouse RUNS=5
	@$(BIN)/python book/tools/lighthouse.py $(if $(RUNS),--runs $(RUNS))

style: $(READY)
	@echo "── Style"
	@$(BIN)/ruff format --check --quiet . || { echo "Some files are not formatted. Next: make fix"; exit 1; }
	@$(BIN)/ruff check --quiet . || { echo "Next: make fix, which mends most of it"; exit 1; }

keys: $(READY) ## measure how soon the built pages' networks answer to a key on a phone
	@$(BIN)/python book/tools/keys.py

extent: $(READY) ## measure the built chapters: height, open code, first picture, stops of the keyboard, jumps
	@$(BIN)/python book/tools/extent.py

fix: $(READY) ## format all files, and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

check: style ## style, and all tests that start no kernel, build, browser or jail (under a minute)
	@echo "── Tests that are quick"
	@$(BIN)/pytest -q -n $(JOBS) --dist loadfile -m "not soak and not heavy" --ignore=notebooks

test: style ## run all tests: library, notebooks, built pages
	@if [ "$$CI" = true ] || { [ "$$(id -u)" = 0 ] && [ -f /etc/debian_version ]; }; then $(MAKE) --no-print-directory system; fi
	@echo "── Tests"
	@$(BIN)/pytest -n $(JOBS) --max-worker-restart 0 --dist loadfile --no-loadscope-reorder
	@echo
	@echo "All tests passed. Next: git commit, with a message that says why."

soak: $(READY) ## run the long tests, which may install more (nbgrader); or a part of them: make soak SHARD=1/4
	@$(BIN)/pytest -m soak -o faulthandler_timeout=0 $(if $(SHARD),--shard $(SHARD))

exercises: $(READY) ## write the exercises' notebooks, check's data and the book's tables from their specifications
	@$(BIN)/python -m rnn2attn_grading write
	@$(BIN)/python exercises/grading/tests/book_tables.py
	@echo "Next: git diff exercises lib/rnn2attn/check book, and read what changed."

notebook: $(READY) ## open the notebooks in JupyterLab, which is installed the first time
	@test -x $(BIN)/jupyter-lab || $(BIN)/python -m pip install -q --disable-pip-version-check -c requirements.txt jupyterlab==4.6.6
	@$(BIN)/jupyter-lab notebooks

notebooks: $(READY) ## execute the notebooks and store their outputs in them
	@$(BIN)/python book/tools/execute.py notebooks/*.ipynb
	@echo "Next: git diff notebooks, and read what changed."

study: $(READY) ## measure every chapter over seeds and store the numbers: make study SEEDS=10 CHAPTER=01
	@$(BIN)/python -m rnn2attn.study $(if $(SEEDS),--seeds $(SEEDS)) $(if $(CHAPTER),--chapter $(CHAPTER))

sheet: $(READY) ## print a chapter's paragraphs beside the stored rows that they are about: make sheet CHAPTER=01
	@$(BIN)/python -m rnn2attn.study --sheet $(if $(CHAPTER),--chapter $(CHAPTER))

bench: $(READY) ## time attention against loops and the limit, and make the page's tables: make bench ROUNDS=7
	@OMP_NUM_THREADS=1 $(BIN)/python benchmarks/speed.py $(if $(ROUNDS),--rounds $(ROUNDS))

# libatomic1: Playwright's own Node asks for it, and a bare Debian 12 has it not.
system: ## install what the tests need from Debian: Chromium and a Hangul font for pages, bubblewrap and libseccomp2 for grading
	@for package in chromium fonts-nanum libatomic1 bubblewrap libseccomp2; do dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	  echo "── Installing$$missing"; \
	  sudo=$$([ "$$(id -u)" = 0 ] || command -v sudo) || { echo "Only root may do that, and there is no sudo. As root: apt-get install$$missing"; exit 1; }; \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

address: $(READY) ## move the repository's address everywhere: make address URL=https://github.com/OWNER/NAME BRANCH=main
	@$(BIN)/python book/tools/address.py "$(URL)" $(BRANCH)

clean: ## remove what was built, and keep the installation
	rm -rf _build
