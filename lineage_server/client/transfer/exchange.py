"""The server's artifact calls, and signed URLs of its store, over kept connections. Thread-safe.

Every failure becomes a domain error: ``UnavailableError`` where the same may be asked again later.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lineage_server.client.connection import ARTIFACTS_PATH, outside_client, reason_of, sync_client
from lineage_server.client.graphql import error_from
from lineage_server.client.process import importing
from lineage_server.domain.errors import ConflictError, LineageError, NotFoundError, UnavailableError
from lineage_server.domain.ids import shorten

if TYPE_CHECKING:
    import httpx2

    from lineage_server.client.config import Config

_SECONDS = 60.0
_COMMIT_SECONDS = 900.0
"""The server may have to read every byte of it at the store."""
_ZIP_FROM_BYTES = 64 * 1024
_CHUNK = 1024 * 1024


class ExpiredError(UnavailableError):
    """The store refused a signed URL: it has had its time, a new one must be asked for."""


class MissingError(ConflictError):
    """A commit named objects that the server does not have (any more)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How to send what is missing: ``urls`` for method url, ``folder`` for method file."""

    method: str
    missing: Sequence[str]
    folder: str = ""
    urls: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


class Exchange:
    """With one server."""

    def __init__(self, config: Config) -> None:
        self._config = config
        with importing():
            self._server = sync_client(config, _SECONDS)
            self._outside = outside_client(_SECONDS)

    def ask(self, project: str, objects: Mapping[str, int], methods: Sequence[str]) -> Asked:
        """Which of them are to be sent."""
        listed = [{"sha256": sha256, "size": size} for sha256, size in objects.items()]
        told = self._post("uploads", {"project": project, "objects": listed, "methods": list(methods)})
        missing: list[dict[str, Any]] = told["missing"]
        return Asked(
            method=told["method"],
            missing=[one["sha256"] for one in missing],
            folder=told.get("folder") or "",
            urls={one["sha256"]: one.get("url") or "" for one in missing},
            headers={one["sha256"]: one.get("headers") or {} for one in missing},
        )

    def commit(self, project: str, kind: str, name: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Make it a stored version; raises MissingError."""
        body = {"project": project, "type": kind, "name": name, "manifest": manifest}
        return self._post("commits", body, seconds=_COMMIT_SECONDS)

    def page(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A page of a version's entries, and where their objects are."""
        return self._post("downloads", body)

    def preview(self, asked: Mapping[str, str]) -> tuple[Mapping[str, str], bytes]:
        """A look at one file: headers and body of the answer."""
        with self._told():
            answer = self._server.get(f"{ARTIFACTS_PATH}/preview", params=dict(asked))
            self._check(answer)
        return answer.headers, answer.content

    def put_object(self, project: str, sha256: str, size: int, data: Iterable[bytes]) -> None:
        """Through the server."""
        with self._told():
            answer = self._server.put(
                f"{ARTIFACTS_PATH}/objects/{quote(project)}/{sha256}",
                content=data,
                headers={"content-length": str(size)},
            )
            self._check(answer)

    def put_url(self, url: str, headers: Mapping[str, str], size: int, data: Iterable[bytes]) -> None:
        """Straight to the store."""
        with self._told("the store"):
            answer = self._outside.put(url, content=data, headers={**headers, "content-length": str(size)})
            _check_store(answer.status_code, answer.text)

    def get(self, url: str) -> Generator[bytes]:
        """An object's bytes: from the server where the address is its own, else from the store."""
        try:
            yield from self._stream(url)
        except UnavailableError:
            if url.startswith("/"):
                self._check_object(url)
            raise

    def _check_object(self, url: str) -> None:
        """A server that finds the object spoilt can only cut off what it has begun; of a part it says so."""
        with self._told():
            self._check(self._server.get(url, headers={"range": "bytes=0-0"}))

    def _stream(self, url: str) -> Generator[bytes]:
        own = url.startswith("/")
        client = self._server if own else self._outside
        with self._told("" if own else "the store"), client.stream("GET", url) as answer:
            if answer.status_code != 200:
                answer.read()
                self._check(answer) if own else _check_store(answer.status_code, answer.text)
            yield from answer.iter_bytes(_CHUNK)

    def _post(self, what: str, body: Mapping[str, Any], *, seconds: float = _SECONDS) -> dict[str, Any]:
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"content-type": "application/json"}
        if len(content) >= _ZIP_FROM_BYTES:
            content = gzip.compress(content, compresslevel=4)
            headers["content-encoding"] = "gzip"
        with self._told():
            answer = self._server.post(
                f"{ARTIFACTS_PATH}/{what}", content=content, headers=headers, timeout=_timeout(seconds)
            )
            self._check(answer)
            found: dict[str, Any] = answer.json()
        return found

    @contextmanager
    def _told(self, who: str = "") -> Generator[None]:
        import httpx2

        try:
            yield
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            raise UnavailableError(
                f"{who or self._config.url} does not answer: {reason_of(error)}", part="server"
            ) from None
        except json.JSONDecodeError:
            raise UnavailableError(
                f"{self._config.url} answers as no lineage server does", part="server"
            ) from None

    def _check(self, answer: httpx2.Response) -> None:
        """Raises the error that the answer is."""
        if answer.status_code < 300:
            return
        try:
            told: dict[str, Any] = json.loads(answer.content)
            code, message = str(told["error"]), str(told["message"])
            details: dict[str, Any] = told.get("details") or {}
        except (ValueError, KeyError, TypeError):
            text = shorten(" ".join(answer.text[:300].split()), 120)
            raise UnavailableError(
                f"{self._config.url} answers {answer.status_code}: {text}", part="server"
            ) from None
        if answer.status_code == 409 and "missing" in details:
            raise MissingError(message)
        if answer.status_code == 429 or code == "INTERNAL":
            raise UnavailableError(f"{self._config.url}: {message}", part="server")
        raise error_from(code, message, details)

    def close(self) -> None:
        """Let go of the connections."""
        self._server.close()
        self._outside.close()


def _timeout(seconds: float) -> httpx2.Timeout:
    import httpx2

    return httpx2.Timeout(seconds, connect=3.0)


def _check_store(status: int, text: str) -> None:
    """Raises what the store's answer to a signed URL means."""
    if status < 300:
        return
    words = shorten(" ".join(text[:300].split()), 200)
    if status in (400, 401, 403):
        raise ExpiredError(f"the store refuses a signed URL with {status}: {words}", part="artifacts")
    if status == 404:
        raise NotFoundError(f"the store does not have the object (any more): {words}")
    raise UnavailableError(f"the store answers {status}: {words}", part="artifacts")


def is_final(error: LineageError) -> bool:
    """Whether asking again later cannot help."""
    return not isinstance(error, UnavailableError) and error.code not in ("UNAUTHENTICATED", "FORBIDDEN")
