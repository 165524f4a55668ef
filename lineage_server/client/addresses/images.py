"""What lies at an ``oci://`` address: the digest of the manifest that its tag names now.

Credentials are those that ``docker login`` has kept for that registry (``~/.docker/config.json``), else none.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from lineage_server.client.addresses.calling import Said, call, check, host_of
from lineage_server.client.addresses.seen import Seen, size_in, told
from lineage_server.domain.errors import NotSupportedError
from lineage_server.domain.untyped import as_mapping

_MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)  # fmt: skip
_ADDRESS = re.compile(
    r"oci://(?P<host>[^/@]+)/(?P<repo>[a-z0-9._/-]+)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]+))?"
)
_ASKED = re.compile(r'(\w+)="([^"]*)"')
_LOOPBACK = ("localhost", "127.", "[::1]")


def ask(uri: str, environ: Mapping[str, str]) -> Seen:
    """Raises a domain error where nothing is there, or it cannot be asked."""
    found = _ADDRESS.fullmatch(uri)
    if found is None:
        raise NotSupportedError("the address is not like oci://host/repository:tag")
    host = "registry-1.docker.io" if found["host"] == "docker.io" else found["host"]
    scheme = "http" if host.startswith(_LOOPBACK) else "https"
    name = found["digest"] or found["tag"] or "latest"
    url = f"{scheme}://{host}/v2/{found['repo']}/manifests/{name}"
    user = _user(found["host"], environ)
    headers = {"accept": _MANIFESTS}
    said = call("HEAD", url, headers)
    if said.status == 401:
        headers["authorization"] = _authorization(said, url, user)
        said = call("HEAD", url, headers)
    check(said, url)
    digest, size = said.headers.get("docker-content-digest", ""), size_in(said.headers)
    if not digest:
        said = call("GET", url, headers, body=True)
        check(said, url)
        digest, size = "sha256:" + hashlib.sha256(said.body).hexdigest(), len(said.body)
    known = told(version=digest, manifest=size)
    return Seen(mark=f"digest {digest}", told=known)


def _authorization(said: Said, url: str, user: str) -> str:
    """What the registry wants: user and password, or a token of the service that it names."""
    way, _, words = said.headers.get("www-authenticate", "").partition(" ")
    asked: dict[str, str] = dict(_ASKED.findall(words))
    if way.lower() == "basic" and user:
        return f"Basic {user}"
    realm = asked.get("realm", "")
    if way.lower() != "bearer" or urlsplit(realm).scheme not in ("http", "https"):
        check(said, url)
    query = urlencode({key: asked[key] for key in ("service", "scope") if key in asked})
    place = f"{realm}{'&' if '?' in realm else '?'}{query}"
    safe = urlsplit(realm).scheme == "https" or host_of(realm) == host_of(url)
    token = call("GET", place, {"authorization": f"Basic {user}"} if user and safe else {}, body=True)
    check(token, place)
    try:
        told_token = as_mapping(json.loads(token.body))
    except ValueError:
        told_token = {}
    return f"Bearer {told_token.get('token') or told_token.get('access_token') or ''}"


def _user(host: str, environ: Mapping[str, str]) -> str:
    """User and password for a registry, as they are kept (base64); empty where none are."""
    folder = environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or Path.home()) / ".docker"
    names = ("https://index.docker.io/v1/",) if host == "docker.io" else (host, f"https://{host}")
    try:
        kept = as_mapping(json.loads((Path(folder) / "config.json").read_bytes()))
    except (OSError, ValueError, RecursionError):
        return ""
    auths = as_mapping(kept.get("auths"))
    return next((str(one) for name in names if (one := as_mapping(auths.get(name)).get("auth"))), "")
