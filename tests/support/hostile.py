"""Hostile input over the served application: lines in, verdicts out, and what of it is stored.

Not here: the input itself (each ``test_hostile_*`` file has its own).
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.faults import EVENTS
from tests.support.served import Served

EXPECTED = frozenset({"BAD_INPUT", "LIMIT", "NOT_FOUND", "CONFLICT"})
"""Codes of refusals that name a fault of the sender; INTERNAL would be a fault of ours."""


def some_run(name: object) -> str:
    """A run id that is always the same for a name."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"hostile {name}"))


def run_event(name: object, /, **more: Any) -> dict[str, Any]:
    """A good event of project ``hostile``, with more in it."""
    known = {"type": "run", "id": f"good-{name}", "project": "hostile", "run": some_run(name)}
    return {**known, "at": 1_760_000_000_000_000, **more}


def good(name: object, /, **more: Any) -> bytes:
    """That event as a line."""
    return json.dumps(run_event(name, **more)).encode()


@dataclass
class Verdicts:
    """The intake's answer; ``by_index`` holds what was not accepted."""

    accepted: int
    duplicate: int
    refused: int
    by_index: dict[int, dict[str, Any]]


async def sent(served: Served, lines: Sequence[bytes], *, token: str = "") -> Verdicts:
    """Lines in one body; the answer must be 200 and account for all of them."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = await served.http.post(EVENTS, content=b"\n".join(lines), headers=headers)
    assert answer.status_code == 200, answer.text[:2000]
    told = answer.json()
    by_index = {one["index"]: one for one in told["events"]}
    assert told["accepted"] + told["duplicate"] + told["refused"] == len(lines)
    assert len(by_index) == told["duplicate"] + told["refused"]
    return Verdicts(told["accepted"], told["duplicate"], told["refused"], by_index)


async def event_ids(served: Served, project: str = "hostile") -> Counter[str]:
    """Ids of the events stored for a project, each as often as it stands there."""
    rows = await served.services.bolt.read(
        "MATCH (e:Event) WHERE e.project = $project RETURN e.uid AS uid", {"project": project}
    )
    return Counter(row["uid"].removeprefix(f"event:{project}/") for row in rows)


async def everything(served: Served) -> dict[str, int]:
    """How many nodes of each label there are, and how many edges."""
    nodes = await served.services.bolt.read("MATCH (n) RETURN labels(n)[0] AS label, count(*) AS count")
    edges = await served.services.bolt.read("MATCH ()-[e]->() RETURN count(e) AS count")
    return {**{row["label"]: row["count"] for row in nodes}, "(edges)": edges[0]["count"]}
