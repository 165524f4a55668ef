"""Which version lies at an address: asked on loopback, told by digest, and never in the way of a run."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from lineage_server.client.addresses import asking, azure, gcs, s3
from lineage_server.client.addresses.asking import ask
from lineage_server.client.addresses.seen import digest_of
from lineage_server.client.client import Client
from lineage_server.client.config import load_config
from lineage_server.client.verifying import Finding, look
from lineage_server.domain.errors import (
    ForbiddenError,
    InvalidInputError,
    LimitError,
    LineageError,
    NotFoundError,
    NotSupportedError,
    UnavailableError,
)
from tests.support.places import HUB_TOKEN, TOKEN, Places, serving_places
from tests.unit.client.conftest import NOBODY
from tests.unit.client.stub import StubServer

MakeClient = Callable[..., Client]


@pytest.fixture
def places() -> Iterator[Places]:
    with serving_places() as there:
        yield there


@pytest.fixture(autouse=True)
def nobody_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_silent", {})


def environ(places: Places, tmp_path: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(tmp_path), "HF_ENDPOINT": places.url, **more}


def test_one_version_has_one_digest_and_another_has_another(places: Places, tmp_path: Path) -> None:
    env = environ(places, tmp_path)
    places.files = {"/a.csv": b"1", "/org/bert/w.bin": b"1", "/datasets/org/d/t.csv": b"1", "/gpt2/c": b"1"}
    places.images = {"a/b:v1": b"1", "a/b:latest": b"1"}
    places.commits = {"org/bert": "c1", "datasets/org/d": "c1", "gpt2": "c1"}
    uris = (
        f"{places.url}/a.csv", f"oci://{places.host}/a/b:v1", f"oci://{places.host}/a/b", "hf://org/bert",
        "hf://org/bert@main", "hf://org/bert/w.bin", "hf://datasets/org/d", "hf://datasets/org/d@v1/t.csv",
        "hf://gpt2@main/c",
    )  # fmt: skip
    before = {uri: digest_of(uri, ask(uri, env)) for uri in uris}
    assert len(set(before.values())) == len(uris)
    assert {uri: digest_of(uri, ask(uri, env)) for uri in uris} == before
    places.files = dict.fromkeys(places.files, b"2")
    places.images = dict.fromkeys(places.images, b"2")
    places.commits = dict.fromkeys(places.commits, "c2")
    after = {uri: digest_of(uri, ask(uri, env)) for uri in uris}
    assert not set(after.values()) & set(before.values())
    places.files, places.images, places.commits = {}, {}, {}
    for uri in uris:
        with pytest.raises(NotFoundError):
            ask(uri, env)
    assert not any(path.startswith("/far") for _, path, _ in places.asked)


def test_a_web_server_that_knows_no_head_is_asked_for_one_byte(places: Places, tmp_path: Path) -> None:
    places.files, places.heads = {"/a": b"1"}, False
    seen = ask(f"{places.url}/a", {})
    assert seen.told["etag"]
    assert [method for method, _, _ in places.asked] == ["HEAD", "GET"]


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (404, {}, NotFoundError),
        (410, {}, NotFoundError),
        (401, {}, ForbiddenError),
        (403, {}, ForbiddenError),
        (429, {}, UnavailableError),
        (503, {}, UnavailableError),
        (418, {}, NotSupportedError),
        (200, {}, NotSupportedError),
        (302, {"location": "/a"}, NotSupportedError),
        (302, {"location": "file:///etc/passwd"}, NotSupportedError),
        (302, {"location": "http://[::"}, NotSupportedError),
        (302, {}, NotSupportedError),
    ],
)
def test_what_a_place_refuses_is_a_clear_error(
    places: Places, status: int, headers: dict[str, str], error: type[LineageError]
) -> None:
    places.answers["/a"] = (status, headers)
    with pytest.raises(error) as caught:
        ask(f"http://me:pw@{places.host}/a?X-Amz-Signature=s3cr3t", {})
    assert "s3cr3t" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_no_last_modified_no_etag_still_one_of_both_does(places: Places) -> None:
    url = f"{places.url}/a"
    places.answers["/a"] = (200, {"last-modified": "Mon"})
    first = digest_of(url, ask(url, {}))
    places.answers["/a"] = (200, {"last-modified": "Tue"})
    assert digest_of(url, ask(url, {})) != first


@pytest.mark.parametrize(
    "uri",
    [
        "gs://b/k", "gs:///k", "az://c/k", "az://", "abfss://c@me.dfs.evil.example/k", "wasbs://c@/k",
        "s3://", "s3:///k", "hf://", "hf://datasets", "oci://host", "oci://host/UPPER:1", "oci://host/a:b:c",
        "pvc://claim/x", "http://", "https://:x/", "http://[::1/a", "x://y",
    ],
)  # fmt: skip
def test_addresses_that_nobody_can_ask(uri: str) -> None:
    with pytest.raises((NotSupportedError, UnavailableError)):
        ask(
            uri,
            {
                "HOME": "/nowhere", "AWS_ENDPOINT_URL": NOBODY, "HF_ENDPOINT": NOBODY,
                "STORAGE_EMULATOR_HOST": NOBODY, "AZURE_STORAGE_ACCOUNT_NAME": "me",
                "AZURE_STORAGE_ENDPOINT": NOBODY,
            },
        )  # fmt: skip


def list_of(*objects: tuple[str, bytes], after: str = "") -> bytes:
    """As Google's store (and S3) lists them."""
    told = "".join(
        f'<Contents><Key>{key}</Key><ETag>"{data.hex()}"</ETag><Size>{len(data)}</Size></Contents>'
        for key, data in objects
    )
    further = f"<NextContinuationToken>{after}</NextContinuationToken>" if after else ""
    return f"<ListBucketResult>{told}{further}</ListBucketResult>".encode()


