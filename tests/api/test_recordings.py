"""What was recorded, as each person may hear it (domain.md 4.2): lists, ranges, links, and what becomes of them when a voice is
withdrawn.
"""

import io
from typing import Any
from uuid import uuid4

import av
import numpy as np
import pytest

from live.api.links import Links
from live.keys import DATABASE, SETTINGS, STORE
from media.scribe import decoded
from media.speech import RATE_HZ
from persistence.models.user import PlatformRole
from persistence.recordings import Recordings
from rooms.ids import UserId
from rooms.roles import Role
from tests.api.conftest import Answer, Api, Caller
from tests.api.recorded import LENGTH_S, Heard, begun, came, heard, taken, worked
from tests.live.recorded import record, tone

__all__ = ["begun", "heard"]


async def tracks(caller: Caller, heard: Heard) -> dict[str, Any]:
    """By whose they are; the mix is `mix`."""
    listed = (await caller.get(f"{heard.path}/recordings")).json["items"]
    assert len(listed) <= 1
    return {each.get("userId", "mix"): each for item in listed for each in item["tracks"]}


async def url_of(caller: Caller, heard: Heard, track: str = "mix") -> str:
    return str((await tracks(caller, heard))[track]["parts"][0]["url"])


async def fetched(heard: Heard, url: str, **headers: str) -> Answer:
    """By a link alone."""
    return await heard.api.nobody.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def told(heard: Heard, command: str, **fields: Any) -> None:
    """Mara says it, in her session."""
    ack = await heard.mara.post(f"{heard.path}/commands", {"id": str(uuid4()), "type": command, **fields})
    assert ack.status == 200, ack


class TestLists:
    async def test_everybody_is_shown_what_they_may_hear(self, heard: Heard) -> None:
        shown = {each.name: set(await tracks(each, heard)) for each in (heard.mara, heard.ana, heard.ben, heard.otto)}
        assert shown == {
            "Mara": {"mix", heard.mara.user, heard.ana.user},
            "Ana": {"mix", heard.ana.user},
            "Ben": {"mix"},
            "Otto": set(),
        }
        stranger = await heard.api.person("Nora")
        assert (await stranger.get(f"{heard.path}/recordings")).status == 404
        ada = await heard.api.ada()
        assert set(await tracks(ada, heard)) == {"mix", heard.mara.user, heard.ana.user}

    async def test_a_recording_tells_what_it_is(self, heard: Heard) -> None:
        answer = (await heard.ana.get(f"{heard.path}/recordings")).json
        [told] = answer["items"]
        assert (told["recordingId"], told["stage"], told["status"]) == (heard.recording, "ready", "stopped")
        assert told["lengthS"] == pytest.approx(LENGTH_S, abs=0.05)
        mix, own = told["tracks"]
        assert (mix["track"], mix["own"], own["track"], own["own"]) == ("mix", False, "speaker", True)
        assert own["userId"] == heard.ana.user
        assert answer["people"][heard.ana.user] == {"name": "Ana"}
        [part] = mix["parts"]
        assert (part["fromS"], part["part"], part["mimeType"]) == (0.0, 1, "audio/webm")
        assert part["durationS"] == pytest.approx(LENGTH_S, abs=0.05)
        assert mix["loudness"] < 0

    async def test_otto_who_was_not_there_hears_nothing(self, heard: Heard) -> None:
        answer = await heard.otto.get(f"{heard.path}/recordings")
        assert (answer.status, answer.json["items"]) == (200, [])
        url = (await url_of(heard.mara, heard)).partition("?")[0]
        assert (await heard.otto.get(url)).status == 404

    async def test_whoever_was_removed_hears_nothing_more_of_it(self, heard: Heard) -> None:
        """An assistant is staff no more; what one said oneself stays one's own, and who is let in again hears again."""
        url = (await url_of(heard.ben, heard)).partition("?")[0]
        await told(heard, "participant.remove", userId=heard.ben.user)
        assert (await tracks(heard.ben, heard), (await heard.ben.get(url)).status) == ({}, 404)
        await told(heard, "role.set", userId=heard.ana.user, role="assistant")
        assert set(await tracks(heard.ana, heard)) == {"mix", heard.mara.user, heard.ana.user}
        await told(heard, "participant.ban", userId=heard.ana.user)
        assert set(await tracks(heard.ana, heard)) == {heard.ana.user}
        await heard.api.enters(heard.session, heard.ben, Role.PARTICIPANT)
        await told(heard, "participant.admit", userId=heard.ben.user)
        assert set(await tracks(heard.ben, heard)) == {"mix"}

    async def test_the_instructor_withholds_it(self, heard: Heard) -> None:
        path = f"{heard.path}/recordings/{heard.recording}/published"
        assert (await heard.ana.send("PUT", path, {"published": False})).status == 403
        assert (await heard.mara.send("PUT", path, {"published": False})).status == 204
        other = f"{heard.path}/recordings/{uuid4()}/published"
        assert (await heard.mara.send("PUT", other, {"published": False})).status == 404
        assert set(await tracks(heard.ben, heard)) == set()
        assert set(await tracks(heard.ana, heard)) == {heard.ana.user}
        assert "mix" in await tracks(heard.mara, heard)

    async def test_ones_own_are_listed(self, heard: Heard) -> None:
        [own] = (await heard.ana.get("/recordings")).json["items"]
        assert (own["track"], own["recordingId"], own["isProcessed"]) == (heard.ana.user, heard.recording, True)
        assert own["fileUrl"].startswith("/api/v1/recordings/")
        assert "store" not in own["fileUrl"]
        one = await heard.ana.get(f"/recordings/{own['id']}")
        assert one.json["fileUrl"] == f"/api/v1/recordings/{own['id']}/content"
        assert (
            await heard.ana.get(f"/recordings/{own['id']}", headers={"If-None-Match": one.headers["ETag"]})
        ).status == 304
        assert (await heard.ben.get(f"/recordings/{own['id']}")).status == 404

    async def test_while_it_goes_on_and_without_work_there_are_no_tracks(self, api: Api) -> None:
        made = await taken(api)
        [told] = (await made.ana.get(f"{made.path}/recordings")).json["items"]
        assert (told["tracks"], told.get("stage")) == ([], None)


