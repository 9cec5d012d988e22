"""run.py of a release with a mistake: whoever folds a message that says POISON falls over it. What it is given on the command line
goes on to run.py.
"""

import runpy
from pathlib import Path
from typing import Any

from rooms import chat
from rooms.feature import Recorded

POISON = "poison"
fold = chat.FEATURE.apply[chat.MessageSent]


def fall_over(held: Any, recorded: Recorded) -> Any:
    if getattr(recorded.event, "text", None) == POISON:
        raise ZeroDivisionError
    return fold(held, recorded)


if __name__ == "__main__":
    chat.FEATURE.apply[chat.MessageSent] = fall_over  # type: ignore[index]  # a dict
    runpy.run_path(str(Path(__file__).parents[2] / "run.py"), run_name="__main__")
