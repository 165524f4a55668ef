"""Commands that move bytes: ``put``, ``get``, and ``cache``, which looks after what was fetched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage_server.cli.options import AsJson, Project, pairs_of
from lineage_server.cli.output import counted, note, one_line, say, say_json, say_table, size
from lineage_server.cli.registry import Aliases, plain
from lineage_server.client.render.words import safe, short
from lineage_server.domain import ids
from lineage_server.domain.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.run import Run
    from lineage_server.client.transfer.cache import Cache, Cached

_VERSION = """
query Stored($uid: String!) {
  node(uid: $uid) { uid ... on ArtifactVersion { name kind project ordinal digest size uri storedAt } }
}
"""
_LOOK_SECONDS = 0.2

cache = typer.Typer(
    help="Look after downloads that are kept. LINEAGE_CACHE_DIR says where, LINEAGE_CACHE_MB how many.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(put)
    app.command()(get)
    app.command()(verify)
    cache.command(name="ls")(cache_ls)
    cache.command(name="clear")(cache_clear)
    cache.command(name="verify")(cache_verify)
    app.add_typer(cache, name="cache")


@cache.callback()
def cache_base(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        say(context.get_help())


def put(
    name: Annotated[str, typer.Argument(help="What to call it, such as iris or team/iris.")],
    path: Annotated[str, typer.Argument(help="A file, a folder, or an address (s3://…), only recorded.")],
    kind: Annotated[
        str | None,
        typer.Option("--type", "-t", help="Such as dataset, model, file; by default dataset, or model."),
    ] = None,
    register: Annotated[
        bool, typer.Option("--register", "-r", help="Also as a version of a registered model of that name.")
    ] = False,
    alias: Aliases = None,
    description: Annotated[str, typer.Option("--description", help="A word on this version.")] = "",
    ttl_days: Annotated[
        float | None,
        typer.Option("--ttl-days", min=0, max=36_500, help="Days after which its bytes may go (lineage gc)."),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="KEY=VALUE, of the run; repeatable.")] = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Record a file or folder as a version, and upload it.

    The same content is the same version, and is not sent again. With --register or --alias it is a model,
    and becomes a version of the registered model, too.
    """
    from lineage_server.client.client import Client

    tags = pairs_of(tag or [], "tag", "KEY=VALUE")
    registers = register or bool(alias)
    ids.clean_name(name, "name")  # before the run's, which is made of it, is found wanting
    _check_put(path, kind, ttl_days, registers=registers)
    with Client(project=project or None) as client:
        run = client.start_run(f"put {name}"[: ids.MAX_NAME].rstrip(), job="put", tags=tags)
        with run:
            if registers and client.config.mode != "online":
                made = run.log_model(
                    path, name, register=True, aliases=alias, description=description or None
                )
            else:
                called = kind or ("model" if registers else None)
                made = run.produce(
                    name, path, type=called, description=description or None, ttl_days=ttl_days
                )
            _wait_for_uploads(client, made.ref)
        _check_sent(client, run)
        version = None
        if client.config.mode != "online":
            note(f"recorded in the journal; send it later with: {client.sync_command()}")
            told: dict[str, Any] = {"uid": made.uid, "digest": made.digest, "size": made.size}
        else:
            told = client.gql(_VERSION, {"uid": made.uid})["node"]
            if registers:
                version = made.register(aliases=alias, description=description or None)
    if as_json:
        say_json(told | ({"registered": plain(version)} if version is not None else {}))
        return
    say(_told_line(told) if "ordinal" in told else made.ref)
    if version is not None:
        say(safe(f"registered as {version}"))


def _told_line(told: dict[str, Any]) -> str:
    words = [f"{told['kind']}:{told['name']}@{told['ordinal']}", _how(told)]
    return "  ".join(one_line(word) for word in words if word)


def _check_put(path: str, kind: str | None, ttl_days: float | None, *, registers: bool) -> None:
    from lineage_server.client.builders import is_address
    from lineage_server.client.contents import path_of_uri

    if registers and kind not in (None, "model"):
        raise InvalidInputError(f"a {kind} is not registered", field="type", allowed="model")
    if registers and ttl_days is not None:
        raise InvalidInputError(
            "what is registered is kept; nothing was recorded", field="ttl_days", allowed="without --register"
        )
    if not is_address(path) and not (path_of_uri(path) or Path(path).expanduser()).exists():
        raise NotFoundError(f"there is no file or folder {path}; nothing was recorded")


def _how(told: dict[str, Any]) -> str:
    if told["storedAt"]:
        return f"{size(int(told['size'] or 0))}, kept by the server"
    return f"recorded at {told['uri']}; the server does not keep its bytes"


def _wait_for_uploads(client: Client, ref: str) -> None:
    """As long as they move on; the run's end waits for what is then left in its own way."""
    from lineage_server.client.progress import shown

    if client.outbox is None:
        return
    uploads = client.outbox.uploads
    with shown(f"put {ref}", silent=not client.config.show_progress) as report:
        while not uploads.drain(_LOOK_SECONDS) and uploads.sending:
            report(*uploads.progress)


