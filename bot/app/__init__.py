"""The composition root: the one place where every part is built and wired."""
