"""Commands that keep what is recorded in order: ``unalias``, ``protect``, ``update``, ``hold``, ``release``,
``ttl``, ``delete``, ``undelete``, and ``model``, which archives and restores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lineage_server.cli.options import AsJson, Project, pairs_of
from lineage_server.cli.output import one_line, say, say_json
from lineage_server.cli.registry import client_in, json_in, numbers_of, plain, text_in
from lineage_server.client.render.words import safe
from lineage_server.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from lineage_server.client.artifact import Artifact
    from lineage_server.client.client import Client
    from lineage_server.client.registered import Alias, ModelVersion, RegisteredModel

Anything = Annotated[
    str, typer.Argument(help="A version such as model:churn@3, a run (run:<id>), or a uid of anything.")
]
Version = Annotated[str, typer.Argument(help="A version, such as model:churn@3 or dataset:iris@1.")]
OfModel = Annotated[str, typer.Argument(help="A version (model:churn@3), or the whole model (model:churn).")]
AnAlias = Annotated[str, typer.Argument(help="An alias, such as model:churn@prod.")]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why.")]
Override = Annotated[
    bool, typer.Option("--override", help="Although something uses it; takes a --reason, which is recorded.")
]

model = typer.Typer(
    rich_markup_mode=None,
    help="Put models and their versions away, and take them back.",
    invoke_without_command=True,
)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (unalias, protect, update, hold, release, ttl, delete, undelete):
        app.command()(command)
    model.command(name="archive")(model_archive)
    model.command(name="restore")(model_restore)
    app.add_typer(model, name="model")


@model.callback()
def model_base(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        say(context.get_help())


# --- aliases -----------------------------------------------------------------------------------


def unalias(
    alias: AnAlias,
    expect: Annotated[
        str | None, typer.Option("--expect", help="Only if it points to this version now. Else: code 5.")
    ] = None,
    reason: Reason = "",
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Let an alias point nowhere.

    Its history stays: who moved it when, from which version.
    """
    with client_in(project) as client:
        gone = client.remove_alias(alias, expected=expect, reason=reason)
    if as_json:
        say_json(plain(gone))
        return
    before = gone.moves[0].before if gone.moves else ""
    told = f"model:{gone.model}@{gone.name} points nowhere"
    say(one_line(f"{told}, before to version {before}" if before else told))


