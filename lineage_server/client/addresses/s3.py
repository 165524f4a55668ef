"""What lies at an ``s3://`` address: of an object its ETag and version, of a prefix those of all objects.

Where and as whom to ask is told as S3's own tools are told it: ``AWS_ENDPOINT_URL``, ``AWS_REGION``,
``AWS_ACCESS_KEY_ID`` and the like, else ``~/.aws/credentials``; without credentials as anybody.
"""

from __future__ import annotations

import configparser
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from lineage_server.client.addresses.calling import Said, call, check
from lineage_server.client.addresses.objects import below, listed, prefix_of
from lineage_server.client.addresses.seen import Seen, size_in, tag_in, told
from lineage_server.domain.errors import NotSupportedError

_EMPTY = hashlib.sha256(b"").hexdigest()
_OTHER_REGION = (301, 307, 400)


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Where a bucket is, and as whom it is asked."""

    name: str
    endpoint: str
    region: str
    key: str = ""
    secret: str = ""
    token: str = ""

    def call(self, method: str, key: str, query: Mapping[str, str], *, body: bool = False) -> Said:
        path = f"/{self.name}/{key}" if self.endpoint else f"/{key}"
        host = self.endpoint or f"https://{self.name}.s3.{self.region}.amazonaws.com"
        path = urlsplit(host).path.rstrip("/") + quote(path, safe="/-_.~")
        asked = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(query.items()))
        base = f"{urlsplit(host).scheme}://{urlsplit(host).netloc}"
        headers = self._signed(method, urlsplit(host).netloc, path, asked) if self.key else {}
        return call(method, f"{base}{path}{'?' if asked else ''}{asked}", headers, body=body)

    def _signed(self, method: str, host: str, path: str, query: str) -> dict[str, str]:
        """Signature version 4, as S3 documents it."""
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": host, "x-amz-content-sha256": _EMPTY, "x-amz-date": now}
        if self.token:
            headers["x-amz-security-token"] = self.token
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        request = "\n".join((method, path, query, lines, names, _EMPTY))
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        key = b"AWS4" + self.secret.encode()
        for word in scope.split("/"):
            key = hmac.digest(key, word.encode(), "sha256")
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}"
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        told = f"Credential={self.key}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {**headers, "authorization": f"AWS4-HMAC-SHA256 {told}"}


def ask(uri: str, environ: Mapping[str, str]) -> Seen:
    """Raises a domain error where nothing is there, or it cannot be asked."""
    name, key, query = _parts(uri)
    bucket = _bucket(name, environ)
    if key and not key.endswith("/"):
        said = bucket.call("HEAD", key, query)
        region = said.headers.get("x-amz-bucket-region", "")
        if said.status in _OTHER_REGION and region and region != bucket.region:
            bucket = replace(bucket, region=region)
            said = bucket.call("HEAD", key, query)
        if said.status != 404 or query:
            check(said, uri)
            return _object(said.headers)
    prefix = prefix_of(key)
    return below(listed(bucket, prefix, uri), prefix, f"bucket {bucket.name}")


def _parts(uri: str) -> tuple[str, str, dict[str, str]]:
    """Bucket, key, and which version, if one is named; keys may have any sign, also ``?``."""
    name, _, key = uri.partition("://")[2].partition("/")
    before, _, query = key.rpartition("?")
    told = dict(parse_qsl(query)) if before else {}
    if any(word == "versionId" or word.lower().startswith("x-amz-") for word in told):
        key = before
    named = {"versionId": told["versionId"]} if "versionId" in told else {}
    name = name.rpartition("@")[2]
    if not name or not name.isascii():
        raise NotSupportedError("the address names no bucket")
    return name, key, named


def _object(headers: Mapping[str, str]) -> Seen:
    etag = tag_in(headers.get("etag", ""))
    version, modified = headers.get("x-amz-version-id", ""), headers.get("last-modified", "")
    if not etag and not version:
        raise NotSupportedError("its store tells no ETag of it")
    version = "" if version == "null" else version
    known = told(etag=etag, version=version, modified=modified)
    return Seen(mark=f"etag {etag}" if etag else f"version {version}", told=known, size=size_in(headers))


# --- where, and as whom ------------------------------------------------------------------------


def _bucket(name: str, environ: Mapping[str, str]) -> _Bucket:
    def word(*names: str) -> str:
        return next((one for variable in names if (one := environ.get(variable, "").strip())), "")

    endpoint = word("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT").rstrip("/")
    if not endpoint and "." in name:  # its certificate is not for such a name
        endpoint = f"https://s3.{word('AWS_REGION', 'AWS_DEFAULT_REGION') or 'us-east-1'}.amazonaws.com"
    if not endpoint.startswith(("http://", "https://", "")):
        raise NotSupportedError("AWS_ENDPOINT_URL is no address")
    region = word("AWS_REGION", "AWS_DEFAULT_REGION")
    key, secret = word("AWS_ACCESS_KEY_ID"), word("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        return _Bucket(name, endpoint, region or "us-east-1", key, secret, word("AWS_SESSION_TOKEN"))
    kept = _kept(environ)
    keys = [kept.get(f"aws_{one}", "") for one in ("access_key_id", "secret_access_key", "session_token")]
    return _Bucket(name, endpoint, region or kept.get("region") or "us-east-1", *keys)


def _kept(environ: Mapping[str, str]) -> Mapping[str, str]:
    """What ``~/.aws/credentials`` says of the profile."""
    home = Path(environ.get("HOME") or Path.home()) / ".aws" / "credentials"
    file = configparser.RawConfigParser()
    try:
        file.read(environ.get("AWS_SHARED_CREDENTIALS_FILE") or home, encoding="utf-8")
        return dict(file[environ.get("AWS_PROFILE") or "default"])
    except (KeyError, configparser.Error, OSError, UnicodeError):
        return {}
