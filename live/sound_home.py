"""The sound of one session while its home is here: the desk does what the log says. Who stands where, who may speak and who is
recorded is read from the room's state after every batch and handed to the desk in the same turn of the loop; what the desk
heard comes back as commands. Knows neither the lease nor the rates.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import structlog

from live import limits
from live.captions import Captions
from live.capture import Capture
from live.delivery import Passing
from live.host import Host
from live.presence import LEFT_OPEN
from live.signal_lane import SignalLane
from live.sound_elsewhere import RemoteLine
from live.sound_signals import Line, SoundRefused, levels, refusal
from media.captions import Captioner
from media.desk import Desk, Heard, Stand
from media.ice import IceSettings
from rooms.ids import UserId
from rooms.people import person_of, standing_of
from rooms.sound import AudioReport, may_be_heard

log = structlog.get_logger("sound")
NOBODY = UserId("")
REPORT_AGAIN_S = 1.0
REPORTED_WITHIN_S = 60.0
NOT_HERE = ("participant.not_admitted", "you are not in the room")


class SoundHome:
    """`renewed_at` and `used_at` by the loop's clock: when the lease was last asked for, and when anybody last needed it. `lane` passes on
    what everybody may hear of, to people of this process and of all others."""

    def __init__(
        self,
        host: Host,
        generation: int,
        since: float,
        ice: IceSettings,
        make_capture: Callable[[Desk, int, Callable[[], None]], Capture],
        captioner: Captioner | None,
        lane: SignalLane,
    ) -> None:
        self.host = host
        self._lane = lane
        self.renewed_at = self.used_at = since
        self._desk = Desk(ice, heard=self._heard)
        self._capture = make_capture(self._desk, generation, self.stand)
        self._captions = Captions(host, self._desk, captioner, lambda place, frame: lane.tell(host, place, frame))
        self._lines: dict[UserId, Line] = {}  # of whom the desk has, or is about to have, a peer
        self._gone_since: dict[UserId, float] = {}  # whose connections all broke
        self._people: dict[str, Stand] = {}
        self._loud: set[str | None] = set()
        self._seen: tuple[object, ...] = (None,) * 8  # what of the state was looked at last
        self._reports: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, user: UserId) -> bool:
        return user in self._lines

    # -- the log --------------------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """After every batch; most have nothing to do with sound, and cost nothing."""
        room = self.host.room
        sound = (room.sound.muted, room.sound.captions) if room.sound is not None else (None, None)
        matters = (room.lifecycle, room.people, room.lobby, room.rights, room.breakouts, *sound, room.recording)
        if any(now is not before for now, before in zip(matters, self._seen, strict=True)):
            self._seen = matters
            self._capture.follow(room)
            self._captions.follow()
            self.stand()

    def stand(self) -> None:
        """Tells the desk who stands where now, if that is not what it knows. Whoever may not be here any more is out."""
        at = self.host.now()
        for user in [each for each in self._lines if not self._is_here(each)]:
            back = self._is_connected(user, self._lines[user]) and standing_of(self.host.room, user).admitted
            self.say(user, refusal(*NOT_HERE, limits.RETRY_OFFER_S if back else None))
            self._forget(user)
        people: dict[str, Stand] = {user: self._stand_of(user, at) for user in self._lines}
        if people != self._people:
            self._people = people
            self._desk.stand(people)

    def _is_here(self, user: UserId) -> bool:
        person = person_of(self.host.room, user)
        return person is not None and person.present and standing_of(self.host.room, user).admitted

    def _is_connected(self, user: UserId, line: Line) -> bool:
        """As far as it is known here: of somebody who is connected elsewhere the log says in the end that they left."""
        return user in self.host.audience.by_user or isinstance(line, RemoteLine)

    def _stand_of(self, user: UserId, at: datetime) -> Stand:
        room = self.host.room
        return Stand(
            place=standing_of(room, user).room,
            may_speak=may_be_heard(room, user, at),
            recorded=self._capture.records(room, user),
        )

    def beat(self, now: float) -> None:
        """Once a second: rights that ended by the clock, connections that broke, files that do."""
        for user in list(self._lines):
            if self._is_connected(user, self._lines[user]):
                self._gone_since.pop(user, None)
            elif now - self._gone_since.setdefault(user, now) > limits.GONE_FOR_S:
                self._forget(user)
        self.stand()
        self._capture.beat()
        if self._lines or self._capture.is_running:
            self.used_at = now

    # -- people ---------------------------------------------------------------------------------------------------------

    async def offer(self, user: UserId, line: Line, sdp: str) -> str:
        """Raises SoundRefused, OfferRefused; then whatever sound they had goes on."""
        if not self._is_here(user) or not self._is_connected(user, line):
            raise SoundRefused(*NOT_HERE)
        before = self._lines.get(user)
        self._lines[user] = line
        self.stand()
        try:
            answer = await self._desk.offer(user, sdp)
        except BaseException:
            if self._lines.get(user) is line:
                self._forget(user) if before is None else self._lines.update({user: before})
                self.stand()
            raise
        if self._lines.get(user) is not line:  # gone meanwhile, or this home is
            raise SoundRefused(*NOT_HERE, limits.RETRY_OFFER_S if self._is_here(user) else None)
        if before is not None and before != line:
            before.push(refusal("taken_over", "your sound plays on another connection of yours"))
        return answer

    def dismiss(self, user: UserId) -> None:
        self._forget(user)
        self.stand()

    def _forget(self, user: UserId) -> None:
        self._lines.pop(user, None)
        self._gone_since.pop(user, None)

    def say(self, user: UserId, frame: bytes) -> None:
        """To the connection the sound plays on; if that broke meanwhile, to those they have now, as far as it is known here."""
        line = self._lines.get(user)
        if line is not None and not line.closing_down:
            line.push(frame)
            if not isinstance(line, RemoteLine):
                return
        for viewer in self.host.audience.by_user.get(user, ()):
            viewer.sink.push(frame)

    def say_all(self, frame: bytes) -> None:
        for user in self._lines:
            self.say(user, frame)

    # -- what the desk hears --------------------------------------------------------------------------------------------

    def _heard(self, heard: Heard) -> None:
        if len(self._reports) >= limits.REPORTS_WAITING_MAX:
            log.warning("speech was not reported", session=self.host.session)
            return
        task = asyncio.create_task(self._report(heard))
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)

    async def _report(self, heard: Heard) -> None:
        """Until it is decided: the same command, so it counts once."""
        fields = {"userId": heard.user, "room": heard.place, "from": heard.from_at, "to": heard.to_at}
        command, command_id = AudioReport.model_validate(fields), str(uuid4())
        loop = asyncio.get_running_loop()
        until = loop.time() + REPORTED_WITHIN_S
        while loop.time() < until:
            ack = await self.host.submit(None, command, command_id)
            if ack.ok or ack.code not in LEFT_OPEN:
                return
            await asyncio.sleep(REPORT_AGAIN_S)
        log.warning("speech was not reported", session=self.host.session)

    def tell_levels(self) -> None:
        """To everybody in a place where somebody speaks, and once more when nobody does."""
        loud = self._desk.levels()
        passing = [
            Passing(NOBODY, place, levels(place, loud.get(place, {})))
            for place in self._loud | loud.keys()
            if loud.get(place) or place in self._loud
        ]
        self._loud = {place for place, heard in loud.items() if heard}
        if passing:
            self._lane.signal(self.host, passing)

    # -- the end --------------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Peers end, files are closed, and what was still to be said of it is in the log if that can be."""
        self._lines.clear()
        self._captions.close()
        self.stand()
        try:
            await self._capture.close()
        finally:
            await self._desk.close()
            if self._reports:
                await asyncio.wait(self._reports, timeout=REPORT_AGAIN_S)
            for task in self._reports:
                task.cancel()
