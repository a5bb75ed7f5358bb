"""Value types and the error tree: no I/O, no frameworks."""
