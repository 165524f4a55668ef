"""Versions with bytes, for tests: their manifests, and a client that sends and gets them by plain HTTP."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from lineage_server.client.hashing import Entry, manifest_digest
from lineage_server.storage.manifest import PART

UPLOADS, COMMITS, DOWNLOADS = (f"/api/v1/artifacts/{name}" for name in ("uploads", "commits", "downloads"))
OBJECTS = "/api/v1/artifacts/objects"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class Content:
    """Files by path; ``links`` by path, too."""

    files: Mapping[str, bytes]
    links: Mapping[str, str] = field(default_factory=dict[str, str])
    kind: str = "folder"

    @functools.cached_property
    def objects(self) -> dict[str, bytes]:
        return {sha(piece): piece for data in self.files.values() for piece in pieces(data)}

    def manifest(self) -> dict[str, Any]:
        entries: list[dict[str, Any]] = []
        hashed: list[Entry] = []
        for path, data in self.files.items():
            entry: dict[str, Any] = {"path": path, "size": len(data), "sha256": sha(data)}
            if len(data) > PART:
                entry["parts"] = [sha(piece) for piece in pieces(data)]
            entries.append(entry)
            hashed.append(Entry(path.encode(), len(data), sha(data)))
        for path, target in self.links.items():
            entries.append({"path": path, "link": target})
            hashed.append(Entry(path.encode(), 0, f"link:{sha(target.encode())}"))
        digest = manifest_digest(sorted(hashed))
        if self.kind == "file":
            digest = f"sha256:{entries[0]['sha256']}"
        size = sum(map(len, self.files.values()))
        return {"v": 1, "kind": self.kind, "digest": digest, "size": size, "entries": entries}


def pieces(data: bytes) -> list[bytes]:
    return [data[start : start + PART] for start in range(0, max(1, len(data)), PART)]


@dataclass
class Sender:
    """Somebody's client, over whatever ``httpx2`` client reaches the server."""

    http: httpx2.AsyncClient
    project: str = "default"
    token: str = ""
    outside: httpx2.AsyncClient | None = None
    """Reaches the store itself, for signed URLs."""

    async def post(self, path: str, **body: Any) -> httpx2.Response:
        return await self.http.post(path, json={"project": self.project, **body}, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    async def ask(self, content: Content, **more: Any) -> dict[str, Any]:
        objects = [{"sha256": name, "size": len(data)} for name, data in content.objects.items()]
        answer = await self.post(UPLOADS, objects=objects, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, content: Content, **more: Any) -> dict[str, Any]:
        """What is missing, by whichever method the server names; answers what it said."""
        told = await self.ask(content, **more)
        for one in told["missing"]:
            data = content.objects[one["sha256"]]
            if told["method"] == "file":
                place = Path(told["folder"]) / one["sha256"]
                await asyncio.to_thread(place.write_bytes, data)
            elif told["method"] == "url":
                assert self.outside is not None
                answer = await self.outside.put(one["url"], content=data, headers=one["headers"])
                assert answer.is_success, answer.text
            else:
                answer = await self.put(one["sha256"], data)
                assert answer.status_code == 204, answer.text
        return told

    async def put(self, name: str, data: bytes) -> httpx2.Response:
        where = f"{OBJECTS}/{self.project}/{name}"
        return await self.http.put(where, content=data, headers=self.headers)

    async def commit(
        self, content: Content | Mapping[str, Any], name: str = "iris", type: str = "dataset"
    ) -> httpx2.Response:
        manifest = content.manifest() if isinstance(content, Content) else content
        return await self.post(COMMITS, type=type, name=name, manifest=manifest)

    async def keep(self, content: Content, name: str = "iris", **more: Any) -> dict[str, Any]:
        """Send and commit; answers what the commit said."""
        await self.send(content, **more)
        answer = await self.commit(content, name)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def download(self, **asked: Any) -> dict[str, bytes]:
        """All files, by path: page by page, every object by the way that the server names."""
        files: dict[str, bytes] = {}
        after = ""
        while True:
            answer = await self.post(DOWNLOADS, after=after, **asked)
            assert answer.status_code == 200, answer.text
            told = answer.json()
            found = {one["sha256"]: await self._get(told["method"], one) for one in told["objects"]}
            for entry in told["manifest"]["entries"]:
                if "link" not in entry:
                    names = entry.get("parts") or [entry["sha256"]]
                    files[entry["path"]] = b"".join(found[name] for name in names)
                    assert sha(files[entry["path"]]) == entry["sha256"]
            after = told["after"]
            if not after:
                return files

    async def _get(self, method: str, one: Mapping[str, Any]) -> bytes:
        if method == "file":
            return await asyncio.to_thread(Path(one["path"]).read_bytes)
        if method == "url":
            assert self.outside is not None
            answer = await self.outside.get(one["url"])
        else:
            answer = await self.http.get(one["url"], headers=self.headers)
        assert answer.status_code == 200, answer.text
        assert sha(answer.content) == one["sha256"]
        return answer.content
