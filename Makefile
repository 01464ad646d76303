# Every target works from a fresh clone: it makes .venv and installs what is missing.
# README.md lists the plain commands for people without make.

PYTHON ?= python3

# Two processes side by side, one a core; with two threads each they would only wait for each other.
# A test that hangs ends after ten minutes, with where it stood.
PYTEST := -m pytest --timeout=600 -n 2 --dist loadgroup --no-loadscope-reorder
NOTEBOOKS := --nbval --nbval-cell-timeout=300 chapters
QUICK := "not browser and not book and not processes"
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Notebooks run in their own folder, so a relative data folder is made absolute first.
ifneq ($(FASHION_MNIST_ROOT),)
ifeq ($(filter /% ~%,$(firstword $(FASHION_MNIST_ROOT))),)
override FASHION_MNIST_ROOT := $(CURDIR)/$(FASHION_MNIST_ROOT)
export FASHION_MNIST_ROOT
endif
endif

# Some machines switch this off; compiled once, the tests start in 3 s and not in 5.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: FORCE help install book pdf test browsers unit coverage standin check lab run student bench mutants lint clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*\#\#' $(MAKEFILE_LIST) | awk -F':.*\#\# ' '{printf "  make %-8s %s\n", $$1, $$2}'

# A second call doesn't reinstall: the stamp is newer than the files it depends on. On Linux the
# PyTorch for the processor is taken. make TORCH=cuda install takes the one for NVIDIA cards, and
# make TORCH=https://download.pytorch.org/whl/cu130 install that of any other index.
$(STAMP): requirements.txt pyproject.toml $(if $(TORCH),FORCE)
	$(PYTHON) tools/install.py $(if $(TORCH),--torch "$(TORCH)")
	touch $@

FORCE:

install: $(STAMP)  ## make .venv and install the pinned environment

book: $(STAMP)  ## build the book into _build/html
	$(BIN)/python tools/build_book.py

pdf: $(STAMP)  ## print the book to _build/pdf
	$(BIN)/python tools/build_book.py
	$(BIN)/python tools/make_pdf.py

test: book  ## unit tests, strict nbval over every notebook, checks of the built book; no browser
	OMP_NUM_THREADS=1 COURSE_BOOK_HTML="$$PWD/_build/html" $(BIN)/python $(PYTEST) $(NOTEBOOKS) tests -m "not browser"

browsers: book  ## drive the book, its figures and the notebooks in Chromium, Firefox and WebKitGTK
	OMP_NUM_THREADS=1 COURSE_BOOK_HTML="$$PWD/_build/html" $(BIN)/python $(PYTEST) tests/lab tests/book tests/browser -m browser

unit: $(STAMP)  ## the quick tests: units and the form of the notebooks; no browser, no book, no processes
	OMP_NUM_THREADS=1 $(BIN)/python $(PYTEST) tests/unit tests/notebooks tests/processes -m $(QUICK)

coverage: $(STAMP)  ## branch coverage of the package by its tests; below 95 % is an error
	$(BIN)/python -m pytest --timeout=600 -n 2 -m "not book" --ignore tests/lab --ignore tests/notebooks --cov --cov-report=term tests

standin: $(STAMP)  ## what depends on data once more, on the stand-in and without a network
	COURSE_REQUIRE_DATA= FASHION_MNIST_ROOT="$$PWD/_build/no-data" https_proxy=http://127.0.0.1:9 \
	http_proxy=http://127.0.0.1:9 no_proxy=localhost,127.0.0.1 OMP_NUM_THREADS=1 \
	$(BIN)/python $(PYTEST) $(NOTEBOOKS)

check: $(STAMP)  ## exactly what CI runs: lint, test, browsers, standin
	$(MAKE) -j 2 lint book
	$(MAKE) -o book test browsers standin

lint: $(STAMP)  ## ruff, mypy and codespell; deno for the JavaScript: format, rules, types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m codespell_lib
	$(BIN)/deno fmt --check
	$(BIN)/deno lint --quiet
	$(BIN)/deno check --quiet src/course_utils/figures/static tests/unit/javascript

lab: $(STAMP)  ## open the chapters in JupyterLab
	$(BIN)/python -m jupyter lab --LabApp.default_url=/lab/tree/chapters

run: $(STAMP)  ## execute all chapters in place, top to bottom, on the data found
	$(BIN)/python tools/run_chapters.py

student: $(STAMP)  ## the chapters without solutions and outputs, to _build/student
	$(BIN)/python tools/teach.py student

bench: book  ## measure and print the ratios the course claims
	$(BIN)/python -m benchmarks

# A broken package may take the user's cache for a test's folder: it is given another one.
mutants: $(STAMP)  ## mutation testing of the package (slow)
	XDG_CACHE_HOME="$$PWD/mutants/cache" $(BIN)/python -m mutmut run

clean:  ## remove what was built, keep .venv
	rm -rf _build .pytest_cache .ruff_cache chapters/.ruff_cache .mypy_cache .hypothesis mutants
