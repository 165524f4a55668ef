"""The quick way through plain values gives the answers of graphql-core, errors and all."""

from __future__ import annotations

import asyncio
import enum
import math
from typing import Any

import pytest
import strawberry
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from lineage_server.api.gql import plain
from lineage_server.api.gql.plain import PlainExecutor
from lineage_server.api.gql.scalars import SCALARS, Json, Long, Micros, Real


@strawberry.enum
class State(enum.Enum):
    """As the graph says it, and as the contract does."""

    DONE = "done"
    FAILED = "failed"


@strawberry.interface
class Thing:
    uid: str
    name: str | None = None
    at: Micros | None = None
    size: Long | None = None


@strawberry.type
class Plain(Thing):
    count: int | None = None
    ratio: float | None = None
    value: Real | None = None
    is_good: bool = False
    state: State | None = None
    more: Json | None = None
    words: list[str] = strawberry.field(default_factory=list[str])
    inner: Thing | None = None
    twin: Plain | None = None


class Never(strawberry.BasePermission):
    message = "not for you"

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return False


@strawberry.type
class Resolved(Thing):
    note: str = strawberry.field(description="another", default="")
    secret: str | None = strawberry.field(permission_classes=[Never], default="secret")

    @strawberry.field
    def upper(self) -> str:
        return self.uid.upper()

    @strawberry.field
    async def later(self, times: int = 1) -> str:
        await asyncio.sleep(0)
        return self.uid * times

    @strawberry.field
    def wrong(self) -> str:
        raise ValueError(self.uid)


_TEXT = st.text(max_size=3)
_ODD = st.one_of(
    st.none(), _TEXT, st.integers(), st.floats(), st.booleans(), st.just(["x"]), st.just({"a": 1})
)


