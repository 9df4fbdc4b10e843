"""Secrets Manager: secrets, their versions, and rotation by a function."""
