"""The registry by its mutations, as tests of the API use it."""

from __future__ import annotations

from typing import Any

from lineage_server.api.gql.documents import read_operations
from tests.support.served import Served

TEXTS = read_operations()


async def do(served: Served, name: str, token: str = "", /, **given: Any) -> dict[str, Any]:
    """What a mutation answers, problems included."""
    return (await served.ask(TEXTS[name], {"input": given}, token))[name[0].lower() + name[1:]]


async def done(served: Served, name: str, token: str = "", /, **given: Any) -> Any:
    """What it has changed; a problem fails the test."""
    payload = await do(served, name, token, **given)
    assert payload.pop("problems") == [], payload
    (changed,) = payload.values()
    return changed


async def problem(served: Served, name: str, token: str = "", /, **given: Any) -> dict[str, Any]:
    (found,) = (await do(served, name, token, **given))["problems"]
    return found


async def model_with_versions(served: Served, name: str, count: int, token: str = "") -> dict[str, str]:
    """The model's place, and so many versions of it."""
    of = {"project": "default", "model": name}
    await done(served, "RegisterModel", token, project="default", name=name, card="# Card")
    for number in range(1, count + 1):
        made = await done(
            served, "CreateModelVersion", token, **of, uri=f"s3://bucket/{number}",
            metrics=[{"key": "auc", "value": number / 10}],
            tags=[{"key": "even", "value": str(number % 2 == 0)}],
        )  # fmt: skip
        assert made["version"] == str(number)
    return of
