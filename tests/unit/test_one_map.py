"""Parameters of a statement as keys of one."""

from __future__ import annotations

from lineage_server.graph.one_map import in_one_map


def test_parameters_become_keys_of_one() -> None:
    query, told = in_one_map(
        "UNWIND $b.rows AS r MATCH (n {uid: r.uid}) SET n += $props", {"b": {}, "props": 1}
    )
    assert query == "UNWIND $p.b.rows AS r MATCH (n {uid: r.uid}) SET n += $p.props"
    assert told == {"p": {"b": {}, "props": 1}}


def test_text_and_names_in_quotes_stay() -> None:
    query = r"""RETURN '$a', "it's $b", 'it\'s $c', `$d`, $e"""
    assert in_one_map(query, {"e": 1})[0] == query[:-2] + "$p.e"


def test_statements_without_parameters_stay() -> None:
    assert in_one_map("RETURN 1 AS `$one`", {}) == ("RETURN 1 AS `$one`", {})
