"""Views encoded slice by slice for many are what each of them would have been given alone."""

import json
from typing import Any

from live.frames import ids_in
from live.views import Views
from rooms.feature import Standing
from rooms.lifecycle import SessionFeature
from rooms.people import standing_of
from rooms.visibility import encoded_view
from tests.rooms.rehearsal import ANA, BEN, MARA, OTTO, THEO, Rehearsal

EVERYBODY = (MARA, THEO, ANA, BEN, OTTO)


def rehearsed() -> Rehearsal:
    """Everybody has something of their own: votes, a question, a private word, a hidden one; Ana and Ben are in rooms."""
    kinds = ("poll", "qa", "chat", "breakout", "whiteboard")
    played = Rehearsal.running(features=tuple(SessionFeature.model_validate({"type": each}) for each in kinds))
    played.do(MARA, {"type": "poll.create", "question": "Tea?", "kind": "single", "options": ["yes", "no"]})
    [poll] = played.room.polls.polls if played.room.polls is not None else []
    played.do(MARA, {"type": "poll.open", "pollId": poll})
    played.do(ANA, {"type": "poll.vote", "pollId": poll, "choices": [0]})
    played.do(ANA, {"type": "question.ask", "text": "Why?", "anonymous": True})
    played.do(BEN, {"type": "chat.send", "text": "between us", "to": ANA})
    played.do(MARA, {"type": "chat.send", "text": "to all"})
    rooms = [{"name": "Ink", "members": [ANA]}, {"name": "Clay", "members": [BEN]}]
    [made] = played.do(MARA, {"type": "breakout.create", "rooms": rooms})
    played.do(MARA, {"type": "breakout.open", "setId": made.event.set_id})  # type: ignore[attr-defined]
    played.do(ANA, {"type": "chat.send", "text": "in here"})
    return played


def mask_of(document: Any) -> int:
    return sum(1 << EVERYBODY.index(each) for each in {*ids_in(document)} & {*EVERYBODY})


def test_shared_slices_make_the_same_document_for_everybody() -> None:
    room = rehearsed().room
    views = Views(room, mask_of)
    standings = [standing_of(room, user) for user in EVERYBODY]
    standings += [Standing(ANA, staff=False), Standing(BEN, staff=False), Standing(OTTO, staff=False, admitted=False)]
    for standing in standings * 2:
        document, mask = views.document(standing)
        assert document == json.loads(encoded_view(room, standing)), standing
        assert mask == mask_of(document)


def test_what_two_people_see_alike_is_made_once() -> None:
    room = rehearsed().room
    views = Views(room, mask_of)
    theo, _ = views.document(standing_of(room, THEO))
    mara, _ = views.document(standing_of(room, MARA))
    assert theo["boards"] is mara["boards"]
    assert theo["people"] is mara["people"]
