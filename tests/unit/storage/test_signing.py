"""Signed URLs that name their checksum: as AWS's own library signs them."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import obstore
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from obstore.store import S3Store

from lineage_server.storage.signing import CHECKSUM, checksum_headers, with_headers

SECRET = "a/b+c="
KEYS = ["a", "pre fix/데이터/" + "0" * 64, "a+b&c=d%20"]


def signed(key: str, **more: Any) -> str:
    store = S3Store(
        "bucket", prefix="pre", region="eu-west-1", access_key_id="someone", secret_access_key=SECRET, **more
    )
    return obstore.sign(store, "PUT", key, timedelta(seconds=60))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("token", ["", "to/ken+=="])
@pytest.mark.parametrize(
    "place", [{}, {"virtual_hosted_style_request": True}, {"endpoint": "https://store.test:9000"}]
)
def test_a_url_is_signed_as_by_aws_itself(key: str, token: str, place: dict[str, Any]) -> None:
    headers = checksum_headers(hashlib.sha256(b"what comes").hexdigest())
    assert base64.b64decode(headers[CHECKSUM]) == hashlib.sha256(b"what comes").digest()
    session = {"session_token": token} if token else {}
    url = with_headers("PUT", signed(key, **place, **session), headers, SECRET)
    told = dict(parse_qsl(urlsplit(url).query))
    auth = S3SigV4QueryAuth(Credentials("someone", SECRET, token or None), "s3", "eu-west-1", expires=60)
    request: Any = AWSRequest(method="PUT", url=url.partition("?")[0], headers=headers)
    # As add_auth does, at the time of the other signature.
    request.context["timestamp"] = told["X-Amz-Date"]
    auth._modify_request_before_signing(request)
    wanted = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    assert (told["X-Amz-Signature"], told["X-Amz-SignedHeaders"]) == (wanted, f"host;{CHECKSUM}")
    assert told["X-Amz-Expires"] == "60"
    assert datetime.strptime(told["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) <= datetime.now(UTC)


def test_what_another_secret_has_signed_is_not_signed_again() -> None:
    headers = checksum_headers("0" * 64)
    for secret in ("", "another", SECRET + " "):
        assert with_headers("PUT", signed("a"), headers, secret) == ""
    assert with_headers("GET", signed("a"), headers, SECRET) == ""
    assert with_headers("PUT", "https://store.test/a?sig=x", headers, SECRET) == ""
    done = with_headers("PUT", signed("a"), headers, SECRET)
    assert done
    assert with_headers("PUT", done, headers, SECRET) == ""
