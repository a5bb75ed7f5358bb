"""The clock door: what runs by itself."""
