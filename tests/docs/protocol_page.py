"""Fills the generated parts of docs/protocol.md: `python -m tests.docs.protocol_page` (part of `make types`)."""

import re
from pathlib import Path
from typing import Any

from live import byes
from rooms import refusal
from rooms.protocol import COMMAND_TYPES, EVENT_TYPES

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"


def filled(page: str) -> str:
    parts = {
        "byes": _byes(),
        "refusals": _refusals(),
        "commands": _messages(COMMAND_TYPES),
        "events": _messages(EVENT_TYPES),
    }
    for name, text in parts.items():
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, rest = page.split(start)
        page = f"{before}{start}\n{text}\n{end}{rest.split(end)[1]}"
    return page


def _messages(kinds: tuple[type[Any], ...]) -> str:
    rows = ["| type | fields | |", "|---|---|---|"]
    for kind in kinds:
        fields = [
            f"{field.alias or name}{'' if field.is_required() else '?'}"
            for name, field in kind.model_fields.items()
            if name != "type"
        ]
        meaning = " ".join((kind.__doc__ or "").split("\n\n")[0].split()) if "__doc__" in vars(kind) else ""
        rows.append(f"| `{kind.model_fields['type'].default}` | {', '.join(fields)} | {meaning.replace('|', '/')} |")
    return "\n".join(rows)


def _refusals() -> str:
    rows = ["| code | meaning |", "|---|---|"]
    for line in (refusal.__doc__ or "").splitlines():
        if found := re.match(r"\s*([a-z][\w.]*(?:, [a-z][\w.]*)*)(?:\s{2,}(.*))?$", line):
            codes = ", ".join(f"`{code}`" for code in found[1].split(", "))
            rows.append(f"| {codes} | {found[2] or ''} |")
    return "\n".join(rows)


def _byes() -> str:
    known = {each.code: each for each in vars(byes).values() if isinstance(each, byes.Bye)}
    head = "| code | reconnect | WebSocket close code |\n|---|---|---|\n"
    return head + "\n".join(
        f"| `{each.code}` | {'yes' if each.reconnect else 'no'} | {each.close_code} |" for each in known.values()
    )


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text()))
