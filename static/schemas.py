"""Writes the protocol's JSON Schemas into docs/schemas/, from the unions in rooms/protocol.py (`make types`).

static/types.mjs turns the same files into static/src/session/protocol.ts. Commands are described as a client may send
them, events and views as the server sends them. Knows no feature and no single message.
"""

import json
import re
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from pydantic_core import CoreSchema

from rooms.protocol import COMMANDS, EVENTS
from rooms.room import STATE

SCHEMAS = Path(__file__).resolve().parents[1] / "docs" / "schemas"
UNIONS: dict[str, tuple[Any, JsonSchemaMode]] = {
    "command": (COMMANDS, "validation"),
    "event": (EVENTS, "serialization"),
    "view": (STATE, "serialization"),
}
NEVER_SENT = {"view": {"standings"}}
"""Fields of a state that no view holds."""


class WireSchema(GenerateJsonSchema):
    """Leaves out the titles of fields, which only repeat their names and would each become a type of their own."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        """What the server sends has every field; what it is sent has every tag of a union, default or not."""
        inner = field["schema"]
        tag = (
            inner["type"] == "default"
            and inner["schema"]["type"] == "literal"
            and len(inner["schema"]["expected"]) == 1
        )
        return tag or self.mode == "serialization" or super().field_is_required(field, total)

    def generate(self, schema: CoreSchema, mode: JsonSchemaMode = "validation") -> dict[str, Any]:
        made = super().generate(schema, mode)
        if mode == "serialization":
            for definition in [made, *made.get("$defs", {}).values()]:
                leave_out_none(definition)
        return {"$schema": self.schema_dialect, **made}


def leave_out_none(definition: dict[str, Any]) -> None:
    """A field without a value is not sent at all: such a field is optional, and never null."""
    for name, field in definition.get("properties", {}).items():
        kinds = field.get("anyOf", [])
        if {"type": "null"} not in kinds:
            continue
        definition["required"].remove(name)
        field.pop("default", None)
        kinds.remove({"type": "null"})
        if len(kinds) == 1:
            field.update(kinds[0])
            del field["anyOf"]


def reachable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without definitions that nothing refers to."""
    definitions = schema.pop("$defs", {})
    kept: dict[str, Any] = {}
    frontier = [json.dumps(schema)]
    while frontier:
        for name in re.findall(r'"#/\$defs/([^"]+)"', frontier.pop()):
            if name not in kept:
                kept[name] = definitions[name]
                frontier.append(json.dumps(definitions[name]))
    return {**schema, "$defs": kept}


def render_schemas() -> dict[str, str]:
    """File name -> text, for every union of the protocol. The same protocol always gives the same text."""
    texts = {}
    for name, (adapter, mode) in UNIONS.items():
        schema = adapter.json_schema(mode=mode, by_alias=True, schema_generator=WireSchema)
        for field in NEVER_SENT.get(name, ()):
            del schema["properties"][field]
        schema = reachable({**schema, "title": name.capitalize()})
        texts[f"{name}.json"] = json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    return texts


def main() -> None:
    """Writes every file of `render_schemas`."""
    SCHEMAS.mkdir(parents=True, exist_ok=True)
    for name, text in render_schemas().items():
        (SCHEMAS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
