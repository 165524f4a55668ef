"""The ledger of a walk: order, budget, twins, and which page an edge belongs to."""

from __future__ import annotations

import pytest

from lineage_server.domain.nodes import Edge, Label
from lineage_server.graph.heads import Head
from lineage_server.provenance.answers import Direction
from lineage_server.provenance.ledger import EnoughError, Ledger

UP = Direction.UPSTREAM


def _version(key: str) -> Head:
    return Head(uid=f"version:p/dataset/d@{key}", label=Label.ARTIFACT_VERSION)


def _edge(start: Head, end: Head, role: str = "") -> Edge:
    return Edge(type="DERIVED", start=start.uid, end=end.uid, role=role)


def test_one_node_too_many_is_refused_but_known_ones_are_not() -> None:
    ledger = Ledger(2)
    one, two, three = (_version(f"sha256:{i}") for i in range(3))
    ledger.add(one, (), 0, UP)
    ledger.add(two, (), 1, UP)
    ledger.add(one, (), 2, UP)
    with pytest.raises(EnoughError, match="nodes"):
        ledger.add(three, (), 1, UP)
    assert [node.depth for node in ledger.nodes(ledger.names())] == [0, 1]


def test_twins_are_one_node_under_the_name_known_by_content() -> None:
    ledger = Ledger(10)
    by_run, by_digest, source = _version("run:1"), _version("sha256:1"), _version("sha256:0")
    ledger.add(source, (), 0, UP)
    ledger.add(by_run, (), 1, UP)
    ledger.link(_edge(source, by_run))
    ledger.link(_edge(source, by_digest))
    ledger.link(_edge(by_run, by_digest))
    ledger.add(by_digest, (by_run,), 1, UP)
    names = ledger.names()
    nodes = list(ledger.nodes(names))
    assert [(node.head.uid, node.also) for node in nodes] == [
        (source.uid, ()),
        (by_digest.uid, (by_run.uid,)),
    ]
    assert [(e.start, e.end) for e in ledger.edges(names)] == [(source.uid, by_digest.uid)]


def test_hidden_twin_is_not_joined() -> None:
    ledger = Ledger(10)
    shown, hidden = _version("sha256:1"), Head(uid="hidden:x", label=Label.ARTIFACT_VERSION, hidden=True)
    ledger.add(shown, (hidden,), 0, UP)
    assert "hidden:x" not in ledger
    assert len(ledger) == 1


def test_each_edge_is_on_exactly_one_page() -> None:
    ledger = Ledger(10)
    heads = [_version(f"sha256:{i}") for i in range(6)]
    for index, head in enumerate(heads):
        ledger.add(head, (), index, UP)
        for earlier in heads[:index]:
            ledger.link(_edge(earlier, head))
    names = ledger.names()
    whole = {(e.start, e.end) for e in ledger.edges(names)}
    first = Ledger(3)
    for index, head in enumerate(heads[:3]):
        first.add(head, (), index, UP)
        for earlier in heads[:index]:
            first.link(_edge(earlier, head))
    page_one = {(e.start, e.end) for e in first.edges(first.names())}
    page_two = {(e.start, e.end) for e in ledger.edges(names, 3)}
    assert page_one | page_two == whole
    assert not page_one & page_two
