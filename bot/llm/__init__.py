"""The brains: Gemini, and the rule-based analyst that stands in for it."""
