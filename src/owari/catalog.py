"""The services there are, and their import: importing a service's `api` declares it."""

from __future__ import annotations

import importlib
from pathlib import Path

NAMES = ("s3", "sns", "lambda_", "logs", "sts", "iam")

for _name in NAMES:
    if (Path(__file__).parent / "services" / _name / "api.py").exists():
        importlib.import_module(f"owari.services.{_name}.api")
