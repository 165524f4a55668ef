"""Events described for whoever sends them: as JSON Schema, and as the reference in ``docs/events.md``.

All of it comes from the classes of ``domain/events.py``, their docstrings and the comments of their fields;
``python -m lineage_server.ingest.described docs/events.md`` writes the reference anew.
"""

from __future__ import annotations

import inspect
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec

from lineage_server.domain import event_parts
from lineage_server.domain.events import EVENT_TYPES, Event
from lineage_server.domain.nodes import ArtifactType

BEGIN, END = "<!-- reference: printed from the code -->", "<!-- end of the reference -->"
_PARTS = (
    event_parts.InputFact,
    event_parts.OutputFact,
    event_parts.CodeFact,
    event_parts.EnvironmentFact,
    event_parts.GpuFact,
    event_parts.ActorFact,
    event_parts.ReproductionFact,
)
_PLAIN = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean", "null": "null"}
_FIELD = re.compile(r"^    (\w+): [^#\n]+  # (.+)$", re.MULTILINE)


@cache
def event_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one event."""
    _, found = msgspec.json.schema_components(list(EVENT_TYPES.values()), ref_template="#/$defs/{name}")
    for cls in (*EVENT_TYPES.values(), *_PARTS):
        one = found[cls.__name__]
        one["description"] = _words(cls)
        for name, schema in one["properties"].items():
            if _is_time(name):
                schema["anyOf"] = [{"type": "integer"}, {"type": "string", "format": "date-time"}]
                schema["anyOf"] += [{"type": "null"}] if schema.get("default", 0) is None else []
                schema.pop("type", None)
            schema["description"] = meanings(cls)[name]
    for name, cls in EVENT_TYPES.items():
        one = found[cls.__name__]
        one["properties"] = {"type": {"const": name}, **one["properties"]}
        one["required"] = ["type", *one.get("required", ())]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Event",
        "oneOf": [{"$ref": f"#/$defs/{cls.__name__}"} for cls in EVENT_TYPES.values()],
        "$defs": found,
    }


@cache
def meanings(cls: type[Any]) -> dict[str, str]:
    """What the fields of a class mean, inherited ones first."""
    told = meanings(Event) if cls is not Event and issubclass(cls, Event) else {}
    return told | dict(_FIELD.findall(inspect.getsource(cls)))


def reference() -> str:
    """Every event, part and word, as Markdown."""
    defs = event_schema()["$defs"]
    own = {"type", *meanings(Event)}
    shared = {name: defs["RunReported"]["properties"][name] for name in meanings(Event)}
    parts = ["### Every event", _words(Event), _table({"type": {}, **shared}, ("type",), Event)]
    for name, cls in EVENT_TYPES.items():
        schema = defs[cls.__name__]
        fields = {key: one for key, one in schema["properties"].items() if key not in own}
        parts += [f"### {name}", _words(cls), *([_table(fields, schema["required"], cls)] if fields else [])]
    for cls in _PARTS:
        schema = defs[cls.__name__]
        parts += [f"### {cls.__name__}", _words(cls)]
        parts.append(_table(schema["properties"], schema.get("required", ()), cls))
    parts += ["### Words", *(_enum(name, one) for name, one in sorted(defs.items()) if "enum" in one)]
    parts.append(f"Types of artifacts: {', '.join(f'`{one}`' for one in ArtifactType)}.")
    return "\n\n".join(parts)


def updated(text: str) -> str:
    """The document with the reference as the code has it now."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{reference()}\n\n{END}{rest.partition(END)[2]}"


def _table(fields: dict[str, Any], required: Any, cls: type[Any]) -> str:
    told = {"type": "which event it is: one of the headings below", **meanings(cls)}
    rows = [
        f"| `{name}` | {'text' if name == 'type' and not one else _type(name, one)}"
        f"{', **required**' if name in required else ''} | {told[name]} |"
        for name, one in fields.items()
    ]
    return "\n".join(["| field | type | meaning |", "| --- | --- | --- |", *rows])


def _type(name: str, schema: dict[str, Any]) -> str:
    if _is_time(name):
        return "time"
    return _of(schema).removesuffix(" or null") if schema.get("default", ...) is None else _of(schema)


def _of(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        kinds = dict.fromkeys(_of(one) for one in schema["anyOf"])
        return " or ".join(kind for kind in kinds if kind != "integer" or "number" not in kinds)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{'words' if 'enum' in event_schema()['$defs'][name] else name.lower()})"
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_of(schema['items'])}"
    if kind == "object":
        inside = cast("dict[str, Any] | bool", schema.get("additionalProperties", True))
        return f"object of {_of(inside)}" if isinstance(inside, dict) and inside else "object"
    return _PLAIN.get(str(kind), "any JSON")


def _enum(name: str, schema: dict[str, Any]) -> str:
    return f"{name}: {', '.join(f'`{one}`' for one in schema['enum'])}."


def _words(cls: type[Any]) -> str:
    return inspect.cleandoc(cls.__doc__ or "").replace("``", "`")


def _is_time(name: str) -> bool:
    """As ``decode`` takes it for one."""
    return name == "at" or name.endswith("_at")


if __name__ == "__main__":
    for document in map(Path, sys.argv[1:]):
        document.write_text(updated(document.read_text("utf-8")), "utf-8")
