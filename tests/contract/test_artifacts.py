"""Bytes over HTTP: kept once, by content, for those who have sent them, and handed out to those who may."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lineage_server.domain.events import OutputFact, RunReported
from lineage_server.domain.ids import new_run_id
from lineage_server.graph.bolt import Bolt
from lineage_server.storage.manifest import PART
from tests.support.neo4j_server import Address
from tests.support.served import Served, serving
from tests.support.stored import COMMITS, DOWNLOADS, OBJECTS, UPLOADS, Content, Sender, sha

ODD = {
    "데이터/꽃.csv": b"a,b\n1,2\n",
    "x" * 255: b"long name",
    "line\nbreak\t%2e%2e": b"control characters",
    "empty": b"",
    "twice": b"a,b\n1,2\n",
}
STORED = "query ($uid: String!) { node(uid: $uid) { ... on ArtifactVersion { storedAt digest size } } }"


@pytest.fixture
async def keeping(bolt: Address, graph: Bolt, tmp_path: Path) -> AsyncIterator[Served]:
    """Access by token, bytes in a folder of the server's."""
    settings = {"artifacts": {"url": str(tmp_path / "kept")}}
    async with serving(bolt, tmp_path, mode="token", settings=settings) as running:
        yield running


async def sender(served: Served, project: str = "default", **roles: str) -> Sender:
    token = await served.service_token(**(roles or {project: "editor"}))
    return Sender(served.http, project, token)


