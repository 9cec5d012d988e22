"""Whom an answer speaks of, so that their names go with it."""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from live.frames import ids_in
from rooms.ids import UserId


def people_in(shown: Any) -> Iterator[UserId]:
    """Of a model those fields that are declared as people's ids: an id that somebody wrote into a text names nobody. Of a document
    (JSON-like values) every id."""
    if isinstance(shown, BaseModel):
        for field, of_people in _fields(type(shown)):
            value = getattr(shown, field)
            yield from _ids(value) if of_people else people_in(value) if isinstance(value, BaseModel | tuple) else ()
    elif isinstance(shown, tuple):
        for each in shown:
            yield from people_in(each) if isinstance(each, BaseModel | tuple) else ()
    else:
        yield from map(UserId, ids_in(shown))


def _ids(value: Any) -> Iterator[UserId]:
    if isinstance(value, str):
        yield UserId(value)
    elif value is not None:
        yield from value


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, bool], ...]:
    return tuple((name, _speaks_of_people(field.annotation)) for name, field in model.model_fields.items())


def _speaks_of_people(annotation: Any) -> bool:
    return annotation is UserId or any(map(_speaks_of_people, get_args(annotation)))
