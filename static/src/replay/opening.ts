// Reads everything a replay needs: the log page by page and folds it while it comes, then sound and transcript, each of
// which may be missing. Knows no page of the client.
import type { LiveSession } from "../app/resources";
import { Problem } from "../session/api";
import type { Names } from "../session/wire";
import type { EventsPage, SoundRecording, Source, Transcript, ViewAfter } from "./material";
import { Past } from "./past";
import { Turns } from "./turns";

export interface Material {
  session: LiveSession;
  past: Past;
  names: Names;
  recordings: SoundRecording[];
  transcript: Transcript | null;
}

/** `progress`: from 0 to 1. */
export async function open(source: Source, progress: (part: number) => void, signal: AbortSignal): Promise<Material> {
  const names: Names = {};
  const later = Promise.all([source.session(), quietly(source.recordings(), []), quietly(source.transcript(), null)]);
  later.catch(() => undefined); // it is waited for below
  const first = await patiently(() => source.viewAfter(0), signal);
  if (first === null) throw new Problem(0, { code: "not_found" });
  const past = new Past(first.view);
  const learn = (page: EventsPage | ViewAfter): unknown => Object.assign(names, page.people);
  learn(first);
  const turns = source.turns === null ? new Turns(source.me) : null;
  const known = new Set(source.turns);
  let cursor: string | null = null;
  do {
    const from: string | null = cursor;
    const page: EventsPage = await patiently(() => source.events(from), signal);
    learn(page);
    for (const event of page.items) {
      const before = past.head;
      past.append(event);
      if (turns === null ? !known.has(event.seq) : !turns.at(event, before, past.head)) continue;
      const turned = await patiently(() => source.viewAfter(event.seq), signal);
      if (turned === null) continue;
      learn(turned);
      past.turn(turned.view);
    }
    cursor = page.nextCursor ?? null;
    progress(cursor === null ? 1 : Math.min(1, past.events.length / EXPECTED));
  } while (cursor !== null);
  const [session, recordings, transcript] = await later;
  return { session, past, names, recordings, transcript };
}

/** Of a long session; only for showing how far it is. */
const EXPECTED = 10_000;
const PATIENCE = new Set(["rate_limited", "overloaded", "unavailable"]);
const ATTEMPTS_MAX = 20;

/** Waits where the server asks for patience. */
async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await ask();
      signal.throwIfAborted();
      return answer;
    } catch (error) {
      if (!(error instanceof Problem) || !PATIENCE.has(error.code) || attempt === ATTEMPTS_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, (error.retryAfter ?? 0.5) * 1_000));
      signal.throwIfAborted();
    }
  }
}

/** What a replay can do without. */
async function quietly<T>(asked: Promise<T>, without: T): Promise<T> {
  try {
    return await asked;
  } catch {
    return without;
  }
}
