"""From a request to a document that may run: persisted operations, limits, parsing.

Operations committed in ``graphql/operations`` are trusted: they are found by their name, by the
SHA-256 of their text, or by being sent word for word, and no limit applies to them. Everything else
is checked first. Documents that passed are kept, since clients send the same few again and again.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, OperationType, parse

from lineage_server.api.gql.limits import check_document, check_text
from lineage_server.domain.errors import InvalidInputError, NotFoundError
from lineage_server.domain.ids import shorten
from lineage_server.domain.untyped import as_mapping

OPERATIONS = Path(__file__).parents[3] / "graphql" / "operations"
"""The committed operations in a checkout; a wheel has them beside the package's code."""
PACKAGED = Path(__file__).parents[2] / "static" / "operations"
_KEPT = 200
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document and the operation of it that is to run; ``name`` is told in metrics."""

    document: DocumentNode
    operation: OperationDefinitionNode | None
    name: str

    @property
    def is_subscription(self) -> bool:
        return self.operation is not None and self.operation.operation is OperationType.SUBSCRIPTION


class Documents:
    """Persisted operations, and the documents seen last."""

    def __init__(self, persisted: Mapping[str, str]) -> None:
        self._by_name = dict(persisted)
        self._by_hash = {sha256(text): name for name, text in persisted.items()}
        self._trusted = {text.strip(): name for name, text in persisted.items()}
        self._seen: OrderedDict[str, DocumentNode] = OrderedDict()

    def prepare(
        self,
        query: str | None,
        variables: Mapping[str, Any] | None,
        *,
        schema: GraphQLSchema,
        operation_name: str | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> Prepared:
        """The document to run; raises LimitError, InvalidInputError, NotFoundError, GraphQLSyntaxError."""
        text = query or self._persisted(operation_name, extensions or {})
        known = self._trusted.get(text.strip())
        document = self._parsed(text, trusted=known is not None)
        operation = _operation_of(document, operation_name)
        if known is None and operation is not None:
            check_document(schema, document, variables, operation)
        return Prepared(document, operation, known or OTHER)

    def _persisted(self, operation_name: str | None, extensions: Mapping[str, Any]) -> str:
        """The text of a persisted operation that is only named."""
        digest = as_mapping(extensions.get("persistedQuery")).get("sha256Hash")
        name = self._by_hash.get(str(digest).lower()) if digest else operation_name
        if not name:
            if digest:
                raise NotFoundError(
                    "no persisted operation has this SHA-256; send the query itself, or use an operation "
                    "of this server's version"
                )
            raise InvalidInputError(
                "the request has no query", field="query", allowed="query, operationName or persistedQuery"
            )
        if name not in self._by_name:
            raise NotFoundError(
                f"no persisted operation is called {shorten(name)!r}; there are: {', '.join(self._by_name)}"
            )
        return self._by_name[name]

    def _parsed(self, text: str, *, trusted: bool) -> DocumentNode:
        found = self._seen.get(text)
        if found is None:
            if not trusted:
                check_text(text)
            found = self._seen[text] = parse(text)
            while len(self._seen) > _KEPT:
                self._seen.popitem(last=False)
        self._seen.move_to_end(text)
        return found


def read_operations(folder: Path | None = None) -> dict[str, str]:
    """Name → text of every committed operation; the file bears the operation's name. Raises
    NotFoundError: clients that send only names would find out one by one."""
    places = (folder,) if folder is not None else (OPERATIONS, PACKAGED)
    for place in places:
        if files := sorted(place.glob("*.graphql")):
            return {file.stem: file.read_text("utf-8") for file in files}
    raise NotFoundError(
        f"this installation lacks the persisted operations, looked for in {', '.join(map(str, places))}; "
        "install lineage-server anew"
    )


def sha256(text: str) -> str:
    """How clients name a persisted operation."""
    return hashlib.sha256(text.encode()).hexdigest()


def _operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation that will run, None in a document without one; raises InvalidInputError."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if not operations:
        return None
    names = ", ".join(shorten(node.name.value) for node in operations if node.name)
    if name:
        operations = [node for node in operations if node.name and node.name.value == name]
    if len(operations) != 1:
        raise InvalidInputError(
            f"the document has no operation {shorten(name)!r}; nothing was asked"
            if name and not operations
            else "the document has several operations, and the request does not say which; nothing was asked",
            field="operationName",
            allowed=names,
        )
    return operations[0]