def _check_sent(client: Client, run: Run) -> None:
    status = client.sync_status()
    if status.refusal is not None:
        raise status.refusal  # what was refused and where it is kept, the client has told
    if status.uploads_failed:
        raise ConflictError(f"run {run.id} is recorded, its bytes were not uploaded: {status.failure}")
    if client.config.mode == "online" and not status.all_sent:
        raise UnavailableError(
            f"it is recorded in {status.journal} and not all sent ({status.trouble or 'it takes its time'}); "
            f"send the rest with: {client.sync_command()}",
            part="server",
        )


def get(
    ref: Annotated[str, typer.Argument(help="A version, such as dataset:iris@3 or model:churn@prod.")],
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATTERN...", help="Only such files: '*.json', 'data/**/*.csv', 'data/'."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", "-o", help="Folder; by default one that is called as it is.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also over files that have other content.")
    ] = False,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Get a version's files.

    Files that are there already are not fetched again; an interrupted download goes on.
    """
    from lineage_server.client.client import Client

    with Client(project=project or None) as client:
        found = client.get(ref)
        folder = to or Path(found.name.rpartition("/")[2])
        path = client.download(found, folder, overwrite=overwrite, paths=paths or None)
    if as_json:
        told = {"uid": found.uid, "ref": found.ref, "digest": found.digest, "size": found.size}
        say_json({"path": str(path), **told})
    else:
        say(str(path))


def verify(
    refs: Annotated[list[str], typer.Argument(metavar="REF...", help="Versions, such as dataset:iris@3.")],
    project: Project = "",
    as_json: AsJson = False,
) -> int:
    """Whether versions still lie where they were recorded.

    Else they have drifted. Files are read; addresses (s3://, hf://, oci://, https://) are asked for their
    ETag or version, by this machine, and nothing is fetched. Exit code 5: something else lies there now, or
    nothing; 7: of some it cannot be told.
    """
    from dataclasses import asdict

    from lineage_server.client.client import Client
    from lineage_server.client.verifying import Finding, Verification

    with Client(project=project or None) as client:
        found: list[Verification] = [client.verify(ref) for ref in refs]
    if as_json:
        say_json([asdict(one) for one in found])
    else:
        for one in found:
            say(safe(str(one)))
    if any(one.drifted for one in found):
        return ConflictError.exit_code
    unknown = any(one.finding is Finding.UNKNOWN for one in found)
    return UnavailableError.exit_code if unknown else 0


# --- the cache -------------------------------------------------------------------------------


def _cache() -> Cache:
    from lineage_server.client.config import load_config
    from lineage_server.client.transfer.cache import Cache

    config = load_config()
    return Cache(config.cache_dir, config.cache_bytes)


def _told(one: Cached) -> dict[str, Any]:
    from datetime import UTC, datetime

    used = datetime.fromtimestamp(one.used, UTC).isoformat(timespec="seconds")
    return {
        "path": str(one.path), "uid": one.uid, "digest": one.digest, "size": one.size, "used": used,
        "inUse": one.in_use,
    }  # fmt: skip


def cache_ls(as_json: AsJson = False) -> None:
    """What is kept, what was not used for longest first."""
    from lineage_server.cli.output import short_time

    ours = _cache()
    items = ours.listed()
    told = [_told(one) for one in items]
    if as_json:
        say_json({"folder": str(ours.folder), "mostBytes": ours.most_bytes, "items": told})
        return
    if told:
        rows = [
            [
                short(one["uid"] or one["digest"]), size(one["size"]), short_time(one["used"]),
                "in use" if one["inUse"] else "",
            ]
            for one in told
        ]  # fmt: skip
        say_table(["version", "size", "last used", "state"], rows, whole=("version",), spare=("state",))
    total = size(sum(one.size for one in items))
    say(f"{total} of {size(ours.most_bytes)} in {ours.folder}")


def cache_clear(as_json: AsJson = False) -> None:
    """Delete all that no process uses now. It can be fetched again."""
    gone = _cache().trim(0)
    if as_json:
        say_json([_told(one) for one in gone])
    else:
        say(f"{counted(len(gone), 'download')} deleted, {size(sum(one.size for one in gone))}")


def cache_verify(as_json: AsJson = False) -> None:
    """Read all of it, and delete what is not what it was."""
    from lineage_server.client.config import load_config
    from lineage_server.client.downloads import verify_cache

    right, wrong = verify_cache(load_config())
    if as_json:
        say_json({"right": right, "wrong": [_told(one) for one in wrong]})
    else:
        for one in wrong:
            state = "in use, left" if one.in_use else "deleted"
            say(f"{short(one.uid or one.digest)} is not what it was: {state}")
        say(f"{counted(right, 'download')} right, {len(wrong)} wrong")
