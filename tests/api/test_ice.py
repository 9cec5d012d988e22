"""The servers a browser may ask on its way to the sound of a session (attack 63): told to whoever was let in, with passes that end."""

import base64
import hashlib
import hmac
import time

import pytest

from live.settings import Settings, SettingsRefused, read_settings
from rooms.roles import Role
from tests.api.conftest import Api, Options

SECRET = "shared with the relay, and with nobody else"
ICE = {
    "ice_servers": ("stun:stun.example.org:3478",),
    "turn_urls": ("turn:relay.example.org:3478", "turns:relay.example.org:5349"),
    "turn_secret": SECRET,
}


async def test_without_settings_nobody_is_asked(api: Api) -> None:
    mara, session = await api.mara(), await api.workshop()
    answer = await mara.get(f"/live-sessions/{session}/ice")
    assert (answer.status, answer.json["iceServers"]) == (200, [])


@pytest.mark.parametrize("options", [Options(more={"transcriber": engine}) for engine in ("none", "faster-whisper")])
async def test_it_says_whether_there_may_be_captions(api: Api, options: Options) -> None:
    mara, session = await api.mara(), await api.workshop()
    answer = await mara.get(f"/live-sessions/{session}/ice")
    assert answer.json["captions"] == (options.more["transcriber"] != "none")


@pytest.mark.parametrize("options", [Options(more=ICE)])
async def test_passes_are_made_for_one_person_and_end_after_an_hour(api: Api) -> None:
    session = await api.workshop()
    ana = await api.invited(session, "Ana")
    path = f"/live-sessions/{session}/ice"
    assert (await ana.get(path)).status == 404, "nobody has let her in yet"
    await api.runs(session)
    await api.enters(session, ana, Role.PARTICIPANT)
    stun, turn = (await ana.get(path)).json["iceServers"]
    assert stun == {"urls": ["stun:stun.example.org:3478"]}
    assert turn["urls"] == list(ICE["turn_urls"])
    until, _, user = turn["username"].partition(":")
    assert user == ana.user
    assert 3_590 < int(until) - time.time() < 3_610
    expected = base64.b64encode(hmac.new(SECRET.encode(), turn["username"].encode(), hashlib.sha1).digest()).decode()
    assert turn["credential"] == expected
    assert (await api.nobody.get(path)).status == 401
    stranger = await api.person("Gus")
    assert (await stranger.get(path)).status == 404


def read(**environ: str) -> Settings:
    return read_settings({"SECRET_KEY": "k" * 32, **environ})


def test_what_an_operator_writes() -> None:
    settings = read(
        ICE_ADDRESSES="203.0.113.7=10.0.0.7, 2001:db8::7",
        ICE_SERVERS="stun:a.example:3478 stun:b.example",
        ICE_PORTS="40000-40999",
        TURN_URL="turn:relay.example.org",
        TURN_SECRET=SECRET,
    )
    assert settings.ice_addresses == ("203.0.113.7=10.0.0.7", "2001:db8::7")
    assert settings.ice_servers == ("stun:a.example:3478", "stun:b.example")
    assert settings.ice_ports == range(40_000, 41_000)
    assert settings.turn_urls == ("turn:relay.example.org",)
    nothing = read()
    assert (nothing.ice_addresses, nothing.ice_servers, nothing.ice_ports, nothing.turn_urls) == ((), (), None, ())


@pytest.mark.parametrize(
    "environ",
    [
        {"ICE_ADDRESSES": "example.org"},
        {"ICE_ADDRESSES": "203.0.113.7=here"},
        {"ICE_SERVERS": "https://stun.example.org"},
        {"ICE_PORTS": "40000"},
        {"ICE_PORTS": "50000-40000"},
        {"ICE_PORTS": "80-90"},
        {"TURN_URL": "turn:relay.example.org"},
        {"TURN_SECRET": SECRET},
        {"TURN_URL": "stun:relay.example.org", "TURN_SECRET": SECRET},
    ],
)
def test_what_makes_no_sense_is_refused_at_start(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsRefused, match=next(iter(environ))):
        read(**environ)
