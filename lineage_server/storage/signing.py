"""Signed URLs of S3 that take nothing but the bytes of one SHA-256: the header that says it is signed, too.

obstore signs no headers, so its URL is signed again (AWS Signature Version 4, by query). Pure.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

CHECKSUM = "x-amz-checksum-sha256"
"""S3 refuses a body of another SHA-256 than this header tells, in base64."""
_ALGORITHM = "AWS4-HMAC-SHA256"
_SIGNATURE, _SIGNED = "X-Amz-Signature", "X-Amz-SignedHeaders"


def checksum_headers(sha256: str) -> dict[str, str]:
    """What must be sent with a URL that was signed for this SHA-256 (64 hex digits)."""
    return {CHECKSUM: base64.b64encode(bytes.fromhex(sha256)).decode()}


def with_headers(method: str, url: str, headers: Mapping[str, str], secret: str) -> str:
    """The URL for requests with these headers alone; empty where it was not signed with ``secret``."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    found = asked.pop(_SIGNATURE, "")
    host = {"host": parts.netloc}
    if not secret or asked.get("X-Amz-Algorithm") != _ALGORITHM or asked.get(_SIGNED) != "host":
        return ""
    if not hmac.compare_digest(found, _signature(method, parts, asked, host, secret)):
        return ""
    signed = {**host, **headers}
    asked[_SIGNED] = ";".join(sorted(signed))
    asked[_SIGNATURE] = _signature(method, parts, asked, signed, secret)
    return parts._replace(query=urlencode(asked, quote_via=quote, safe="")).geturl()


def _signature(
    method: str, parts: SplitResult, asked: Mapping[str, str], headers: Mapping[str, str], secret: str
) -> str:
    query = urlencode(sorted(asked.items()), quote_via=quote, safe="")
    told = [f"{name}:{headers[name]}" for name in sorted(headers)]
    names = ";".join(sorted(headers))
    request = "\n".join([method, parts.path, query, *told, "", names, "UNSIGNED-PAYLOAD"])
    scope = asked["X-Amz-Credential"].partition("/")[2]
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    text = "\n".join([_ALGORITHM, asked["X-Amz-Date"], scope, digest])
    return hmac.digest(key, text.encode(), "sha256").hex()