async def test_what_was_uploaded_comes_back_as_it_was(keeping: Served) -> None:
    mine = await sender(keeping)
    large = Content({"large.bin": b"0123456789abcdef" * (PART // 16) + b"end"}, kind="file")
    folder = Content(ODD, links={"inside": "데이터", "데이터/up": "../twice"})
    for content in (folder, large):
        told = await mine.send(content)
        assert (told["method"], told["present"]) == ("server", 0)
        done = (await mine.commit(content)).json()
        assert await mine.download(uid=done["uid"]) == dict(content.files)
        assert await mine.download(ref=f"dataset:iris@{done['digest'][7:27]}") == dict(content.files)
        node = (await keeping.ask(STORED, {"uid": done["uid"]}, mine.token))["node"]
        assert node["storedAt"] is not None
        assert (node["digest"], node["size"]) == (done["digest"], sum(map(len, content.files.values())))
        # Again: nothing to send, and nothing new.
        assert (await mine.ask(content))["missing"] == []
        assert (await mine.commit(content)).json() == done
    some = await mine.download(uid=folder_uid(folder), paths=["데이터/*", "empty"])
    assert sorted(some) == ["empty", "데이터/꽃.csv"]
    names = (await mine.post(DOWNLOADS, uid=folder_uid(folder), paths=["x*"], locate=False)).json()
    assert (names["objects"], [one["path"] for one in names["manifest"]["entries"]]) == ([], ["x" * 255])
    answer = await mine.post(DOWNLOADS, uid=folder_uid(folder), paths=["nothing"])
    assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")


def folder_uid(content: Content) -> str:
    return f"version:default/dataset/iris@{content.manifest()['digest']}"


async def test_bytes_of_another_project_are_kept_once_and_never_revealed(
    keeping: Served, tmp_path: Path
) -> None:
    secret = Content({"weights": b"of project a" * 1000})
    name = sha(b"of project a" * 1000)
    ours, theirs = await sender(keeping, "a"), await sender(keeping, "b")
    done = await ours.keep(secret)
    # Who knows the digest alone is told nothing, and gets nothing.
    assert [one["sha256"] for one in (await theirs.ask(secret))["missing"]] == [name]
    answer = await theirs.commit(secret)
    assert (answer.status_code, answer.json()["details"]) == (409, {"missing": [name]})
    for project in ("a", "b"):
        answer = await theirs.http.get(f"{OBJECTS}/{project}/{name}", headers=theirs.headers)
        assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")
    answer = await theirs.post(DOWNLOADS, uid=done["uid"])
    assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")
    # Nor may they send or commit where they are nobody, or only look.
    looks = await sender(keeping, "a", a="viewer")
    for stranger, code in ((Sender(theirs.http, "a", theirs.token), 404), (looks, 403)):
        answers = [
            await stranger.post(UPLOADS, objects=[]),
            await stranger.put(name, b"of project a" * 1000),
            await stranger.commit(secret),
        ]
        assert [answer.status_code for answer in answers] == [code] * 3
    assert await looks.download(uid=done["uid"]) == dict(secret.files)
    # Who has the bytes gets their own, of which the store keeps one copy.
    again = await theirs.keep(secret)
    assert await theirs.download(uid=again["uid"]) == dict(secret.files)
    kept = [file.name for file in (tmp_path / "kept" / "objects").rglob("*") if file.is_file()]
    assert kept == [name]
    assert not [file for file in (tmp_path / "kept" / "incoming").rglob("*") if file.is_file()]


async def test_what_is_not_what_it_says_is_refused(keeping: Served) -> None:
    mine = await sender(keeping)
    content = Content({"a": b"right", "b": b"other"})
    answer = await mine.put(sha(b"right"), b"wrong")
    assert (answer.status_code, answer.json()["error"]) == (400, "BAD_INPUT")
    answer = await mine.put("../" * 3, b"wrong")
    assert answer.status_code in (400, 404, 405)
    answer = await mine.put(sha(b"x" * (PART + 1)), b"x" * (PART + 1))
    assert (answer.status_code, answer.json()["error"]) == (413, "LIMIT")
    assert len((await mine.ask(content))["missing"]) == 2
    # What arrived before a commit that lacks the rest need not be sent again.
    assert (await mine.put(sha(b"right"), b"right")).status_code == 204
    answer = await mine.commit(content)
    assert (answer.status_code, answer.json()["details"]) == (409, {"missing": [sha(b"other")]})
    assert [one["sha256"] for one in (await mine.ask(content))["missing"]] == [sha(b"other")]
    assert await mine.keep(content)
    for wrong in (
        {"sha256": "x" * 64, "size": 1},
        {"sha256": sha(b""), "size": PART + 1},
        {"sha256": sha(b""), "size": -1},
        {"sha256": sha(b"")},
        "text",
    ):
        answer = await mine.post(UPLOADS, objects=[wrong])
        assert (answer.status_code, answer.json()["error"]) == (400, "BAD_INPUT")
    many = [{"sha256": f"{i:064x}", "size": 1} for i in range(10_001)]
    answer = await mine.post(UPLOADS, objects=many)
    assert (answer.status_code, answer.json()["error"]) == (413, "LIMIT")
    manifest = content.manifest()
    for change in (
        {"digest": "sha256:" + "0" * 64},
        {"size": 1},
        {"entries": [{"path": "../a", "size": 5, "sha256": sha(b"right")}]},
        {"kind": "file"},
        {"v": 2},
        {"more": 1},
    ):
        answer = await mine.commit({**manifest, **change})
        assert (answer.status_code, answer.json()["error"]) == (400, "BAD_INPUT"), change
    answer = await mine.commit(content, type="nonsense")
    assert answer.status_code == 400
    answer = await mine.commit(content, name="a\nb")
    assert answer.status_code == 400


async def test_a_value_never_takes_the_place_of_files(keeping: Served) -> None:
    """Its digest is only what its sender says; whose bytes prove what they are stays as it was."""
    mine = await sender(keeping)
    file, folder = Content({"model": b"good"}, kind="file"), Content({"model": b"good", "more": b"x"})
    other = Content({"model": b"other"}, kind="file")
    for content in (file, folder):
        done = await mine.keep(content)
        await mine.send(other)
        forged = {**other.manifest(), "kind": "value", "digest": done["digest"]}
        for name in ("iris", "another"):
            answer = await mine.commit(forged, name)
            assert (answer.status_code, answer.json()["error"]) == (409, "CONFLICT")
        assert await mine.download(uid=done["uid"]) == dict(content.files)
    # The other way round, what proves itself comes before a word, and a value may be sent anew.
    value = {**other.manifest(), "kind": "value", "digest": "sha256:" + sha(b"early")}
    for _ in range(2):
        assert (await mine.commit(value)).status_code == 200
    done = await mine.keep(Content({"early": b"early"}, kind="file"))
    assert await mine.download(uid=done["uid"]) == {"early": b"early"}


async def test_patterns_are_bounded_however_they_are_made(keeping: Served) -> None:
    mine = await sender(keeping)
    done = await mine.keep(Content({f"{'a' * 60}{n}": b"x" for n in range(1000)}))
    for patterns, status in (
        (["[" * 100_000], 413),
        (["a"] * 101, 413),
        (["*a" * 400 + "b"] * 100, 404),
        (["[" * 1_000] * 10, 404),
        (["b", "*9"], 200),
    ):
        async with asyncio.timeout(30):
            answer = await mine.post(DOWNLOADS, uid=done["uid"], paths=patterns, locate=False)
        assert answer.status_code == status, answer.text


async def test_single_objects_are_handed_out_by_ranges(keeping: Served) -> None:
    mine = await sender(keeping)
    data = bytes(range(256)) * 10_000
    await mine.keep(Content({"data": data, "empty": b""}))
    where = f"{OBJECTS}/default/{sha(data)}"
    ranges = {
        "bytes=0-9": data[:10],
        "bytes=5-": data[5:],
        "bytes=-7": data[-7:],
        f"bytes=100-{len(data) + 5}": data[100:],
        f"bytes=0-{len(data) - 1}": data,
        "lines=1-2": data,
        "bytes=1-2,5-6": data,
    }
    for asked, wanted in ranges.items():
        answer = await mine.http.get(where, headers={**mine.headers, "range": asked})
        assert answer.content == wanted, asked
        assert answer.status_code == (200 if wanted == data else 206)
        assert answer.headers["content-length"] == str(len(wanted))
        assert answer.headers["x-content-type-options"] == "nosniff"
    answer = await mine.http.get(where, headers={**mine.headers, "range": f"bytes={len(data)}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(data)}")
    answer = await mine.http.get(f"{OBJECTS}/default/{sha(b'')}", headers=mine.headers)
    assert (answer.status_code, answer.content) == (200, b"")


async def test_only_versions_with_bytes_can_be_downloaded(keeping: Served) -> None:
    mine = await sender(keeping)
    told = OutputFact(name="elsewhere", digest="sha256:" + "1" * 64, uri="s3://bucket/key")
    run = new_run_id()
    await keeping.record(RunReported(run=run, outputs=[told]))
    for ref, code in (
        ("dataset:elsewhere", 404),
        ("dataset:nowhere", 404),
        (f"run:{run}", 400),
        ("", 400),
    ):
        answer = await mine.post(DOWNLOADS, ref=ref)
        assert answer.status_code == code, answer.text


async def test_the_same_content_sent_by_two_at_once_is_one_version(keeping: Served) -> None:
    ours, theirs = await sender(keeping), await sender(keeping, "b")
    content = Content({f"{i}.txt": str(i % 40).encode() for i in range(60)})
    done = await asyncio.gather(*(each.keep(content) for each in (ours, ours, theirs, theirs, ours)))
    assert len({one["uid"] for one in done}) == 2
    for each, one in ((ours, done[0]), (theirs, done[2])):
        assert await each.download(uid=one["uid"]) == dict(content.files)


async def test_a_server_without_a_store_says_so(served: Served) -> None:
    mine = Sender(served.http)
    answer = await mine.post(UPLOADS, objects=[])
    assert (answer.status_code, answer.json()["error"]) == (501, "NOT_SUPPORTED")
    assert "LINEAGE_ARTIFACTS__URL" in answer.json()["message"]
    assert (await mine.http.post(COMMITS, content=b"{")).status_code == 400


async def test_what_is_asked_of_unknown_bytes_is_answered_as_of_another_projects(keeping: Served) -> None:
    """Every question, by somebody who knows the digest: the same words, but for the digest itself."""
    known, unknown = Content({"a": b"a secret" * 100}), Content({"a": b"not known" * 100})
    ours, theirs = await sender(keeping, "a"), await sender(keeping, "b")
    uid = (await ours.keep(known))["uid"]
    answers: list[list[tuple[int, str]]] = []
    for content in (known, unknown):
        (name,) = content.objects
        digest = content.manifest()["digest"]
        asked = uid if content is known else uid.partition("@")[0] + "@" + digest
        told = [await theirs.post(UPLOADS, objects=[{"sha256": name, "size": 800}])]
        for project in ("a", "b"):
            where = f"{OBJECTS}/{project}/{name}"
            told += [
                await theirs.http.get(where, headers={**theirs.headers, "range": "bytes=0-1"}),
                await theirs.http.put(where, content=b"other", headers=theirs.headers),
            ]
        told += [
            await theirs.commit(content),
            await theirs.post(DOWNLOADS, uid=asked),
            await theirs.http.get("/api/v1/artifacts/preview", params={"uid": asked}, headers=theirs.headers),
            await theirs.http.get("/api/v1/artifacts/files", params={"uid": asked}, headers=theirs.headers),
        ]
        answers.append([(one.status_code, re.sub("[0-9a-f]{40,}", "N", one.text)) for one in told])
    assert answers[0] == answers[1]
    assert [status for status, _ in answers[0]] == [200, 404, 404, 404, 400, 409, 404, 404, 404]


async def test_a_folder_of_a_hundred_thousand_files_is_one_version(keeping: Served) -> None:
    mine = await sender(keeping)
    content = Content({f"{i // 1000:03}/{i:06}": str(i % 50).encode() for i in range(100_000)})
    await mine.send(content)
    manifest = content.manifest()
    body = {"type": "dataset", "name": "many", "project": "default", "manifest": manifest}
    sent = gzip.compress(json.dumps(body).encode(), 1)
    answer = await mine.http.post(COMMITS, content=sent, headers={**mine.headers, "content-encoding": "gzip"})
    assert answer.status_code == 200, answer.text
    got = 0
    after = ""
    while True:
        page = (await mine.post(DOWNLOADS, uid=answer.json()["uid"], after=after)).json()
        assert (
            page["manifest"]["entries"] == manifest["entries"][got : got + len(page["manifest"]["entries"])]
        )
        got += len(page["manifest"]["entries"])
        after = page["after"]
        if not after:
            break
    assert got == 100_000
    some = await mine.download(uid=answer.json()["uid"], paths=["07?/*99"])
    assert some == {path: data for path, data in content.files.items() if re.match("07.*99$", path)}


@pytest.mark.parametrize("name", ["x" * 255, "a/b c/데이터.v1", "%2e%2e", "..", "a\\b:c@d", "x" * 500])
async def test_any_name_that_may_be_recorded_may_have_bytes(keeping: Served, name: str) -> None:
    mine = await sender(keeping)
    content = Content({"a": name.encode()})
    done = await mine.keep(content, name=name)
    assert await mine.download(uid=done["uid"]) == dict(content.files)
