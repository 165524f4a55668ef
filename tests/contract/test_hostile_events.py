"""Events that no honest client sends: each is refused alone, with its reason; all others land, once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage_server.domain.events import EVENT_TYPES
from lineage_server.domain.ids import now_micros
from lineage_server.ingest.decode import Received, Unreadable, decode_lines, encode
from tests.support.hostile import EXPECTED, event_ids, good, run_event, sent, some_run
from tests.support.served import Served
from tests.support.stories import story

LONG = "n" * 100_000
DIGEST = "sha256:" + "a" * 64
RUN = some_run("refused").encode()
HEAD = b'{"type":"run","id":"never","project":"hostile","run":"' + RUN + b'",'


def nested(depth: int, inside: str = "1") -> bytes:
    return b'{"x":' * depth + inside.encode() + b"}" * depth


REFUSED: dict[str, bytes] = {
    "broken JSON": HEAD + b'"name":',
    "rubbish": b"\x00\x01\x02",
    "a number": b"42",
    "null": b"null",
    "a text": b'"run"',
    "an array": b"[1, 2]",
    "nothing in it": b"{}",
    "two on a line": good("a") + b" " + good("b"),
    "unknown type": b'{"type":"no such","run":"x"}',
    "type of a wrong type": b'{"type":7}',
    "invalid UTF-8": HEAD + b'"name":"\xff\xfe"}',
    "overlong UTF-8": HEAD + b'"name":"\xc0\x80"}',
    "invalid UTF-8 in a key": HEAD + b'"tags":{"\xed\xa0\x80":"x"}}',
    "invalid UTF-8 in an unknown field": HEAD + b'"later":"\xff"}',
    "NUL byte": HEAD + b'"name":"a\x00b"}',
    "NUL escaped": HEAD + b'"name":"a\\u0000b"}',
    "NUL in a tag's key": HEAD + b'"tags":{"a\\u0000":"x"}}',
    "NUL in an unknown field": HEAD + b'"later":{"deep":["\\u0000"]}}',
    "NUL in deep facts": HEAD + b'"facts":' + nested(400, '"\\u0000"') + b"}",
    "lone surrogate": HEAD + b'"name":"\\ud800"}',
    "lone surrogate in a tag's key": HEAD + b'"tags":{"\\udfff":"x"}}',
    "lone surrogate in facts": HEAD + b'"facts":{"a":"\\ud800x"}}',
    "long job": json.dumps(run_event("x", job=LONG)).encode(),
    "long name of an output": json.dumps(run_event("x", outputs=[{"name": LONG, "digest": DIGEST}])).encode(),
    "long project": json.dumps({**run_event("x"), "project": LONG}).encode(),
    "long id": json.dumps({**run_event("x"), "id": LONG}).encode(),
    "long run": json.dumps({**run_event("x"), "run": LONG}).encode(),
    "long tag key": json.dumps(run_event("x", tags={LONG: "x"})).encode(),
    "long parameter key": json.dumps(run_event("x", params={LONG: 1})).encode(),
    "long metric key": json.dumps(run_event("x", metrics={LONG: 1})).encode(),
    "long digest": json.dumps(run_event("x", outputs=[{"name": "a", "digest": LONG}])).encode(),
    "NaN literal": HEAD + b'"metrics":{"loss":NaN}}',
    "Infinity literal": HEAD + b'"params":{"lr":-Infinity}}',
    "a metric that is a word": HEAD + b'"metrics":{"loss":"big"}}',
    "float beyond floats": HEAD + b'"metrics":{"loss":1e999}}',
    "float beyond floats in facts": HEAD + b'"facts":{"loss":[1e999]}}',
    "integer beyond 64 bits": HEAD + b'"attempt":' + b"9" * 30 + b"}",
    "integer of 5,000 digits": HEAD + b'"attempt":' + b"9" * 5_000 + b"}",
    "an attempt beyond 32 bits": HEAD + b'"attempt":' + str(2**40).encode() + b"}",
    "an exit code beyond 64 bits": HEAD + b'"state":"failed","exit_code":' + b"9" * 20 + b"}",
    "size beyond 64 bits": HEAD + b'"outputs":[{"name":"a","size":' + b"9" * 20 + b"}]}",
    "ordinal beyond 64 bits": HEAD + b'"inputs":[{"name":"a","version":' + b"9" * 20 + b"}]}",
    "time beyond time": HEAD + b'"started_at":' + str(2**62).encode() + b"}",
    "time before time": HEAD + b'"at":-1}',
    "time without a zone": HEAD + b'"at":"2026-01-01T00:00:00"}',
    "time before Christ": HEAD + b'"at":"0001-01-01T00:00:00+23:59"}',
    "facts nested 300 deep": HEAD + b'"facts":' + nested(300) + b"}",
    "facts nested 950 deep": HEAD + b'"facts":' + nested(950) + b"}",
    "facts nested 100,000 deep": HEAD + b'"facts":' + nested(100_000) + b"}",
    "unknown field nested 100,000 deep": HEAD + b'"later":' + nested(100_000) + b"}",
    "array nested 100,000 deep": b"[" * 100_000,
    "column of an unknown form": HEAD + b'"outputs":[{"name":"a","columns":["x"]}]}',
    "a run that is no UUID": b'{"type":"run","run":"../../etc/passwd","project":"hostile"}',
    "metrics of unequal length": (
        b'{"type":"metrics","project":"hostile","run":"' + RUN + b'","keys":["a"],"series":[0,0],'
        b'"steps":[1],"times":[1],"values":[1]}'
    ),
    "metrics that point beyond their keys": (
        b'{"type":"metrics","project":"hostile","run":"' + RUN + b'","keys":["a"],"series":[7],'
        b'"steps":[1],"times":[1],"values":[1]}'
    ),
}


async def test_each_broken_line_is_refused_alone(served: Served) -> None:
    body: list[bytes] = []
    for number, line in enumerate(REFUSED.values()):
        body += [good(number), line]
    body.append(good(len(REFUSED)))
    verdicts = await sent(served, body)
    names = dict(zip(range(1, len(body), 2), REFUSED, strict=False))
    taken = [name for index, name in names.items() if index not in verdicts.by_index]
    assert not taken, f"accepted: {taken}"
    assert {names[index] for index in verdicts.by_index} == set(REFUSED)
    wrong = {names[i]: v for i, v in verdicts.by_index.items() if v["code"] not in EXPECTED}
    assert not wrong, wrong
    assert all(0 < len(v["message"]) < 1_000 for v in verdicts.by_index.values())
    assert not any(v.get("retriable") for v in verdicts.by_index.values())
    unknown = next(v for i, v in verdicts.by_index.items() if names[i] == "unknown type")
    assert unknown["message"].endswith(f"allowed: {', '.join(EVENT_TYPES)}")
    wanted = Counter(f"good-{n}" for n in range(len(REFUSED) + 1))
    assert await event_ids(served) == wanted
    again = await sent(served, body)
    assert (again.accepted, again.duplicate, again.refused) == (0, len(wanted), len(REFUSED))
    assert await event_ids(served) == wanted


async def test_refused_events_are_kept_with_their_reason(served: Served) -> None:
    await sent(served, list(REFUSED.values()))
    query = "{ refusedEvents(first: 500) { totalCount edges { node { code message size cut raw } } } }"
    kept = (await served.ask(query))["refusedEvents"]
    assert kept["totalCount"] == len(REFUSED)
    nodes = [edge["node"] for edge in kept["edges"]]
    assert Counter(node["size"] for node in nodes) == Counter(len(line) for line in REFUSED.values())
    assert not any(node["cut"] for node in nodes)
    assert all(len(node["raw"].encode("utf-8", "replace")) >= node["size"] for node in nodes)


REPLAY = """mutation ($uids: [String!]!) { replayRefused(input: {uids: $uids}) {
  problems { code } replays { uid outcome code message }
} }"""
ODD_BUT_GOOD: dict[str, dict[str, Any]] = {
    "long parameter": {"params": {"text": LONG}},
    "long run name": {"name": "n" * 500},
    "long description": {"description": LONG},
    "metrics without a number": {"metrics": {"a": "NaN", "b": "Infinity", "c": "-Infinity"}},
    "integers beyond 64 bits": {"params": {"a": 2**63, "b": -(2**200), "c": 10**19}},
    "facts with large integers": {"facts": {"a": 2**70, "b": [1.5, None, {"c": True}]}},
    "words of all scripts": {"name": "模型 \u202e evil \U0001f600", "tags": {"ключ": "значение"}},
    "a paired surrogate": {"name": "\U0001f600"},
    "unknown fields": {"later": {"more": [1, 2, {"x": None}]}},
}


async def test_what_is_odd_but_true_is_taken_and_readable(served: Served) -> None:
    verdicts = await sent(served, [good(name, **more) for name, more in ODD_BUT_GOOD.items()])
    assert verdicts.by_index == {}
    for name in ODD_BUT_GOOD:
        node = await served.ask(
            "query ($uid: String!, $id: String!) { run(uid: $uid) { uid properties metrics { key value } "
            'params { key value } } event(id: $id, project: "hostile") { raw } }',
            {"uid": f"run:{some_run(name)}", "id": f"good-{name}"},
        )
        assert json.loads(node["event"]["raw"]) == json.loads(good(name, **ODD_BUT_GOOD[name]))
    assert await event_ids(served) == Counter(f"good-{name}" for name in ODD_BUT_GOOD)


async def test_event_of_ten_megabytes_is_refused_and_its_neighbours_land(served: Served) -> None:
    large = good("large", description="x" * 10_000_000)
    verdicts = await sent(served, [good("before"), large, good("after")])
    assert (verdicts.accepted, verdicts.refused) == (2, 1)
    assert verdicts.by_index[1]["code"] == "LIMIT"
    assert str(len(large)) in verdicts.by_index[1]["message"]
    assert await event_ids(served) == Counter(["good-before", "good-after"])
    kept = await served.ask("{ refusedEvents { edges { node { uid size cut raw } } } }")
    (node,) = (edge["node"] for edge in kept["refusedEvents"]["edges"])
    assert (node["size"], node["cut"]) == (len(large), True)
    assert len(node["raw"]) == 65_536
    replays = await served.ask(REPLAY, {"uids": [node["uid"]]})
    (replay,) = replays["replayRefused"]["replays"]
    assert (replay["outcome"], replay["code"]) == ("refused", "LIMIT")


UIDS = (
    "job:hostile/", "artifact:hostile/dataset/", "version:hostile/dataset/", "model:hostile/", "actor:",
    "modelversion:hostile/", "alias:hostile/m@", "deployment:hostile/", "approval:hostile/", "gap:", "run:",
    "gpu:", "node:", "volume:", "code:", "env:", "project:", "intent:hostile/",
)  # fmt: skip
TAILS = (LONG, "a\nb", "\u2028", " ", "ä" * 5_000, "a" * 3_000 + "@sha256:" + "b" * 64)


def uids_of_senders() -> Iterator[dict[str, Any]]:
    """Events that put together uids themselves, or from parts that nothing else bounds."""
    for uid in UIDS:
        for tail in TAILS:
            yield {"type": "node.annotated", "uid": uid + tail}
    gap = {"type": "watch.gap", "cluster": "c", "kind": "k", "from_at": 1, "to_at": 2}
    for tail in TAILS:
        yield {**gap, "cluster": tail}
        yield {**gap, "kind": tail}
        yield {"type": "run", "run": some_run("x"), "cluster": tail, "node": "n"}
        yield {"type": "run", "run": some_run("y"), "cluster": tail, "volumes": ["v"]}
        yield {"type": "deployment", "name": "d", "routes_to": ["deployment:" + tail]}
        for label in ("Gpu", "Node", "Volume", "CodeRef", "Environment", "Actor"):
            yield {"type": "context", "label": label, "key": tail}
            yield {"type": "context", "label": label, "key": "a/b@" + tail}
        yield {"type": "intent", "key": tail, "action": "stop"}
        yield {"type": "intent", "key": "k", "action": "stop", "target": "run:" + tail}
        yield {"type": "run", "run": some_run("z"), "actor": {"subject": tail, "issuer": tail, "name": tail}}
        yield {"type": "project.member", "subject": tail, "role": "viewer"}


async def test_uids_made_by_senders_are_bounded_and_stop_nobody(served: Served) -> None:
    """A key that the graph's index cannot hold would keep the whole batch out, again and again."""
    events = [{**event, "id": f"uid {n}", "project": "hostile"} for n, event in enumerate(uids_of_senders())]
    verdicts = await sent(served, [json.dumps(event).encode() for event in events] + [good("last")])
    wrong = [(events[i], v) for i, v in verdicts.by_index.items() if v.get("code") not in EXPECTED]
    assert not wrong, str(wrong)[:1000]
    rows = await served.services.bolt.read("MATCH (n) RETURN max(size(n.uid)) AS longest")
    assert rows[0]["longest"] < 7_000
    assert len(events) not in verdicts.by_index
    assert await event_ids(served) == Counter(
        ["good-last", *(f"uid {n}" for n in range(len(events)) if n not in verdicts.by_index)]
    )


