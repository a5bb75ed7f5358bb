"""One module a kind of exchange; each declares itself as VENUE."""
