# Everything runs in .venv, which is a target itself: pinned packages, nothing global.
PYTHON ?= python3
BIN := .venv/bin
# On Linux PyPI's torch brings GPU libraries (gigabytes); for the CPU build alone:
#   make demo PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
ifdef PIP_EXTRA_INDEX_URL
export PIP_EXTRA_INDEX_URL
endif

.PHONY: demo demo-replay demo-table test test-parts kill-night lint format documents benchmark benchmark-ci clean

.venv: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--editable '.[simulation,data,dev]'
	touch $@

# A material made to a target in the simulated thin-film laboratory, in a state folder of its own.
demo: .venv/installed
	@folder=$$(mktemp -d "$${TMPDIR:-/tmp}/lab-agents-demo-XXXXXX")/state && echo "State folder: $$folder" \
		&& $(BIN)/lab-agents run examples/absorber.yaml --state "$$folder"

# Recorded films made again by a laboratory that really moves.
demo-replay: .venv/installed
	@folder=$$(mktemp -d "$${TMPDIR:-/tmp}/lab-agents-demo-XXXXXX")/state && echo "State folder: $$folder" \
		&& $(BIN)/lab-agents run examples/opv_blend.yaml --state "$$folder"

# The same laboratory on a table of your own: make demo-table TABLE=path/to/table.csv
demo-table: .venv/installed
	@folder=$$(mktemp -d "$${TMPDIR:-/tmp}/lab-agents-demo-XXXXXX")/state && echo "State folder: $$folder" \
		&& $(BIN)/lab-agents run examples/replay_table.yaml --table "$(TABLE)" --state "$$folder"

# The checker of types computes on one core, so the first tests run beside it. Some tests wait, so a third worker is not
# idle on two cores. So do whole campaigns, a dozen processes each, longest first. Nights of kills run alone, because
# they measure how soon a laboratory works again.
KILL_NIGHTS := tests/campaigns/test_random_kills.py
test: .venv/installed
	$(MAKE) --jobs 2 lint test-parts
	$(BIN)/python -m pytest -n 3 --maxschedchunk 1 -m campaign --ignore $(KILL_NIGHTS)
	$(BIN)/python -m pytest $(KILL_NIGHTS)

# All but campaigns.
test-parts: .venv/installed
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not campaign and not night"

# Kills at every single point, where the tests kill at some: tens of minutes on two cores. Part of nothing else.
kill-night: .venv/installed
	$(BIN)/python -m pytest -n 2 --dist worksteal -m night tests/kill

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: .venv/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# What is made from the tables in the code: docs/asyncapi.json, deployment/mosquitto.acl and .conf.
documents: .venv/installed
	$(BIN)/python deployment/write_documents.py

benchmark: .venv/installed
	$(BIN)/lab-agents benchmark replay
	$(BIN)/lab-agents benchmark loop

benchmark-ci: .venv/installed
	$(BIN)/lab-agents benchmark replay --seeds 2

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
