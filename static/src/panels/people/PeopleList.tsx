// Rows of people, who is in the same room first, then by role and name; a long list is cut and can be searched.
import { useCallback, useRef, useState } from "react";
import { api } from "../../app/client";
import { channelOf } from "../../session/fold/chat";
import type { Person } from "../../session/protocol";
import { grantsOf, over, permissionsOf, placeOf } from "../../session/standing";
import { useTexts } from "../../texts";
import { inPlace } from "../breakouts/words";
import { usePlace } from "../room/place";
import { type RoomNow, useRoom } from "../room/RoomContext";
import { isMuted } from "../sound/voice";
import { type AboutPerson, PersonDialogs } from "./PersonDialogs";
import { type PersonAct, PersonRow } from "./PersonRow";

const ORDER = { instructor: 0, assistant: 1, participant: 2, observer: 3 } as const;
const SEARCHED_FROM = 15;
const SHOWN_MAX = 150;
const MINUTE_MS = 60_000;

/** `where`: each row says in which room its person is; not needed where the rows are grouped by rooms. */
export function PeopleList({ people, where = false }: { people: readonly Person[]; where?: boolean }) {
  const t = useTexts();
  const room = useRoom();
  const { openChannel } = usePlace();
  const [about, setAbout] = useState<AboutPerson | null>(null);
  const [wanted, setWanted] = useState("");
  const latest = useRef({ room, openChannel });
  latest.current = { room, openChannel };
  const act = useCallback((user: string, what: PersonAct) => {
    const now = latest.current;
    if (what === "write") now.openChannel(channelOf(now.room.me, { to: user }));
    else if (what === "mute") void now.room.submit({ type: "participant.mute", userId: user });
    else setAbout({ user, act: what });
  }, []);

  const now = api.now();
  const far = (person: Person): number => (where && placeOf(room.view, person.user) !== room.here ? 1 : 0);
  const named = people
    .map((person) => ({ person, name: room.nameOf(person.user) }))
    .filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase()))
    .sort(
      (one, other) =>
        far(one.person) - far(other.person) ||
        ORDER[one.person.role] - ORDER[other.person.role] ||
        one.name.localeCompare(other.name),
    );
  return (
    <>
      {people.length >= SEARCHED_FROM && (
        <input
          className="input people-search"
          type="search"
          value={wanted}
          placeholder={t.people.find}
          aria-label={t.people.find}
          onChange={(event) => setWanted(event.target.value)}
        />
      )}
      <ul role="list" className="people-list">
        {named.slice(0, SHOWN_MAX).map(({ person, name }) => (
          <PersonRow
            key={person.user}
            user={person.user}
            name={name}
            notes={notesOf(person, room, now, t, where)}
            present={person.present}
            self={person.user === room.me}
            poor={room.staff && person.present && person.quality === "poor"}
            muted={isMuted(room.view, person.user)}
            acts={actsOn(person, room, now)}
            onAct={act}
          />
        ))}
      </ul>
      {named.length > SHOWN_MAX && <p className="soft small">{t.people.andMore(named.length - SHOWN_MAX)}</p>}
      <PersonDialogs about={about} onClose={() => setAbout(null)} />
    </>
  );
}

function actsOn(person: Person, { view, me }: RoomNow, now: number): string {
  const may = over(view, me, person.user, now);
  const acts: PersonAct[] = [];
  if (may.write && person.present) acts.push("write");
  const heard = permissionsOf(view, person.user, now).has("can_speak") && !isMuted(view, person.user);
  if (may.mute && person.present && heard) acts.push("mute");
  if (may.rights.length > 0 || may.role) acts.push("rights");
  if (may.remove) acts.push("remove", "ban");
  return acts.join(" ");
}

function notesOf(
  person: Person,
  { view, here }: RoomNow,
  now: number,
  t: ReturnType<typeof useTexts>,
  where: boolean,
): string {
  const place = placeOf(view, person.user);
  const elsewhere = where && place !== here ? [inPlace(view, place, t)] : [];
  const grants = grantsOf(view, person.user, now).map(({ permission, until }) => {
    const what = t.permissions[permission] ?? permission;
    return until === undefined ? t.people.may(what) : t.people.mayFor(what, Math.ceil((until - now) / MINUTE_MS));
  });
  const lent = new Set(grantsOf(view, person.user, now).map((each) => each.permission));
  const revoked = (view.rights?.revoked[person.user] ?? [])
    .filter((each) => !lent.has(each))
    .map((each) => t.people.mayNot(t.permissions[each] ?? each));
  const role = person.role === "participant" ? [] : [t.roles[person.role]];
  return [...role, ...elsewhere, ...grants, ...revoked].join(" · ");
}
