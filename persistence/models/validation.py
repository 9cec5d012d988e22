"""Validation that names every error, not the first one (W253). Rules between fields are validators of the later field, never
of the whole model, so that they are reported beside the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class FieldError:
    pointer: str  # RFC 6901, of the field as it was sent
    code: str  # stable: pydantic's type, or the name of a rule of ours
    message: str


@dataclass(frozen=True, slots=True)
class ValidationResult:
    is_valid: bool
    errors: tuple[FieldError, ...]


class Invalid(ValueError):
    """What was sent breaks at least one rule; HTTP 422."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(f"{error.pointer}: {error.message}" for error in errors))
        self.errors = errors


def parse(model: type[M], sent: Mapping[str, Any]) -> M:
    """The model, or Invalid with all errors."""
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        raise Invalid(*errors_of(error)) from None


def validate(model: type[BaseModel], sent: Mapping[str, Any]) -> ValidationResult:
    try:
        parse(model, sent)
    except Invalid as invalid:
        return ValidationResult(False, invalid.errors)
    return ValidationResult(True, ())


def errors_of(error: ValidationError) -> tuple[FieldError, ...]:
    """Without the rejected input, which may be personal."""
    return tuple(
        FieldError(_pointer(each["loc"]), each["type"], each["msg"].removeprefix("Value error, "))
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    )


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
