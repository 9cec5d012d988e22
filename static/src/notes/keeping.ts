// Keeps one note at the server while somebody writes: a moment after the last letter, one request at a time, always of the
// version that was read (If-Match). What is not kept there yet is kept in the browser. When the note was changed elsewhere
// meanwhile, it asks and overwrites nothing. Knows no page.
import { Problem, type Answer } from "../session/api";
import type { Note } from "../app/learning";

export type Fields = Pick<Note, "title" | "content" | "tags" | "isPinned">;

/** `unsent`: the server cannot be reached; it is tried again by itself. */
export type Standing = "empty" | "kept" | "waiting" | "sending" | "unsent" | "conflict" | "refused";

export interface Desk {
  make(fields: Fields, key: string): Promise<Answer<Note>>;
  change(id: string, some: Partial<Fields>, etag: string): Promise<Answer<Note>>;
  read(id: string): Promise<Answer<Note>>;
  /** Keeps what is not at the server; null: it is. */
  hold(fields: Fields | null): void;
  kept(note: Note): void;
}

export const AFTER_MS = 800;
export const AGAIN_MS = 5_000;

export class Keeper {
  readonly #desk: Desk;
  readonly #key = crypto.randomUUID();
  readonly #listeners = new Set<() => void>();
  #note: Note | null;
  #etag: string | null;
  #fields: Fields;
  #first: Fields | null = null;
  #standing: Standing = "kept";
  #problem: Problem | null = null;
  #theirs: Answer<Note> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending: Promise<void> | null = null;

  /** `note` null: it is made when there is something in it. */
  constructor(desk: Desk, note: Answer<Note> | null, fields: Fields) {
    this.#desk = desk;
    this.#note = note?.value ?? null;
    this.#etag = note?.etag ?? null;
    this.#fields = fields;
    if (this.#changes() !== null) this.#later(AFTER_MS);
    else if (note === null) this.#standing = "empty";
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get standing(): Standing {
    return this.#standing;
  }

  get fields(): Fields {
    return this.#fields;
  }

  get note(): Note | null {
    return this.#note;
  }

  get problem(): Problem | null {
    return this.#problem;
  }

  /** What it is like elsewhere, while it is a conflict. */
  get theirs(): Note | null {
    return this.#theirs?.value ?? null;
  }

  write(some: Partial<Fields>): void {
    this.#fields = { ...this.#fields, ...some };
    this.#desk.hold(this.#fields);
    if (this.#standing === "conflict") return this.#tell("conflict");
    this.#later(AFTER_MS);
  }

  /** At once, as when somebody goes away. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#sending;
    if (this.#standing !== "conflict") await this.#send();
  }

  async keepMine(): Promise<void> {
    this.#adopt(this.#theirs);
    await this.#send();
  }

  takeTheirs(): void {
    const theirs = this.#theirs;
    if (theirs === null) return;
    this.#adopt(theirs);
    const { title, content, tags, isPinned } = theirs.value;
    this.#fields = { title, content, tags, isPinned };
    this.#desk.hold(null);
    this.#desk.kept(theirs.value);
    this.#tell("kept");
  }

  #adopt(answer: Answer<Note> | null): void {
    if (answer === null) return;
    this.#note = answer.value;
    this.#etag = answer.etag;
    this.#theirs = null;
    this.#standing = "waiting";
  }

  #later(ms: number, standing: Standing = "waiting"): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(), ms);
    this.#tell(standing);
  }

  /** What differs from the server; null: nothing, or nothing that could be kept. */
  #changes(): Partial<Fields> | null {
    if (this.#fields.content === "" || this.#fields.title.trim() === "") return null;
    if (this.#note === null) return this.#fields;
    const before = this.#note;
    const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
    const changed = Object.entries(this.#fields).filter(([name, value]) => !same(before[name as keyof Fields], value));
    return changed.length === 0 ? null : Object.fromEntries(changed);
  }

  #send(): Promise<void> {
    this.#sending ??= this.#sendNow().finally(() => {
      this.#sending = null;
      if (this.#standing === "kept" && this.#changes() !== null) this.#later(AFTER_MS);
    });
    return this.#sending;
  }

  async #sendNow(): Promise<void> {
    const changes = this.#changes();
    if (changes === null) return this.#tell(this.#fields.content === "" ? "empty" : "kept");
    this.#tell("sending");
    // Whether a first request arrived is not known when it failed: the same one again, then what came since.
    if (this.#note === null) this.#first ??= this.#fields;
    const sent = this.#note === null ? (this.#first ?? this.#fields) : this.#fields;
    try {
      const answer =
        this.#note === null || this.#etag === null
          ? await this.#desk.make(sent, this.#key)
          : await this.#desk.change(this.#note.id, changes, this.#etag);
      this.#settle(answer, sent);
    } catch (error) {
      await this.#failed(error);
    }
  }

  /** What was written on meanwhile stays; of all else the server has the form that counts. */
  #settle({ value, etag }: Answer<Note>, sent: Fields): void {
    this.#note = value;
    this.#etag = etag;
    const { title, content, tags, isPinned } = value;
    const now = this.#fields;
    this.#fields = {
      title: now.title === sent.title ? title : now.title,
      content: now.content === sent.content ? content : now.content,
      tags: now.tags === sent.tags ? tags : now.tags,
      isPinned: now.isPinned === sent.isPinned ? isPinned : now.isPinned,
    };
    this.#desk.kept(value);
    if (this.#changes() === null) this.#desk.hold(null);
    this.#problem = null;
    this.#tell("kept");
  }

  async #failed(error: unknown): Promise<void> {
    const problem = error instanceof Problem ? error : new Problem(0, { code: "offline", detail: String(error) });
    this.#problem = problem;
    if (problem.status === 412 && this.#note !== null) {
      try {
        this.#theirs = await this.#desk.read(this.#note.id);
        return this.#tell("conflict");
      } catch (again) {
        this.#problem = again instanceof Problem ? again : problem;
      }
    }
    const passes = problem.status === 0 || problem.status === 429 || problem.status >= 500;
    if (passes) this.#later(AGAIN_MS, "unsent");
    else this.#tell("refused");
  }

  #tell(standing: Standing): void {
    this.#standing = standing;
    for (const listener of this.#listeners) listener();
  }
}
