"""What a document may ask for: tokens, depth, aliases, cost; checked before anything is asked.

The first look counts tokens and brackets without recursion, so that a document of depth 500 or with
10,000 aliases is refused in milliseconds and never reaches the parser. Fragments are counted where
they are spread: a small document that unfolds into a large one is a large one.

Cost: one a field, children times the page size they are asked for (``first``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    Lexer,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    VariableNode,
)

from lineage_server.domain.errors import LimitError

MAX_TOKENS = 4_000
MAX_DEPTH = 15
MAX_ALIASES = 60
MAX_COST = 100_000
MAX_CHARACTERS = 200_000
MAX_STREAMS = 2_000
"""Subscriptions of one server, about 50 KB each."""
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
    document: DocumentNode, variables: Mapping[str, Any] | None, operation: OperationDefinitionNode
) -> None:
    """Depth, aliases and cost of the operation that is to run; raises LimitError."""
    size = _Measure(document, _values(operation, variables or {})).of(operation.selection_set)
    for what, limit, actual in (
        ("levels of fields", MAX_DEPTH, size.depth),
        ("aliases", MAX_ALIASES, size.aliases),
        ("as its cost (fields times page sizes)", MAX_COST, size.cost),
    ):
        if actual > limit:
            raise _too_much(what, limit, actual)


def _values(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Variables as given, else their defaults, as far as they are plain numbers."""
    out: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        default = definition.default_value
        if isinstance(default, IntValueNode):
            out[definition.variable.name.value] = int(default.value)
    return {**out, **variables}


class _Measure:
    """Goes through the document once; each fragment is measured once, however often it is spread."""

    def __init__(self, document: DocumentNode, values: Mapping[str, Any]) -> None:
        self._values = values
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, _Size] = {}

    def of(self, selections: SelectionSetNode | None) -> _Size:
        depth = aliases = cost = 0
        for node in selections.selections if selections else ():
            part = _Size()
            if isinstance(node, FieldNode):
                part = self._field(node)
            elif isinstance(node, InlineFragmentNode):
                part = self.of(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                part = self._spread(node.name.value)
            depth, aliases, cost = max(depth, part.depth), aliases + part.aliases, cost + part.cost
        return _Size(depth, aliases, cost)

    def _field(self, node: FieldNode) -> _Size:
        inside = self.of(node.selection_set)
        if node.name.value.startswith("__"):
            # Introspection is as deep as its standard query; the parser's bound holds for it, and
            # graphql-core has a rule of its own against lists within lists.
            return _Size(1, inside.aliases, 1)
        return _Size(1 + inside.depth, bool(node.alias) + inside.aliases, 1 + inside.cost * self._page(node))

    def _spread(self, name: str) -> _Size:
        known = self._known.get(name)
        if known is None:
            self._known[name] = _Size()  # a circle measures nothing: validation refuses it
            fragment = self._fragments.get(name)
            known = self.of(fragment.selection_set) if fragment else _Size()
            self._known[name] = known
        return known

    def _page(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value == "first":
                value = argument.value
                number: Any = 1
                if isinstance(value, IntValueNode):
                    number = int(value.value)
                elif isinstance(value, VariableNode):
                    number = self._values.get(value.name.value, 1)
                return max(1, number) if isinstance(number, int) else 1
        return 1


def _too_much(what: str, limit: int, actual: int) -> LimitError:
    return LimitError(
        f"the document has {actual} {what}, at most {limit} are taken; nothing was asked. "
        "Ask for less, or in several requests",
        limit=limit,
        actual=actual,
    )
