"""What `GET /api/v1/demo` tells. (Being built: the shape stands.)"""

from typing import Any, Protocol


class Demo(Protocol):
    async def document(self) -> dict[str, Any]:
        """`{cast: [{name, role, userId, token}], sessions: [{id, title, status}]}`"""
        ...