class TestSound:
    async def test_it_can_be_played(self, heard: Heard) -> None:
        answer = await fetched(heard, await url_of(heard.ben, heard))
        assert (answer.status, answer.headers["Content-Type"]) == (200, "audio/webm")
        with av.open(io.BytesIO(answer.body), "r") as container:
            assert container.streams.audio[0].codec_context.name in ("opus", "libopus")
            last = list(container.decode(audio=0))[-1]
        assert last.time is not None
        assert last.time + 0.02 == pytest.approx(LENGTH_S, abs=0.1)

    async def test_attack_55_what_an_answer_says_keeps_it_sound(self, heard: Heard) -> None:
        answer = await fetched(heard, await url_of(heard.ben, heard))
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="')
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"

    async def test_ranges(self, heard: Heard) -> None:
        url = await url_of(heard.ben, heard)
        whole = (await fetched(heard, url)).body
        size = len(whole)
        for asked, start, stop in (
            ("bytes=0-0", 0, 1),
            ("bytes=100-299", 100, 300),
            (f"bytes={size - 5}-", size - 5, size),
            ("bytes=-7", size - 7, size),
            (f"bytes=10-{size * 2}", 10, size),
            (f"bytes=-{size * 2}", 0, size),
        ):
            answer = await fetched(heard, url, Range=asked)
            assert (answer.status, answer.body) == (206, whole[start:stop]), asked
            assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
        for asked in (f"bytes={size}-", f"bytes={size + 5}-{size + 9}", "bytes=-0"):
            answer = await fetched(heard, url, Range=asked)
            assert (answer.status, answer.code) == (416, "range_not_satisfiable"), asked
            assert answer.headers["Content-Range"] == f"bytes */{size}"
        for asked in ("bytes=0-1,5-6", "bytes=9-3", "lines=1-2", "bytes=", "bytes=-", "bytes=a-b"):
            assert (await fetched(heard, url, Range=asked)).body == whole, asked

    async def test_a_range_of_another_version_is_the_whole(self, heard: Heard) -> None:
        url = await url_of(heard.ben, heard)
        tag = (await fetched(heard, url)).headers["ETag"]
        assert (await fetched(heard, url, Range="bytes=0-9", If_Range=tag)).status == 206
        assert (await fetched(heard, url, Range="bytes=0-9", If_Range='"other"')).status == 200
        head = await heard.api.nobody.send("HEAD", url)
        assert (head.status, head.body) == (200, b"")
        assert int(head.headers["Content-Length"]) == len((await fetched(heard, url)).body)

    async def test_with_ones_token_it_needs_no_link(self, heard: Heard) -> None:
        url = (await url_of(heard.ben, heard)).partition("?")[0]
        assert (await heard.ben.get(url)).status == 200
        nobody = await heard.api.nobody.get(url)
        assert (nobody.status, nobody.code) == (401, "unauthenticated")

    async def test_nobody_elses_track(self, heard: Heard) -> None:
        anas = (await url_of(heard.ana, heard, heard.ana.user)).partition("?")[0]
        assert (await heard.ana.get(anas)).status == 200
        assert (await heard.mara.get(anas)).status == 200
        for other in (heard.ben, heard.otto):
            assert (await other.get(anas)).status == 404
            forged = Links(heard.api.app[SETTINGS].secret_key).sign(anas.split("/")[-2], other.user)
            assert (await fetched(heard, f"{anas}?t={forged}")).status == 404, "a link gives no more than a token"

    async def test_peaks(self, heard: Heard) -> None:
        url = (await tracks(heard.ben, heard))["mix"]["peaks"]
        answer = await fetched(heard, url)
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert len(answer.body) == pytest.approx(LENGTH_S * 10, abs=1)
        assert max(answer.body[:9]) == 0
        assert min(answer.body[12:19]) > 50, "Mara's tone"

    async def test_attack_54_what_is_no_id_is_not_found(self, heard: Heard) -> None:
        for name in ("../secret.key", "..%2fsecret.key", "CON", "x%00", "%2e%2e", str(uuid4()), "mix"):
            assert (await heard.mara.get(f"/recordings/{name}/content")).status == 404, name

    async def test_an_object_that_is_gone_is_not_found(self, heard: Heard) -> None:
        url = await url_of(heard.ben, heard)
        await heard.api.app[STORE].delete_tree(f"recordings/{heard.session}")
        assert (await fetched(heard, url)).status == 404


