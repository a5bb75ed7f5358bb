"""Protocols between the product and the world, each with one suite of tests for all its makers."""
