"""Commands of the model registry: from ``register`` over ``promote`` and ``approve`` to ``deploy``.

What keeps a registry in order (``update``, ``hold``, ``delete`` …) is in ``curation``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from lineage_server.cli.options import AsJson, Project, pairs_of
from lineage_server.cli.output import local_time, one_line, say, say_json
from lineage_server.client.builders import names_a_model
from lineage_server.client.render.words import safe
from lineage_server.domain.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from lineage_server.client.client import Client
    from lineage_server.client.registered import (
        Activity,
        Alias,
        AliasMove,
        Approval,
        Deployment,
        ModelVersion,
        RegisteredModel,
    )

Version = Annotated[str, typer.Argument(help="A version, such as model:churn@3 or model:churn@candidate.")]
Aliases = Annotated[
    list[str] | None, typer.Option("--alias", "-a", help="Let this alias point to it; repeatable.")
]
Request = Annotated[
    str, typer.Argument(help="A version that waits for a verdict (model:churn@3), or an approval's uid.")
]
ForAlias = Annotated[str | None, typer.Option("--alias", "-a", help="The alias that it was asked for.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="A word to those who asked.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (register, promote, rollback, approve, reject, withdraw, history, deploy):
        app.command()(command)


def register(
    name: Annotated[str, typer.Argument(help="The registered model, such as churn; made if it is new.")],
    source: Annotated[str, typer.Argument(help="What was recorded (model:churn@3), or an address (s3://…).")],
    version: Annotated[
        str | None, typer.Option("--version", help="Its name; by default the next number.")
    ] = None,
    alias: Aliases = None,
    description: Annotated[str | None, typer.Option("--description", help="A word on this version.")] = None,
    card: Annotated[Path | None, typer.Option("--card", help="A Markdown file: its model card.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", help="KEY=NUMBER, how good it is; repeatable.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="KEY=VALUE; repeatable.")] = None,
    signature: Annotated[
        Path | None, typer.Option("--signature", help="A JSON file: what goes in and comes out.")
    ] = None,
    run: Annotated[str | None, typer.Option("--run", help="Of an address: the run that made it.")] = None,
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why the aliases move.")] = "",
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Make a version of a registered model.

    Of a recorded artifact, which keeps the number it has, or of what lies elsewhere.
    """
    words = text_in(card, "card") if card is not None else None
    shape = json_in(text_in(signature, "signature")) if signature is not None else None
    tags = pairs_of(tag or [], "tag", "KEY=VALUE")
    with client_in(project) as client:
        made = client.register(
            name, source, version=version, aliases=alias, description=description, card=words,
            tags=tags or None, metrics=numbers_of(metric or []), signature=shape, run=run, reason=reason,
        )  # fmt: skip
    if as_json:
        say_json(plain(made))
    else:
        say(safe(str(made)))