def protect(
    ref: Annotated[str, typer.Argument(help="An alias (model:churn@prod), or all of a model (model:churn).")],
    off: Annotated[bool, typer.Option("--off", help="Take the rules away.")] = False,
    no_approval: Annotated[
        bool, typer.Option("--no-approval", help="Moves take no approval by somebody else.")
    ] = False,
    mover: Annotated[
        list[str] | None,
        typer.Option("--mover", help="Only these may move it: a user, service/<name>; repeatable."),
    ] = None,
    approver: Annotated[
        list[str] | None,
        typer.Option("--approver", help="Only their approval counts: a user, service/<name>; repeatable."),
    ] = None,
    reason: Reason = "",
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Let an alias be moved by rules only.

    Each move takes the approval of somebody else than who asked for it (--no-approval: none), and may be
    left to a few (--mover).
    """
    if off and (no_approval or mover or approver):
        raise typer.BadParameter("--off takes the rules away, so it takes no other rule")
    with client_in(project) as client:
        if off:
            found = client.unprotect(ref, reason=reason)
        else:
            found = client.protect(
                ref,
                needs_approval=not no_approval,
                movers=mover or (),
                approvers=approver or (),
                reason=reason,
            )
    if as_json:
        say_json(plain(found))
        return
    say(one_line(_rules(found)))


def _rules(found: Alias | RegisteredModel) -> str:
    from lineage_server.client.registered import Alias

    if isinstance(found, Alias):
        shown = f"model:{found.model}@{found.name} is"
    else:
        shown = f"all aliases of model:{found.name} are"
    rules = ["moves take an approval"] if found.needs_approval else []
    rules += [f"moved by {', '.join(found.movers)}"] if found.movers else []
    rules += [f"approved by {', '.join(found.approvers)}"] if found.approvers else []
    return f"{shown} {'; '.join(('protected', *rules)) if found.protected else 'not protected'}"


# --- words -------------------------------------------------------------------------------------


def update(
    ref: Annotated[
        str,
        typer.Argument(help="A version (model:churn@3), a model (model:churn), or a uid of anything."),
    ],
    description: Annotated[str | None, typer.Option("--description", help="A word on it.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="KEY=VALUE; repeatable.")] = None,
    untag: Annotated[
        list[str] | None, typer.Option("--untag", help="KEY of a tag that goes; repeatable.")
    ] = None,
    card: Annotated[
        Path | None, typer.Option("--card", help="Models, versions: a Markdown file, its model card.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Models: what it is called.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Models: whom to ask about it.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", help="Versions: KEY=NUMBER; repeatable.")
    ] = None,
    signature: Annotated[
        Path | None, typer.Option("--signature", help="Versions: a JSON file, what goes in and comes out.")
    ] = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Describe and tag what is recorded.

    What no option says stays as it is.
    """
    told: dict[str, Any] = {
        "description": description,
        "tags": {**pairs_of(tag or [], "tag", "KEY=VALUE"), **dict.fromkeys(untag or ())} or None,
        "card": text_in(card, "card") if card is not None else None,
        "title": title,
        "owner": owner,
        "metrics": numbers_of(metric or []),
        "signature": json_in(text_in(signature, "signature")) if signature is not None else None,
    }
    said = {name: value for name, value in told.items() if value is not None}
    if not said:
        raise typer.BadParameter("nothing is said that is to change; give --description, --tag, --card …")
    with client_in(project) as client:
        changed = _updated(client, ref, said)
    if as_json:
        say_json(changed)
    else:
        say(one_line(f"{changed['uid']}: {', '.join(said)} set"))


_OF_MODEL = frozenset({"description", "tags", "card", "title", "owner"})
_OF_VERSION = frozenset({"description", "tags", "card", "metrics", "signature"})
_OF_ANYTHING = frozenset({"description", "tags"})


def _updated(client: Client, ref: str, said: dict[str, Any]) -> dict[str, Any]:
    uid = client.uid_of(ref)
    if uid.startswith("model:"):
        _check_only(said, _OF_MODEL, "a model")
        return plain(client.update_model(uid, **said))
    if uid.startswith("modelversion:"):
        _check_only(said, _OF_VERSION, "a version of a model")
        return plain(client.update_model_version(uid, **said))
    _check_only(said, _OF_ANYTHING, f"a {uid.partition(':')[0]}")
    if "description" in said:
        client.describe(uid, said["description"])
    if "tags" in said:
        client.set_tags(uid, said["tags"])
    return {"uid": uid, **said}


def _check_only(said: dict[str, Any], known: frozenset[str], what: str) -> None:
    wrong = sorted(said.keys() - known)
    if wrong:
        raise InvalidInputError(
            f"{what} has no {wrong[0]}; nothing was changed", field=wrong[0], allowed=", ".join(sorted(known))
        )


# --- what may go, and what may not -------------------------------------------------------------


def hold(ref: Version, reason: Reason = "", project: Project = "", as_json: AsJson = False) -> None:
    """Keep a version, and its bytes, from being deleted."""
    with client_in(project) as client:
        _say_version(client.hold(ref, reason=reason), "is held", as_json=as_json)


def release(ref: Version, reason: Reason = "", project: Project = "", as_json: AsJson = False) -> None:
    """Let a version go that was held."""
    with client_in(project) as client:
        _say_version(client.release(ref, reason=reason), "is not held", as_json=as_json)


def ttl(
    ref: Annotated[str, typer.Argument(help="A version of an artifact, such as dataset:iris@1.")],
    days: Annotated[
        float | None,
        typer.Argument(
            min=0, max=36_500, help="Days from now; 0: from now on.", metavar="DAYS", show_default=False
        ),
    ] = None,
    never: Annotated[bool, typer.Option("--never", help="They stay, whatever was said before.")] = False,
    reason: Reason = "",
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Say when the bytes of a version may go.

    The next collection after that ('lineage gc') takes them, unless the version is held, registered or
    deployed by then; the version and its lineage stay.
    """
    if (days is None) != never:
        raise InvalidInputError(
            "when may they go?", field="days", allowed="a number of days from now, or --never"
        )
    with client_in(project) as client:
        found = client.set_ttl(ref, days, reason=reason)
    when = f"in {days:g} days" if days else "from now on"
    told = "keeps its bytes" if never else f"may lose its bytes {when}"
    _say_version(found, told, as_json=as_json)


def delete(
    ref: Anything,
    reason: Reason = "",
    override: Override = False,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Put a tombstone where something was.

    Its place in lineage stays, its bytes go with 'lineage gc'; 'lineage undelete' takes it back until then.
    What an alias, a deployment or a hold depends on is not deleted without --override.
    """
    with client_in(project) as client:
        uid = client.delete(ref, reason=reason, override=override)
    if as_json:
        say_json({"uid": uid, "deleted": True})
    else:
        say(one_line(f"{uid} is deleted; take it back: lineage undelete '{uid}'"))


def undelete(ref: Anything, reason: Reason = "", project: Project = "", as_json: AsJson = False) -> None:
    """Take back what was deleted."""
    with client_in(project) as client:
        uid = client.undelete(ref, reason=reason)
    if as_json:
        say_json({"uid": uid, "deleted": False})
    else:
        say(one_line(f"{uid} is there again"))


def model_archive(
    ref: OfModel,
    reason: Reason = "",
    override: Override = False,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Put a version or a whole model away.

    It stays in lineage and in lists. What an alias or a deployment uses is not archived without --override.
    """
    with client_in(project) as client:
        _say_model(client.archive_model(ref, reason=reason, override=override), as_json=as_json)


def model_restore(ref: OfModel, reason: Reason = "", project: Project = "", as_json: AsJson = False) -> None:
    """Take back what was archived."""
    with client_in(project) as client:
        _say_model(client.restore_model(ref, reason=reason), as_json=as_json)


def _say_model(found: RegisteredModel | ModelVersion, *, as_json: bool) -> None:
    if as_json:
        say_json(plain(found))
    else:
        say(safe(str(found)))


def _say_version(found: ModelVersion | Artifact, told: str, *, as_json: bool) -> None:
    from lineage_server.client.registered import ModelVersion

    if as_json:
        say_json(plain(found) if isinstance(found, ModelVersion) else {"uid": found.uid, "ref": found.ref})
    else:
        say(one_line(f"{found.ref} {told}"))
