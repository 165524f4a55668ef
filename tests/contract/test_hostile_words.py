"""Names, keys and values made to break out of a query: stored as they are, found again, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from lineage_server.api.gql.documents import read_operations
from tests.support.hostile import EXPECTED, everything, good, sent, some_run
from tests.support.served import Served
from tests.support.stories import TRAIN

TEXTS = read_operations()
WORDS = (
    "`", "``", "a`b", "`]: 1}) DETACH DELETE n //", "'", '"', "''", "\\", "\\'", "\\u0060", "$rows", "{x}",
    "x'}) MATCH (m) DETACH DELETE m //", 'x") MATCH (m) DETACH DELETE m RETURN ("', "' OR 1=1 --",
    "1; DROP x", "n.uid", "@rid", "@type", "uid", "p.uid", "/* */", "// x", "RETURN 1 AS x", "%", "_", "*",
    ".*", "?", "${1+1}", "}", "\u02bc\uff07", "CALL db.labels()", "\u2028", "\u00e9", "e\u0301x",
)  # fmt: skip
LABELS = ("Run`:Admin", "Token", "Writer", "Event) DETACH DELETE n //", "", "run")


def tagged(number: int, word: str) -> bytes:
    """A run whose every name, key and value is the word."""
    return good(
        number,
        name=f"x{word}x",
        job=f"x{word}x",
        params={word: word},
        tags={word: word},
        metrics={word: number},
        description=word,
        facts={word: {word: word}},
        node=f"x{word}x",
        volumes=[f"x{word}x"],
        code={"repo": word, "commit": word},
        outputs=[{"name": f"x{word}x", "role": f"x{word}x", "stats": {word: 1}, "metadata": {word: word}}],
        inputs=[{"name": f"x{word}x", "role": f"x{word}x"}],
    )


RUN = """query ($uid: String!, $k: [String!]!) { run(uid: $uid) {
    description tags { key value } paramMap(keys: $k) metricMap(keys: $k) } }"""
KEPT = tuple(word for word in WORDS if word.isprintable())


async def test_words_are_stored_as_they_are(served: Served) -> None:
    before = await everything(served)
    verdicts = await sent(served, [tagged(n, word) for n, word in enumerate(WORDS)])
    refused = {WORDS[i]: v["code"] for i, v in verdicts.by_index.items()}
    assert refused == {word: "BAD_INPUT" for word in WORDS if word not in KEPT}
    for number, word in enumerate(WORDS):
        if word not in KEPT:
            continue
        run = (await served.ask(RUN, {"uid": some_run(number), "k": [word]}))["run"]
        assert run["paramMap"] == {word: word}
        assert run["metricMap"] == {word: number}
        assert run["tags"] == [{"key": word, "value": word}]
        assert run["description"] == word
    after = await everything(served)
    assert after["Run"] == before["Run"] + len(KEPT)
    assert all(after[label] >= count for label, count in before.items())
    assert after.keys() - before.keys() <= {"Refused", "Node", "Volume", "CodeRef"}


async def test_words_find_and_sort_what_bears_them_and_nothing_else(served: Served) -> None:
    await sent(served, [tagged(n, word) for n, word in enumerate(KEPT)])
    more = [
        good(f"more {n}", metrics={word: -1.0, "other": n}, params={word: "0"}) for n, word in enumerate(KEPT)
    ]
    await sent(served, more)
    before = await everything(served)
    for number, word in enumerate(KEPT):
        mine, other = f"run:{some_run(number)}", f"run:{some_run(f'more {number}')}"
        by_metric = {"metrics": [{"key": word, "op": "GE", "value": -1}]}
        both: list[tuple[dict[str, Any], list[str]]] = [
            ({"orderBy": {"metric": word}, "filter": by_metric}, [mine, other]),
            ({"orderBy": {"metric": word, "direction": "ASC"}, "filter": by_metric}, [other, mine]),
            ({"filter": {"tags": [{"key": word, "value": word}]}}, [mine]),
            ({"filter": {"tags": [{"key": word}]}}, [mine]),
            ({"filter": {"params": [{"key": word, "op": "EQ", "value": word}]}}, [mine]),
        ]
        for variables, wanted in both:
            answer = (await served.ask(TEXTS["Runs"], {**variables, "project": "hostile"}))["runs"]
            assert [edge["node"]["uid"] for edge in answer["edges"]] == wanted, (word, variables)
    assert await everything(served) == before


async def test_no_word_becomes_a_label_or_a_type(served: Served) -> None:
    before = await everything(served)
    for label in LABELS:
        lines = [
            b'{"type":"context","project":"hostile","key":"k","label":%s}' % _json(label),
            good("kind", kind=label),
            good("type", outputs=[{"name": "a", "type": label or "no"}]),
            b'{"type":"node.annotated","project":"hostile","uid":%s}' % _json(f"{label}:x"),
        ]
        verdicts = await sent(served, lines)
        assert {v["code"] for v in verdicts.by_index.values()} <= EXPECTED, verdicts
        assert verdicts.refused >= 3
    after = await everything(served)
    assert after.keys() - before.keys() <= {"Refused"}


def _json(text: str) -> bytes:
    return ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"').encode()


@pytest.mark.parametrize("word", KEPT[:14])
async def test_mutations_and_search_take_words_as_words(served: Served, word: str) -> None:
    before = await everything(served)
    given = {"uid": f"run:{TRAIN}", "tags": [{"key": word, "value": word}]}
    done = (await served.ask(TEXTS["SetTags"], {"input": given}))["setTags"]
    assert not done["problems"]
    await served.ask(TEXTS["SetDescription"], {"input": {"uid": f"run:{TRAIN}", "description": word}})
    found = await served.ask(TEXTS["Node"], {"uid": f"run:{TRAIN}"})
    assert {"key": word, "value": word} in found["node"]["tags"]
    assert found["node"]["description"] == word
    for name, variables in (
        ("Search", {"text": word, "labels": [word]}),
        ("Search", {"text": word}),
        ("Resolve", {"ref": f"dataset:{word}"}),
        ("Version", {"ref": f"dataset:iris@{word}"}),
        ("Lineage", {"start": [word], "direction": "BOTH", "view": "VERSION", "kinds": [word]}),
        ("Jobs", {"project": word}),
        ("Event", {"id": word, "project": word}),
        ("Audit", {"project": word}),
        ("CreateProject", {"input": {"name": f"a{word}b"}}),
    ):
        answer = await served.answer(TEXTS[name], variables)
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert codes <= EXPECTED, (name, answer)
    after = await everything(served)
    for label in ("Run", "Job", "Artifact", "ArtifactVersion", "Token", "Writer", "(edges)"):
        assert after.get(label, 0) == before.get(label, 0), label
