"""Intake: domain events become deduplicated node and edge upserts, written once.

``decode`` (bytes → events), ``plan`` (events → facts, pure), ``state`` (merging facts into
nodes, pure), ``derive`` (what follows from the facts), ``writer`` (the single batching
writer), ``store`` and ``archive`` (the stored events), ``rebuild`` and ``replay`` (the graph made
anew from them), ``others`` (further servers on one graph). No HTTP here.
"""
