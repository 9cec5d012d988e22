"""The OpenAPI document as a judge: whatever a test sends to the running server and gets back must be as it declares.

Every request of the tests of this folder passes here, so the document cannot drift from the server in either direction.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker


class Contract:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.seen: set[tuple[str, str, int]] = set()  # method, path, status
        self._validators: dict[str, Draft202012Validator] = {}
        self._paths = [
            (re.compile("^" + re.sub(r"{\w+}", "[^/]+", path).replace(".", r"\.") + "$"), path)
            for path in document["paths"]
        ]

    def operation(self, method: str, url_path: str) -> tuple[str, dict[str, Any]] | None:
        for pattern, path in self._paths:
            if pattern.match(url_path) and method.lower() in self.document["paths"][path]:
                return path, self.document["paths"][path][method.lower()]
        return None

    def judge(
        self, method: str, url_path: str, sent: bytes | None, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        found = self.operation(method, url_path)
        if found is None:
            return
        path, operation = found
        where = f"{method} {path} -> {status}"
        assert str(status) in operation["responses"], f"{where} is not declared"
        self.seen.add((method, path, status))
        content = operation["responses"][str(status)].get("content", {})
        if not content:
            assert body == b"", where
            return
        kind = headers["Content-Type"].partition(";")[0]
        assert kind in content, f"{where}: {kind}"
        if "schema" in content[kind]:
            self._require(content[kind]["schema"], json.loads(body), where)
        taken = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if status < 300 and sent and taken is not None:
            self._require(taken["schema"], json.loads(sent), f"{method} {path}, the body that was taken")

    def _require(self, schema: dict[str, Any], value: Any, where: str) -> None:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = Draft202012Validator(whole, format_checker=FormatChecker())
        faults = [f"{error.json_path}: {error.message}" for error in self._validators[key].iter_errors(value)]
        assert not faults, f"{where}: {faults}"

    def successes(self) -> set[tuple[str, str, int]]:
        """Every answer that is no failure, as declared."""
        return {
            (method.upper(), path, int(status))
            for path, operations in self.document["paths"].items()
            for method, operation in operations.items()
            for status in operation["responses"]
            if int(status) < 400
        }
