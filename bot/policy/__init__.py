"""Pure decisions: risk limits, indicators, profit and loss."""
