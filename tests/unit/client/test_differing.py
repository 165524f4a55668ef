"""Differences for people: short names for versions, nothing wider than the terminal."""

from __future__ import annotations

from lineage_server.client.render.differing import differences
from lineage_server.client.render.words import width_of

DIGEST = "sha256:" + "0123456789abcdef" * 4
OLD, NEW, HIDDEN = (f"version:p/dataset/{name}@{DIGEST}" for name in ("꽃", "꽃2", "가린"))
TITLES = {OLD: "dataset:꽃@1", NEW: "dataset:꽃@2"}
FOUND = [
    {
        "kind": "CHANGED",
        "before": {"uid": "run:1", "kind": "script", "name": "학습"},
        "after": {"uid": "run:2", "kind": "script", "name": "학습"},
        "changes": [
            {"field": "inputs.자료", "before": OLD, "after": f"{NEW}, {HIDDEN}"},
            {"field": "params.rate", "before": "", "after": "0.2\n\033[2J"},
        ],
    },
    {
        "kind": "ADDED",
        "before": None,
        "after": {"uid": "run:3", "kind": "script", "name": "x"},
        "changes": [],
    },
    {
        "kind": "ADDED",
        "before": None,
        "after": {"uid": NEW, "kind": "dataset", "name": "꽃"},
        "changes": [],
    },
    {
        "kind": "CHANGED",
        "before": {"uid": OLD, "kind": "dataset", "name": "꽃"},
        "after": {"uid": NEW, "kind": "dataset", "name": "꽃"},
        "changes": [],
    },
    {
        "kind": "REMOVED",
        "before": {"uid": HIDDEN, "kind": "dataset", "name": "가린"},
        "after": None,
        "changes": [],
    },
]


def test_each_thing_stands_once_with_its_changes_below() -> None:
    assert list(differences(FOUND, TITLES, 200)) == [
        "changed  script 학습",
        "         inputs.자료  dataset:꽃@1 → dataset:꽃@2, version:p/dataset/가린@sha256:0123456789ab…",
        "         params.rate  – → 0.2 \\u001b[2J",
        "added    script x",
        "added    dataset:꽃@2",
        "changed  dataset:꽃@1 → dataset:꽃@2",
        "removed  dataset 가린",
    ]


def test_on_a_narrow_terminal_both_sides_stand_below_each_other() -> None:
    lines = list(differences(FOUND, TITLES, 50))
    assert max(map(width_of, lines)) <= 50
    assert lines[1:4] == [
        "         inputs.자료",
        "           dataset:꽃@1",
        "         → dataset:꽃@2, version:p/dataset/가린@s…",
    ]
    assert lines[4].split() == ["params.rate", "–", "→", "0.2", "\\u001b[2J"]
