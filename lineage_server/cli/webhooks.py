"""Commands of webhooks, for admins of the project: ``lineage webhook add``, ``ls`` and so on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from lineage_server.cli.options import AsJson, Project
from lineage_server.cli.output import note, one_line, say, say_json, say_table, short_time
from lineage_server.domain.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from lineage_server.client.client import Client

KINDS = ("alias", "version", "state", "approval", "deletion")
_SHOWN = ("name", "kinds", "model", "enabled", "url", "uid")
_SENT = ("at", "kind", "state", "attempts", "status", "error", "uid")

Hook = Annotated[str, typer.Argument(help="A webhook, by its name or uid.")]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", "-k", help=f"Tell it of this: {', '.join(KINDS)}; repeatable, by default all."),
]

webhook = typer.Typer(help="URLs that are told of what happens to models.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(webhook, name="webhook")


@webhook.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call it, such as ci.")],
    url: Annotated[str, typer.Argument(help="Where to send to: https://…")],
    kind: Kinds = None,
    model: Annotated[str, typer.Option("--model", help="Only of this model; by default of all.")] = "",
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Have a URL told of changes. Its secret, to check signatures with, is shown only now."""
    from lineage_server.client import webhooks

    with _client(project) as client:
        told: dict[str, Any] = {"project": client.config.project, "name": name, "url": url, "model": model}
        if kind:
            told["kinds"] = _kinds(kind)
        made = _done(client.graphql.run(webhooks.ADD, {"input": told})["createWebhook"])
    if as_json:
        say_json({**made["webhook"], "secret": made["secret"]})
        return
    say(one_line(f"{made['webhook']['uid']} {name}"))
    say(f"secret: {made['secret']}")
    note("The secret is shown only now; lineage.verify_webhook(body, headers, secret) checks with it.")


@webhook.command()
def ls(project: Project = "", as_json: AsJson = False) -> None:
    """Webhooks of the project."""
    with _client(project) as client:
        found = _listed(client)
    if as_json:
        say_json(found)
        return
    rows = [(*(_cell(one[column]) for column in _SHOWN),) for one in found]
    say_table(list(_SHOWN), rows, whole=("uid",), spare=("url", "model"))


@webhook.command(name="set")
def change(
    hook: Hook,
    url: Annotated[str | None, typer.Option("--url", help="Send to this URL from now on.")] = None,
    kind: Kinds = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Disabled, it is told of nothing meanwhile.")
    ] = None,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Change where it sends to, of what it is told, or put it to sleep; its secret stays."""
    from lineage_server.client import webhooks

    with _client(project) as client:
        told = {"url": url, "kinds": _kinds(kind) if kind else None, "enabled": enabled}
        said = {name: value for name, value in told.items() if value is not None}
        if not said:
            raise typer.BadParameter("say what to change: --url, --kind, --enable or --disable")
        given = {**_named(client, hook), **said}
        changed = _done(client.graphql.run(webhooks.SET, {"input": given})["updateWebhook"])["webhook"]
    _say_webhook(changed, as_json=as_json)


@webhook.command()
def rm(hook: Hook, project: Project = "", as_json: AsJson = False) -> None:
    """Tell it nothing more; its deliveries go, too."""
    from lineage_server.client import webhooks

    with _client(project) as client:
        given = {"input": _named(client, hook)}
        gone = _done(client.graphql.run(webhooks.REMOVE, given)["deleteWebhook"])["webhook"]
    _say_webhook(gone, as_json=as_json)


@webhook.command(name="test")
def try_out(hook: Hook, project: Project = "", as_json: AsJson = False) -> None:
    """Have a ping sent; 'lineage webhook deliveries' says what came of it."""
    from lineage_server.client import webhooks

    with _client(project) as client:
        given = {"input": _named(client, hook)}
        made = _done(client.graphql.run(webhooks.TEST, given)["testWebhook"])["delivery"]
    _say_delivery(made, as_json=as_json)


@webhook.command()
def deliveries(
    hook: Hook,
    most: Annotated[int, typer.Option("--most", "-n", min=1, max=500, help="At most so many.")] = 50,
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """What it was told, the newest first, and what came of that."""
    from lineage_server.client import webhooks

    with _client(project) as client:
        asked = {**_named(client, hook), "first": most}
        page = client.graphql.run(webhooks.DELIVERIES, asked)["webhookDeliveries"]
    found = [edge["node"] for edge in page["edges"]]
    if as_json:
        say_json({"deliveries": found, "hasMore": page["hasMore"]})
        return
    rows = [(short_time(one["at"]), *(_cell(one[column]) for column in _SENT[1:])) for one in found]
    say_table(list(_SENT), rows, whole=("uid",), spare=("attempts", "status"))
    if page["hasMore"]:
        say(f"and more than these {len(found)}")


@webhook.command()
def resend(
    delivery: Annotated[str, typer.Argument(help="Uid of a delivery, see 'lineage webhook deliveries'.")],
    project: Project = "",
    as_json: AsJson = False,
) -> None:
    """Send a delivery again, under its id."""
    from lineage_server.client import webhooks

    with _client(project) as client:
        given = {"input": {"project": client.config.project, "delivery": delivery}}
        made = _done(client.graphql.run(webhooks.RESEND, given)["resendDelivery"])["delivery"]
    _say_delivery(made, as_json=as_json)


# --- words in, words out -----------------------------------------------------------------------


def _client(project: str) -> Client:
    from lineage_server.client.client import Client

    return Client(project=project or None)


def _kinds(told: list[str]) -> list[str]:
    wrong = next((one for one in told if one.lower() not in KINDS), None)
    if wrong is not None:
        raise InvalidInputError(
            f"a webhook is told of nothing called {wrong!r}", field="kind", allowed=", ".join(KINDS)
        )
    return [one.upper() for one in told]


def _listed(client: Client) -> list[dict[str, Any]]:
    from lineage_server.client import webhooks

    return client.graphql.run(webhooks.LIST, {"project": client.config.project})["webhooks"]


def _named(client: Client, hook: str) -> dict[str, Any]:
    """Project and uid; raises NotFoundError, or InvalidInputError for a name that several have."""
    if hook.startswith("webhook:"):
        return {"project": client.config.project, "webhook": hook}
    found = [one["uid"] for one in _listed(client) if one["name"] == hook]
    if not found:
        raise NotFoundError(
            f"project {client.config.project!r} has no webhook {hook!r}; 'lineage webhook ls' lists them"
        )
    if len(found) > 1:
        raise InvalidInputError(
            f"{len(found)} webhooks are called {hook!r}", field="hook", allowed=", ".join(found)
        )
    return {"project": client.config.project, "webhook": found[0]}


def _done(payload: dict[str, Any]) -> dict[str, Any]:
    """Raises the first problem of a payload."""
    from lineage_server.client.registry_answers import check

    check(payload)
    return payload


def _cell(value: Any) -> object:
    if isinstance(value, list):
        return ", ".join(str(one) for one in cast("list[object]", value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _say_webhook(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(one)
    else:
        told = f"{one['name']}: {', '.join(one['kinds'])} to {one['url']}"
        say(one_line(f"{told}{'' if one['enabled'] else ' (disabled)'}"))


def _say_delivery(one: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(one)
    else:
        say(one_line(f"{one['uid']}: {one['kind']}, {one['state']}"))
