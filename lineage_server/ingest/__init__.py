"""Intake: domain events become deduplicated node and edge upserts, written once.

``decode`` (bytes → events), ``plan`` (events → facts, pure), ``state`` (merging facts into
nodes, pure), ``derive`` (what follows from the facts), ``writer`` (the single batching
writer), ``rebuild`` and ``archive`` (the stored events). No HTTP here.
"""
