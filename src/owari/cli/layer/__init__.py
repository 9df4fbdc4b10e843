"""Layers of Lambda on the command line."""
