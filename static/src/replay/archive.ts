// The material of a replay as one file carries it: everything is inside, sound lies beside it. Asks nobody.
import type { LiveSession } from "../app/resources";
import type { View } from "../session/protocol";
import type { Names, Recorded } from "../session/wire";
import type { EventsPage, SoundRecording, Source, Transcript, ViewAfter } from "./material";

export interface Archive {
  format: 1;
  session: LiveSession;
  you: { userId: string; staff: boolean };
  events: Recorded[];
  people: Names;
  recordings: { items: SoundRecording[] };
  transcript: Transcript | null;
  /** At 0 and wherever the reader's standing changed. */
  views?: ViewAfter[] | null;
  /** By their id, as `data:` addresses. */
  images?: Record<string, string> | null;
}

/** What stands in the page; null where nothing was put in. Throws when it is of another format. */
export function archiveIn(text: string): Archive | null {
  const read = JSON.parse(text) as Archive | null;
  if (read !== null && read.format !== 1) throw new Error("this archive is of another format");
  return read;
}

export class ArchiveSource implements Source {
  readonly sessionId: string;
  readonly me: string;
  readonly turns: readonly number[];
  readonly #archive: Archive;
  readonly #views: ReadonlyMap<number, ViewAfter>;

  constructor(archive: Archive) {
    this.#archive = archive;
    this.sessionId = archive.session.id;
    this.me = archive.you.userId;
    this.#views = new Map((archive.views ?? []).map((each) => [each.seq, each]));
    this.turns = [...this.#views.keys()];
  }

  async session(): Promise<LiveSession> {
    return this.#archive.session;
  }

  async events(): Promise<EventsPage> {
    const { events, people } = this.#archive;
    return { items: events, upto: events.at(-1)?.seq ?? 0, nextCursor: null, people };
  }

  async viewAfter(seq: number): Promise<ViewAfter | null> {
    return this.#views.get(seq) ?? (seq === 0 ? { seq, view: emptyView(this.#archive.you.staff) } : null);
  }

  async recordings(): Promise<SoundRecording[]> {
    return this.#archive.recordings.items;
  }

  async transcript(): Promise<Transcript | null> {
    return this.#archive.transcript;
  }

  async peaks(address: string): Promise<Uint8Array> {
    return bytesOf(address).bytes;
  }

  /** A picture of a board. Throws where it lies beside the file: such can be looked at, not read. */
  picture(imageId: string): Blob {
    const { bytes, type } = bytesOf(this.#archive.images?.[imageId] ?? "");
    return new Blob([bytes as Uint8Array<ArrayBuffer>], { type });
  }
}

/** What a `data:` address in base64 holds. */
export function bytesOf(address: string): { bytes: Uint8Array; type: string } {
  const found = /^data:([\w.+/-]*);base64,/.exec(address);
  if (found === null) throw new Error("this is not in the file");
  const text = atob(address.slice(found[0].length));
  return { bytes: Uint8Array.from(text, (each) => each.charCodeAt(0)), type: found[1] ?? "" };
}

const MAIN_PAGE = {
  id: "main",
  seq: 1,
  name: "",
  order: 0,
  everyone: false,
  locked: false,
  changed: 1,
  live: 0,
  size: 0,
  elements: {},
};

/** A session before anything happened in it. */
export function emptyView(staff: boolean): View {
  const lobby = staff ? { lobby: { waiting: [], denied: [] } } : {};
  return {
    seq: 0,
    at: "1970-01-01T00:00:00Z",
    lifecycle: { title: "", status: "scheduled", maxParticipants: 1, features: [], lobby: false, interruptions: [] },
    people: { persons: {}, banned: [] },
    ...lobby,
    rights: { personal: {}, revoked: {}, everyone: {}, asked: [] },
    hands: { raised: [] },
    chat: { channels: {}, locked: false, slowSeconds: 0 },
    polls: { polls: {} },
    questions: { questions: {}, pins: [] },
    stage: { kind: "nothing", rooms: {} },
    breakouts: { sets: {}, places: {}, broadcasts: [] },
    boards: { pages: { main: MAIN_PAGE }, images: {}, whole: staff },
  } as unknown as View;
}
