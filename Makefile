# Everything a newcomer needs: `make run` tries Parley, `make test` proves it. Both install what is missing first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test unit peers cases chaos bench format lint deps venv

DATA ?= .parley
HTTP_PORT ?= 8080
SEED ?=

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: build ## Build, then run a whole bridge with sandbox peers on a private PostgreSQL (data in .parley)
	exec .build/release/parley dev --data $(DATA) --http-port $(HTTP_PORT)

build: deps ## Build the release executable
	swift build -c release --product parley

test: unit peers cases ## Run every test, then a short fault run
	Tools/chaos --short --bin .build/debug/parley $(if $(SEED),--seed $(SEED))

unit: deps
	swift build --build-tests
	swift test --skip-build --experimental-maximum-parallelization-width 4

peers: unit venv
	@Tools/install-missing $(call unless,command -v swaks,swaks) libnet-ssleay-perl $(call unless,command -v msmtp,msmtp) $(call unless,command -v curl,curl) $(call unless,command -v jq,jq) $(call unless,command -v openssl,openssl) $(call unless,command -v postfix || ls /usr/sbin/postfix,postfix) $(call unless,ls /usr/sbin/dovecot,dovecot-imapd)
	PARLEY_BIN=.build/debug/parley .venv/bin/python -B -m unittest discover --start-directory Tests/Peers --verbose

cases: unit
	.build/debug/parley check
	.build/debug/parley adapters test

chaos: deps ## The long fault run: kill -9, SIGTERM, SIGSTOP, PostgreSQL restarts under load (SEED=n repeats one)
	@Tools/install-missing $(PYTHON)
	swift build --product parley
	Tools/chaos --bin .build/debug/parley $(if $(SEED),--seed $(SEED))

bench: build ## Messages a second through one serve and one work, beside what bare SQL does on this machine
	@Tools/install-missing $(PYTHON) $(call unless,command -v wrk,wrk)
	Tools/bench --bin .build/release/parley

format: ## Format our Swift files
	swift format --in-place --recursive Sources Tests Package.swift

lint: ## Complain about files that are not formatted
	swift format lint --strict --recursive Sources Tests Package.swift

# What building and running need; a tool that is there already is not asked for by its package.
unless = $(if $(shell $(1) >/dev/null 2>&1 && echo yes),,$(2))
POSTGRESQL = $(call unless,ls /usr/lib/postgresql/*/bin/initdb || command -v initdb,postgresql)
PKG_CONFIG = $(call unless,command -v pkg-config,pkg-config)
PYTHON = $(call unless,python3 -c 'import ensurepip$(comma) venv',python3 python3-venv)
CHROMIUM = $(call unless,command -v chromium && command -v chromedriver,chromium chromium-driver fonts-dejavu-core)
comma := ,

deps:
	@Tools/check-swift
	@Tools/install-missing libpq-dev libcurl4-openssl-dev libssl-dev libjq-dev libgmime-3.0-dev libxml2-dev $(PKG_CONFIG) $(POSTGRESQL)

venv: .venv/ready
.venv/ready: Tests/Peers/requirements.txt
	@Tools/install-missing $(PYTHON) $(CHROMIUM)
	python3 -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r $<
	@touch $@
