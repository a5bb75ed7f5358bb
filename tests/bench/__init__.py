"""What the product costs, as ratios to bare programs measured in the same run: `make bench`."""
