"""Where webhooks are sent, and where not: private networks, names that lead there, and what is no address."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from lineage_server.graph.bolt import Bolt
from lineage_server.registry import webhooks
from tests.support.hooked import TEXTS, create, ended, problem_of_url, settings
from tests.support.neo4j_server import Address
from tests.support.receiver import Receiver
from tests.support.served import serving

pytestmark = pytest.mark.usefixtures("often")


async def test_private_networks_are_not_sent_to_unless_allowed(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def allow(*_: Any) -> None:
        return

    async with serving(bolt, tmp_path, settings=settings(allowed_networks=[], attempts=1)) as served:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f000001"):
            with monkeypatch.context() as patched:
                patched.setattr(webhooks, "check_url", allow)  # as if its name had led elsewhere until now
                webhook, _ = await create(served, receiver, url=f"http://{host}:{receiver.port}/")
            given = {"input": {"project": "default", "webhook": webhook["uid"]}}
            await served.ask(TEXTS["TestWebhook"], given)
            (found,) = await ended(served, webhook)
            assert found["state"] == "failed"
            assert "private address" in found["error"], host
        assert receiver.got == []
        for url in ("ftp://a/", "http://u:p@a/", "http://", "http://a b/", "x" * 3000, "http://a:x/"):
            problem = await problem_of_url(served, url)
            assert (problem["code"], problem["field"]) == ("BAD_INPUT", "url")


async def test_a_url_into_a_private_network_is_refused_at_once_and_the_setting_is_named(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver
) -> None:
    async with serving(
        bolt, tmp_path, settings=settings(allowed_networks=["10.0.0.0/8"], attempts=1)
    ) as served:
        for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:169.254.169.254]", "192.168.0.1"):
            problem = await problem_of_url(served, f"http://{host}:{receiver.port}/")
            assert (problem["code"], problem["field"]) == ("BAD_INPUT", "url")
            assert "LINEAGE_WEBHOOKS__ALLOWED_NETWORKS" in problem["message"], host
        # A network that is named, a public address, and hosts that are not there (yet).
        for number, host in enumerate(("10.0.0.1", "8.8.8.8", "nowhere.example", f"{'long' * 20}.example")):
            webhook, _ = await create(served, receiver, name=f"ci{number}", url=f"https://{host}/hook")
        given = {"project": "default", "webhook": webhook["uid"], "url": receiver.url}
        changed = (await served.ask(TEXTS["UpdateWebhook"], {"input": given}))["updateWebhook"]
        assert changed["webhook"] is None
        assert "LINEAGE_WEBHOOKS__ALLOWED_NETWORKS" in changed["problems"][0]["message"]
        given = {"project": "default", "webhook": webhook["uid"]}
        await served.ask(TEXTS["TestWebhook"], {"input": given})
        (told,) = await ended(served, webhook)
        assert "the host was not found" in told["error"]
        assert receiver.got == []


async def test_a_name_is_looked_up_once_and_only_what_was_checked_is_connected_to(
    bolt: Address, graph: Bolt, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next answer of such a name would be an address that nothing may be sent to."""
    asked: list[str] = []
    answers = [["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1", "169.254.169.254"]]
    real = asyncio.get_running_loop().getaddrinfo

    async def look_up(host: Any, port: Any, **more: Any) -> Any:
        if host != "rebinding.example":
            return await real(host, port, **more)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    async with serving(bolt, tmp_path, settings=settings(attempts=1)) as served:
        webhook, _ = await create(served, receiver, url=f"http://rebinding.example:{receiver.port}/")
        given = {"input": {"project": "default", "webhook": webhook["uid"]}}
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
        await served.ask(TEXTS["TestWebhook"], given)
        (found,) = await ended(served, webhook)
        assert (found["state"], len(asked), len(receiver.got)) == ("delivered", 1, 1)
        # Now it is another one, and then one of two.
        for count in (2, 3):
            await served.ask(TEXTS["TestWebhook"], given)
            found = (await ended(served, webhook, count))[0]
            assert (found["state"], len(asked), len(receiver.got)) == ("failed", count, 1)
            assert "private address" in found["error"]
