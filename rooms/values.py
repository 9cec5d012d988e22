"""Values of the state: dataclasses that nobody changes, made and remade with every command.

To the type checker they are frozen dataclasses and `dataclasses.replace`, and mypy in strict mode is what keeps them from being
changed. While the program runs they are plain ones: Python makes a frozen one field by field through a function call, which was a
tenth of what a command costs.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["replace", "value"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value
    from dataclasses import replace
else:

    def value(*, frozen, slots):
        return dataclass(slots=slots, unsafe_hash=frozen)

    def replace(old, /, **changes):
        kind = type(old)
        places, held = _shape(kind)
        values = list(held(old))
        for name, value_ in changes.items():
            values[places[name]] = value_
        return kind(*values)


@cache
def _shape(kind: type[Any]) -> tuple[dict[str, int], Callable[[Any], tuple[Any, ...]]]:
    """Where the fields of this kind stand, and all of them in that order."""
    names = [each.name for each in fields(kind)]
    places = {name: place for place, name in enumerate(names)}
    return places, attrgetter(*names) if len(names) > 1 else lambda held: (getattr(held, names[0]),)