def test_googles_objects_and_prefixes_tell_their_versions(places: Places, tmp_path: Path) -> None:
    env = environ(places, tmp_path, STORAGE_EMULATOR_HOST=places.host)
    uris = "gs://b/a b.csv", "gs://b/many", "gs://b", "gs://b/a b.csv#17"
    places.files = {"/b/a b.csv": b"1", "/b/": list_of(("many/1", b"1"), ("many/2", b"22"))}
    before = {uri: ask(uri, env) for uri in uris}
    assert {digest_of(uri, ask(uri, env)) for uri in uris} == {digest_of(*one) for one in before.items()}
    assert before["gs://b/many"].told == {"objects": 2}
    assert [before[uri].size for uri in ("gs://b/a b.csv", "gs://b/many")] == [1, 3]
    assert ("HEAD", "/b/a b.csv?generation=17", "") in places.asked
    places.answers["/b/g"] = (200, {"x-goog-generation": "18", "x-goog-stored-content-length": "7"})
    assert (ask("gs://b/g", env).told, ask("gs://b/g", env).size) == ({"version": "18"}, 7)
    places.files = {"/b/a b.csv": b"2", "/b/": list_of(("many/1", b"1"), ("many/2", b"23"))}
    assert not {digest_of(uri, ask(uri, env)) for uri in uris} & {digest_of(*one) for one in before.items()}
    places.files = {"/b/": list_of()}
    for uri in uris:
        with pytest.raises(NotFoundError):
            ask(uri, env)
    places.files = {"/b/": list_of(("many/1", b"1"), after="again")}
    with pytest.raises(LimitError):
        ask("gs://b/many", env)


def test_google_is_asked_as_whom_its_own_tools_would_ask(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gcs, "_PLACE", places.url)
    monkeypatch.setattr(gcs, "_TOKENS", f"{places.url}/token")
    monkeypatch.setattr(gcs, "_MACHINE", tmp_path / "none")
    places.files = {"/b/k": b"1", gcs._OF_MACHINE: b'{"access_token": "of-machine"}'}
    env = environ(places, tmp_path)

    def told(**more: str) -> str:
        ask("gs://b/k", {**env, **more})
        return places.asked[-1][2]

    assert told() == ""
    assert told(GCE_METADATA_HOST=places.host) == "Bearer of-machine"
    kept = tmp_path / ".config" / "gcloud" / "application_default_credentials.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"type": "service_account", "private_key": "x"}))
    assert told() == ""
    kept.write_text(json.dumps({"type": "authorized_user", "refresh_token": "r"}))
    assert told() == f"Bearer {TOKEN}"
    assert told(GOOGLE_OAUTH_ACCESS_TOKEN="mine") == "Bearer mine"
    places.answers["/token"] = (400, {})
    with pytest.raises(NotSupportedError):
        told()


