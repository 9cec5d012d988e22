// The material of a replay as a server has it, over REST: only what its reader may have comes from there.
import { api } from "../app/client";
import type { Listing, LiveSession } from "../app/resources";
import { Problem } from "../session/api";
import type { EventsPage, SoundRecording, Source, Transcript, ViewAfter } from "./material";

const AT_ONCE = 200;
const BASE = "/api/v1";
const STATE_WITHIN_MS = 60_000;

export class RestSource implements Source {
  readonly sessionId: string;
  readonly me: string;
  readonly turns = null;
  readonly #path: string;

  constructor(sessionId: string, me: string) {
    this.sessionId = sessionId;
    this.me = me;
    this.#path = `/live-sessions/${sessionId}`;
  }

  session(): Promise<LiveSession> {
    return api.get(this.#path);
  }

  events(cursor: string | null): Promise<EventsPage> {
    const next = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    return api.get(`${this.#path}/events?limit=${AT_ONCE}${next}`);
  }

  viewAfter(seq: number): Promise<ViewAfter> {
    return api.get(`${this.#path}/state?at=${seq}`, { withinMs: STATE_WITHIN_MS });
  }

  async recordings(): Promise<SoundRecording[]> {
    const listing = await api.get<Listing<SoundRecording>>(`${this.#path}/recordings`);
    return listing.items;
  }

  async transcript(): Promise<Transcript | null> {
    try {
      return await api.get<Transcript>(`${this.#path}/transcript.json`);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }

  async peaks(address: string): Promise<Uint8Array> {
    const file = await api.file(address.startsWith(BASE) ? address.slice(BASE.length) : address);
    return new Uint8Array(await file.arrayBuffer());
  }
}