def promote(
    version: Version,
    alias: Annotated[str, typer.Argument(help="The alias that is to point to it, such as prod.")],
    expect: Annotated[
        str | None,
        typer.Option("--expect", help="Only if it points to this version now; '' = to none. Else: code 5."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why.")] = "",
    approval: Annotated[
        str | None, typer.Option("--approval", help="Uid of the one to use; by default one that fits.")
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Move nothing: ask for the approval that a protected alias takes.")
    ] = False,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Let an alias point to a version.

    The version is always said: @3, @candidate, or @latest for the newest. A protected alias takes somebody
    else's approval: ask for it with --ask, and promote again once it is given.
    """
    if ask and (approval or expect is not None):
        raise typer.BadParameter("--ask moves nothing, so it takes neither --approval nor --expect")
    with client_in(project) as client:
        if ask:
            _say_approval(client.request_approval(version, alias, reason), as_json=as_json)
            return
        moved = client.promote(version, alias, expected=expect, approval=approval, reason=reason)
    if as_json:
        say_json(plain(moved))
        return
    before = moved.moves[0].before if moved.moves else ""
    told = f"model:{moved.model}@{moved.name} points to version {moved.version}"
    say(one_line(f"{told}, before to {before}" if before else told))


def rollback(
    alias: Annotated[str, typer.Argument(help="An alias, such as model:churn@prod.")],
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why.")] = "",
    approval: Annotated[
        str | None, typer.Option("--approval", help="Uid of the one to use; by default one that fits.")
    ] = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Let an alias point again to the version before.

    By the rules of 'promote': a protected alias takes an approval of that version.
    """
    with client_in(project) as client:
        moved = client.rollback(alias, approval=approval, reason=reason)
    if as_json:
        say_json(plain(moved))
        return
    left = f"from version {moved.moves[0].before} " if moved.moves and moved.moves[0].before else ""
    say(one_line(f"model:{moved.model}@{moved.name} went back {left}to version {moved.version}"))


def approve(
    request: Request,
    alias: ForAlias = None,
    comment: Comment = "",
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Approve what somebody else asked for."""
    with client_in(project) as client:
        _say_approval(client.approve(request, comment, alias=alias), as_json=as_json)


def reject(
    request: Request,
    alias: ForAlias = None,
    comment: Comment = "",
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Reject what somebody asked for."""
    with client_in(project) as client:
        _say_approval(client.reject(request, comment, alias=alias), as_json=as_json)


def withdraw(
    request: Request,
    alias: ForAlias = None,
    comment: Comment = "",
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Ask no longer for an approval that you have asked for."""
    with client_in(project) as client:
        _say_approval(client.withdraw(request, comment, alias=alias), as_json=as_json)


def history(
    ref: Annotated[str, typer.Argument(help="A model (model:churn), its alias (…@prod) or version (…@7).")],
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="Which it was then: 2026-03-03, 2026-03-03T12:00:00Z."),
    ] = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Who moved an alias, or did what to a model, and when.

    Of an alias: from which version to which, or which it was at a time. Of a version or a model: who
    did what to it, and why.
    """
    with client_in(project) as client:
        if names_a_model(ref) and as_of is None:
            _say_activity(client.activity(ref), as_json=as_json)
            return
        try:
            found = client.alias(ref)
        except NotFoundError:
            if as_of is not None:
                raise
            _say_activity(client.activity(ref), as_json=as_json)
            return
    if as_of is None:
        if as_json:
            say_json(plain(found))
        else:
            say(str(found))
        return
    then = found.at(as_of)
    if as_json:
        say_json(plain(then) if then is not None else None)
    else:
        say(one_line(_then(found, then, as_of)))


def deploy(
    version: Version,
    name: Annotated[str, typer.Argument(help="What serves it: an endpoint's name, such as api.")],
    endpoint: Annotated[str | None, typer.Option("--endpoint", help="Its address.")] = None,
    cluster: Annotated[str, typer.Option("--cluster", help="Where it runs.")] = "local",
    revision: Annotated[
        str | None,
        typer.Option("--revision", help="The endpoint's own word for it; by default the version's."),
    ] = None,
    traffic: Annotated[float | None, typer.Option("--traffic", help="Its share in percent.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="It serves the version no longer.")] = False,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Say that an endpoint serves a version, or no longer.

    'lineage show VERSION' lists all that ever did.
    """
    with client_in(project) as client:
        made = client.deploy(
            version, name, endpoint=endpoint, cluster=cluster, revision=revision, traffic=traffic, ended=ended
        )
    if as_json:
        say_json(plain(made))
    else:
        say(one_line(str(made)))


def _say_activity(found: list[Activity], *, as_json: bool) -> None:
    if as_json:
        say_json([plain(one) for one in found])
        return
    for one in found:
        say(one_line(str(one)))


def _then(alias: Alias, move: AliasMove | None, when: str) -> str:
    shown = f"model:{alias.model}@{alias.name}"
    if move is None:
        return f"{shown} pointed nowhere at {when}"
    why = f": {move.reason}" if move.reason else ""
    moved = local_time(move.at.isoformat())
    return f"{shown} pointed to version {move.version} at {when}, since {moved}, moved by {move.by}{why}"


def _say_approval(found: Approval, *, as_json: bool) -> None:
    if as_json:
        say_json(plain(found))
    else:
        say(one_line(str(found)))


# --- words in, words out -----------------------------------------------------------------------


def client_in(project: str) -> Client:
    """For one command."""
    from lineage_server.client.client import Client

    return Client(project=project or None)


def plain(
    handle: ModelVersion | RegisteredModel | Alias | AliasMove | Approval | Deployment | Activity,
) -> dict[str, Any]:
    """A handle for JSON, by GraphQL's names."""
    told = {_camel(f.name): _value(getattr(handle, f.name)) for f in fields(handle) if f.name != "client"}
    uid = getattr(handle, "uid", None)
    return {"uid": uid, **told} if uid is not None else told


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, tuple):
        parts = cast("tuple[Any, ...]", value)
        return [plain(one) if hasattr(one, "event") else one for one in parts]
    uid = getattr(value, "uid", None)
    if uid is not None:
        return uid
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def numbers_of(pairs: list[str]) -> dict[str, float] | None:
    """Values of an option that is KEY=NUMBER; raises InvalidInputError."""
    out: dict[str, float] = {}
    for key, text in pairs_of(pairs, "metric", "KEY=NUMBER").items():
        try:
            out[key] = float(text)
        except ValueError:
            raise InvalidInputError(
                f"metric {key!r} is {text!r}, which is no number", field="metric", allowed="KEY=NUMBER"
            ) from None
    return out or None


def text_in(path: Path, field: str) -> str:
    """Of a file in UTF-8; raises InvalidInputError or NotFoundError."""
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidInputError(f"{path} is no text", field=field, allowed="a file in UTF-8") from None
    except OSError as error:
        raise NotFoundError(f"{path} can not be read: {error.strerror}; nothing was changed") from None


def json_in(text: str) -> dict[str, Any]:
    """A signature; raises InvalidInputError."""
    try:
        told: object = json.loads(text)
    except ValueError as error:
        raise InvalidInputError(
            f"the signature is no JSON: {error}", field="signature", allowed="a JSON object"
        ) from None
    if not isinstance(told, dict):
        raise InvalidInputError(
            "the signature is no object", field="signature", allowed='such as {"inputs": [{"name": "petal"}]}'
        )
    return cast("dict[str, Any]", told)
