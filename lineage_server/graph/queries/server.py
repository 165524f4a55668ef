"""Statements about the server itself: is it there, what runs, stop that."""

from __future__ import annotations

from typing import LiteralString

PING: LiteralString = "RETURN 1 AS one"

RUNNING: LiteralString = (
    "SHOW TRANSACTIONS YIELD transactionId, currentQuery, elapsedTime "
    "RETURN transactionId, currentQuery, elapsedTime"
)

TERMINATE: LiteralString = "TERMINATE TRANSACTIONS $id"

# What a first minute of use touches, so that the cache holds the classes and profiles for it.
TRAINING: tuple[str, ...] = (
    "CREATE CONSTRAINT training IF NOT EXISTS FOR (n:Training) REQUIRE n.id IS UNIQUE",
    *(
        f"UNWIND range({start}, {start + 199}) AS i MERGE (n:Training {{id: toString(i)}}) "
        f"SET n.name = 'name ' + i, n.at = i"
        for start in range(0, 2000, 200)
    ),
    "UNWIND range(0, 198) AS i MATCH (a:Training {id: toString(i)}) "
    "MATCH (b:Training {id: toString(i + 1)}) MERGE (a)-[r:NEXT]->(b) SET r.at = i",
    "MATCH (a:Training {id: '1'})-[:NEXT*1..5]->(b) RETURN b.id, labels(b), properties(b) ORDER BY b.id",
    "MATCH (n:Training) WHERE n.name STARTS WITH 'name 1' RETURN count(n), collect(n.id)[0..5]",
    "MATCH (n:Training) DETACH DELETE n",
)
