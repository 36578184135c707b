# `make` sets up, builds the docs and shows what there is; `make test` runs what a change can break,
# and `make test-all` adds the sweeps.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: all docs pdf typeset test sweep test-all browser coverage check wheel mutants figures examples \
    bench clean

all: docs
	@$(BIN)/formal-transformers list
	@echo
	@echo "Open the docs: file://$(CURDIR)/docs/_build/html/index.html"

# Installs this package, editable, with the extras that follow; all versions are pinned.
INSTALL := PIP_CONSTRAINT='$(CURDIR)/constraints.txt' PIP_BUILD_CONSTRAINT='$(CURDIR)/constraints.txt' \
    $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable

# One environment, filled in two steps: the pages need 0.4 GB, and the tests 2 GB more. The pages
# show `spec.conformance`, which is imported with the libraries of the extra `check`.
.venv/docs: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo 'Python 3.11 or later is needed: make PYTHON=…' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(INSTALL) '.[docs,check]'
	@touch $@

.venv/tests: .venv/docs
	$(INSTALL) '.[docs,test]'
	@touch $@

# On a terminal Sphinx shows how far it is, in one row; a log has its warnings only.
docs: .venv/docs
	@quiet=--quiet; if [ -t 1 ]; then quiet=; fi; set -x; \
	$(BIN)/sphinx-build --nitpicky --fail-on-warning --keep-going $$quiet --jobs auto \
	    --builder html --doctree-dir docs/_build/doctrees docs docs/_build/html

# All algorithms as a booklet. The third run has the pages that the contents of the second lead to.
BOOKLET := build/booklet
pdf: .venv/docs
	@command -v lualatex kpsewhich >/dev/null \
	    && kpsewhich unicode-math.sty algpseudocode.sty texgyrepagella-math.otf >/dev/null \
	    || { echo 'LuaLaTeX is needed; on Debian: apt-get install $(TEX)' >&2; exit 1; }
	$(BIN)/python -m spec.booklet $(BOOKLET)/booklet.tex
	cd $(BOOKLET) && for run in 1 2 3; do \
	    lualatex -interaction=batchmode -halt-on-error booklet.tex >/dev/null \
	        || { tail -n 30 booklet.log >&2; exit 1; }; done
	@echo 'The booklet: $(CURDIR)/$(BOOKLET)/booklet.pdf'

# Does LaTeX set each algorithm, and the booklet, with nothing missing?
typeset: .venv/tests
	$(PYTEST) -m typeset tests/render/test_algpseudocode.py tests/test_booklet.py

# The packages of Debian that set the booklet.
TEX := texlive-luatex texlive-science texlive-latex-recommended fonts-texgyre fonts-texgyre-math

# One process for each processor, and in each one thread: matrices as small as the tests' are only
# slowed down by more. One process has all tests of a file, which compute what they share once.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --dist loadfile

# Everything that a change can break.
test: .venv/tests
	$(PYTEST) -m 'not sweep and not typeset' $(TESTS)

# The exhaustive sweeps: planted mistakes, whole models in every format, every figure. The tests of
# a file go to all processes, since there are few files.
sweep: .venv/tests
	$(PYTEST) --dist load -m sweep $(TESTS)

test-all: test sweep

.venv/browser: .venv/tests
	$(INSTALL) '.[docs,test,browser]'
	@touch $@

# What the pages do in Chromium, which is there after `apt-get install chromium chromium-driver`. The
# tests of one look at a page go to one process, which shows it once (`tests/browser/conftest.py`).
browser: docs .venv/browser
	$(PYTEST) --dist loadscope tests/browser

# Which rows and branches `make test` runs, but for its slowest tests: they are not traced.
coverage: export PYTEST_ADDOPTS = --cov --cov-report=
coverage: test
	@$(BIN)/coverage report --include='algorithms/*' --skip-covered --fail-under=100
	@$(BIN)/coverage report --include='spec/*' --skip-covered --fail-under=95

# What needs no run: types, style, who imports whom.
check: .venv/tests
	$(BIN)/mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

# Wheel and sdist, each used where nothing else is installed.
wheel: .venv/tests
	$(BIN)/python .ci/wheel.py

# Every line of the pseudocode and of the reference, changed in every place: what sees it?
mutants: .venv/tests
	$(BIN)/python -m tests.mutants --write

# The measured tables of the docs: lines seen, rounding errors.
figures: .venv/tests
	$(BIN)/python -m tests.figures

# Models trained on real data, whose figures and plots the docs show. `make examples QUICK=--quick`
# takes at most a minute for each of them, and writes to build/. An example that has to be GIVEN data
# is run by hand.
examples: .venv/tests
	for path in $$(grep -l '^def main' $$(grep -L '^GIVEN' examples/*.py)); do \
	    $(BIN)/python -m examples.$$(basename $$path .py) $(QUICK) || exit; done

bench: .venv/tests
	$(BIN)/python -m bench $(WHAT)

clean:
	rm -rf .venv docs/_build docs/mistakes build dist
