# Every target does its own set-up: a fresh machine has python3, pip, git and make.
UV := .uv/bin/uv
PY := .venv/bin/python
UV_VERSION := 0.13.9

.PHONY: setup test check demo bench sim soak clean

setup: .venv/.ready

$(UV):
	python3 -m pip install --quiet --disable-pip-version-check --target .uv uv==$(UV_VERSION)

.venv/.ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --quiet --frozen --all-extras
	touch $@
