"""Modules of the workbook as Mara writes them, over REST."""

from typing import Any

from tests.api.conftest import Api


def lesson(id_: str = "one", order: int = 1, minutes: int = 10, **fields: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "title": f"Lesson {id_}",
        "content": {"text": "<p>Look.</p>"},
        "type": "text",
        "estimatedMinutes": minutes,
        "sortOrder": order,
        **fields,
    }


def module(order: int = 1, *lessons: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "title": f"Module {order}",
        "description": "Clay, water and hands",
        "moduleOrder": order,
        "durationMinutes": 60,
        "content": {
            "overview": "How clay becomes a cup",
            "learningObjectives": ["see clay"],
            "lessons": list(lessons),
            "resources": [],
        },
        "isPublished": True,
        **fields,
    }


async def made(api: Api, order: int = 1, *lessons: dict[str, Any], **fields: Any) -> str:
    answer = await (await api.mara()).post("/modules", module(order, *lessons, **fields))
    assert answer.status == 201, answer
    return str(answer.json["id"])
