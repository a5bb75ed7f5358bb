"""Gemini's REST API on loopback, for tests and benchmarks."""
