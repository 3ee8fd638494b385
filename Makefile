# Every task of the repository. Portable make: no GNU extensions. Each target can be run again and does nothing needlessly.
#
# A fresh machine needs Python 3.11 or newer, Rust and make; all else comes from the package registries.
# PYTHON=python3.12 picks the interpreter of the environment; without it the first one found that is new enough.
# SECONDS=60 makes a soak, and each target of a fuzz run, shorter.

PYTHON ?=
SECONDS ?= 600
BIN = .venv/bin
CARGO_DENY = cargo-deny@0.20.2
# Which targets `make fuzz` runs; empty: all.
TARGETS =
# How many processes `make test` runs tests of Python in. Most of them wait most of the time, so two cores carry three.
WORKERS = 3
# What `make bench` and `make bench-quick` pass on to benches/run.py, and `make soak` to tests/soak/soak.py.
OPTIONS =

help: ## List the targets
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do printf '%-20s %s\n' "$$name" "$$text"; done

# ---- the environment --------------------------------------------------------------------------------------------

.venv/.dev: requirements/hashes/dev.txt
	@PYTHON="$(PYTHON)" sh scripts/make_environment.sh
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/hashes/dev.txt
	@touch $@

.venv/.check: .venv/.dev requirements/hashes/check.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/hashes/check.txt
	@touch $@

.venv/.wheel: .venv/.dev requirements/hashes/wheel.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/hashes/wheel.txt
	@touch $@

.venv/.local: .venv/.dev requirements/hashes/local.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/hashes/local.txt
	@touch $@

# Unoptimised it compiles in under a minute and checks our graph in two seconds.
target/tools/$(CARGO_DENY):
	cargo install $(CARGO_DENY) --locked --debug --quiet --root target/tools
	@touch $@

.venv/.lock: .venv/.dev requirements/hashes/lock.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/hashes/lock.txt
	@touch $@

venv: .venv/.dev .venv/.check ## Make .venv with the pinned tools

build: .venv/.dev ## Build the extension and install alchemy into .venv, in place
	@sh scripts/build.sh

local: build .venv/.local ## Install the local model: llama.cpp and SmolLM2
	@$(BIN)/alchemy local pull

# ---- using it -----------------------------------------------------------------------------------------------------

demo: local ## Stream a sentence from a real model on this machine, without a key
	@$(BIN)/alchemy chat --model local/smollm2-135m --max-tokens 60 "Write one sentence about the sea." </dev/null

test: local ## Run the tests of Rust and of Python
	cargo test --locked --workspace
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m "not alone"
	$(BIN)/python -m pytest -m alone

conformance: build ## Replay recorded traffic (../shared/wire or ALCHEMY_WIRE) and write docs/conformance.md
	@$(BIN)/python tests/conformance/report.py

soak: build ## Faults at random for SECONDS (600), then a million events and 100,000 requests; OPTIONS=--publish writes the page
	@$(BIN)/python tests/soak/soak.py --seconds $(SECONDS) $(OPTIONS)
fuzz: build ## Fuzz every decoder and the Python entry points, SECONDS=600 each; TARGETS="answer request" picks
	@sh scripts/fuzz.sh "$(SECONDS)" $(TARGETS)

bench: .venv/.dev ## Measure the speed, side by side with others; OPTIONS="--publish --check" and more in benches/README.md
	@$(BIN)/python benches/run.py --build $(OPTIONS)

bench-quick: .venv/.dev ## The same in under two minutes, builds and installs not counted
	@$(BIN)/python benches/run.py --build --quick $(OPTIONS)

instructions: build ## Count the instructions of decoding under valgrind; fail where they are not those recorded
	@$(BIN)/python scripts/instructions.py --check

instructions-record: build ## Write those counts down, and show the old ones and the new ones side by side
	@$(BIN)/python scripts/instructions.py --record

# ---- keeping it in order ------------------------------------------------------------------------------------------

format: .venv/.check ## Format Rust and Python
	cargo fmt --all
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lint: build .venv/.check ## Check format, lints, types and stubs
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/stubtest alchemy._native --ignore-disjoint-bases

guards: build target/tools/$(CARGO_DENY) ## Check the repository's own rules, licences and generated files
	$(BIN)/python scripts/guards.py
	target/tools/bin/cargo-deny --log-level error check licenses bans sources
	$(BIN)/python scripts/generate_third_party.py --check
	$(BIN)/python scripts/generate_data.py --check
	$(BIN)/python scripts/generate_options.py --check
	$(BIN)/python scripts/generate_reliability.py --check

docs: build ## Write what is generated: the reference, the typed dictionaries and THIRD-PARTY.md
	$(BIN)/python scripts/generate_data.py
	$(BIN)/python scripts/generate_options.py
	$(BIN)/python scripts/generate_reliability.py
	$(BIN)/python scripts/generate_third_party.py

lock: .venv/.lock ## Write requirements/hashes from the pins in requirements
	$(BIN)/python scripts/lock_requirements.py

# What compiles runs two at a time: the linker and the installers leave a core idle. Nothing runs beside the tests.
check: .venv/.dev .venv/.check .venv/.wheel .venv/.local ## Everything .ci/run does
	@$(MAKE) -j 2 target/tools/$(CARGO_DENY) build
	@$(MAKE) -j 2 wheel lint guards instructions
	@$(MAKE) test

wheel: .venv/.wheel ## Build the wheel and the sdist, and try each in a clean environment
	@$(BIN)/python scripts/make_wheel.py

clean: ## Remove what was built, the environment included
	rm -rf .venv .venvs dist target fuzz/target fuzz/corpus fuzz/artifacts fuzz/logs python/alchemy/_native.abi3.so .mypy_cache .pytest_cache .ruff_cache .hypothesis

.PHONY: help venv build local demo test conformance soak fuzz bench bench-quick instructions instructions-record format lint guards docs lock check wheel clean
