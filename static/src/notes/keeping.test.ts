import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Note } from "../app/learning";
import { type Answer, Problem } from "../session/api";
import { AFTER_MS, AGAIN_MS, type Desk, type Fields, Keeper } from "./keeping";

const EMPTY: Fields = { title: "", content: "", tags: [], isPinned: false };

/** A server with one note, which can be away. */
class Server implements Desk {
  note: Answer<Note> | null = null;
  asked: string[] = [];
  held: Fields | null = null;
  away = false;
  #keys = new Set<string>();

  async make(fields: Fields, key: string): Promise<Answer<Note>> {
    this.asked.push(`make ${fields.content}`);
    if (this.away) throw new Problem(0, { code: "offline" });
    if (this.#keys.has(key) && this.note !== null) return this.note;
    this.#keys.add(key);
    return this.#put({ id: "n", ...fields } as Note);
  }

  async change(_id: string, some: Partial<Fields>, etag: string): Promise<Answer<Note>> {
    this.asked.push(`change ${Object.keys(some).join()} ${etag}`);
    if (this.away) throw new Problem(503, {});
    if (etag !== this.note?.etag) throw new Problem(412, { code: "precondition_failed" });
    return this.#put({ ...this.note.value, ...some });
  }

  async read(): Promise<Answer<Note>> {
    if (this.note === null) throw new Problem(404, {});
    return this.note;
  }

  hold(fields: Fields | null): void {
    this.held = fields;
  }

  kept(): void {}

  elsewhere(content: string): void {
    this.#put({ ...(this.note as Answer<Note>).value, content });
  }

  /** As a server does, it has a form of its own for what is written. */
  #put(note: Note): Answer<Note> {
    const version = Number(this.note?.etag ?? 0) + 1;
    this.note = { value: { ...note, content: note.content.replaceAll("'", "&#39;") }, etag: String(version) };
    return this.note;
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function begun(): Promise<[Server, Keeper]> {
  const server = new Server();
  const keeper = new Keeper(server, null, EMPTY);
  keeper.write({ title: "Rim", content: "Rim" });
  await pass(AFTER_MS);
  return [server, keeper];
}

describe("a note that is written", () => {
  test("is made once there is something in it, then changed in the version that was read", async () => {
    const server = new Server();
    const keeper = new Keeper(server, null, EMPTY);
    await pass(AFTER_MS);
    expect([keeper.standing, server.asked]).toEqual(["empty", []]);
    keeper.write({ title: "R", content: "R" });
    await pass(AFTER_MS - 1);
    keeper.write({ title: "Rim", content: "Rim" });
    await pass(AFTER_MS);
    keeper.write({ content: "Rim and handle" });
    expect(server.held?.content).toBe("Rim and handle");
    await pass(AFTER_MS);
    expect(server.asked).toEqual(["make Rim", "change content 1"]);
    expect([keeper.standing, server.held]).toEqual(["kept", null]);
  });

  test("in the server's own form it is not sent again", async () => {
    const [server, keeper] = await begun();
    keeper.write({ content: "Ana's rim" });
    await pass(AFTER_MS * 10);
    expect(server.asked).toHaveLength(2);
    expect(keeper.fields.content).toBe("Ana&#39;s rim");
  });

  test("what is typed while it is being sent comes after it", async () => {
    const [server, keeper] = await begun();
    keeper.write({ isPinned: true });
    const sent = keeper.flush();
    keeper.write({ content: "Rim, typed meanwhile" });
    await sent;
    await pass(AFTER_MS);
    expect(server.note?.value).toMatchObject({ content: "Rim, typed meanwhile", isPinned: true });
    expect(keeper.standing).toBe("kept");
  });

  test("made twice when the first answer was lost, it is one note", async () => {
    const server = new Server();
    server.away = true;
    const keeper = new Keeper(server, null, EMPTY);
    keeper.write({ title: "Rim", content: "Rim" });
    await pass(AFTER_MS);
    expect(keeper.standing).toBe("unsent");
    keeper.write({ content: "Rim and more" });
    server.away = false;
    await pass(AGAIN_MS);
    expect(server.asked).toEqual(["make Rim", "make Rim", "change content 1"]);
    expect(server.note?.value.content).toBe("Rim and more");
  });

  test("while the server is away it is kept here and tried again", async () => {
    const [server, keeper] = await begun();
    server.away = true;
    keeper.write({ content: "Rim, offline" });
    await pass(AFTER_MS);
    expect([keeper.standing, server.held?.content]).toEqual(["unsent", "Rim, offline"]);
    server.away = false;
    await pass(AGAIN_MS);
    expect([keeper.standing, server.held]).toEqual(["kept", null]);
  });

  test("refused for good it is not tried again by itself", async () => {
    const [server, keeper] = await begun();
    server.change = async () => {
      throw new Problem(422, { code: "unprocessable" });
    };
    keeper.write({ content: "x" });
    await pass(AGAIN_MS * 3);
    expect([keeper.standing, keeper.problem?.status]).toEqual(["refused", 422]);
  });
});

describe("changed elsewhere meanwhile", () => {
  async function conflict(): Promise<[Server, Keeper]> {
    const [server, keeper] = await begun();
    server.elsewhere("Rim, from the phone");
    keeper.write({ content: "Rim, from here" });
    await pass(AFTER_MS);
    expect([keeper.standing, keeper.theirs?.content]).toEqual(["conflict", "Rim, from the phone"]);
    return [server, keeper];
  }

  test("nothing is overwritten, however much is written", async () => {
    const [server, keeper] = await conflict();
    keeper.write({ content: "Rim, from here, and on" });
    await pass(AGAIN_MS);
    await keeper.flush();
    expect(server.note?.value.content).toBe("Rim, from the phone");
    expect(server.held?.content).toBe("Rim, from here, and on");
  });

  test("mine is kept when I say so", async () => {
    const [server, keeper] = await conflict();
    await keeper.keepMine();
    expect([keeper.standing, server.note?.value.content]).toEqual(["kept", "Rim, from here"]);
  });

  test("or the other one is taken", async () => {
    const [server, keeper] = await conflict();
    keeper.takeTheirs();
    expect([keeper.standing, keeper.fields.content, server.held]).toEqual(["kept", "Rim, from the phone", null]);
    await pass(AGAIN_MS);
    expect(server.note?.value.content).toBe("Rim, from the phone");
  });
});