class TestLinks:
    async def test_a_link_is_of_one_recording_for_ten_minutes(
        self, heard: Heard, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = await url_of(heard.ana, heard)
        address, _, link = url.partition("?t=")
        other = (await url_of(heard.ana, heard, heard.ana.user)).partition("?")[0]
        assert (await fetched(heard, url)).status == 200
        for wrong in (f"{other}?t={link}", f"{address}?t={link[:-3]}AAA", f"{address}?t=x", f"{address}?t=%00"):
            answer = await fetched(heard, wrong)
            assert (answer.status, answer.code) == (403, "forbidden"), wrong
        later = __import__("time").time() + 601
        monkeypatch.setattr("live.api.links.time", lambda: later)
        assert (await fetched(heard, url)).status == 403

    def test_a_link_says_nothing_else(self) -> None:
        links, user, recording = Links("x" * 40), UserId(str(uuid4())), str(uuid4())
        assert links.read(recording, links.sign(recording, user)) == user
        assert links.sign(recording, user) != Links("y" * 40).sign(recording, user)

    async def test_a_link_of_one_whose_right_ended_is_not_found(self, heard: Heard) -> None:
        url = await url_of(heard.ben, heard)
        await Recordings(heard.api.app[DATABASE]).publish(heard.recording, False)
        assert (await fetched(heard, url)).status == 404


class TestTakingBack:
    async def test_consent_is_given_and_taken_over_rest(self, heard: Heard) -> None:
        path = f"{heard.path}/recording-consent"
        assert (await heard.ben.post(path, {"given": True})).status == 200
        assert (await heard.otto.post(path, {"given": True})).code == "participant.not_admitted"
        assert (await heard.ben.post(path, {"given": "maybe"})).status == 422
        url = await url_of(heard.ana, heard, heard.ana.user)
        before = (await fetched(heard, await url_of(heard.ben, heard))).headers["ETag"]
        assert (await heard.ana.post(path, {"given": False})).status == 200
        await worked(heard.api)
        assert set(await tracks(heard.ana, heard)) == {"mix"}
        assert set(await tracks(heard.mara, heard)) == {"mix", heard.mara.user}
        assert (await fetched(heard, url)).status == 404
        after = await fetched(heard, await url_of(heard.ben, heard))
        assert after.status == 200
        assert after.headers["ETag"] != before, "another mix"
        transcript = (await heard.ben.get(f"{heard.path}/transcript.txt")).body.decode()
        assert "garden" in transcript
        assert "Thank you" not in transcript

    @pytest.mark.parametrize("first", ["finalise", "withdraw"])
    async def test_a_voice_that_is_taken_back_before_anybody_worked_on_it(self, api: Api, first: str) -> None:
        """Whichever job comes first, the voice is in nothing that is made."""
        made = await taken(api)
        assert (await made.ana.post(f"{made.path}/recording-consent", {"given": False})).status == 200
        async with api.app[DATABASE].connection() as connection:
            await connection.execute(
                "UPDATE ops.jobs SET due_at = clock_timestamp() - interval '1 h' WHERE kind = $1", first
            )
        await worked(api, "Welcome.")
        assert set(await tracks(made.mara, made)) == {"mix", made.mara.user}
        [told] = (await made.mara.get(f"{made.path}/recordings")).json["items"]
        assert (told["stage"], told.get("incomplete")) == ("ready", None)
        mix = np.concatenate([*decoded((await fetched(made, await url_of(made.ben, made))).body, "matroska")])
        assert len(mix) / RATE_HZ == pytest.approx(LENGTH_S, abs=0.1)
        assert np.abs(mix[int(1.2 * RATE_HZ) : int(1.8 * RATE_HZ)]).max() > 3_000, "Mara's tone"
        assert np.abs(mix[int(2.5 * RATE_HZ) :]).max() < 100, "Ana's is not there"
        names = await api.app[STORE].list(f"recordings/{made.session}")
        assert not [name for name in names if made.ana.user in name]

    async def test_a_track_is_deleted_by_the_instructor(self, heard: Heard) -> None:
        part = (await tracks(heard.ana, heard))["mix"]["parts"][0]["id"]
        assert (await heard.ana.delete(f"/recordings/{part}")).code == "forbidden"
        assert (await heard.otto.delete(f"/recordings/{part}")).status == 404
        assert (await heard.mara.delete(f"/recordings/{part}")).status == 204
        assert (await heard.mara.delete(f"/recordings/{part}")).status == 404
        assert "mix" not in await tracks(heard.mara, heard)
        async with heard.api.app[DATABASE].connection() as connection:
            await connection.execute("UPDATE ops.jobs SET due_at = clock_timestamp() WHERE kind = 'purge'")
        await worked(heard.api)
        names = await heard.api.app[STORE].list(f"recordings/{heard.session}")
        assert not [name for name in names if "/mix-" in name]
        assert len(names) == 2, "the speakers' tracks stay"


async def test_two_recordings_of_a_session(heard: Heard) -> None:
    from rooms.ids import SessionId

    made = await record(
        heard.api.app, SessionId(heard.session), heard.mara.user, {heard.mara.user: [(0.5, tone(300, 1.0))]}, 3.0
    )
    await worked(heard.api, "Once more.")
    await came(heard.api, heard.session, heard.mara)
    items = (await heard.ben.get(f"{heard.path}/recordings")).json["items"]
    assert [each["recordingId"] for each in items] == [heard.recording, made.recording]
    text = (await heard.ben.get(f"{heard.path}/transcript.txt?recordingId={made.recording}")).body.decode()
    assert text == "[00:00:01] Mara: Once more.\n"


async def test_an_administrator_may(heard: Heard) -> None:
    ada = await heard.api.person("Ada", PlatformRole.ADMIN)
    part = (await tracks(ada, heard))["mix"]["parts"][0]["id"]
    assert (await ada.delete(f"/recordings/{part}")).status == 204
