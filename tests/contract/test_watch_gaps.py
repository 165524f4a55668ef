"""Watch gaps over the wire: the latest first, page by page, and only those of projects that one sees."""

from __future__ import annotations

from lineage_server.api.gql.documents import read_operations
from lineage_server.domain.events import MemberSet, WatchGapReported
from lineage_server.domain.nodes import Role
from tests.support.served import Served

WATCH_GAPS = read_operations()["WatchGaps"]
MINUTE = 60_000_000
START = 1_780_000_000_000_000


def gap(number: int, *, project: str = "seen", minutes: int = 5) -> WatchGapReported:
    begun = START + number // 2 * 60 * MINUTE  # two of each hour
    return WatchGapReported(
        id=f"{project} {number} {minutes}", project=project, cluster=f"cluster-{number % 2}", kind="Pod",
        from_at=begun, to_at=begun + minutes * MINUTE, reason=f"gap {number}",
    )  # fmt: skip


async def told(served: Served, token: str = "", first: int = 50) -> list[tuple[str, str]]:
    """Cluster and reason of all, read in pages of so many."""
    found: list[tuple[str, str]] = []
    after, more = "", True
    while more:
        page = (await served.ask(WATCH_GAPS, {"first": first, "after": after}, token))["watchGaps"]
        found += [(edge["node"]["cluster"], edge["node"]["reason"]) for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


async def test_gaps_are_listed_the_latest_first(served: Served) -> None:
    await served.record(*(gap(number) for number in range(7)))
    every = await told(served)
    own = [f"gap {number}" for number in (6, 5, 4, 3, 2, 1, 0)]
    assert [reason for _, reason in every] == [*own, "restart"]  # the last is of the story
    assert await told(served, first=2) == every
    await served.record(gap(6, minutes=9))  # it lasted longer than was known
    (edge,) = (await served.ask(WATCH_GAPS, {"first": 1}))["watchGaps"]["edges"]
    assert (edge["node"]["from"], edge["node"]["to"]) == ("2026-05-28T23:26:40Z", "2026-05-28T23:35:40Z")
    error = await served.refused(WATCH_GAPS, {"first": 0})
    assert error["extensions"]["code"] == "BAD_INPUT"


async def test_gaps_of_other_projects_are_not_there(guarded: Served) -> None:
    await guarded.record(
        gap(1), gap(2, project="unseen"), MemberSet(id="m", project="seen", subject="ann", role=Role.VIEWER)
    )
    assert await told(guarded, await guarded.token("ann")) == [("cluster-1", "gap 1")]
    assert await told(guarded, await guarded.token("eve")) == []
    everything = await told(guarded, await guarded.token("root", platform_admin=True))
    assert [reason for _, reason in everything] == ["gap 2", "gap 1", "restart"]
