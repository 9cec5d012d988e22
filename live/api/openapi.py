"""The OpenAPI 3.1 document of REST, made from the declared routes and nothing else. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from live.api.exchange import JSON
from live.api.route import BASE, Family, Route, Who
from live.problems import CONTENT_TYPE, TITLES, status_of

VERSION = "1"
REFS = "#/components/schemas/{model}"
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable and the same as in acknowledgements over the socket.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "RFC 6901, into the body"},
                    "parameter": {"type": "string", "description": "of the query or the header"},
                    "detail": {"type": "string"},
                },
            },
        },
        "allowed": {"type": "array", "items": {"type": "string"}, "description": "what may follow now"},
        "retryAfter": {"type": "number", "description": "seconds"},
        "requestId": {"type": "string"},
    },
}
Key = tuple[str, JsonSchemaMode]
Input = tuple[str, JsonSchemaMode, TypeAdapter[Any]]


class Absent(GenerateJsonSchema):
    """In answers None is left out: what may be None may be absent, and is never null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        if self.mode == "serialization":
            return self.generate_inner(schema["schema"])
        return super().nullable_schema(schema)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if self.mode == "serialization" and made.get("default", "") is None:
            del made["default"]
        if not made.get("default", True) and {"minLength", "exclusiveMinimum"} & made.keys():
            del made["default"]  # of a change: it stands for what is not given, and nobody could send it
        return made

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        if self.mode == "serialization" and field["schema"]["type"] == "nullable":
            return False
        return super().field_is_required(field, total)


def document(families: Sequence[Family], url: str) -> dict[str, Any]:
    routes = [route for family in families for route in family.routes]
    inputs = [each for route in routes for each in _schemas_of(route)]
    made, definitions = TypeAdapter.json_schemas(inputs, ref_template=REFS, schema_generator=Absent)
    schemas: dict[Key, Any] = dict(made)
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(BASE + route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Atelier",
            "version": VERSION,
            "description": "Live workshops: one ordered, durable log per session.",
        },
        "servers": [{"url": url}],
        "tags": [{"name": family.name, "description": family.doc} for family in families],
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Problem": PROBLEM},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _schemas_of(route: Route) -> Iterable[Input]:
    name = operation_id(route)
    for parameter, shape in route.parameters.items():
        yield f"{name} {parameter}", "validation", shape.adapter
    if route.query is not None:
        yield f"{name} query", "validation", TypeAdapter(route.query)
    if route.body is not None:
        yield f"{name} body", "validation", route.body.adapter
    if route.answer is not None:
        yield f"{name} answer", "serialization", route.answer.adapter


def operation_id(route: Route) -> str:
    return re.sub(r"_(\w)", lambda found: found.group(1).upper(), route.name)


def _operation(route: Route, schemas: dict[Key, Any]) -> dict[str, Any]:
    name = operation_id(route)
    summary, _blank, rest = route.doc.partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": name,
        "tags": [route.family],
        "summary": " ".join(summary.split()),
        "description": "\n\n".join(filter(None, [" ".join(rest.split()), f"For {route.who}."])),
        "parameters": [*_path_parameters(route, name, schemas), *_query_parameters(route), *_headers(route)],
        "responses": _responses(route, schemas.get((f"{name} answer", "serialization"))),
        "security": [] if route.who is Who.ANYONE else [{"bearer": []}],
    }
    if route.body is not None:
        schema = schemas[(f"{name} body", "validation")]
        operation["requestBody"] = {"required": not route.body_optional, "content": {JSON: {"schema": schema}}}
    elif route.takes:
        operation["requestBody"] = {"required": True, "content": {each: {} for each in route.takes}}
    return operation


def _path_parameters(route: Route, name: str, schemas: dict[Key, Any]) -> Iterable[dict[str, Any]]:
    for parameter in route.parameters:
        schema = schemas[(f"{name} {parameter}", "validation")]
        yield {"name": parameter, "in": "path", "required": True, "schema": schema}


def _query_parameters(route: Route) -> Iterable[dict[str, Any]]:
    if route.query is None:
        return
    schema = TypeAdapter(route.query).json_schema(ref_template=REFS)
    for name, field in schema.get("properties", {}).items():
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": field}


def _headers(route: Route) -> Iterable[dict[str, Any]]:
    text = {"type": "string"}
    if route.matches is not None:
        yield {"name": "If-Match", "in": "header", "required": True, "schema": text, "description": "the ETag one read"}
    if route.ranged:
        yield {"name": "Range", "in": "header", "required": False, "schema": text, "description": "`bytes=0-99`"}
    if route.etag and route.method == "GET":
        yield {"name": "If-None-Match", "in": "header", "required": False, "schema": text}
    if route.method == "POST" and route.keyed and route.who is not Who.ANYONE:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "description": "the same key again within 24 hours gets the first answer",
        }


def _responses(route: Route, answer: Any) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    if answer is not None:
        responses[str(route.status)] = {"description": "As asked", "content": {JSON: {"schema": answer}}}
    elif route.file:
        kinds = (route.produces,) if isinstance(route.produces, str) else route.produces
        responses[str(route.status)] = {"description": "As asked", "content": {_bare(each): {} for each in kinds}}
    else:
        responses["204"] = {"description": "Done"}
    if route.ranged:
        responses["206"] = {**responses["200"], "description": "The range that was asked for"}
    if route.etag and route.method == "GET":
        responses["304"] = {"description": "Unchanged"}
    for status, codes in sorted(_problems_of(route).items()):
        meaning = "; ".join(f"`{code}`" + (f" {TITLES[code]}" if code in TITLES else "") for code in codes)
        responses[str(status)] = {
            "description": meaning,
            "content": {CONTENT_TYPE: {"schema": {"$ref": REFS.format(model="Problem")}}},
        }
    return responses


def _bare(content_type: str) -> str:
    return content_type.partition(";")[0]


def _problems_of(route: Route) -> dict[int, list[str]]:
    """What may go wrong, by status: what the steps of exchange.py can answer, and what the route declares."""
    codes = ["rate_limited", "unavailable", "internal", *route.refuses]
    if route.who is not Who.ANYONE:
        codes += ["unauthenticated"]
    if route.who not in (Who.ANYONE, Who.SIGNED_IN):
        codes += ["forbidden"]
    if route.parameters and "not_found" not in codes:
        codes += ["not_found"]
    if route.matches is not None:
        codes += ["precondition_required", "precondition_failed"]
    if route.body is not None or route.takes:
        codes += ["bad_request", "too_large", "too_slow", "unsupported_media_type"]
    if route.takes:
        codes += ["overloaded"]
    if route.ranged:
        codes += ["range_not_satisfiable"]
    found: dict[int, list[str]] = {}
    for code in codes:
        found.setdefault(status_of(code), []).append(code)
    found.setdefault(422, []).append("bad_request")
    if route.method == "POST" and route.keyed and route.who is not Who.ANYONE:
        found[422].append("id_reused")
        found.setdefault(409, []).append("in_progress")
    return found
