"""The outbox: what goes out, when, and what became of it."""
