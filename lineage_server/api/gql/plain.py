"""Answers from plain values: what a selection asks of attributes alone is read by functions made for it once
an operation, instead of field by field with all that a resolver is told (a seventh of the time in large
answers, docs/performance.md).

Nothing here decides what is right. Whatever is not just as expected (a missing value, another class, an
error) is left to graphql-core, which begins that field anew: reading attributes twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast

from graphql import (
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLID,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    is_abstract_type,
    is_leaf_type,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

Read: TypeAlias = Callable[[Any], Any]
"""From a value to what the answer says of it; raises for what it does not know."""
_DEFINITION = "strawberry-definition"
_AS_THEY_ARE = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}


class _UnexpectedError(Exception):
    """A value for graphql-core."""


class PlainExecutor(StrawberryGraphQLCoreExecutionContext):
    """Of one operation. Overrides what graphql-core calls private: its version is pinned, and
    ``tests/unit/gql/test_plain.py`` compares every answer with its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._of_fields: dict[tuple[str, int], Read | None] = {}
        self._of_values: dict[tuple[int, int], Read | None] = {}

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, field_details_list: Any, path: Any,
        position_context: Any,
    ) -> Any:  # fmt: skip
        """A field of an object; of attributes alone without its ``info`` and resolver."""
        read = self._field(parent_type, field_details_list)
        if read is not None:
            try:
                return read(source)
            except Exception:  # noqa: BLE001, S110 - whatever is wrong is told by the way below
                pass
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any,
        position_context: Any,
    ) -> Any:  # fmt: skip
        """What a resolver has returned; where attributes alone are asked of it, all of that at once."""
        key = id(return_type), id(field_details_list)
        if key not in self._of_values:
            self._of_values[key] = self._value(return_type, field_details_list)
        read = self._of_values[key]
        if read is not None:
            try:
                return read(result)
            except Exception:  # noqa: BLE001, S110 - as above
                pass
        return super().complete_value(  # pyright: ignore[reportUnknownMemberType]
            return_type, field_details_list, info, path, result, position_context
        )

    # --- made once an operation, None where more than attributes is asked -----------------

    def _field(self, parent: GraphQLObjectType, details: Any) -> Read | None:
        key = parent.name, id(details)
        if key not in self._of_fields:
            between = self.middleware_manager is not None and self.middleware_manager.middlewares
            self._of_fields[key] = None if between else self._new_field(parent, details)
        return self._of_fields[key]

    def _new_field(self, parent: GraphQLObjectType, details: Any) -> Read | None:
        name: str = details[0].node.name.value
        if name == "__typename":
            return lambda source: parent.name
        field = parent.fields.get(name)
        if field is None:
            return None
        told: object = cast("dict[str, object]", field.extensions or {}).get(_DEFINITION)
        if not isinstance(told, StrawberryField) or not told.is_basic_field:
            return None
        value = self._value(field.type, details)
        attribute = told.python_name
        return None if value is None else lambda source: value(getattr(source, attribute))

    def _value(self, kind: Any, details: Any) -> Read | None:
        if isinstance(kind, GraphQLNonNull):
            return _there(self._value(cast(Any, kind).of_type, details))
        if isinstance(kind, GraphQLList):
            return _each(self._value(cast(Any, kind).of_type, details))
        if is_leaf_type(kind):
            return _leaf(kind)
        if is_abstract_type(kind):
            return self._abstract(kind, details)
        return self._object(kind, details)

    def _object(self, kind: GraphQLObjectType, details: Any) -> Read | None:
        fields = self.collect_subfields(kind, details)[0]
        reads = [(name, self._field(kind, one)) for name, one in fields.items()]
        plain = [(name, read) for name, read in reads if read is not None]
        made = _class_of(kind)
        if len(plain) < len(reads) or made is None:
            return None

        def read(value: Any) -> dict[str, Any] | None:
            if value is None:
                return None
            if type(value) is not made:
                raise _UnexpectedError
            return {name: one(value) for name, one in plain}

        return read

    def _abstract(self, kind: GraphQLAbstractType, details: Any) -> Read:
        kinds = {_class_of(one): one for one in self.schema.get_possible_types(kind)}
        reads: dict[type, Read | None] = {}

        def read(value: Any) -> Any:
            if value is None:
                return None
            made: type = value.__class__
            if made not in reads:
                reads[made] = self._object(kinds[made], details)
            of_it = reads[made]
            if of_it is None:
                raise _UnexpectedError
            return of_it(value)

        return read


def _class_of(kind: GraphQLObjectType) -> type | None:
    return getattr((kind.extensions or {}).get(_DEFINITION), "origin", None)


def _there(read: Read | None) -> Read | None:
    """Null is an error, of which graphql-core knows where it belongs."""
    if read is None:
        return None

    def there(value: Any) -> Any:
        if value is None:
            raise _UnexpectedError
        return read(value)

    return there


def _each(read: Read | None) -> Read | None:
    if read is None:
        return None

    def each(value: Any) -> list[Any] | None:
        if value is None:
            return None
        if type(value) is not list and type(value) is not tuple:
            raise _UnexpectedError
        return [read(one) for one in cast("list[Any]", value)]

    return each


def _leaf(kind: GraphQLLeafType) -> Read:
    exact = _AS_THEY_ARE.get(cast(Any, kind))
    said = kind.coerce_output_value

    def leaf(value: Any) -> Any:
        if value is None or type(value) is exact:
            return value
        told = said(value)
        if told is None or isinstance(told, Exception):
            raise _UnexpectedError
        return told

    return leaf
