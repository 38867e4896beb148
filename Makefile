# Every target works on a machine with Python 3.11, from any folder, spaces included.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := up
# Set, it would have every process that tests start compile the sources anew: a second each.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
VIEWER := services/api/viewer
WEB := services/portal/web
# A phase of what is done, as `waybill up` tells its own.
TELL = printf '%-15s%s\n'
# The machine's Node, else the one that comes as a wheel.
WITH_NODE = if ! command -v npm >/dev/null; then \
	  test -x .venv/bin/npm || $(TELL) environment 'installing Node'; \
	  .venv/bin/pip install --quiet --quiet --disable-pip-version-check --require-hashes -r infra/locks/node.txt; \
	  export PATH="$$PWD/.venv/bin:$$PATH"; fi

.PHONY: up down reset test lint conformance bench nightly certify counterparts audit sbom licences lock clean environment development viewer portal client

## up: a fresh machine to a running product
up: environment viewer portal
	@exec .venv/bin/waybill up

## down: end it from another terminal
down:
	@.venv/bin/waybill down

## reset: remove all data; asks
reset:
	@.venv/bin/waybill reset

## test: every test, on services of its own; those that mostly wait run beside the others; LINTED=1: but those of `make lint`
CRASHES := $(addprefix tests/faults/test_,effects.py kills.py listening.py one_writer.py retried.py shown.py suspended.py)
API := tests/services/api
COMMANDS := tests/services/cli
ENDS := $(CRASHES) $(COMMANDS)
FAULTS := tests/faults $(API) $(addprefix --ignore=,$(CRASHES))
RULES := tests/house tests/portal/test_client.py
SYSTEMS := tests/counterparts tests/nightly tests/portal tests/conformance tests/stories
BESIDE = .venv/bin/python -m pytest --durations=12 $($(1)) $(if $(LINTED),$(addprefix --ignore=,$(RULES))) > build/$(1).log 2>&1 & beside+=($$!)
test: development viewer portal
ifdef TESTS
	.venv/bin/python -m pytest $(TESTS)
else
	@mkdir -p build; failed=0; beside=(); \
	$(call BESIDE,ENDS); $(call BESIDE,FAULTS); $(call BESIDE,SYSTEMS); \
	trap 'kill "$${beside[@]}" 2>/dev/null || true' EXIT; \
	.venv/bin/python -m pytest --durations=12 $(addprefix --ignore=,tests/faults $(API) $(COMMANDS) $(SYSTEMS) $(if $(LINTED),$(RULES))) || failed=$$?; \
	for one in "$${beside[@]}"; do wait "$$one" || failed=$$?; done; \
	cat build/ENDS.log build/FAULTS.log build/SYSTEMS.log; exit $$failed
endif

## lint: rules, format, types, floors, sizes
lint: development portal
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m pytest $(RULES)
	@$(WITH_NODE); cd $(WEB) && npm run --silent lint && npm test --silent

## conformance: the workflow language both ways, with a table; DOCS=folder runs the documents of a folder instead, against EXPECTED=table
conformance: development
ifdef DOCS
	@.venv/bin/python -m tests.conformance.documents "$(DOCS)" $(if $(EXPECTED),"$(EXPECTED)")
else
	@.venv/bin/python -m pytest -m '' tests/conformance
endif

## bench: what a run costs on this machine, as JSON; about two minutes
bench: development
	@.venv/bin/python -m tests.bench.main $(BENCH)

## nightly: what takes long, at most an hour; writes its table to docs/reliability.md
NIGHTLY_MINUTES ?= 55
nightly: development
	@.venv/bin/python -m tests.nightly.main --minutes $(NIGHTLY_MINUTES) $(if $(NIGHTLY_SEED),--seed $(NIGHTLY_SEED))

## certify: the contract tests of connectors, and what came of them into services/connectors/certified.json
certify: development
	.venv/bin/python -m pytest -q -m '' -p tests.certifying --certify $(addprefix tests/counterparts/tryton/test_,accounts.py backorder.py connector.py invoice_dispute.py proof_of_delivery.py watches.py sales.py at_once.py) tests/services/connectors/test_function.py tests/services/connectors/simulators tests/services/connectors/sql
	.venv/bin/python -m services.connectors.catalogue > docs/integrator/connector-catalogue.md
	.venv/bin/python -m services.connectors.catalogue documented > docs/integrator/documented-catalogue.md
	.venv/bin/python -m services.connectors.catalogue simulators > docs/integrator/simulator-catalogue.md

## counterparts: a real Tryton beside the product, in the foreground; TEST=rt|oscar|vendure|sftp|dovecot|n8n|mail installs that one and tries its connector, RECORD=1 writes its tests anew; TEST=way installs all and sends orders the whole way
counterparts: development
ifdef TEST
	COUNTERPART=$(TEST) RECORD=$(RECORD) .venv/bin/python -m pytest $(if $(RECORD),-p tests.certifying --certify) tests/counterparts/$(TEST)
else
	@.venv/bin/python -m tests.counterparts.tryton.install --home "$${WAYBILL_HOME:-.waybill}" --serve
