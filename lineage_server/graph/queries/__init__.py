"""All Cypher of the product, by subject: literal constants only, values always as parameters.

Each statement runs unchanged on both engines and is EXPLAINed on both in tests. Statements that
create schema or manage the server are in ``schema`` and ``server``.
"""
