"""Bytes of artifact versions to the server's store and back: by content, several at a time, verified."""
