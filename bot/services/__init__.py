"""Use cases, one verb a module. They speak to ports only."""
