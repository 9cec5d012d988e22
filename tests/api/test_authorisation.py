"""Who may do what over REST (domain.md 4.2, 4.3): the table is written by hand, and every route stands in it.

One session of Mara's, running, with an assistant, a participant, an observer and a guest in the room. Each cell says how far
this caller gets: `+` past every check of who may, `u` not signed in (401), `f` forbidden (403), `n` not found (404).
Sent are requests that fail later, by a stale version, a faulty body or a state that forbids them, so that the table can be
walked in one session. The command is an ordinary participant's.
"""

from typing import Any
from uuid import uuid4

from live.api.bootcamp.families import BOOTCAMP
from live.api.routes import routes
from persistence.models.user import PlatformRole
from rooms.roles import Role
from tests.api.conftest import Api, Caller

CALLERS = ("nobody", "stranger", "colleague", "guest", "observer", "participant", "assistant", "host", "admin")
"""`stranger` is a learner who knows nothing of the session, `colleague` an instructor of other sessions."""

#                                                               no st co gu ob pa as ho ad
TABLE = """
POST   /auth/token                                               +  +  +  +  +  +  +  +  +
POST   /auth/refresh                                             +  +  +  +  +  +  +  +  +
POST   /auth/logout                                              u  +  +  +  +  +  +  +  +
POST   /auth/password                                            u  +  +  f  +  +  +  +  +
POST   /auth/forgotten                                           +  +  +  +  +  +  +  +  +
POST   /auth/reset                                               +  +  +  +  +  +  +  +  +
GET    /me                                                       u  +  +  +  +  +  +  +  +
PATCH  /me                                                       u  +  +  +  +  +  +  +  +
GET    /users                                                    u  f  f  f  f  f  f  f  +
POST   /users                                                    u  f  f  f  f  f  f  f  +
GET    /users/{other}                                            u  f  f  f  f  f  f  f  +
PATCH  /users/{other}                                            u  f  f  f  f  f  f  f  +
PUT    /users/{other}/roles                                      u  f  f  f  f  f  f  f  +
POST   /users/{other}/reset-link                                 u  f  f  f  f  f  f  f  +
GET    /live-sessions                                            u  +  +  +  +  +  +  +  +
POST   /live-sessions                                            u  f  +  f  f  f  f  +  +
GET    /live-sessions/{id}                                       u  n  n  +  +  +  +  +  +
PATCH  /live-sessions/{id}                                       u  n  n  f  f  f  f  +  +
DELETE /live-sessions/{id}                                       u  n  n  f  f  f  f  +  +
POST   /live-sessions/{id}/commands                              u  n  n  +  f  +  +  +  +
POST   /live-sessions/{id}/start                                 u  n  n  f  f  f  f  +  +
POST   /live-sessions/{id}/activate                              u  n  n  f  f  f  f  +  +
POST   /live-sessions/{id}/abort                                 u  n  n  f  f  f  f  +  +
POST   /live-sessions/{id}/resume                                u  n  n  f  f  f  +  +  +
POST   /live-sessions/{id}/pause                                 u  n  n  f  f  f  +  +  +
POST   /live-sessions/{id}/end                                   u  n  n  f  f  f  f  +  +
POST   /live-sessions/{id}/cancel                                u  n  n  f  f  f  f  +  +
POST   /live-sessions/{id}/extend                                u  n  n  f  f  f  f  +  +
GET    /live-sessions/{id}/registrations                         u  n  n  +  +  +  +  +  +
POST   /live-sessions/{id}/registrations                         u  n  n  f  f  f  +  +  +
DELETE /live-sessions/{id}/registrations/{other}                 u  n  n  f  f  f  +  +  +
GET    /live-sessions/{id}/invitations                           u  n  n  f  f  f  +  +  +
POST   /live-sessions/{id}/invitations                           u  n  n  f  f  f  +  +  +
DELETE /live-sessions/{id}/invitations/{none}                    u  n  n  f  f  f  n  n  n
POST   /invitations/look                                         n  n  n  n  n  n  n  n  n
POST   /invitations/redeem                                       n  n  n  n  n  n  n  n  n
GET    /live-sessions/{id}/participants                          u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/participants/{other}/score            u  n  n  n  n  n  +  +  +
GET    /live-sessions/{id}/engagement                            u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/engagement.csv                        u  n  n  f  f  f  +  +  +
GET    /live-sessions/{id}/summary                               u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/attendance.csv                        u  n  n  f  f  f  +  +  +
GET    /live-sessions/{id}/events                                u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/state                                 u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/chat                                  u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/polls                                 u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/questions                             u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/boards                                u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/boards/{main}                         u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/breakouts                             u  n  n  +  +  +  +  +  +
POST   /live-sessions/{id}/breakouts                             u  n  n  f  f  f  +  +  +
GET    /live-sessions/{id}/breakouts/{none}/results              u  n  n  n  n  n  n  n  n
POST   /live-sessions/{id}/images                                u  n  n  f  f  f  +  +  +
GET    /live-sessions/{id}/images/{none}                         u  n  n  n  n  n  n  n  n
POST   /live-sessions/{id}/recording-consent                     u  n  n  +  +  +  +  +  f
GET    /live-sessions/{id}/recordings                            u  n  n  +  +  +  +  +  +
PUT    /live-sessions/{id}/recordings/{none}/published           u  n  n  f  f  f  f  n  n
GET    /recordings                                               u  +  +  f  +  +  +  +  +
GET    /recordings/{none}                                        u  n  n  n  n  n  n  n  n
DELETE /recordings/{none}                                        u  n  n  n  n  n  n  n  n
GET    /recordings/{none}/content                                u  n  n  n  n  n  n  n  n
GET    /recordings/{none}/peaks                                  u  n  n  n  n  n  n  n  n
POST   /recordings                                               u  +  +  f  +  +  +  +  +
GET    /recordings/{none}/upload                                 u  n  n  f  n  n  n  n  n
PATCH  /recordings/{none}/content                                u  n  n  f  n  n  n  n  n
POST   /recordings/{none}/complete                               u  n  n  f  n  n  n  n  n
DELETE /recordings/{none}/upload                                 u  n  n  f  n  n  n  n  n
GET    /live-sessions/{id}/transcript.json                       u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/transcript.vtt                        u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/transcript.srt                        u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/transcript.txt                        u  n  n  +  +  +  +  +  +
GET    /transcriptions                                           u  +  +  f  +  +  +  +  +
GET    /transcriptions/{none}                                    u  n  n  n  n  n  n  n  n
GET    /recordings/{none}/transcription                          u  n  n  n  n  n  n  n  n
POST   /recordings/{none}/transcription/retry                    u  n  n  n  n  n  n  n  n
GET    /search                                                   u  +  +  +  +  +  +  +  +
GET    /live-sessions/{id}/archive.zip                           u  n  n  +  +  +  +  +  +
GET    /live-sessions/{id}/ice                                    u  n  n  +  +  +  +  +  +
GET    /calendar.ics                                             u  +  +  +  +  +  +  +  +
GET    /live-sessions/{id}/calendar.ics                          u  n  n  +  +  +  +  +  +
GET    /modules                                                  u  +  +  f  +  +  +  +  +
GET    /modules/{none}                                           u  n  n  f  n  n  n  n  n
GET    /modules/{none}/lessons/{main}                            u  n  n  f  n  n  n  n  n
POST   /modules                                                  u  f  +  f  f  f  f  +  +
PATCH  /modules/{none}                                           u  f  n  f  f  f  f  n  n
POST   /modules/{none}/publish                                   u  f  n  f  f  f  f  n  n
POST   /modules/{none}/unpublish                                 u  f  n  f  f  f  f  n  n
PUT    /modules/{none}/order                                     u  f  n  f  f  f  f  n  n
DELETE /modules/{none}                                           u  f  n  f  f  f  f  n  n
GET    /progress                                                 u  +  +  f  +  +  +  +  +
GET    /progress/{none}                                          u  +  +  f  +  +  +  +  +
PUT    /progress/{none}                                          u  n  n  f  n  n  n  n  n
PUT    /progress/{none}/{main}                                   u  n  n  f  n  n  n  n  n
GET    /notes                                                    u  +  +  f  +  +  +  +  +
GET    /notes/{none}                                             u  n  n  f  n  n  n  n  n
POST   /notes                                                    u  +  +  f  +  +  +  +  +
PATCH  /notes/{none}                                             u  n  n  f  n  n  n  n  n
DELETE /notes/{none}                                             u  n  n  f  n  n  n  n  n
GET    /dashboard                                                u  +  +  f  +  +  +  +  +
GET    /live-sessions/{id}/links                                 u  n  n  +  +  +  +  +  +
PUT    /live-sessions/{id}/links                                 u  n  n  f  f  f  f  +  +
POST   /privacy/export                                           u  +  +  +  +  +  +  +  +
GET    /privacy/export                                           u  n  n  n  n  n  n  n  n
GET    /privacy/export/content                                   u  n  n  n  n  n  n  n  n
DELETE /privacy/export                                           u  n  n  n  n  n  n  n  n
POST   /privacy/erase                                            u  +  +  +  +  +  +  +  +
GET    /privacy/erase                                            u  n  n  n  n  n  n  n  n
DELETE /privacy/erase                                            u  n  n  n  n  n  n  n  n
POST   /users/{none}/export                                      u  n  n  n  n  n  n  n  n
POST   /users/{none}/erase                                       u  n  n  n  n  n  n  n  n
GET    /admin/audit/access                                       u  f  f  f  f  f  f  f  +
GET    /admin/audit                                              u  f  f  f  f  f  f  f  +
GET    /admin/keys                                               u  f  f  f  f  f  f  f  +
POST   /admin/keys/rotate                                        u  f  f  f  f  f  f  f  +
GET    /status                                                   u  f  f  f  f  f  f  f  +
GET    /demo                                                     n  n  n  n  n  n  n  n  n
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]

# A body that passes the checks of its shape, or deliberately does not where passing would change something.
BODIES: dict[str, Any] = {
    "POST /auth/token": {},
    "POST /auth/refresh": {},
    "POST /auth/logout": {"not": "a body it takes"},
    "POST /auth/password": {},
    "POST /auth/reset": {},
    "POST /auth/forgotten": {},
    "PATCH /me": {},
    "POST /users": {},
    "PATCH /users/{other}": {},
    "PUT /users/{other}/roles": {"roles": []},
    "POST /users/{other}/reset-link": {"not": "a body it takes"},
    "POST /live-sessions": {},
    "PATCH /live-sessions/{id}": {},
    "POST /live-sessions/{id}/commands": {"id": "4b9d8c52-0c3f-4f0e-9a51-6d1f3f6c7a11", "type": "hand.lower"},
    "POST /live-sessions/{id}/registrations": {"userId": "4b9d8c52-0c3f-4f0e-9a51-6d1f3f6c7a11"},
    "POST /live-sessions/{id}/invitations": {"expiresInHours": 0},
    "POST /live-sessions/{id}/extend": {"minutes": 5},
    "POST /live-sessions/{id}/breakouts": {},
    "POST /live-sessions/{id}/images": {"not": "a picture"},
    "POST /live-sessions/{id}/recording-consent": {"given": False},
    "PUT /live-sessions/{id}/recordings/{none}/published": {"published": True},
    "POST /recordings": {},
    "POST /modules": {},
    "PATCH /modules/{none}": {},
    "PUT /modules/{none}/order": {"moduleOrder": 1},
    "PUT /progress/{none}": {"progressPercent": 1},
    "PUT /progress/{none}/{main}": {"progressPercent": 1},
    "POST /notes": {},
    "POST /privacy/export": {"not": "a body it takes"},
    "POST /privacy/erase": {"not": "a body it takes"},
    "POST /admin/keys/rotate": {"not": "a body it takes"},
    "PUT /live-sessions/{id}/links": {},
    "PATCH /notes/{none}": {},
    "POST /invitations/look": {"token": "x"},
    "POST /invitations/redeem": {"token": "x", "name": "Eve"},
}
CHANGING = ("pause", "extend", "registrations/{other}", "end", "cancel")
"""Nothing refuses these later: they are walked last, in this order; whoever comes second is refused by the state, not by rank."""
REFUSED = {401: "u", 403: "f", 404: "n"}


async def cast_of(api: Api, session: str) -> dict[str, Caller]:
    cast = {
        "nobody": api.nobody,
        "stranger": await api.person("Eve"),
        "colleague": await api.person("Ines", PlatformRole.INSTRUCTOR),
        "guest": await guest_of(api, session),
        "observer": await api.invited(session, "Otto", "observer"),
        "participant": await api.invited(session, "Ana"),
        "assistant": await api.invited(session, "Theo", "assistant"),
        "host": await api.mara(),
        "admin": await api.ada(),
        "other": await api.invited(session, "Ben"),
    }
    await api.runs(session)
    for name in ("guest", "observer", "participant", "other", "assistant"):
        role = Role(name) if name in ("observer", "assistant") else Role.PARTICIPANT
        await api.enters(session, cast[name], role)
    return cast


async def guest_of(api: Api, session: str) -> Caller:
    link = await (await api.mara()).post(f"/live-sessions/{session}/invitations", {})
    welcome = (await api.nobody.post("/invitations/redeem", {"token": link.json["token"], "name": "Gus"})).json
    return Caller(api, "Gus", welcome["userId"], welcome["accessToken"])


async def outcome(caller: Caller, method: str, template: str, session: str, other: Caller) -> str:
    path = template.format(id=session, other=other.user, none=uuid4(), main="main")
    headers = {"If-Match": '"stale"'} if method in ("PATCH", "PUT", "DELETE") else {}
    answer = await caller.send(method, path, BODIES.get(f"{method} {template}"), headers=headers)
    assert answer.status < 500, (method, path, answer)
    return REFUSED.get(answer.status, "+")


def test_every_route_stands_in_the_table() -> None:
    def shape(path: str) -> str:
        return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))

    elsewhere = {
        (route.method, route.path) for family in BOOTCAMP for route in family.routes
    }  # test_bootcamp_authorisation.py
    declared = {(route.method, shape(route.path)) for route in routes() if (route.method, route.path) not in elsewhere}
    assert declared == {(method, shape(path)) for method, path, *_cells in ROWS}
    assert all(len(cells) == len(CALLERS) for _method, _path, *cells in ROWS)


def _lateness(row: list[str]) -> int:
    return next((place for place, ending in enumerate(CHANGING, 1) if row[1].endswith("{id}/" + ending)), 0)


async def test_the_table_holds(api: Api) -> None:
    session = await api.workshop()
    cast = await cast_of(api, session)
    wrong = []
    for method, path, *cells in sorted(ROWS, key=_lateness):
        for name, expected in zip(CALLERS, cells, strict=True):
            found = await outcome(cast[name], method, path, session, cast["other"])
            if found != expected:
                wrong.append(f"{method} {path} for {name}: {found} instead of {expected}")
    assert not wrong, "\n".join(wrong)


async def test_foreign_unknown_and_malformed_ids_are_answered_alike(api: Api) -> None:
    """Attack 18: every route below a session, byte for byte."""
    session = await api.workshop()
    eve = await api.person("Eve")
    mara = await api.mara()
    for method, path, *_cells in ROWS:
        if "{id}" not in path:
            continue
        body = BODIES.get(f"{method} {path}")
        answers = [
            await eve.send(
                method,
                path.format(id=each, other=mara.user, none=uuid4(), main="main"),
                body,
                headers={"If-Match": "*"},
            )
            for each in (session, uuid4(), "1", "x'--", "%00")
        ]
        assert {each.status for each in answers} == {404}, path
        assert len({each.body for each in answers}) == 1, path


async def test_ids_below_another_session_are_not_found(api: Api) -> None:
    """Attack 18: nested ids that belong elsewhere."""
    mine, other = await api.workshop(), await api.workshop(title="Another")
    mara = await api.mara()
    theo = await api.invited(mine, "Theo", "assistant")
    await api.invited(other, "Ana")
    ana = await api.person("Ana")
    link = (await mara.post(f"/live-sessions/{other}/invitations", {})).json
    for caller in (theo, mara):
        assert (await caller.delete(f"/live-sessions/{mine}/invitations/{link['id']}")).code == "not_found"
        assert (await caller.get(f"/live-sessions/{mine}/participants/{ana.user}/score")).code == "not_found"
    await mara.delete(f"/live-sessions/{mine}/registrations/{ana.user}")
    held = (await mara.get(f"/live-sessions/{other}/registrations")).json["items"]
    assert [each["userId"] for each in held] == [ana.user]
    assert (await api.nobody.post("/invitations/look", {"token": link["token"]})).status == 200
    polls = await mara.command(
        other, "poll.create", question="Tea?", kind="single", options=["yes", "no"], anonymous=False
    )
    assert polls.status == 200
    poll = (await mara.get(f"/live-sessions/{other}/polls")).json["items"][0]["id"]
    await api.runs(mine)
    assert (await mara.command(mine, "poll.open", pollId=poll)).code == "not_found"


async def test_a_guest_reaches_nothing_beyond_the_one_session(api: Api) -> None:
    session, other = await api.workshop(), await api.workshop(title="Another")
    gus = await guest_of(api, session)
    link = (await (await api.mara()).post(f"/live-sessions/{other}/invitations", {})).json
    for path in ("", "/events", "/state", "/chat", "/participants"):
        assert (await gus.get(f"/live-sessions/{other}{path}")).code == "not_found"
    nameless = await gus.post("/invitations/redeem", {"token": link["token"]})
    assert nameless.json["errors"][0]["pointer"] == "/name", "elsewhere a guest is nobody yet"
