"""Lists of every label, and search, while rows come, go, return and change: who stands still is seen once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Awaitable, Callable

import pytest

from lineage_server.domain import ids
from lineage_server.domain.events import (
    ArtifactReported,
    DeploymentReported,
    Event,
    JobReported,
    ModelReported,
    ModelVersionReported,
    NodeAnnotated,
    NodeDeleted,
    NodeRestored,
    RunReported,
    VersionReported,
)
from lineage_server.domain.nodes import Label, Node, RunState
from lineage_server.graph.bolt import Bolt
from lineage_server.ingest.verdicts import Outcome
from lineage_server.ingest.writer import IngestWriter
from lineage_server.tracking.filters import ListFilter, Order, Page, SortBy, TagCondition
from lineage_server.tracking.parts import versions_of
from lineage_server.tracking.service import Tracking

Ask = Callable[[str], Awaitable[Page[Node]]]

DATA = ids.artifact_uid("default", "dataset", "data")
NAMES = ("word a", "Word", "word", "word \uff5e", "word \U0001f600", "w word", "\u00e9 word", "word 2")
NAMED = (SortBy.NAME, SortBy.CREATED, SortBy.UPDATED)
SORTS = {
    Label.ARTIFACT: NAMED,
    Label.JOB: NAMED,
    Label.REGISTERED_MODEL: NAMED,
    Label.MODEL_VERSION: NAMED,
    Label.DEPLOYMENT: NAMED,
    Label.RUN: (SortBy.STARTED,),
    Label.ARTIFACT_VERSION: (*NAMED[1:], SortBy.ORDINAL, SortBy.SEALED, SortBy.SIZE),
}
FILTERS = (
    ListFilter(),
    ListFilter(deleted=True),
    ListFilter(tags=(TagCondition(key="team", value="word"),)),
    ListFilter(text="word"),
)


def name(number: int) -> str:
    return f"{NAMES[number % len(NAMES)]} {number // len(NAMES)}"


def digest(number: int) -> str:
    return f"sha256:{number * 0x9E3779B97F4A7C15 % 2**64:064x}"


def run_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def uid(label: Label, number: int) -> str:
    match label:
        case Label.ARTIFACT:
            return ids.artifact_uid("default", "dataset", name(number))
        case Label.ARTIFACT_VERSION:
            return ids.version_uid("default", "dataset", "data", digest(number))
        case Label.JOB:
            return ids.job_uid("default", "script", name(number))
        case Label.REGISTERED_MODEL:
            return ids.model_uid("default", name(number))
        case Label.MODEL_VERSION:
            return ids.model_version_uid("default", "word", name(number))
        case Label.DEPLOYMENT:
            return ids.deployment_uid("default", "local", name(number), "1")
        case _:
            return ids.run_uid(run_id(number))


def described(label: Label, number: int, at: int) -> Event:
    match label:
        case Label.ARTIFACT:
            return ArtifactReported(at=at, artifact=name(number))
        case Label.ARTIFACT_VERSION:
            return VersionReported(
                at=at, artifact="data", digest=digest(number), size=number % 5, sealed_at=at
            )
        case Label.JOB:
            return JobReported(at=at, name=name(number))
        case Label.REGISTERED_MODEL:
            return ModelReported(at=at, model=name(number))
        case Label.MODEL_VERSION:
            return ModelVersionReported(at=at, model="word", version=name(number))
        case Label.DEPLOYMENT:
            return DeploymentReported(at=at, name=name(number))
        case _:
            return RunReported(at=at, run=run_id(number), name=name(number), state=RunState.RUNNING)


class Motion:
    """Nodes of one label: half of them stand still, the others are told of at random."""

    def __init__(self, writer: IngestWriter, label: Label) -> None:
        self._writer = writer
        self._label = label
        self._clock = itertools.count(3 * ids.now_micros())
        self.chance = random.Random(str(label))
        numbers = self.chance.sample(range(32), 32)
        self._still, self._moving = numbers[:16], numbers[16:]
        self.still = sorted(uid(label, number) for number in self._still)

    def _at(self) -> int:
        return next(self._clock) // 3  # some at the same time

    async def _tell(self, events: list[Event]) -> None:
        for event in events:
            object.__setattr__(event, "id", ids.new_run_id())
        for verdict in await self._writer.submit(events, actor="test"):
            assert verdict.outcome is Outcome.ACCEPTED, verdict

    def _told(self, number: int) -> list[Event]:
        tagged = NodeAnnotated(at=self._at(), uid=uid(self._label, number), tags={"team": "word"})
        return [described(self._label, number, self._at()), tagged]

    async def begin(self) -> None:
        some = self.chance.sample([*self._still, *self._moving[:8]], 24)
        await self._tell([event for number in some for event in self._told(number)])

    async def go_on(self) -> None:
        events: list[Event] = []
        for number in self.chance.sample(self._moving, 4):
            at, one = self._at(), uid(self._label, number)
            word = self.chance.choice(("word", "", "other"))
            changes: list[list[Event]] = [
                [NodeDeleted(at=at, uid=one)],
                [NodeRestored(at=at, uid=one)],
                [NodeAnnotated(at=at, uid=one, tags={"team": word or None}, description=word)],
                self._told(number),
            ]
            events += self.chance.choice(changes)
        await self._tell(events)

    async def check(self, ask: Ask, what: object) -> None:
        """Page after page, and now and then one page back, as somebody does who looks again."""
        pages: list[list[str]] = []
        after, following = "", ""
        more = True
        while more:
            again = bool(pages) and self.chance.random() < 0.2
            after = after if again else following
            page = await ask(after)
            found = [node.uid for node in page.items if node.uid in self.still]
            if again:  # those behind this place who stood still are the same; how many fit may differ
                assert all(a == b for a, b in zip(found, pages.pop(), strict=False)), what
            pages.append(found)
            more, following = page.has_more, page.cursors[-1] if page.cursors else ""
            await self.go_on()
        assert sorted(itertools.chain(*pages)) == self.still, what


@pytest.mark.parametrize("label", SORTS)
async def test_what_stands_still_is_seen_once_by_every_order(
    graph: Bolt, writer: IngestWriter, label: Label
) -> None:
    motion, tracking = Motion(writer, label), Tracking(graph)
    await motion.begin()
    filters = itertools.cycle(FILTERS)
    for by, descending in itertools.product(SORTS[label], (True, False)):
        order, wanted, first = (
            Order(by=by, descending=descending),
            next(filters),
            motion.chance.choice((1, 4)),
        )

        async def ask(after: str, order=order, wanted=wanted, first=first) -> Page[Node]:
            if label is Label.ARTIFACT_VERSION:
                one = versions_of(DATA, first=first, after=after, wanted=wanted, order=order)
                return (await tracking.parts.versions([one], scope=None))[one]
            return await tracking.list_nodes(
                label, scope=None, wanted=wanted, order=order, first=first, after=after
            )

        await motion.check(ask, (order, wanted))

    async def find(after: str) -> Page[Node]:
        return await tracking.search("word", scope=None, first=3, after=after)

    await motion.check(find, "search")


async def test_what_is_found_by_digest_and_by_words_is_found_once(graph: Bolt, writer: IngestWriter) -> None:
    """Its commit, say, begins with the same digits."""
    word = "abcdef12"
    same = f"sha256:{word:0<64}"
    tags: dict[str, str | None] = {"commit": word}
    told = [
        *(VersionReported(at=5, artifact=one, digest=same, tags=tags) for one in ("a", word, *NAMES)),
        *(VersionReported(at=5, artifact=one, digest=same) for one in ("b", "\U0001f601", "\uff5f")),
        *(VersionReported(at=5, artifact=one, digest=digest(7), tags=tags) for one in ("c", word, *NAMES)),
        *(VersionReported(at=5, artifact=one, run=run_id(1), tags=tags) for one in ("d", word)),
        ArtifactReported(at=5, artifact="named", description=word),
    ]
    for index, event in enumerate(told):
        object.__setattr__(event, "id", f"event {index}")
    await writer.submit(told, actor="test")
    tracking = Tracking(graph)
    whole = [node.uid for node in (await tracking.search(word, scope=None, first=100)).items]
    by_digest = [uid for uid in whole if uid.endswith(same)]
    assert len(whole) == len(set(whole)) == len(told) + 1  # the artifact that is called like this
    assert len(by_digest) == 13
    for first in (1, 2, 5):
        found: list[str] = []
        more, after = True, ""
        while more:
            page = await tracking.search(word, scope=None, first=first, after=after)
            found += [node.uid for node in page.items]
            more, after = page.has_more, page.cursors[-1]
        assert found == whole
