"""All of a server into a folder and out of it: ``backup`` and ``restore``."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import Exit

from lineage_server.cli.options import AsJson
from lineage_server.cli.output import counted, local_time, note, say, say_json, size
from lineage_server.domain.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from lineage_server.client.backups.layout import Backup, Progress

_SECONDS_A_LINE = 5.0
Folder = Annotated[Path, typer.Argument(help="The folder of the backup.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(folder: Folder, as_json: AsJson = False) -> None:
    """Write all that the server holds now into a folder.

    Such as: lineage backup /backups/lineage

    It goes on meanwhile. Events, stored bytes, tokens, audit, webhooks, saved views: as of one moment. Into
    a folder that holds a backup already, only the bytes that it lacks are fetched; until the new one is
    whole it holds the old one. Takes a platform admin's token. Not in it: settings, and the key of webhooks
    (LINEAGE_WEBHOOKS__KEY).
    """
    from dataclasses import asdict

    from lineage_server.client.backups.making import back_up

    made = back_up(folder, _telling("backed up"))
    if as_json:
        say_json(asdict(made))
    else:
        _say_what(made)
    if made.lost:
        for lost in made.lost[:20]:
            note(f"lost: {lost}")
        if more := len(made.lost[20:]):
            note(f"and {more} more")
        note("the server's store has no good copy of these; the backup holds all else")
        raise Exit(NotFoundError.exit_code)


def restore(
    folder: Folder,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check the backup and say what is in it.")
    ] = False,
    merge: Annotated[
        bool,
        typer.Option("--merge", help="Also into a server that is not empty: what is there stays as it is."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup into an empty server.

    It may have another engine and store. All of it is checked first. Cut off, it is simply done again.
    """
    from dataclasses import asdict

    from lineage_server.client.backups import layout, restoring

    if dry_run:
        found = layout.read(folder)
        layout.check(folder, found, _telling("checked"))
        if as_json:
            say_json(asdict(found))
        else:
            _say_what(found)
        return
    report = restoring.restore(folder, merge=merge, progress=_telling("restored"))
    events = report.events
    if as_json:
        say_json(asdict(report))
    else:
        known = f", {events.duplicate} were there already" if events.duplicate else ""
        say(f"{counted(events.accepted, 'event')} restored{known}")
        say(f"{counted(report.versions, 'stored version')}, {counted(report.objects, 'object')} sent")
        say(f"{counted(report.nodes, 'record')} of tokens, audit, webhooks, saved views and refused events")
    if events.refused:
        for reason in events.reasons:
            note(f"refused: {reason}")
        note(f"{counted(events.refused, 'event')} refused; the server keeps them, see refusedEvents")
        raise Exit(InvalidInputError.exit_code)


def _say_what(found: Backup) -> None:
    at = datetime.fromtimestamp(found.at / 1_000_000, UTC).isoformat()
    say(f"as of {local_time(at)}, made by lineage-server {found.server}")
    say(f"  events    {found.events}")
    objects = counted(found.objects, "object")
    say(f"  versions  {found.versions} with their bytes: {objects}, {size(found.bytes)}")
    for label, count in sorted(found.nodes.items()):
        say(f"  {_WORDS.get(label, label):<9} {count}")
    for lost in found.lost:
        say(f"  lost      {lost}")


_WORDS = {
    "Token": "tokens",
    "Audit": "audit",
    "Webhook": "webhooks",
    "Delivery": "sent",
    "SavedView": "views",
    "Refused": "refused",
}


def _telling(done: str) -> Progress:
    """A line now and then, since much takes a while."""
    total: Counter[str] = Counter()
    told = time.monotonic()

    def tell(what: str, count: int) -> None:
        nonlocal told
        total[what] += count
        if time.monotonic() - told > _SECONDS_A_LINE:
            told = time.monotonic()
            words = [f"{size(n)}" if name == "bytes" else f"{n} {name}" for name, n in total.items()]
            note(f"{', '.join(words)} {done} so far")

    return tell