@pytest.mark.parametrize(
    "body",
    [b"[" * 1_000_000, b'[{"type":"run"', b"[" + b'{"x":' * 500_000, b"\xff" * 1000, b"{" * 100_000],
    ids=["deep", "half", "deep objects", "bytes", "braces"],
)
async def test_body_that_cannot_be_read_is_no_crash(served: Served, body: bytes) -> None:
    verdicts = await sent(served, [body])
    assert verdicts.by_index[0]["code"] in EXPECTED
    assert (await sent(served, [good("after")])).accepted == 1


WRONG: tuple[Any, ...] = (
    None, True, -1, 10**30, 2**63, 2**40, 1.5, "", "x", "../x", "a\tb", [], [None], [[]], ["x"], {}, {"": 1},
    {"x": None}, {"a": {"b": [1]}}, [{"name": "x", "type": 1}], [{"": ""}],
)  # fmt: skip


def twisted() -> Iterator[dict[str, Any]]:
    """Each event of the story with each of its type's fields replaced by each wrong value, in turn."""
    seen: set[str] = set()
    for original in story():
        if original.type in seen:
            continue
        seen.add(original.type)
        known = json.loads(encode(original))
        names = [name for name in EVENT_TYPES[original.type].__dataclass_fields__ if name != "project"]
        for name in names:
            for number, value in enumerate(WRONG):
                event = {**known, "project": "hostile", "id": f"{original.type}.{name}.{number}"}
                yield {**event, name: value}
    assert seen == EVENT_TYPES.keys()


