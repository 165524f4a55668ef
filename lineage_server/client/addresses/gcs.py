"""What lies at a ``gs://`` address: of an object its ETag and generation, of a prefix those of all objects.

As whom to ask is told as Google's own tools are told it: an access token (``CLOUDSDK_AUTH_ACCESS_TOKEN``,
``GOOGLE_OAUTH_ACCESS_TOKEN``), what ``gcloud auth application-default login`` has kept, on Google's machines
that machine's account; else as anybody. Keys of service accounts are not read: they take a signature that
nothing here can make.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from lineage_server.client.addresses.calling import Said, call, check
from lineage_server.client.addresses.objects import below, listed, prefix_of
from lineage_server.client.addresses.seen import Seen, size_in, tag_in, told
from lineage_server.domain.errors import LineageError, NotSupportedError
from lineage_server.domain.untyped import as_mapping

_PLACE = "https://storage.googleapis.com"
_TOKENS = "https://oauth2.googleapis.com/token"
_MACHINE = Path("/sys/class/dmi/id/product_name")
_OF_MACHINE = "/computeMetadata/v1/instance/service-accounts/default/token"


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Where a bucket is, and with which token it is asked."""

    name: str
    endpoint: str
    token: str = ""

    def call(self, method: str, key: str, query: Mapping[str, str], *, body: bool = False) -> Said:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
        path = quote(f"/{self.name}/{key}", safe="/-_.~")
        return call(method, f"{self.endpoint}{path}{asked}", headers, body=body)


def ask(uri: str, environ: Mapping[str, str]) -> Seen:
    """Raises a domain error where nothing is there, or it cannot be asked."""
    name, _, key = uri.partition("://")[2].partition("/")
    if not name or not name.isascii():
        raise NotSupportedError("the address names no bucket")
    before, sign, generation = key.rpartition("#")
    query = {"generation": generation} if sign and generation.isdecimal() else {}
    key = before if query else key
    bucket = _Bucket(name, _endpoint(environ), _token(environ))
    if key and not key.endswith("/"):
        said = bucket.call("HEAD", key, query)
        if said.status != 404 or query:
            check(said, uri)
            return _object(said.headers)
    prefix = prefix_of(key)
    return below(listed(bucket, prefix, uri), prefix, f"bucket {name}")


def _object(headers: Mapping[str, str]) -> Seen:
    etag, generation = tag_in(headers.get("etag", "")), headers.get("x-goog-generation", "")
    if not etag and not generation:
        raise NotSupportedError("its store tells no ETag of it")
    known = told(etag=etag, version=generation, modified=headers.get("last-modified", ""))
    size = size_in(headers, "x-goog-stored-content-length")
    mark = f"etag {etag}" if etag else f"version {generation}"
    return Seen(mark=mark, told=known, size=size if size is not None else size_in(headers))


# --- where, and as whom ------------------------------------------------------------------------


def _endpoint(environ: Mapping[str, str]) -> str:
    told_place = environ.get("STORAGE_EMULATOR_HOST", "").strip().rstrip("/")
    if not told_place:
        return _PLACE
    return told_place if "://" in told_place else f"http://{told_place}"


def _token(environ: Mapping[str, str]) -> str:
    for name in ("CLOUDSDK_AUTH_ACCESS_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"):
        if one := environ.get(name, "").strip():
            return one
    if environ.get("STORAGE_EMULATOR_HOST"):
        return ""  # whose accounts are none of Google's
    return _token_of_user(environ) or _token_of_machine(environ)


def _token_of_user(environ: Mapping[str, str]) -> str:
    """By what a login has kept."""
    folder = Path(
        environ.get("CLOUDSDK_CONFIG") or Path(environ.get("HOME") or Path.home()) / ".config/gcloud"
    )
    file = environ.get("GOOGLE_APPLICATION_CREDENTIALS") or folder / "application_default_credentials.json"
    try:
        kept = as_mapping(json.loads(Path(file).read_bytes()))
    except (OSError, ValueError, RecursionError):
        return ""
    if kept.get("type") != "authorized_user":
        return ""
    asked = {name: str(kept.get(name) or "") for name in ("client_id", "client_secret", "refresh_token")}
    return _token_in(call("POST", _TOKENS, form={"grant_type": "refresh_token", **asked}, body=True), _TOKENS)


def _token_of_machine(environ: Mapping[str, str]) -> str:
    host = environ.get("GCE_METADATA_HOST", "").strip()
    if not host:
        try:
            if not _MACHINE.read_text().startswith("Google"):
                return ""
        except (OSError, UnicodeError):
            return ""
        host = "metadata.google.internal"
    place = f"http://{host}{_OF_MACHINE}"
    try:
        return _token_in(call("GET", place, {"metadata-flavor": "Google"}, body=True), place)
    except LineageError:
        return ""  # a machine without an account asks as anybody


def _token_in(said: Said, place: str) -> str:
    check(said, place)
    try:
        return str(as_mapping(json.loads(said.body)).get("access_token") or "")
    except (ValueError, RecursionError):
        return ""
