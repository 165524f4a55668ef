"""Questions about lineage that cannot be answered: refused with the type of the start, and what would do."""

from __future__ import annotations

import pytest

from lineage_server.domain.errors import InvalidInputError, NotSupportedError
from lineage_server.provenance.answers import LineageQuestion, View
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
