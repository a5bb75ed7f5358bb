"""The chain: reads, signing, sending, deployment."""