def test_an_accounts_key_goes_to_that_account_alone() -> None:
    env = {
        "AZURE_STORAGE_ACCOUNT_NAME": "mine", "AZURE_STORAGE_ACCOUNT_KEY": "a2V5",
        "AZURE_STORAGE_SAS_TOKEN": "?sig=s",
    }  # fmt: skip

    def asked(uri: str) -> tuple[str, str]:
        container, _ = azure._container(uri, env)
        return container.endpoint, container.key

    own = "https://mine.blob.core.windows.net"
    assert asked("az://c/k") == asked("abfss://c@mine.dfs.core.windows.net/k") == (own, "a2V5")
    assert asked("wasbs://c@other.blob.core.windows.net/k") == ("https://other.blob.core.windows.net", "")
    with pytest.raises(NotSupportedError):
        asked("abfss://c@mine.dfs.core.windows.net.evil.example/k")


# --- as whom -----------------------------------------------------------------------------------


def test_credentials_go_only_to_the_place_they_are_for(places: Places, tmp_path: Path) -> None:
    env = environ(places, tmp_path, HF_TOKEN=HUB_TOKEN)
    places.commits, places.images = {"org/x": "c1"}, {"a/b:v1": b"1"}
    ask("hf://org/x", env)
    assert places.asked.pop()[2] == f"Bearer {HUB_TOKEN}"
    places.files["/a"] = b"1"
    ask(f"{places.url}/a", env)
    assert places.asked.pop()[2] == ""
    # What 'docker login' has kept is for this registry, and for its service of tokens.
    (tmp_path / ".docker").mkdir()
    kept = {"auths": {places.host: {"auth": base64.b64encode(b"me:pw").decode()}}}
    (tmp_path / ".docker" / "config.json").write_text(json.dumps(kept))
    places.asked.clear()
    ask(f"oci://{places.host}/a/b:v1", env)
    assert [told for _, _, told in places.asked] == ["", "Basic bWU6cHc=", f"Bearer {TOKEN}"]
    # A redirect to another host gets none of it.
    places.answers["/org/x/resolve/main/f"] = (307, {"location": f"http://localhost:{places.host[10:]}/a"})
    places.asked.clear()
    with pytest.raises(NotSupportedError):
        ask("hf://org/x/f", env)
    assert [told for _, _, told in places.asked] == [f"Bearer {HUB_TOKEN}"]


@pytest.mark.parametrize(
    ("key", "query", "token"),
    [
        ("a.csv", {}, ""),
        ("of/a b+c/é~.csv", {"versionId": "x/y="}, "t"),
        ("", {"prefix": "a b/", "a": ""}, ""),
    ],
)
def test_s3_is_signed_as_its_own_library_does(key: str, query: dict[str, str], token: str) -> None:
    asked: dict[str, Any] = {}
    bucket = s3._Bucket("bucket", "http://127.0.0.1:1", "eu-west-1", "key", "secret", token)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(s3, "call", lambda _, url, told, **__: asked.update(url=url, headers=told))
        bucket.call("HEAD", key, query)
    headers = dict(asked["headers"])
    told = headers.pop("authorization")
    request = AWSRequest(method="HEAD", url=asked["url"], headers=headers)
    request.context = {"timestamp": headers["x-amz-date"], "signing": {}}
    theirs: Any = S3SigV4Auth(Credentials("key", "secret", token or None), "s3", "eu-west-1")
    text = theirs.string_to_sign(request, theirs.canonical_request(request))
    assert told.endswith(f"Signature={theirs.signature(text, request)}")