endif

environment: .venv/runtime.stamp
development: .venv/development.stamp

# A stamp holds the lock that was installed: the same lock costs nothing, another installs what changed.
.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(TELL) environment 'making .venv'
	@$(PYTHON) -m venv .venv

.venv/runtime.stamp: infra/locks/runtime.txt pyproject.toml | .venv/bin/pip
	@if ! cmp -s infra/locks/runtime.txt "$@" && ! cmp -s infra/locks/development.txt .venv/development.stamp; then \
	  $(TELL) environment 'installing the locked Python packages'; \
	  .venv/bin/pip install --quiet --quiet --disable-pip-version-check --require-hashes -r infra/locks/runtime.txt; fi
	@.venv/bin/pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@cp infra/locks/runtime.txt "$@"

.venv/development.stamp: infra/locks/development.txt pyproject.toml | .venv/bin/pip
	@if ! cmp -s infra/locks/development.txt "$@"; then \
	  $(TELL) environment 'installing the locked Python packages, those of development too'; \
	  .venv/bin/pip install --quiet --quiet --disable-pip-version-check --require-hashes -r infra/locks/development.txt; fi
	@.venv/bin/pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@cp infra/locks/development.txt "$@"
	@cp infra/locks/runtime.txt .venv/runtime.stamp

# The API's documentation pages: their scripts come from npm and are served by ourselves.
viewer: services/api/static/viewer/.stamp

services/api/static/viewer/.stamp: $(VIEWER)/package-lock.json $(VIEWER)/package.json \
	$(wildcard $(foreach kind,html js css mjs,$(VIEWER)/*.$(kind))) | .venv/bin/pip
	@$(TELL) documentation "building the API's pages"
	@$(WITH_NODE); cd $(VIEWER) && npm ci --silent && npm run --silent build
	@mkdir -p "$(@D)" && touch "$@"

# The portal's pages, made from $(WEB). The client is checked against the document that it was generated from.
portal: services/portal/static/.stamp

$(WEB)/node_modules/.stamp: $(WEB)/package-lock.json $(WEB)/package.json $(WEB)/.npmrc | .venv/bin/pip
	@$(TELL) portal 'installing what its pages are built with'
	@$(WITH_NODE); cd $(WEB) && npm ci --silent
	@touch "$@"

services/portal/static/.stamp: $(WEB)/node_modules/.stamp $(shell find $(WEB) -type f -not -path '*/node_modules/*')
	@$(TELL) portal 'building its pages'
	@$(WITH_NODE); cd $(WEB) && npm run --silent build
	@touch "$@"

## client: the portal's client anew, from the document that the API describes itself with
client: development $(WEB)/node_modules/.stamp
	.venv/bin/python -m services.portal.openapi > $(WEB)/openapi.json
	@$(WITH_NODE); cd $(WEB) && npm run --silent client

## audit: ask the indexes about every locked package; AUDIT=--if-reached lets an index that is away pass
audit: development build/audit/.stamp
	@$(WITH_NODE); .venv/bin/python -m tests.supply.audit $(AUDIT)

## sbom: what ships and what its pages are built with, as CycloneDX, in build/sbom
sbom: development build/audit/.stamp
	@mkdir -p build/sbom
	@build/audit/bin/cyclonedx-py requirements infra/locks/runtime.txt --pyproject pyproject.toml --output-reproducible \
	  --output-format JSON --output-file build/sbom/python.json
	@$(WITH_NODE); for each in $(WEB) $(VIEWER); do \
	  (cd "$$each" && npm sbom --sbom-format cyclonedx --package-lock-only) > "build/sbom/$${each##*/}.json"; done
	@.venv/bin/python -m tests.supply.sbom build/sbom

## licences: what ships under which licence, written anew
licences: development
	.venv/bin/python -m tests.supply.licences > docs/operator/licences.md

# The tools that look at the locks are locked themselves, and share no environment with what they look at.
build/audit/.stamp: infra/locks/audit.txt | .venv/bin/pip
	@$(TELL) audit 'installing what looks at the locks'
	@$(PYTHON) -m venv build/audit
	@build/audit/bin/pip install --quiet --quiet --disable-pip-version-check --require-hashes -r infra/locks/audit.txt
	@touch "$@"

## lock: resolve the dependencies anew, with hashes and without hosts
UV_COMPILE = .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	--python-version 3.11 --extra embedded pyproject.toml
lock: development
	$(UV_COMPILE) infra/locks/build.in -o infra/locks/runtime.txt
	$(UV_COMPILE) infra/locks/build.in --group development -o infra/locks/development.txt
	for each in audit node; do \
	  .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	    --python-version 3.11 "infra/locks/$$each.in" -o "infra/locks/$$each.txt"; done

## clean: remove what was built, and no data
clean:
	rm -rf .venv .ruff_cache .mypy_cache .pytest_cache .import_linter_cache .hypothesis build dist
	rm -rf $(VIEWER)/node_modules services/api/static/viewer $(WEB)/node_modules services/portal/static
