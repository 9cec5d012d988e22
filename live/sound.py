"""The sound that has its home in this process: which sessions' it is, as long as the lease lasts (design.md 1), the offers of
people's browsers and their answers, and how loud who is. One home is live/sound_home.py, what it records live/capture.py; what
sound is, is known in media/ alone.

A home begins with the first offer, or where the log says that a recording is running; it ends with the session, after a minute
without anybody, or when it could not renew its lease: what another process may have taken over is not continued here.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError

from live import limits
from live.capture import Capture
from live.delivery import Viewer
from live.host import Host
from live.limits import Limits
from live.signal_lane import SignalLane
from live.sound_elsewhere import ELSEWHERE, RemoteLine, SoundElsewhere, is_elsewhere
from live.sound_home import SoundHome
from live.sound_signals import Line, Offer, SoundRefused, answered, refusal
from media.captions import Captioner
from media.desk import Desk
from media.ice import IceSettings
from media.offers import OfferRefused
from persistence.database import Unavailable
from persistence.media_homes import LEASE_S, Homes
from persistence.recordings import Recordings
from rooms.feature import Recorded
from rooms.ids import SessionId, UserId
from rooms.lifecycle import OVER
from rooms.recording import current

log = structlog.get_logger("sound")

OFFER_WITHIN_S = 10.0
LEASE_SPARE_S = 0.5  # a home ends so long before another one may begin
END_WITHIN_S = 5.0


class Sound:
    """`process` is this one's id, under which leases are held. `folder` takes what is recorded until it is finalised. Without a
    `captioner` there are no captions."""

    def __init__(
        self,
        ice: IceSettings,
        rows: Homes,
        recordings: Recordings,
        folder: Path,
        process: UUID,
        limits_: Limits,
        captioner: Captioner | None,
        lane: SignalLane,
        elsewhere: SoundElsewhere,
    ) -> None:
        self._lane = lane
        self._elsewhere = elsewhere
        self._ice = ice
        self._rows = rows
        self._recordings = recordings
        self._folder = folder
        self._process = process
        self._limits = limits_
        self._captioner = captioner
        self._homes: dict[SessionId, SoundHome] = {}
        self._opening: dict[SessionId, asyncio.Task[SoundHome]] = {}
        self._recorded: dict[SessionId, Host] = {}  # whose recording runs, by the log
        self._offering: set[tuple[SessionId, UserId]] = set()
        self._errands: set[asyncio.Task[None]] = set()
        self._closing = False
        elsewhere.begin(self._handed_on, self._hung_up)

    # -- the log --------------------------------------------------------------------------------------------------------

    def applied(self, host: Host, _events: Sequence[Recorded]) -> None:
        """Right after every batch, before anybody is shown it. Never fails."""
        try:
            recording = host.room.recording
            if recording is not None and current(recording) is not None and host.room.lifecycle.status not in OVER:
                self._recorded[host.session] = host
            else:
                self._recorded.pop(host.session, None)
            home = self._homes.get(host.session)
            if home is None:
                return
            home.follow()
            if host.room.lifecycle.status in OVER:
                self._end(home, "session.ended", None)
        except Exception:
            log.exception("sound does not follow the log", session=host.session)

    # -- offers ---------------------------------------------------------------------------------------------------------

    def receive(self, host: Host | None, viewer: Viewer | None, line: Line, argument: Mapping[str, Any]) -> None:
        """Never waits; every offer is answered to the connection it came from, if only with why not."""
        if host is None or viewer is None:
            line.push(refusal("bad_request", "join a session first"))
            return
        try:
            offer = Offer.model_validate(argument, by_alias=True, by_name=False)
        except ValidationError:
            line.push(refusal("bad_request", "an offer has an sdp"))
            return
        if len(offer.sdp.encode()) > limits.OFFER_BYTES_MAX:
            line.push(refusal("bad_request", f"more than {limits.OFFER_BYTES_MAX} bytes"))
            return
        self._take(host, viewer.user, line, offer.sdp)

    def _handed_on(self, session: SessionId, user: UserId, line: Line, sdp: str) -> None:
        """An offer that came in elsewhere: it is answered if the home is still here."""
        home = self._homes.get(session)
        if home is None:
            line.push(is_elsewhere().frame)
        else:
            self._take(home.host, user, line, sdp)

    def _take(self, host: Host, user: UserId, line: Line, sdp: str) -> None:
        whose = (host.session, user)
        wait = self._limits.offers_per_user.take(user)
        if wait or whose in self._offering:
            line.push(refusal("rate_limited", "one offer at a time", max(wait, limits.RETRY_OFFER_S)))
        elif len(self._offering) >= limits.OFFERS_WAITING_MAX or self._is_full_for(whose):
            line.push(refusal("overloaded", "this server carries no more sound", 5 * limits.RETRY_OFFER_S))
        else:
            self._offering.add(whose)
            self._errand(self._answer(host, user, line, sdp))

    def _is_full_for(self, whose: tuple[SessionId, UserId]) -> bool:
        session, user = whose
        has_one = session in self._homes and user in self._homes[session]
        return not has_one and sum(map(len, self._homes.values())) >= self._limits.peers

    async def _answer(self, host: Host, user: UserId, line: Line, sdp: str) -> None:
        try:
            async with asyncio.timeout(OFFER_WITHIN_S):
                home = await self._home_for(host, line)
                if home is None:
                    await self._elsewhere.offer(host, user, line, sdp)  # answered from there
                    return
                answer = await home.offer(user, line, sdp)
                self._elsewhere.settled_here(host.session, user)
            line.push(answered(answer))
        except SoundRefused as error:
            line.push(error.frame)
        except OfferRefused as error:
            again = not error.code.startswith("sdp.")  # what cannot be read will not be next time
            line.push(refusal(error.code, error.detail, limits.RETRY_OFFER_S if again else None))
        except (Unavailable, TimeoutError):
            line.push(refusal("unavailable", "sound is not to be had now", limits.RETRY_OFFER_S))
        except Exception:
            log.exception("an offer was not answered", session=host.session)
            line.push(refusal("internal", "something went wrong here", 5 * limits.RETRY_OFFER_S))
        finally:
            self._offering.discard((host.session, user))

    def hang_up(self, host: Host, user: UserId) -> None:
        """At once, whatever the log says of them: their sign-in was revoked."""
        self._hung_up(host.session, user)
        self._elsewhere.hang_up(host.session, user)

    def _hung_up(self, session: SessionId, user: UserId) -> None:
        home = self._homes.get(session)
        if home is not None:
            home.dismiss(user)

    # -- homes ----------------------------------------------------------------------------------------------------------

    async def _home_for(self, host: Host, line: Line) -> SoundHome | None:
        """None: it is elsewhere, for somebody who is connected here. Raises SoundRefused, Unavailable."""
        try:
            return await self._home_of(host)
        except SoundRefused as error:
            if error.code != ELSEWHERE or isinstance(line, RemoteLine):
                raise
            return None

    async def _home_of(self, host: Host) -> SoundHome:
        """Raises SoundRefused, Unavailable. All who ask meanwhile share one opening."""
        if (home := self._homes.get(host.session)) is not None:
            return home
        task = self._opening.get(host.session)
        if task is None:
            task = self._opening[host.session] = asyncio.create_task(self._open(host))
            task.add_done_callback(lambda done: self._opened(host.session, done))
        return await asyncio.shield(task)

    def _opened(self, session: SessionId, done: "asyncio.Task[SoundHome]") -> None:
        self._opening.pop(session, None)
        if not done.cancelled():
            done.exception()  # told to whoever still waits

    async def _open(self, host: Host) -> SoundHome:
        asked_at = asyncio.get_running_loop().time()
        if host.room.lifecycle.status in OVER:
            raise SoundRefused("session.ended", "this session is over")
        taken = None if self._closing else await self._rows.take(host.session, self._process)
        if taken is not None and (self._closing or not host.is_open):
            await self._rows.release([host.session], self._process)
            taken = None
        if taken is None:
            raise is_elsewhere()
        home = SoundHome(
            host, taken.generation, asked_at, self._ice, self._capture(host.session), self._captioner, self._lane
        )
        self._homes[host.session] = home
        host.is_home = True
        home.follow()
        if host.room.lifecycle.status in OVER:
            self._end(home, "session.ended", None)
            raise SoundRefused("session.ended", "this session is over")
        log.info("sound is here", session=host.session, generation=taken.generation)
        return home

    def _capture(self, session: SessionId) -> Callable[[Desk, int, Callable[[], None]], Capture]:
        async def settle(recording_id: str) -> None:
            await self._rows.settle(session, self._process, recording_id)

        def make(desk: Desk, generation: int, restand: Callable[[], None]) -> Capture:
            return Capture(session, generation, desk, self._recordings, self._folder, settle, restand)

        return make

    def _end(self, home: SoundHome, code: str, retry_in_s: float | None) -> None:
        """From this turn of the loop on nothing is mixed, and nobody finds it any more."""
        session = home.host.session
        if self._homes.get(session) is home:
            del self._homes[session]
            home.host.is_home = False
            home.say_all(refusal(code, "the sound of this session ends here", retry_in_s))
            self._errand(self._ended(home, release=code != ELSEWHERE))

    async def _ended(self, home: SoundHome, *, release: bool) -> None:
        try:
            async with asyncio.timeout(END_WITHIN_S):
                await home.close()
        except TimeoutError:
            log.warning("sound did not end in time", session=home.host.session)
        except Exception:
            log.exception("sound did not end well", session=home.host.session)
        session = home.host.session
        if release and session not in self._homes and session not in self._opening:
            try:
                await self._rows.release([session], self._process)
            except Unavailable:
                log.warning("a home is released by its lease", session=home.host.session)

    # -- beside everything else -----------------------------------------------------------------------------------------

    async def keep_home(self) -> None:
        """Until cancelled: leases are renewed, and where a recording runs without a home somebody is one."""
        while True:
            await asyncio.sleep(limits.HOME_RENEWED_EVERY_S)
            await self._renew()
            for session, host in list(self._recorded.items()):
                if not host.is_open:  # let go here; whoever opens it again is told again
                    del self._recorded[session]
                elif session not in self._homes and not self._closing:
                    try:
                        await self._home_of(host)
                    except (SoundRefused, Unavailable):
                        continue  # elsewhere, or asked again

    async def _renew(self) -> None:
        asked_at = asyncio.get_running_loop().time()
        asked = dict(self._homes)
        if not asked:
            return
        try:
            held = await self._rows.renew(list(asked), self._process)
        except Unavailable:
            return
        for session, home in asked.items():
            if session in held:
                home.renewed_at = max(home.renewed_at, asked_at)
            else:
                self._end(home, ELSEWHERE, limits.RETRY_OFFER_S)

    async def keep_telling(self) -> None:
        """Until cancelled: who is how loud, and what follows from the clock alone. Waits for nobody, so that a home ends in
        time even while the database is silent."""
        loop = asyncio.get_running_loop()
        stood_at = loop.time()
        while True:
            await asyncio.sleep(limits.LEVELS_EVERY_S)
            now = loop.time()
            standing = now - stood_at >= limits.STANDS_EVERY_S
            stood_at = now if standing else stood_at
            for home in list(self._homes.values()):
                try:
                    self._tick(home, now, standing=standing)
                except Exception:
                    log.exception("a home lost its beat", session=home.host.session)

    def _tick(self, home: SoundHome, now: float, *, standing: bool) -> None:
        if now - home.renewed_at > LEASE_S - LEASE_SPARE_S:
            self._end(home, ELSEWHERE, limits.RETRY_OFFER_S)
            return
        home.tell_levels()
        if standing:
            home.beat(now)
            if now - home.used_at > limits.HOME_LEFT_AFTER_S:
                self._end(home, "left", limits.RETRY_OFFER_S)

    async def close(self) -> None:
        """The process stops: everybody offers again, to whoever is the home then; the recording goes on there."""
        self._closing = True
        if self._opening:
            await asyncio.wait(self._opening.values(), timeout=END_WITHIN_S)
        for home in list(self._homes.values()):
            self._end(home, "unavailable", limits.RETRY_OFFER_S)
        while self._errands:
            await asyncio.wait(self._errands, timeout=END_WITHIN_S + 1)
        if self._captioner is not None:
            await self._captioner.close()

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
