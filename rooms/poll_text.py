"""Polls as plain text, to prepare them in any editor and to carry them from one session to the next.

    Which of these is a fruit?
    - Carrot
    * Apple

    How was the pace? [rating, anonymous]

A blank line separates polls. The first line is the question, `-` an option, `*` a right one, which makes it a quiz.
Brackets at the end of the question say what the lines do not: `single`, `multiple`, `rating` (`rating 7`), `text`,
`quiz`, `anonymous`, `live`, `on publish`, `30 s` (closes by itself). Without options it is a free text.
"""

import re

from pydantic import ValidationError

from rooms.ballots import Definition, PollKind, Results, asked
from rooms.refusal import Refused

BYTE_ORDER_MARK = "\ufeff"  # some editors begin a file with it
_BRACKETS = re.compile(r"\[([^\[\]]*)\]$")
_SCALE = re.compile(r"rating (\d{1,3})")
_SECONDS = re.compile(r"(\d{1,6}) ?s")


def parse(text: str) -> list[Definition]:
    """At least one poll. Raises Refused naming the line of the first mistake."""
    blocks = _blocks(text.removeprefix(BYTE_ORDER_MARK))
    if not blocks:
        raise Refused("bad_request", "there is no poll in this text")
    return [_poll(number, lines) for number, lines in blocks]


def _blocks(text: str) -> list[tuple[int, list[str]]]:
    """Each poll's lines with the number of its first, counted from 1."""
    blocks: list[tuple[int, list[str]]] = []
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            inside = False
        elif inside:
            blocks[-1][1].append(line.strip())
        else:
            blocks.append((number, [line.strip()]))
            inside = True
    return blocks


def _poll(number: int, lines: list[str]) -> Definition:
    question, said = _question(number, lines[0])
    options: list[str] = []
    correct: list[int] = []
    for offset, line in enumerate(lines[1:], start=1):
        if line[0] not in "-*" or not line[1:].strip():
            raise Refused("bad_request", f"line {number + offset}: an option begins with - or *")
        if line[0] == "*":
            correct.append(len(options))
        options.append(line[1:].strip())
    kind = PollKind.QUIZ if correct else PollKind.SINGLE if options else PollKind.TEXT
    try:
        given = Definition.model_validate(
            {"question": question, "kind": kind, "options": tuple(options), "correct": tuple(correct) or None, **said}
        )
        asked(given)
    except ValidationError as error:
        raise Refused("bad_request", f"line {number}: {error.errors()[0]['msg']}") from None
    except Refused as refused:
        raise Refused(refused.code, f"line {number}: {refused.detail}") from None
    return given


def _question(number: int, line: str) -> tuple[str, dict[str, object]]:
    if line[0] in "-*":
        raise Refused("bad_request", f"line {number}: a question comes before its options")
    found = _BRACKETS.search(line)
    if found is None:
        return line, {}
    said: dict[str, object] = {}
    for each in found[1].split(","):
        said |= _word(number, " ".join(each.split()).lower())
    return line[: found.start()].strip(), said


def _word(number: int, word: str) -> dict[str, object]:
    if word in set(PollKind):
        return {"kind": PollKind(word)}
    if scale := _SCALE.fullmatch(word):
        return {"kind": PollKind.RATING, "scale": int(scale[1])}
    if seconds := _SECONDS.fullmatch(word):
        return {"closes_after_s": int(seconds[1])}
    match word:
        case "anonymous":
            return {"anonymous": True}
        case "live":
            return {"results": Results.LIVE}
        case "on publish":
            return {"results": Results.ON_PUBLISH}
    raise Refused("bad_request", f"line {number}: [{word}] is not known")
