"""The long proofs of the contracts, one after another; `python -m scripts.prove` runs them all."""
