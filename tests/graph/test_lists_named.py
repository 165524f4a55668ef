"""Jobs, artifacts, versions, projects and search against a plain oracle; scope; text of all scripts."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from lineage_server.domain.errors import NotFoundError
from lineage_server.domain.nodes import Label, Node
from lineage_server.graph.bolt import Bolt
from lineage_server.tracking.filters import ListFilter, Order, Page, SortBy, TagCondition
from lineage_server.tracking.parts import inputs_of, versions_of
from lineage_server.tracking.service import Tracking
from tests.support import tables
from tests.support.graphs import EDGE
from tests.support.tables import Table

ALL = ListFilter()
SCOPES = (None, frozenset({"red"}), frozenset({"red", "blue"}), frozenset[str]())
FILTERS = (
    ALL,
    ListFilter(text="CHURN"),
    ListFilter(text="über 1"),
    ListFilter(kinds=("dataset", "step")),
    ListFilter(tags=(TagCondition(key="team", value="0"),)),
    ListFilter(tags=(TagCondition(key="odd"),), text="(final)"),
    ListFilter(deleted=True),
)
# UTF-16 and code points put these in different orders, and so do Neo4j's ORDER BY and its <.
NAMES = (
    "z",
    "é",
    "\u6a21\u578b（final）",
    "\U0001f600",
    "\U0001f600 2",
    "\ue000",
    "\uff76",
    "\U0010ffff",
    "\uffff",
)


def _named(chance: random.Random, index: int, label: Label) -> dict[str, Any]:
    project, name = chance.choice(tables.PROJECTS), f"{chance.choice(tables.WORDS)} {index // 2}"
    kind = chance.choice(("dataset", "model") if label is Label.ARTIFACT else ("training", "step"))
    prefix = "artifact" if label is Label.ARTIFACT else "job"
    row = {
        "uid": f"{prefix}:{project}/{kind}/{name} {index}",
        "project": project,
        "name": name,
        "kind": kind,
        "created_at": chance.randrange(20),
        "updated_at": index // 5,
        "latest_at": index // 7 if index % 3 else None,
        "deleted_at": 5 if index % 11 == 0 else None,
        "t.team": str(index % 2),
        "t.odd": "yes" if index % 3 == 0 else None,
        "search_text": f"{name} {kind} team={index % 2}".lower(),
    }
    return {key: value for key, value in row.items() if value is not None}


def _version(chance: random.Random, index: int) -> dict[str, Any]:
    name, project = f"data {index % 3}", tables.PROJECTS[index % 3]
    digest = f"sha256:{chance.getrandbits(200):064x}"
    told = index % 4 == 0
    row = {
        "uid": f"version:{project}/dataset/{name}@{digest}",
        "project": project,
        "artifact": f"artifact:{project}/dataset/{name}",
        "name": name,
        "kind": "dataset",
        "digest": digest,
        "ordinal": index // 3 + 1 if index % 13 else None,
        "size": chance.choice((0, 5, 5, 2**40, None)),
        "sealed_at": chance.choice((1, 2, 3, None)),
        "created_at": chance.randrange(5),
        "updated_at": index,
        "deleted_at": 5 if index % 10 == 0 else None,
        "annotated": True if told else None,
        "t.team": "0" if told else None,
        "search_text": f"{name} dataset broken row team=0" if told else None,
    }
    return {key: value for key, value in row.items() if value is not None}


async def _read(tracking: Tracking, label: Label, first: int, **asked: Any) -> list[str]:
    out: list[str] = []
    page = await tracking.list_nodes(label, first=first, **asked)
    out += [node.uid for node in page.items]
    while page.has_more:
        assert len(page.items) == first
        page = await tracking.list_nodes(label, first=first, after=page.cursors[-1], **asked)
        out += [node.uid for node in page.items]
    return out


@pytest.mark.parametrize("label", [Label.JOB, Label.ARTIFACT])
async def test_named_nodes_are_filtered_sorted_and_counted(graph: Bolt, label: Label) -> None:
    chance = random.Random(str(label))
    rows = [_named(chance, index, label) for index in range(120)]
    await tables.write(graph, rows)
    tracking = Tracking(graph)
    orders = [
        Order(by=by, descending=descending)
        for by in (SortBy.NAME, SortBy.CREATED, SortBy.UPDATED, SortBy.WRITTEN)
        for descending in (True, False)
    ]
    turns = itertools.cycle(itertools.product(SCOPES, (7, 40)))
    for wanted, order in zip(FILTERS * 2, itertools.cycle(orders), strict=False):
        scope, first = next(turns)
        expected = tables.expected(rows, scope, wanted, order)
        assert await _read(tracking, label, first, scope=scope, wanted=wanted, order=order) == expected
        assert await tracking.count(label, scope=scope, wanted=wanted) == len(expected)


async def test_versions_of_many_artifacts_are_filtered_and_sorted(graph: Bolt) -> None:
    chance = random.Random(5)
    rows = [_version(chance, index) for index in range(120)]
    await tables.write(graph, rows)
    parts = Tracking(graph).parts
    artifacts = sorted({row["artifact"] for row in rows})
    part = rows[4]["digest"][9:14]
    filters = (
        *(
            ALL,
            ListFilter(deleted=True),
            ListFilter(since=2),
            ListFilter(until=3),
            ListFilter(since=2, until=3),
        ),
        *(ListFilter(text="BROKEN row"), ListFilter(text=part), ListFilter(text="data broken")),
        ListFilter(tags=(TagCondition(key="team", value="0"),)),
    )
    keys = (SortBy.ORDINAL, SortBy.SEALED, SortBy.SIZE, SortBy.CREATED, SortBy.UPDATED)
    orders = itertools.cycle(Order(by=by, descending=down) for by in keys for down in (True, False))
    turns = itertools.cycle(SCOPES[:3])
    for wanted, order, scope in zip(filters * 2, orders, turns, strict=False):
        found: dict[str, list[str]] = {artifact: [] for artifact in artifacts}
        after = dict.fromkeys(artifacts, "")
        while after:
            asked = [
                versions_of(artifact, first=9, after=place, wanted=wanted, order=order)
                for artifact, place in after.items()
            ]
            pages: dict[Any, Page[Node]] = await parts.versions(asked, scope=scope)
            after = {}
            for one in asked:
                page = pages[one]
                found[one.owner] += [node.uid for node in page.items]
                if page.has_more:
                    after[one.owner] = page.cursors[-1]
        for artifact, uids in found.items():
            own = [row for row in rows if row["artifact"] == artifact]
            assert uids == tables.expected(own, scope, wanted, order), (artifact, wanted, order)


async def test_what_one_may_not_see_is_neither_listed_nor_counted(graph: Bolt) -> None:
    chance = random.Random(11)
    runs = tables.runs(200)
    jobs = [_named(chance, index, Label.JOB) for index in range(60)]
    projects = [{"uid": f"project:{name}", "project": name, "name": name} for name in tables.PROJECTS]
    for some in (runs, jobs, projects):
        await tables.write(graph, some)
    tracking = Tracking(graph)
    red = frozenset({"red"})
    orders = (Order(by=SortBy.NAME), Order(by=SortBy.CREATED), Order(by=SortBy.METRIC, key="random"))
    for label, rows in ((Label.RUN, runs), (Label.JOB, jobs)):
        for order, within in zip(orders, ((), ("red",), ("red", "blue")), strict=True):
            asked: dict[str, Any] = {"scope": red, "projects": within, "wanted": ALL}
            expected = tables.expected(rows, red, ALL, order)
            assert await _read(tracking, label, 500, order=order, **asked) == expected
            assert await tracking.count(label, **asked) == len(expected)
        for hidden in ("blue", "none"):
            with pytest.raises(NotFoundError):
                await tracking.list_nodes(label, scope=red, projects=[hidden])
            with pytest.raises(NotFoundError):
                await tracking.count(label, scope=red, projects=[hidden])
        assert await tracking.count(label, scope=frozenset()) == 0
    assert [node.name for node in (await tracking.list_projects(scope=red)).items] == ["red"]
    hits = await _hits(tracking, "churn", 7, scope=red)
    assert {row["uid"] for row in runs + jobs if _is_hit(row, "churn", red)} == set(hits)


def _is_hit(row: dict[str, Any], word: str, scope: frozenset[str] | None) -> bool:
    seen = scope is None or row["project"] in scope
    return seen and "deleted_at" not in row and word in row.get("search_text", "")


async def _hits(tracking: Tracking, text: str, first: int, *, scope: frozenset[str] | None) -> list[str]:
    out: list[str] = []
    after, more = "", True
    while more:
        page = await tracking.search(text, scope=scope, first=first, after=after)
        out += [node.uid for node in page.items]
        more, after = page.has_more, (page.cursors[-1] if page.cursors else "")
    assert len(out) == len(set(out))
    return out


async def test_search_lists_the_best_first_then_the_newest_runs(graph: Bolt) -> None:
    chance = random.Random(13)
    runs = tables.runs(200)
    jobs, artifacts = ([_named(chance, i, label) for i in range(60)] for label in (Label.JOB, Label.ARTIFACT))
    for some in (runs, jobs, artifacts):
        await tables.write(graph, some)
    tracking = Tracking(graph)
    for text, scope in (("churn 3", None), ("über", SCOPES[2]), ("1", SCOPES[1]), ("none such", None)):
        named: list[tuple[Any, ...]] = []
        for section, row in ((s, row) for s, rows in enumerate((artifacts, jobs)) for row in rows):
            if all(_is_hit(row, word, scope) for word in text.split()):
                name = row["name"].lower()
                rank = 0 if name == text else 1 if name.startswith(text) else 2
                named.append((rank, section, -row["updated_at"], row["uid"]))
        expected = [hit[-1] for hit in sorted(named)]
        expected += tables.expected(runs, scope, ListFilter(text=text), Order())
        for first in (9, 500):
            assert await _hits(tracking, text, first, scope=scope) == expected


async def test_pages_meet_in_words_of_all_scripts(graph: Bolt) -> None:
    """The engines' own order of such text, and each row once, whatever the size of the page."""
    runs: Table = [{"uid": f"run:{i}", "project": "p", "name": name} for i, name in enumerate(NAMES)]
    artifacts: Table = [
        {
            "uid": f"artifact:p/dataset/{name}",
            "project": "p",
            "name": name,
            "created_at": 1,
            "search_text": name + " dataset",
        }
        for name in NAMES
    ]
    projects: Table = [{"uid": f"project:{name}", "project": name, "name": name} for name in NAMES]
    versions: Table = [{"uid": f"version:p/dataset/{i}@1", "project": "p"} for i in range(len(NAMES))]
    for some in (runs, artifacts, projects, versions):
        await tables.write(graph, some)
    links = [{"a": v["uid"], "b": "run:0", "p": {"role": n}} for v, n in zip(versions, NAMES, strict=True)]
    await graph.write(EDGE["INPUT_TO", "ArtifactVersion"], {"rows": links})
    tracking = Tracking(graph)
    for label, by, descending in itertools.product(
        (Label.RUN, Label.ARTIFACT), (SortBy.NAME, SortBy.CREATED), (True, False)
    ):
        asked: dict[str, Any] = {"scope": None, "order": Order(by=by, descending=descending)}
        whole = await _read(tracking, label, 100, **asked)
        assert len(whole) == len(NAMES)
        assert await _read(tracking, label, 1, **asked) == whole
    for first in (1, 2):
        hits = await _hits(tracking, "dataset", first, scope=None)
        assert hits == await _hits(tracking, "dataset", 100, scope=None)
        assert len(hits) == len(NAMES)
        names: list[str] = []
        roles: list[str] = []
        after, more = "", True
        while more:
            page = await tracking.list_projects(scope=None, first=first, after=after)
            names += [node.name for node in page.items]
            more, after = page.has_more, page.cursors[-1]
        after, more = "", True
        while more:
            wanted = inputs_of("run:0", first=first, after=after)
            found = (await tracking.parts.links([wanted], scope=None, inputs=True))[wanted].page
            roles += [link.role for link in found.items]
            more, after = found.has_more, found.cursors[-1]
        assert sorted(names) == sorted(roles) == sorted(NAMES)
