"""What lies at an ``hf://`` address of the Hugging Face Hub: the commit of a repository, or a file's ETag.

Addresses are those of its own library: ``hf://org/model``, ``hf://datasets/org/name@main/train.csv``. Where
and as whom to ask is told by ``HF_ENDPOINT`` and ``HF_TOKEN``, else by the token that it has kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from lineage_server.client.addresses.calling import call, check, follow
from lineage_server.client.addresses.seen import Seen, size_in, tag_in, told
from lineage_server.domain.errors import NotSupportedError
from lineage_server.domain.untyped import as_mapping

_KINDS = ("datasets", "spaces", "models")
_FOUND = (301, 302, 303, 307, 308)  # on to where its bytes are


class _Named(NamedTuple):
    kind: str
    repo: str
    revision: str
    path: str


def ask(uri: str, environ: Mapping[str, str]) -> Seen:
    """Raises a domain error where nothing is there, or it cannot be asked."""
    named = _named(uri)
    top = (environ.get("HF_ENDPOINT", "").strip() or "https://huggingface.co").rstrip("/")
    token = _token(environ)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    if named.path:
        return _file(top, named, headers)
    url = f"{top}/api/{named.kind}/{named.repo}/revision/{quote(named.revision, safe='')}"
    said = call("GET", url, headers, body=True)
    check(said, url)
    try:
        commit = str(as_mapping(json.loads(said.body)).get("sha") or "")
    except ValueError:
        commit = ""
    if not commit:
        raise NotSupportedError("the hub tells no commit of it")
    return Seen(mark=f"commit {commit}", told=told(version=commit))


def _file(top: str, named: _Named, headers: Mapping[str, str]) -> Seen:
    before = "" if named.kind == "models" else f"{named.kind}/"
    where = f"{named.repo}/resolve/{quote(named.revision, safe='')}/{quote(named.path)}"
    url = f"{top}/{before}{where}"
    # The headers of the hub itself name the content; where its bytes are is not asked.
    said = follow("HEAD", url, {**headers, "accept-encoding": "identity"}, within=True)
    found = said.headers
    if not (said.status in _FOUND and "x-linked-etag" in found):
        check(said, url)
    etag = tag_in(found.get("x-linked-etag") or found.get("etag", ""))
    commit = found.get("x-repo-commit", "")
    if not etag:
        raise NotSupportedError("the hub tells no ETag of it")
    size = size_in(found, "x-linked-size" if "x-linked-size" in found else "content-length")
    return Seen(mark=f"etag {etag}", told=told(etag=etag, version=commit), size=size)


def _named(uri: str) -> _Named:
    words = uri.partition("://")[2].strip("/").split("/")
    kind = words.pop(0) if words[0] in _KINDS else "models"
    # A revision may stand after either word of the repository's name; one with a slash is written %2F.
    one, at, revision = "/".join(words[:2]).partition("@")
    if at and "/" in revision:  # a repository of one word: hf://gpt2@main/config.json
        revision, _, rest = revision.partition("/")
        path = "/".join((rest, *words[2:]))
    else:
        path = "/".join(words[2:])
    if not one:
        raise NotSupportedError("the address names no repository: hf://org/name or hf://datasets/org/name")
    return _Named(kind, quote(one), revision.replace("%2F", "/") or "main", path)


def _token(environ: Mapping[str, str]) -> str:
    for variable in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if token := environ.get(variable, "").strip():
            return token
    home = environ.get("HF_HOME") or Path(environ.get("HOME") or Path.home()) / ".cache" / "huggingface"
    try:
        return Path(environ.get("HF_TOKEN_PATH") or Path(home) / "token").read_text("utf-8").strip()
    except (OSError, UnicodeError):
        return ""
