# Every target does its own set-up; what is already there costs nothing.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help setup demo test test-long verify clean

help:
	@echo 'make demo       a real canary rollout on this machine, from nothing to a receipt'
	@echo 'make test       all tests (make test-long adds the whole crash matrix)'
	@echo 'make verify     format, lint, imports, types, dead code, names, fast tests'
	@echo 'make setup      only bring what the stack needs'
	@echo 'make clean      stop the stack and remove what this checkout made'

setup:
	@sh infra/setup/setup.sh

demo: setup
	@node infra/demo/main.ts

test: setup-tests
	@node test/main.ts

test-long: setup-tests
	@node test/main.ts --long

verify: setup-tests
	@npm run --silent verify

.PHONY: setup-tests
setup-tests:
	@sh infra/setup/setup.sh --tests

clean:
	@if [ -x node_modules/.bin/node ] && [ -d .holdfast ]; then ./holdfast down; fi
	@if [ -f .holdfast/postgres/location ]; then rm -rf "$$(cat .holdfast/postgres/location)"; fi
	rm -rf .holdfast node_modules
