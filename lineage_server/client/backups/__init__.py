"""Backups of a whole server, made over its API while it serves, and put into another one."""
