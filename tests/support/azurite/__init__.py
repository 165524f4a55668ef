"""Azurite for the tests: what is installed, and the server."""
