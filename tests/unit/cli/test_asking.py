"""What ``lineage lineage`` says of a column that is not there."""

from __future__ import annotations

from lineage_server.cli.asking import no_column


def test_a_missing_column_is_told_with_those_there_are_and_how_many_more() -> None:
    names = [f"c{i}" for i in range(32)]
    assert no_column("x", names[:2]) == "there is no column 'x'; there are: c0, c1"
    assert not no_column("x", names[:20]).endswith("'lineage show'")
    assert no_column("x", names).endswith(", c18, c19 and 12 more, see 'lineage show'")