async def test_wrong_types_in_every_field_are_told_and_never_a_crash(served: Served) -> None:
    lines = [json.dumps(event).encode() for event in twisted()]
    stored = 0
    for start in range(0, len(lines), 500):
        part = lines[start : start + 500]
        verdicts = await sent(served, [*part, good(start)])
        wrong = [(part[i][:300], v) for i, v in verdicts.by_index.items() if v.get("code") == "INTERNAL"]
        assert not wrong, wrong[:3]
        assert len(part) not in verdicts.by_index
        stored += verdicts.accepted
    assert (await event_ids(served)).total() + await _foreign(served) == stored
    assert set((await event_ids(served)).values()) == {1}
    before = await served.ask("{ runs { totalCount } jobs { totalCount } artifacts { totalCount } }")
    await served.services.rebuilder.rebuild()
    after = await served.ask("{ runs { totalCount } jobs { totalCount } artifacts { totalCount } }")
    assert before == after


async def _foreign(served: Served) -> int:
    """Accepted events beyond project ``hostile`` and beyond the story."""
    known = len(story())
    rows = await served.services.bolt.read(
        "MATCH (e:Event) WHERE e.project <> 'hostile' RETURN count(e) AS count"
    )
    return rows[0]["count"] - known


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = plain | st.lists(plain, max_size=3) | st.dictionaries(st.text(max_size=4), plain, max_size=3)
names_of_fields = sorted({name for cls in EVENT_TYPES.values() for name in cls.__dataclass_fields__})
documents = st.tuples(
    st.sampled_from(sorted(EVENT_TYPES)),
    st.dictionaries(st.sampled_from(names_of_fields), anything, max_size=4),
).map(lambda drawn: {"type": drawn[0], **drawn[1]})


@settings(max_examples=100, deadline=None)
@given(st.lists(documents, max_size=3), st.binary(max_size=60))
def test_reading_any_bytes_answers_a_verdict_for_each_line(events: list[Any], noise: bytes) -> None:
    noise = noise.replace(b"\n", b" ").strip()
    body = b"\n".join([json.dumps(event).encode() for event in events] + ([noise] if noise else []))
    told = decode_lines(body, max_event_bytes=1 << 20, now=now_micros(), skew_seconds=60, max_events=100)
    assert len(told) == len(events) + bool(noise) or body[:1] == b"["
    assert all(isinstance(one, Received | Unreadable) for one in told)
