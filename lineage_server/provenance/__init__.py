"""The questions one asks of lineage: what made this, what came of it, and what follows from that.

Not named ``lineage``: importing a sub-package sets its name on ``lineage_server``, and that name is
the client's function ``lineage_server.lineage``.

``service`` is the door; the other modules answer one question each. Transports shape the answers,
they add nothing to them. Nothing here writes, knows Cypher, or decides who may see what: the scope
comes with the question.
"""
