# Every target sets up what it needs. PYTHON chooses the interpreter that .venv is made with.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SPARK35 := .cache/spark-3.5.9
SPARK40 := .cache/spark-4.0.5
YARN := .cache/yarn-3.5.0
CONNECTORS := .cache/connectors-1
T ?= tests
K ?=
# Files of tests with a real Spark that run side by side; each takes 2 GB and a core or two.
SPARKS ?= 2

.PHONY: help demo test unit check fix bench witness golden generate build clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

# ── use ──────────────────────────────────────────────────────────────────────────────────────────
demo: java $(VENV)/.jobs ## run the example pipeline on real data, with its lineage on the terminal
	@$(BIN)/python -m jobs.demo

# ── work on it ───────────────────────────────────────────────────────────────────────────────────
test: $(VENV)/.dev $(SPARK35)/.done $(SPARK40)/.done ## all tests, with a real Spark 4.2, 4.0, 3.5 and YARN; T=path and K=pattern narrow them
	@# The servers' JARs come meanwhile. Of a narrowed run one half may be empty (status 5), but not both.
	@$(MAKE) --no-print-directory servers >.cache/servers.log 2>&1 & servers=$$!; \
	$(BIN)/python -m pytest $(T) -m 'not spark' -n auto $(if $(K),-k '$(K)'); fast=$$?; \
	wait $$servers || { cat .cache/servers.log >&2; exit 1; }; \
	test $$fast -eq 0 || test $$fast -eq 5 || exit $$fast; \
	$(BIN)/python -m pytest $(T) -m spark -n $(SPARKS) --dist loadscope $(if $(K),-k '$(K)'); slow=$$?; \
	test $$slow -ne 5 || exit $$fast; exit $$slow

unit: $(VENV)/.dev ## the fast tests: no JVM, no servers, few examples of each property; under a minute on two cores
	$(BIN)/python -m pytest tests/unit -m 'not spark and not service' --hypothesis-profile=quick -n auto $(if $(K),-k '$(K)')

check: $(VENV)/.dev $(SPARK35)/.done ## format, lint, types, layers, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check
	$(BIN)/python -m sparklineage.witness.build --check
	@# What travels inside of relay.pyz runs on Python 3.9; vermin takes the module `file` for the old function.
	$(BIN)/vermin -q -t=3.9- --no-tips --violations --exclude file $$($(BIN)/python -c \
	  'from sparklineage.kits import zipapp; print(*map(zipapp.path_of, zipapp.modules()))')

fix: $(VENV)/.dev ## format, and mend what lint can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev $(SPARK35)/.done ## what lineage costs, as ratios against baselines of the same run
	$(BIN)/python -m benchmarks

golden: $(VENV)/.dev ## rewrite the expected files of the golden tests; review them with git diff
	SPARKLINEAGE_GOLDEN=write $(BIN)/python -m pytest tests/unit tests/golden -q -m 'not spark'

generate: $(VENV)/.dev ## write docs/, conf/ and bootstrap/ anew from the code and the example
	$(BIN)/python -m docs.generate

witness: $(VENV)/.dev $(SPARK35)/.done ## build the witness's JAR (needs a JDK 17)
	$(BIN)/python -m sparklineage.witness.build

build: $(VENV)/.dev ## source distribution and wheel in dist/
	$(BIN)/python -m pip install --quiet build
	$(BIN)/python -m build

clean: ## remove everything that the targets made
	rm -rf $(VENV) .cache build dist data *.egg-info .mypy_cache .ruff_cache .pytest_cache spark-warehouse metastore_db

# Told before anything is downloaded; which Java a Spark takes, `submit` knows exactly.
.PHONY: java
java:
	@java="$${JAVA_HOME:+$$JAVA_HOME/bin/}java"; \
	found="$$("$$java" -version 2>&1 | sed -n 's/.* version "\(1\.\)\{0,1\}\([0-9]*\).*/\2/p')"; \
	test "$${found:-0}" -ge 17 || { \
	  echo "Java 17 or 21 is needed; $$java$${JAVA_HOME:+ (from JAVA_HOME)} is $${found:-not there}. Install it, on Debian and Ubuntu with" \
	    "apt-get install openjdk-17-jre-headless (or 21)$${JAVA_HOME:+, and let JAVA_HOME lead to it}." >&2; \
	  exit 1; }

# ── environment ──────────────────────────────────────────────────────────────────────────────────
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "Python 3.10 or later is needed; name it with: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "The venv module of Python is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.jobs: pyproject.toml | $(BIN)/python
	@test -e $@ || echo "Setting up $(VENV): PySpark, Delta, pandas and scikit-learn (about 600 MB, once)"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -e '.[jobs]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[dev]'
	@touch $@ $(VENV)/.jobs

# Spark 3.5 (Scala 2.12) and 4.0 live beside the environment: SPARK_HOME points to one of them.
$(SPARK35)/.done $(SPARK40)/.done: .cache/spark-%/.done: | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps --target $(@D) pyspark==$*
	@touch $@

.PHONY: servers
servers: $(YARN)/lib $(CONNECTORS)/lib

# The daemons of YARN, fetched by Spark's own Ivy in two minutes (90 MB, once).
$(YARN)/lib: | $(VENV)/.dev
	$(BIN)/python -m tests.real.fetch_jars tests/real/yarn/ivy.xml $(@D)

# A Kafka broker, and Spark's connectors to it, to PostgreSQL and to Iceberg (100 MB, once). Other versions take a new number.
$(CONNECTORS)/lib: | $(VENV)/.dev
	$(BIN)/python -m tests.real.fetch_jars tests/real/connectors/ivy.xml $(@D)