def test_s3_credentials_may_be_kept_in_a_file(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    file = tmp_path / ".aws" / "credentials"
    file.write_text("[default]\naws_access_key_id = one\naws_secret_access_key = two\n[other]\nregion = eu\n")
    bucket = s3._bucket("b", {"HOME": str(tmp_path)})
    assert (bucket.key, bucket.secret, bucket.region) == ("one", "two", "us-east-1")
    assert s3._bucket("b", {"HOME": str(tmp_path), "AWS_PROFILE": "other"}).region == "eu"
    file.write_bytes(b"\xff[")
    assert s3._bucket("b", {"HOME": str(tmp_path)}).key == ""


# --- recording ---------------------------------------------------------------------------------


def test_runs_record_which_version_they_read_and_made(
    make_client: MakeClient, stub: StubServer, places: Places
) -> None:
    places.files = {"/in.csv": b"12", "/out": b"345"}
    client = make_client(stub.url, LINEAGE_CAPTURE="address")
    with client.start_run("x", capture="none") as run:
        read = run.use(f"http://me:pw@{places.host}/in.csv?token=abc", name="in")
        made = run.produce("out", f"{places.url}/out")
        assert client.flush(10)
    assert (read.digest[:5], made.digest[:5], made.size) == ("etag:", "etag:", 3)
    (told,) = stub.of_type("version")
    assert told["uri"] == f"{places.url}/in.csv?token=***"
    told = stub.run(run.id)["outputs"][0]
    assert (told["digest"], told["size"], set(told["stats"])) == (made.digest, 3, {"etag", "modified"})


def test_a_place_that_does_not_answer_is_asked_once(make_client: MakeClient, stub: StubServer) -> None:
    client = make_client(stub.url, LINEAGE_CAPTURE="address", AWS_ENDPOINT_URL=NOBODY)
    with client.start_run("x", capture="none") as run:
        assert run.use("s3://bucket/a").digest == ""
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(asking, "ask", lambda *_: pytest.fail("asked again"))
            assert run.use("s3://bucket/b").digest == ""


def test_switched_off_nobody_is_asked(make_client: MakeClient, stub: StubServer, places: Places) -> None:
    places.files["/a"] = b"1"
    client = make_client(stub.url, LINEAGE_CAPTURE="-address")
    with client.start_run("x", capture="none") as run:
        assert run.use(f"{places.url}/a").digest == ""
    assert places.asked == []


def test_volumes_are_told_by_their_claims(make_client: MakeClient, stub: StubServer, tmp_path: Path) -> None:
    mounted = tmp_path / "mnt"
    (mounted / "a b").mkdir(parents=True)
    (mounted / "a b" / "x.bin").write_bytes(b"1")
    client = make_client(stub.url, LINEAGE_VOLUMES=f"data={mounted}, other=/elsewhere")
    with client.start_run("x") as run:
        by_path = run.use(mounted / "a b" / "x.bin")
        by_claim = run.use("pvc://data/a%20b/x.bin")
        far = run.use("pvc://unmounted/x.bin", name="far")
        assert client.flush(10)
    assert by_path.digest == by_claim.digest != ""
    assert far.digest == ""
    told = {event["uri"] for event in stub.of_type("version")}
    assert told == {"pvc://data/a%20b/x.bin"}
    config = load_config(environ={"HOME": str(tmp_path), "LINEAGE_VOLUMES": f"data={mounted}"})
    uri = "pvc://data/a%20b/x.bin"
    assert look(uri, by_path.digest, {}, config).finding is Finding.SAME
    (mounted / "a b" / "x.bin").write_bytes(b"2")
    assert look(uri, by_path.digest, {}, config).finding is Finding.DRIFTED
    (mounted / "a b" / "x.bin").unlink()
    assert look(uri, by_path.digest, {}, config).finding is Finding.GONE
    for uri in ("pvc://data/../../etc/passwd", "pvc://data/%2e%2e/x", "pvc://other2/x"):
        assert look(uri, by_path.digest, {}, config).finding is Finding.UNKNOWN


@pytest.mark.parametrize("told", ["data", "data=mnt", "=/mnt", "a/b=/mnt"])
def test_volumes_that_are_no_mounts_are_refused(told: str) -> None:
    with pytest.raises(InvalidInputError, match="claim=/folder"):
        load_config(environ={"HOME": "/", "LINEAGE_VOLUMES": told})
