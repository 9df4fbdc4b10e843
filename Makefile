# Every target does its own set-up: a fresh machine has python3, pip, git and make.
UV_VERSION := 0.13.9
UV := .uv/bin/uv
PY := .venv/bin/python
# The machine's certificates where it has some: a company's own authority is among them.
CERTIFICATES := $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt)
SEED ?= 0
STEPS ?= 2000

.PHONY: setup demo test check sim soak parity bench docs clean

setup: .venv/.ready

$(UV):
	@python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
		--target .uv uv==$(UV_VERSION)

.venv/.ready: pyproject.toml uv.lock $(UV)
	@$(UV) sync --quiet --frozen --all-extras $(if $(CERTIFICATES),--system-certs)
	@touch $@

demo: setup  ## a real video through bucket, topic and five functions
	@.venv/bin/owari demo $(ARGS)

test: setup  ## the tests, in parallel
	@$(PY) -m pytest -n auto $(ARGS)

check: setup  ## style, types, architecture
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy
	@$(PY) -m pytest tests/tidy
	@$(PY) -m tests.tidy.shape

sim: setup  ## the simulator: make sim SEED=7 STEPS=10000
	@$(PY) -m tests.simulation.run --seed $(SEED) --steps $(STEPS)

soak: setup  ## real processes killed again and again, for long
	@$(PY) -m pytest tests/crash --soak $(ARGS)

parity: setup  ## AWS-recorded workflows replayed: make parity ARGS="--data DIR"
	@$(PY) -m tests.parity.run $(ARGS)

bench: setup  ## the figures of docs/performance.md
	@$(PY) -m bench $(ARGS)

clean:
	rm -rf .venv .uv .cache .mypy_cache .ruff_cache .pytest_cache

docs: setup  ## the generated pages of docs/
	@$(PY) -m tests.docs.generate
