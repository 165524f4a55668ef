"""Questions about lineage that cannot be answered: refused with the type of the start, and what would do."""

from __future__ import annotations

import pytest

from lineage_server.domain.errors import InvalidInputError, NotSupportedError
from lineage_server.provenance.answers import LineageQuestion, View
from lineage_server.provenance.columns import no_column
from lineage_server.provenance.traverse import check

VERSION, ARTIFACT = "version:p/dataset/d@x", "artifact:p/dataset/d"


@pytest.mark.parametrize(
    ("uid", "view", "error", "told"),
    [
        (VERSION, View.LOGICAL, InvalidInputError, "is of type ArtifactVersion: ask with the VERSION view"),
        (ARTIFACT, View.VERSION, InvalidInputError, "is of type Artifact: ask with the LOGICAL view"),
        (ARTIFACT, View.FIELD, InvalidInputError, "columns belong to artifact versions; .* of type Artifact"),
        ("actor:i/s", View.VERSION, NotSupportedError, "lineage starts at .* is of type Actor"),
    ],
)
def test_a_start_that_does_not_fit_is_told_by_its_type(
    uid: str, view: View, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        check(LineageQuestion(start=(uid,), view=view))


@pytest.mark.parametrize(("uid", "view"), [(VERSION, View.VERSION), (ARTIFACT, View.LOGICAL)])
def test_a_column_is_refused_where_the_view_has_none(uid: str, view: View) -> None:
    with pytest.raises(InvalidInputError, match="'x' is one of the FIELD view"):
        check(LineageQuestion(start=(uid,), view=view, column="x"))


def test_a_missing_column_is_told_with_those_there_are_and_how_many_more() -> None:
    names = [f"c{i}" for i in range(32)]
    assert no_column("x", names[:2]) == "there is no column 'x'; there are: c0, c1"
    assert no_column("x", names[:20]).endswith(", c18, c19")
    assert no_column("x", names).endswith(", c18, c19 and 12 more")
