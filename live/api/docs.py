"""The documentation of REST as the server itself tells it: the OpenAPI document for programs, one page for people. The page is
made here from the same declarations, without scripts and without anything from elsewhere.
"""

import asyncio
import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from aiohttp import web

from live.api.exchange import JSON
from live.api.openapi import document
from live.api.representation import entity_tag
from live.api.route import BASE, Family
from live.keys import SETTINGS
from live.problems import STATUS, TITLES

STYLE = """
:root { color-scheme: light dark; --line: #8884; --accent: #2456b3; }
@media (prefers-color-scheme: dark) { :root { --accent: #8fb4ff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; padding: .25rem .75rem; }
summary { cursor: pointer; overflow-wrap: anywhere; }
code, pre { font: .875rem/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; background: #8881; padding: .75rem; border-radius: .5rem; }
b.method { display: inline-block; min-width: 4.5rem; color: var(--accent); }
table { border-collapse: collapse; } td, th { text-align: left; padding: .2rem .75rem .2rem 0; vertical-align: top; }
a { color: var(--accent); }
"""
_STYLE_HASH = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def mount(app: web.Application, families: Sequence[Family]) -> None:
    """Made when somebody first asks for it, beside the event loop: a server is not to start later for it."""

    @cache
    def made() -> tuple[bytes, bytes]:
        described = document(families, app[SETTINGS].url)
        return json.dumps(described, ensure_ascii=False).encode(), render(described).encode()

    async def openapi(request: web.Request) -> web.Response:
        encoded, _page = await asyncio.to_thread(made)
        return _unless_known(request, encoded, "application/json")

    async def docs(request: web.Request) -> web.Response:
        _encoded, page = await asyncio.to_thread(made)
        return _unless_known(request, page, "text/html")

    app.router.add_get(BASE + "/openapi.json", openapi)
    app.router.add_get("/api/docs", docs)


def _unless_known(request: web.Request, body: bytes, content_type: str) -> web.Response:
    headers = {**HEADERS, "ETag": entity_tag(body), "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)


def render(described: dict[str, Any]) -> str:
    """Everything of the OpenAPI document on one page; each code is an anchor, which the `type` of a problem names."""
    operations = [
        (method.upper(), path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Atelier: REST</title>',
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><main>',
        "<h1>Atelier: REST</h1>",
        (
            f"<p>{escape(described['info']['description'])} JSON in camelCase, times in RFC 3339 UTC, ids are UUIDs. "
            f'For programs: <a href="{BASE}/openapi.json">openapi.json</a>.</p>'
        ),
    ]
    for tag in described["tags"]:
        parts.append(f'<h2 id="{escape(tag["name"])}">{escape(tag["name"])}</h2><p>{escape(tag["description"])}</p>')
        parts += [_operation(*each) for each in operations if tag["name"] in each[2]["tags"]]
    parts += ["<h2>Problems</h2><table><tr><th>code</th><th>status</th><th>meaning</th></tr>"]
    parts += [
        f'<tr id="{code}"><td><code>{code}</code></td><td>{status}</td><td>{escape(TITLES.get(code, ""))}</td></tr>'
        for code, status in sorted(STATUS.items())
    ]
    parts += ["</table><h2>Shapes</h2>"]
    for name, schema in sorted(described["components"]["schemas"].items()):
        parts.append(f'<details id="shape-{escape(name)}"><summary>{escape(name)}</summary>{_json(schema)}</details>')
    return "".join([*parts, "</main></body></html>"])


def _body(content: dict[str, Any]) -> str:
    if JSON in content:
        return f"<p>Body:</p>{_json(content[JSON]['schema'])}"
    return f"<p>Body: the bytes of one of {escape(', '.join(content))}</p>"


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{each['in']}{', required' if each['required'] else ''}</td>"
        f"<td>{escape(each.get('description') or each['schema'].get('description', ''))}</td></tr>"
        for each in operation["parameters"]
    ]
    answers = [
        f"<tr><td>{status}</td><td>{escape(answer['description'])}</td></tr>"
        for status, answer in operation["responses"].items()
    ]
    body = operation.get("requestBody")
    return "".join(
        [
            f'<details id="{escape(operation["operationId"])}"><summary><b class="method">{method}</b> <code>{escape(path)}</code> ',
            f"{escape(operation['summary'])}</summary><p>{escape(operation['description'])}</p>",
            f"<table>{''.join(rows)}</table>" if rows else "",
            _body(body["content"]) if body else "",
            f"<table>{''.join(answers)}</table></details>",
        ]
    )


def _json(schema: Any) -> str:
    return f"<pre>{escape(json.dumps(schema, indent=1, ensure_ascii=False))}</pre>"
