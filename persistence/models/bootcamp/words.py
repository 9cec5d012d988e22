"""Field types that the bootcamp's entities share: texts, numbers, addresses and documents, each with its limits."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, HttpUrl, StringConstraints

from rooms.feature import Line, Whole, Wire, storable

TEXT_CHARACTERS_MAX = 20_000
LINES_MAX = 50


class Inside(Wire):
    """What stands in a JSON column: with the names of the document, which are snake_case there."""

    model_config = ConfigDict(alias_generator=None)


def _web_only(address: str) -> str:
    parsed = HttpUrl(address)
    if parsed.scheme != "https":
        raise ValueError("must begin with https://")
    return str(parsed)


def _distinct(lines: tuple[str, ...]) -> tuple[str, ...]:
    if len({each.casefold() for each in lines}) != len(lines):
        raise ValueError("something is named twice")
    return lines


Name = Annotated[Line, StringConstraints(max_length=255)]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_CHARACTERS_MAX),
    AfterValidator(storable),
]
Lines = Annotated[tuple[Line, ...], Field(max_length=LINES_MAX)]
Tag = Annotated[Line, StringConstraints(max_length=50)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=LINES_MAX), AfterValidator(_distinct)]
Https = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_web_only)]
Score = Annotated[float, Field(strict=True, ge=0, le=999.99, allow_inf_nan=False)]
Count = Annotated[Whole, Field(gt=0, le=100_000)]
Minutes = Annotated[Whole, Field(ge=0, le=1_000_000)]
