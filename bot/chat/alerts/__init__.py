"""Alerts as a person sees them: made step by step or in words, listed, ringing."""
