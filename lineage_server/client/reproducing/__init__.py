"""Doing again what a run did: what that takes, what of it is there now, a folder to do it in, the verdict."""
