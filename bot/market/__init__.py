"""Market data: feeds, caches, single-flight, rate limits."""
