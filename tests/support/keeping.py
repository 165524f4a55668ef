"""For fault tests of stored bytes: threads that upload and never give up, and a count of what is kept.

Version ``n`` of a name is a few small objects of its own and one that all versions share. What a commit
has acknowledged is counted twice at the end: as the server hands it out, and as it lies in the store.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.support.faults import Refusal, until
from tests.support.stored import Content, Sender

SHARED = b"in every version" * 1000
GC = "/api/v1/artifacts/gc"


def version(name: str, number: int) -> Content:
    files = {f"{i}": f"{name} {number} {i}".encode() * 50 for i in range(12)}
    return Content({**files, "shared": SHARED})


@dataclass
class Keeping:
    """Uploads and commits one version after the other, the same again until it is acknowledged."""

    url: str
    name: str
    project: str
    methods: list[str] = field(default_factory=lambda: ["server"])
    acknowledged: dict[int, str] = field(default_factory=dict[int, str])
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    cut_off: int = 0
    wrong: list[str] = field(default_factory=list[str])

    def __enter__(self) -> Keeping:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"keeps {self.name}", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        self._ending.set()
        self._thread.join(60)
        assert not self._thread.is_alive()
        assert not self.wrong, self.wrong

    def wait_for(self, more: int, *, seconds: float = 60.0) -> None:
        goal = len(self.acknowledged) + more
        until(lambda: len(self.acknowledged) >= goal or self.wrong, seconds, f"{more} more versions kept")

    def _run(self) -> None:
        asyncio.run(self._keep_all())

    async def _keep_all(self) -> None:
        number = 0
        async with httpx2.AsyncClient(timeout=60) as outside:
            while not self._ending.is_set():
                try:
                    async with httpx2.AsyncClient(base_url=self.url, timeout=60) as http:
                        sender = Sender(http, self.project, outside=outside)
                        while not self._ending.is_set():
                            uid = await self._kept(sender, version(self.name, number))
                            if not uid:
                                break
                            self.acknowledged[number] = uid
                            number += 1
                except httpx2.TransportError:
                    self.cut_off += 1
                await asyncio.sleep(0.05)

    async def _kept(self, sender: Sender, content: Content) -> str:
        """Its uid; empty where a refusal says to try again."""
        objects = [{"sha256": name, "size": len(data)} for name, data in content.objects.items()]
        answer = await sender.post("/api/v1/artifacts/uploads", objects=objects, methods=self.methods)
        if self._refused(answer):
            return ""
        for one in answer.json()["missing"]:
            data = content.objects[one["sha256"]]
            if one["url"]:
                assert sender.outside is not None
                sent = await sender.outside.put(one["url"], content=data, headers=one["headers"])
            else:
                sent = await sender.put(one["sha256"], data)
                if self._refused(sent):
                    return ""
            if sent.status_code not in (200, 204):
                return ""
        answer = await sender.commit(content, name=self.name)
        return "" if self._refused(answer) else answer.json()["uid"]

    def _refused(self, answer: httpx2.Response) -> bool:
        if answer.is_success:
            return False
        body = answer.json()
        self.refusals.append(Refusal(answer.status_code, body, answer.headers.get("retry-after")))
        # What a kill, or another server, took away may be missing; anything else is a fault of ours.
        if answer.status_code != 503 and not (answer.status_code == 409 and "missing" in body["details"]):
            self.wrong.append(answer.text)
        return True

    async def check(self, sender: Sender) -> None:
        """0 lost, 0 corrupted, of everything that was acknowledged."""
        for number, uid in self.acknowledged.items():
            assert await sender.download(uid=uid, methods=self.methods) == dict(
                version(self.name, number).files
            ), (self.name, number)


@dataclass
class Collecting:
    """Collects again and again, whatever comes of it."""

    url: str
    collected: int = 0
    went: int = 0
    refused: list[str] = field(default_factory=list[str])

    def __enter__(self) -> Collecting:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collects", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def wait_for(self, more: int, *, seconds: float = 60.0) -> None:
        goal = self.collected + more
        until(lambda: self.collected >= goal, seconds, f"{more} more collections ({self.refused[-2:]})")

    def _run(self) -> None:
        while not self._ending.wait(0.02):
            try:
                answer = httpx2.post(self.url + GC, params={"dry_run": "false"}, timeout=60)
            except httpx2.TransportError:
                continue
            if answer.status_code == 200:
                told: dict[str, Any] = answer.json()
                self.collected += 1
                self.went += told["objects"]
            else:
                self.refused.append(answer.text)
