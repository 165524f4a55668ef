"""Statements about the server itself: is it there, what runs, stop that."""

from __future__ import annotations

from typing import LiteralString

PING: LiteralString = "RETURN 1 AS one"

RUNNING: LiteralString = (
    "SHOW TRANSACTIONS YIELD transactionId, currentQuery, elapsedTime "
    "RETURN transactionId, currentQuery, elapsedTime"
)

TERMINATE: LiteralString = "TERMINATE TRANSACTIONS $id"
