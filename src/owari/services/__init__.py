"""One folder per AWS service: core.py (pure) + api.py (operations). Importing one declares it."""
