"""Subscriptions: told of commits by the change feed, they read what changed and pass it on.

A stream ends after ten minutes with RECONNECT; one that reads too slowly gets RESYNC instead of growing
memory. Rights are looked at when a stream begins and every few seconds: one that is taken away ends it.
"""
