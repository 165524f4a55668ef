"""Looking after things: send what waits, rebuild, archive, collect bytes, print settings and completion."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import Exit

from lineage_server.cli.options import AsJson
from lineage_server.cli.output import bold, counted, note, say, say_entry, say_json, size
from lineage_server.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from lineage_server.client.syncing import SyncReport


class Shell(StrEnum):
    """Shells that completion exists for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(sync)
    app.command()(rebuild)
    app.command()(archive)
    app.command()(gc)
    app.command()(settings)
    app.command()(completion)


def sync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what waits.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send what earlier processes left in their journals.

    The uploads that they did not end are gone on with, too.
    """
    from dataclasses import asdict

    from lineage_server.client.config import load_config
    from lineage_server.client.shortcuts import sync as send
    from lineage_server.client.syncing import leftovers
    from lineage_server.client.transfer.jobs import waiting_uploads

    if dry_run:
        folder = load_config().journal_dir
        journals, uploads = leftovers(folder), waiting_uploads(folder)
        if as_json:
            say_json([*map(asdict, journals), *({"path": path, "upload": True} for path in uploads)])
            return
        if journals or not uploads:
            say(f"{counted(len(journals), 'journal')} to send" if journals else "nothing waits")
        if uploads:
            say(f"{counted(len(uploads), 'upload')} to send")
        return
    report = send()
    if as_json:
        say_json(asdict(report))
    else:
        _say_synced(report)
    for reason in report.reasons:
        note(f"refused: {reason}")
    if report.refused:
        kept = f"kept with the reasons in {load_config().journal_dir}/*.refused"
        note(f"{counted(report.refused, 'event')} refused, {kept}. What lacked a project or a right")
        note("is sent by the next 'lineage sync' once it has them; files that nobody needs can be deleted")
    if report.uploads_failed:
        failed = counted(report.uploads_failed, "upload")
        note(f"{failed} can never be sent; uploads/failed.jsonl beside the journals says why")
    report.check()
    if report.refused or report.uploads_failed:
        raise Exit(InvalidInputError.exit_code)


def _say_synced(report: SyncReport) -> None:
    sent = f"{counted(report.accepted, 'event')} sent, {report.duplicate} known already"
    if report.journals:
        say(f"{counted(report.journals, 'journal')}: {sent}")
    elif report.accepted or report.duplicate:
        say(f"what was refused before: {sent}")
    elif not (report.refused or report.left or report.uploads or report.uploads_failed):
        say("nothing waits")
    if report.ended:
        say(f"{counted(report.ended, 'run')} ended as aborted: the process is gone")
    if report.uploads:
        say(f"{counted(report.uploads, 'upload')}, {size(report.sent_bytes)}")


def rebuild(as_json: AsJson = False) -> None:
    """Replay every stored event into an empty graph.

    The server takes nothing else meanwhile.
    """
    from lineage_server.client.operating import post

    answer = post("/api/v1/admin/rebuild")
    if as_json:
        say_json(answer)
    else:
        say(f"the graph stands again, from {counted(answer['events'], 'event')}")


def archive(
    days: Annotated[
        float | None, typer.Option(min=0, help="Age in days; without it, the one that the server is set to.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Move old stored events to Parquet files.

    The graph and its answers stay as they are.
    """
    from lineage_server.client.operating import post

    answer = post("/api/v1/admin/archive", {} if days is None else {"days": days})
    if as_json:
        say_json(answer)
    else:
        say(f"{counted(answer['events'], 'event')} moved to Parquet files")


def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what may go, and why.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete stored bytes that no version needs any more.

    The versions themselves, and all lineage, stay.
    """
    from lineage_server.client.operating import post

    answer = post("/api/v1/artifacts/gc", {"dry_run": "true" if dry_run else "false"})
    if as_json:
        say_json(answer)
        return
    for version in answer["versions"]:
        say_entry(version["uid"], "", version["reason"])
        for made in version["irreproducible"]:
            say(f"    could then not be made again: {made}")
    _say_more(answer["forgotten"] - len(answer["versions"]), "version")
    for item in answer["items"]:
        say_entry(item["key"], size(item["size"]), item["reason"])
    _say_more(answer["objects"] - len(answer["items"]), "object")
    for version in answer["kept"]:
        say_entry(version["uid"], "", f"stays: {version['reason']}")
    _say_more(answer["waiting"] - len(answer["kept"]), "version")
    went = "may go" if dry_run else "went"
    objects = counted(answer["objects"], "object")
    say(f"{objects} of {size(answer['bytes'])} {went}, {size(answer['kept_bytes'])} stay")


def _say_more(count: int, what: str) -> None:
    """That a list is not whole."""
    if count > 0:
        say(f"and {counted(count, what)} more, which are not listed")


def settings(as_json: AsJson = False) -> None:
    """Every setting, with its present value."""
    from lineage_server.client.config import present_settings
    from lineage_server.settings import describe, load

    server = describe(load())
    client = present_settings()
    if as_json:
        say_json(
            {
                "server": [
                    {"env": e.env, "value": e.value, "default": e.default, "help": e.help} for e in server
                ],
                "client": [
                    {"env": e.env, "value": value, "default": e.default, "help": e.help}
                    for e, value in client
                ],
            }
        )
        return
    for part, entries in (
        ("server", [(e.env, e.value, e.help) for e in server]),
        ("\nclient", [(e.env, value, e.help) for e, value in client]),
    ):
        say(bold(part))
        for name, value, meaning in entries:
            say_entry(name, value, meaning)


def completion(shell: Annotated[Shell, typer.Argument(help="For which shell.")]) -> None:
    """Print the completion script of a shell.

    Such as: lineage completion bash >> ~/.bashrc
    """
    from importlib import import_module

    # typer keeps the scripts to itself, and prints them only from an option of its own.
    scripts: Any = import_module("typer._completion_shared")
    say(
        scripts.get_completion_script(
            prog_name="lineage", complete_var="_LINEAGE_COMPLETE", shell=shell.value
        )
    )
