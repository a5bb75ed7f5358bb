"""Alembic's folder: see `db.migrate`."""
