"""What a document may ask for: tokens, depth, aliases, cost; checked before anything is asked.

The first look counts tokens and brackets without recursion, so that a document of depth 500 or with
10,000 aliases is refused in milliseconds and never reaches the parser. Fragments are counted where
they are spread: a small document that unfolds into a large one is a large one.

Cost: one a field and what is inside it as often as it may come: times the page size (``first``, the
schema's default included) or the longest list of arguments. On top of that what the field brings in one
piece: items of lists, nodes of a walk's budget, points of a series, and the ``cost`` that its definition
declares. Variables count as execution will see them, coerced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    Lexer,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    get_argument_values,
    get_named_type,
    get_variable_values,
)

from lineage_server.domain.errors import LimitError
from lineage_server.domain.untyped import as_mapping
from lineage_server.provenance.answers import Budget

MAX_TOKENS = 4_000
MAX_DEPTH = 15
MAX_ALIASES = 60
MAX_COST = 100_000
MAX_CHARACTERS = 200_000
MAX_STREAMS = 2_000
"""Subscriptions of one server, about 50 KB each."""
WIDE_WALK: Mapping[Any, Any] = {"cost": 5_000}
"""Metadata of a field that walks as far as it takes where the caller gives no budget."""
_WALK, _POINTS = Budget().nodes, 1_000
"""What is brought where nobody said how much."""
_MAX_BRACKETS = 60
_MAX_DIGITS = 400
"""A float has at most 309 before its point; Python refuses integers of more than 4,300."""
_OPEN = frozenset({TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L})
_CLOSE = frozenset({TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R})


def check_text(text: str) -> None:
    """Tokens and nesting of a document not yet parsed; raises LimitError or GraphQLSyntaxError."""
    if len(text) > MAX_CHARACTERS:
        raise _too_much("characters", MAX_CHARACTERS, len(text))
    lexer = Lexer(Source(text))
    tokens = depth = 0
    while True:
        token = lexer.advance()
        kind = token.kind
        if kind is TokenKind.EOF:
            return
        tokens += 1
        if tokens > MAX_TOKENS:
            raise _too_much("tokens", MAX_TOKENS, tokens)
        if kind is TokenKind.INT and token.end - token.start > _MAX_DIGITS:
            raise _too_much("digits in a number", _MAX_DIGITS, token.end - token.start)
        if kind in _OPEN:
            depth += 1
            if depth > _MAX_BRACKETS:
                raise _too_much("levels of brackets", _MAX_BRACKETS, depth)
        elif kind in _CLOSE:
            depth -= 1


@dataclass(frozen=True, slots=True)
class _Size:
    depth: int = 0
    aliases: int = 0
    cost: int = 0


def check_document(
    schema: GraphQLSchema,
    document: DocumentNode,
    variables: Mapping[str, Any] | None,
    operation: OperationDefinitionNode,
) -> None:
    """Depth, aliases and cost of the operation that is to run; raises LimitError."""
    values = get_variable_values(schema, operation.variable_definitions or (), dict(variables or {}))
    # Values that do not fit are refused before anything is asked; with all of them it is as deep.
    measure = _Measure(schema, document, None if isinstance(values, list) else values)
    size = measure.of(operation.selection_set, schema.get_root_type(operation.operation))
    for what, limit, actual in (
        ("levels of fields", MAX_DEPTH, size.depth),
        ("aliases", MAX_ALIASES, size.aliases),
        ("as its cost (fields times page sizes, and what they walk)", MAX_COST, size.cost),
    ):
        if actual > limit:
            raise _too_much(what, limit, actual)


class _Measure:
    """Goes through the document once; each fragment is measured once, however often it is spread."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, values: Any) -> None:
        self._schema = schema
        self._values = values
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, _Size] = {}

    def of(self, selections: SelectionSetNode | None, parent: Any) -> _Size:
        """``parent``: the type that is asked; None where the document asks for what is not there."""
        depth = aliases = cost = 0
        for node in selections.selections if selections else ():
            part = _Size()
            if isinstance(node, FieldNode):
                part = self._field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                part = self.of(node.selection_set, self._type(condition.name.value) if condition else parent)
            elif isinstance(node, FragmentSpreadNode):
                part = self._spread(node.name.value)
            depth, aliases, cost = max(depth, part.depth), aliases + part.aliases, cost + part.cost
        return _Size(depth, aliases, cost)

    def _type(self, name: str) -> Any:
        return self._schema.type_map.get(name)

    def _field(self, node: FieldNode, parent: Any) -> _Size:
        known = isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        field = parent.fields.get(node.name.value) if known else None
        inside = self.of(node.selection_set, get_named_type(field.type) if field else None)
        if node.name.value.startswith("__"):
            # Introspection is as deep as its standard query; the parser's bound holds for it, and
            # graphql-core has a rule of its own against lists within lists.
            return _Size(1, inside.aliases, 1)
        times, extra = self._amount(field, node) if field else (1, 0)
        cost = 1 + extra + inside.cost * times
        return _Size(1 + inside.depth, bool(node.alias) + inside.aliases, cost)

    def _spread(self, name: str) -> _Size:
        known = self._known.get(name)
        if known is None:
            self._known[name] = _Size()  # a circle measures nothing: validation refuses it
            fragment = self._fragments.get(name)
            if fragment is None:
                return _Size()
            known = self.of(fragment.selection_set, self._type(fragment.type_condition.name.value))
            self._known[name] = known
        return known

    def _amount(self, field: GraphQLField, node: FieldNode) -> tuple[int, int]:
        """How often what is inside may come, and what the field costs by itself."""
        try:
            told = get_argument_values(field, node, self._values)
        except GraphQLError:
            return 1, 0  # will not run
        times = max(1, told.get("first") or 1, *(len(_items(value)) for value in told.values()))
        extra = sum(_count(value) for value in told.values())
        definition = field.extensions.get("strawberry-definition")
        declared = int(getattr(definition, "metadata", {}).get("cost", 0))
        if "budget" in field.args:
            nodes = as_mapping(told.get("budget")).get("nodes")
            extra, declared = extra + _number(nodes, declared or _WALK), 0
        if "maxPoints" in field.args:
            extra += _number(told.get("maxPoints"), _POINTS)
        return times, extra + declared


def _items(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _count(value: Any) -> int:
    """Items of all lists in an argument."""
    items = _items(value)
    return len(items) + sum(_count(one) for one in (*items, *as_mapping(value).values()))


def _number(value: Any, otherwise: int) -> int:
    return max(0, value) if isinstance(value, int) else otherwise


def _too_much(what: str, limit: int, actual: int) -> LimitError:
    return LimitError(
        f"the document has {actual} {what}, at most {limit} are taken; nothing was asked. "
        "Ask for less, or in several requests",
        limit=limit,
        actual=actual,
    )
