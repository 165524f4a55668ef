"""The edges of the server: HTTP, GraphQL and foreign protocols.

Transports only: parse, call a service, answer. No Cypher, no decisions about the graph.
"""
