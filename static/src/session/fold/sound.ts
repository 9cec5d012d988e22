// Who is muted and, for staff, how long everybody spoke, as rooms/sound.py applies it.
import type { Muted, ParticipantSpoke, Sound } from "../protocol";
import { compact, type Reducers, without } from "./slice";

function withSpoken(sound: Sound, event: ParticipantSpoke): Sound {
  if (sound.spoken === undefined) return sound;
  const ms = Date.parse(event.to) - Date.parse(event.from) + (sound.spoken[event.userId]?.ms ?? 0);
  return { ...sound, spoken: { ...sound.spoken, [event.userId]: { ms, until: event.to } } };
}

const mutedBy = (event: { at: string; actor?: string }): Muted =>
  compact<Muted>({ since: event.at, by: event.actor } as Muted);

export const sound: Reducers<Sound> = {
  "audio.muted": (now, event) => {
    const muted = event.muted ? { ...now.muted, [event.userId]: mutedBy(event) } : without(now.muted, event.userId);
    return { ...now, muted };
  },
  "participant.muted": (now, event) => {
    const fresh = Object.fromEntries(event.userIds.map((user) => [user, mutedBy(event)]));
    return { ...now, muted: { ...now.muted, ...fresh } };
  },
  "participant.spoke": withSpoken,
  "captions.switched": (now, { on }) => ({ ...now, captions: on }),
};
