"""Embedded stand-ins for the outside world; tests use the same ones."""
