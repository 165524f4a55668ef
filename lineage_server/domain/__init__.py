"""What the product speaks about: nodes, edges, events, references and errors.

Frozen dataclasses, enums and pure functions over them; only the standard library, no I/O.
Everything above (graph, ingest, services, transports, client) shares these words.
"""
