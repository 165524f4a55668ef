"""``docs/events.md`` and the JSON Schema say what the intake takes."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import msgspec
import pytest

from lineage_server.api.gql.documents import OPERATIONS
from lineage_server.domain import event_parts
from lineage_server.domain.errors import InvalidInputError
from lineage_server.domain.events import EVENT_TYPES
from lineage_server.ingest.decode import decode
from lineage_server.ingest.described import event_schema, meanings, updated

DOCUMENT = OPERATIONS.parents[1] / "docs" / "events.md"
PARTS = [one for one in vars(event_parts).values() if isinstance(one, type) and one.__name__.endswith("Fact")]


def test_the_reference_is_what_the_code_says() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert updated(text) == text, "python -m lineage_server.ingest.described docs/events.md"


@pytest.mark.parametrize("cls", [*EVENT_TYPES.values(), *PARTS], ids=lambda cls: cls.__name__)
def test_every_field_says_what_it_means(cls: type[Any]) -> None:
    assert {field.name for field in fields(cls)} == meanings(cls).keys()
    heading = cls.__name__ if cls in PARTS else cls.type
    assert f"### {heading}\n" in DOCUMENT.read_text("utf-8")


def sample(schema: dict[str, Any], *, whole: bool) -> Any:
    """A value that fits; ``whole``: with every field, required or not."""
    definitions = event_schema()["$defs"]
    if "$ref" in schema:
        return sample(definitions[schema["$ref"].rpartition("/")[2]], whole=whole)
    if "anyOf" in schema:
        return sample(schema["anyOf"][whole and len(schema["anyOf"]) > 2], whole=whole)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if kind == "object" and "properties" in schema:
        wanted = schema["properties"] if whole else schema.get("required", ())
        return {name: sample(schema["properties"][name], whole=whole) for name in wanted}
    if kind == "object":
        inside = schema.get("additionalProperties", True)
        return {"key": sample(inside if isinstance(inside, dict) else {}, whole=whole)}
    if kind == "array":
        return [sample(schema["items"], whole=whole)]
    text = "2026-01-05T09:00:00Z" if schema.get("format") == "date-time" else "text"
    return {"string": text, "integer": 1, "number": 0.5, "boolean": True}.get(str(kind), "text")


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_what_fits_the_schema_can_be_read(name: str) -> None:
    schema = event_schema()["$defs"][EVENT_TYPES[name].__name__]
    for whole in (False, True):
        event = sample(schema, whole=whole)
        assert type(decode(msgspec.json.encode(event), max_event_bytes=10_000)) is EVENT_TYPES[name]
    for required in schema["required"]:
        short = {key: value for key, value in event.items() if key != required}
        with pytest.raises(InvalidInputError):
            decode(msgspec.json.encode(short), max_event_bytes=10_000)