def often(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nearly always as the type says."""
    return st.sampled_from([good] * 30 + [_ODD]).flatmap(lambda one: one)


_THING = {
    "uid": often(_TEXT),
    "name": often(st.none() | _TEXT),
    "at": often(st.none() | st.integers(0, 1 << 50)),
    "size": often(st.none() | st.integers(-(1 << 63), (1 << 63) - 1)),
}


def plains(depth: int) -> st.SearchStrategy[Plain]:
    return st.builds(
        Plain,
        **_THING,
        count=often(st.none() | st.integers(-(1 << 31), (1 << 31) - 1)),
        ratio=often(st.none() | st.floats()),
        value=often(st.none() | st.floats()),
        is_good=often(st.booleans()),
        state=often(st.none() | st.sampled_from(State)),
        more=_ODD,
        words=often(st.lists(_TEXT, max_size=3)),
        inner=often(st.none() | plains(depth - 1)) if depth else st.none(),
    )


_RESOLVED = st.builds(Resolved, **_THING, note=often(_TEXT))
_THINGS = st.lists(often(st.one_of(plains(2), _RESOLVED)), max_size=4)

_LEAVES: tuple[str, ...] = ("__typename", "uid", "name", "at", "size", "renamed: name")
_PLAIN: tuple[str, ...] = ("count", "ratio", "value", "isGood", "state", "more", "words")
_OTHER: tuple[str, ...] = ("note", "upper", "later", "later3: later(times: 3)", "wrong", "secret")


@st.composite
def selections(draw: st.DrawFn, depth: int = 2) -> str:
    """What is asked of a thing, in whatever order and nesting."""
    own = draw(st.lists(st.sampled_from(_LEAVES), min_size=1, max_size=4))
    of_plain = draw(st.lists(st.sampled_from(_PLAIN), max_size=4))
    of_other = draw(st.lists(st.sampled_from(_OTHER), max_size=2))
    if depth and draw(st.booleans()):
        of_plain.append(f"inner {{ {draw(selections(depth - 1))} }}")
    if of_plain:
        skip = draw(st.sampled_from(("", " @skip(if: $no)", " @include(if: $no)")))
        own.append(f"... on Plain{skip} {{ {' '.join(of_plain)} }}")
    if of_other:
        own.append(f"... on Resolved {{ {' '.join(of_other)} }}")
    return " ".join(draw(st.permutations(own)))


@strawberry.type
class Query:
    @strawberry.field
    async def things(self, info: strawberry.Info[Any, Any]) -> list[Thing | None]:
        return info.context

    @strawberry.field
    def first(self, info: strawberry.Info[Any, Any]) -> Thing | None:
        return info.context[0] if info.context else None


class Quiet(strawberry.Schema):
    """Errors are looked at, not logged."""

    def process_errors(self, errors: Any, execution_context: Any = None) -> None:
        pass


THEIRS, OURS = (
    Quiet(query=Query, types=[Plain, Resolved], execution_context_class=way,
          config=StrawberryConfig(scalar_map=SCALARS))
    for way in (None, PlainExecutor)
)  # fmt: skip


def answer(schema: Quiet, things: Any, query: str, no: bool) -> tuple[str, list[tuple[str, str]]]:
    """Data, and where it went wrong."""
    variables = {"no": no} if "$no" in query else {}
    done = asyncio.run(schema.execute(query, variables, context_value=things))
    return repr(done.data), sorted((str(one.message), str(one.path)) for one in done.errors or ())


@settings(max_examples=200, deadline=None)
@given(things=_THINGS, asked=selections(), asked_first=selections(), no=st.booleans())
def test_the_answer_is_that_of_graphql_core(things: Any, asked: str, asked_first: str, no: bool) -> None:
    head = "query ($no: Boolean = false) " if "$no" in asked + asked_first else ""
    query = f"{head}{{ things {{ {asked} }} first {{ {asked_first} }} }}"
    assert answer(OURS, things, query, no) == answer(THEIRS, things, query, no)


ODD: tuple[Any, ...] = (
    None, "", "text", 3, 1 << 40, 1 << 70, math.nan, math.inf, -0.0, 2.5, True, [], ["x"], [None], {"a": 1},
    State.DONE, "done", b"x", ValueError("x"), object(), Resolved(uid="x"),
)  # fmt: skip
_OF_PLAIN = f"... on Plain {{ {' '.join(_PLAIN)} inner {{ uid name }} twin {{ uid }} }}"
EVERYTHING = " ".join((*_LEAVES, _OF_PLAIN, "... on Resolved { note secret upper }"))


@pytest.mark.parametrize(
    "attribute",
    [
        "uid",
        "name",
        "at",
        "size",
        "count",
        "ratio",
        "value",
        "is_good",
        "state",
        "more",
        "words",
        "inner",
        "twin",
    ],
)
def test_each_wrong_value_is_what_it_is_to_graphql_core(attribute: str) -> None:
    for odd in ODD:
        wrong = Plain(uid="b")
        setattr(wrong, attribute, odd)
        things = [Plain(uid="a"), wrong, Plain(uid="c", inner=wrong), Resolved(uid="d")]
        query = f"{{ things {{ {EVERYTHING} }} first {{ {EVERYTHING} }} }}"
        assert answer(OURS, things, query, False) == answer(THEIRS, things, query, False), odd


@pytest.mark.parametrize("odd", ODD, ids=[type(one).__name__ for one in ODD])
def test_each_wrong_thing_is_what_it_is_to_graphql_core(odd: Any) -> None:
    for things in ([odd], [Plain(uid="a"), odd], odd, (Plain(uid="a"), Plain(uid="a", inner=odd))):
        query = f"{{ things {{ {EVERYTHING} }} }}"
        assert answer(OURS, things, query, False) == answer(THEIRS, things, query, False)


@pytest.mark.parametrize(
    "asked", ["uid isGood words inner { uid ... on Plain { state value more } }", "... on Thing { uid at }"]
)
def test_plain_values_never_come_to_a_resolver(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all of this was for nothing."""
    asked_of: list[str] = []
    base: Any = plain.StrawberryGraphQLCoreExecutionContext
    slowly = base.execute_field

    def noted(self: Any, parent: Any, source: Any, details: Any, *rest: Any) -> Any:
        asked_of.append(details[0].node.name.value)
        return slowly(self, parent, source, details, *rest)

    monkeypatch.setattr(base, "execute_field", noted)
    inner = Plain(uid="b", state=State.DONE, value=Real(math.nan), more=Json({"a": [1]}))
    things = [Plain(uid="a", words=["x"], inner=inner), None]
    query = f"{{ things {{ ... on Plain {{ {asked} }} }} }}"
    ours = answer(OURS, things, query, False)
    assert asked_of == ["things"]
    assert ours == answer(THEIRS, things, query, False)
    assert asked_of.count("uid") == asked.count("uid")
    assert not ours[1]
