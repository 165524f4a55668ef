"""The change feed: filtered, bounded, and never for ever."""

from __future__ import annotations

import asyncio

from prometheus_client import CollectorRegistry, Counter, Gauge

from lineage_server.changes import Change, ChangeFilter, Changes, Notice


def change(uid: str, project: str = "p", seq: int = 1, label: str = "Run") -> Change:
    return Change(uid, label, project, "updated", seq)


async def test_subscriber_reads_what_it_wants_and_nothing_else() -> None:
    changes = Changes()
    wanted = ChangeFilter(projects=frozenset({"p"}), labels={"Run"})
    async with changes.subscribe(wanted) as notices:
        changes.publish([change("a"), change("b", project="q"), change("c", label="Job"), change("d", "")])
        assert await anext(notices) == Notice("changes", (change("a"),), 1)


async def test_scope_of_everything_includes_nodes_without_project() -> None:
    changes = Changes()
    async with changes.subscribe() as notices:
        changes.publish([change("gpu:1", project="")])
        assert (await anext(notices)).changes[0].uid == "gpu:1"


async def test_set_of_uids_may_grow_while_subscribed() -> None:
    changes = Changes()
    uids = {"a"}
    async with changes.subscribe(ChangeFilter(uids=uids)) as notices:
        changes.publish([change("b", seq=1)])
        uids.add("b")
        changes.publish([change("b", seq=2)])
        assert await anext(notices) == Notice("changes", (change("b", seq=2),), 2)


async def test_slow_reader_gets_one_resync_and_then_goes_on() -> None:
    counter = Counter("resyncs", "", registry=CollectorRegistry())
    changes = Changes(queue=3, resyncs=counter)
    async with changes.subscribe() as notices:
        for seq in range(1, 101):
            changes.publish([change(f"n{seq}", seq=seq)])
        assert await anext(notices) == Notice("resync", seq=100)
        changes.publish([change("after", seq=101)])
        assert await anext(notices) == Notice("changes", (change("after", seq=101),), 101)
    assert counter.collect()  # the metric exists
    assert next(iter(counter.collect())).samples[0].value == 1


async def test_one_slow_reader_does_not_slow_another() -> None:
    changes = Changes(queue=2)
    async with changes.subscribe() as slow, changes.subscribe() as quick:
        for seq in range(1, 6):
            changes.publish([change("n", seq=seq)])
            assert (await anext(quick)).seq == seq
        assert (await anext(slow)).kind == "resync"


async def test_waiting_reader_is_woken() -> None:
    changes = Changes()
    async with changes.subscribe() as notices:
        asyncio.get_running_loop().call_later(0.01, changes.publish, [change("a")])
        async with asyncio.timeout(8):
            assert (await anext(notices)).changes == (change("a"),)


async def test_stream_ends_with_reconnect_even_when_it_is_never_silent() -> None:
    changes = Changes(stream_seconds=0.05)
    kinds: list[str] = []
    async with changes.subscribe() as notices:
        changes.publish([change("a")])
        async for notice in notices:
            kinds.append(notice.kind)
            changes.publish([change("a")])
            await asyncio.sleep(0)
    assert kinds[-1] == "reconnect"
    assert set(kinds[:-1]) == {"changes"}


async def test_closing_ends_all_streams_and_those_to_come() -> None:
    changes = Changes()
    async with changes.subscribe() as notices:
        asyncio.get_running_loop().call_later(0.01, changes.close)
        assert [n.kind async for n in notices] == ["reconnect"]
    async with changes.subscribe() as notices:
        assert [n.kind async for n in notices] == ["reconnect"]


async def test_loss_that_nobody_can_name_makes_everybody_ask_again() -> None:
    changes = Changes()
    async with changes.subscribe(ChangeFilter(uids=frozenset({"x"}))) as notices:
        changes.resync_all(7)
        assert await anext(notices) == Notice("resync", seq=7)


async def test_left_subscription_is_forgotten_and_counted() -> None:
    gauge = Gauge("subscribers", "", registry=CollectorRegistry())
    changes = Changes(gauge=gauge)
    async with changes.subscribe(), changes.subscribe():
        assert changes.subscribers == 2
    assert changes.subscribers == 0
    assert next(iter(gauge.collect())).samples[0].value == 0


async def test_many_subscribers_leave_others_their_turn() -> None:
    """Whoever tells takes the loop for a while; in between everything else goes on."""
    changes = Changes()
    told: list[int] = []
    rounds: list[int] = []

    async def listen() -> None:
        async with changes.subscribe() as notices:
            await anext(notices)
            told.append(1)

    async with asyncio.TaskGroup() as listening:
        for _ in range(500):
            listening.create_task(listen())
        await asyncio.sleep(0.01)
        changes.publish([change("a")])
        while len(told) < 500:
            before = len(told)
            await asyncio.sleep(0)
            rounds.append(len(told) - before)
    assert max(rounds) <= 2
