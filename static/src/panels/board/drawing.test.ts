import { describe, expect, it } from "vitest";
import type { Drawn, Elements } from "../../session/fold/boards";
import { Drawing, type Canvas, type Changes, type TakenBack } from "./drawing";

const ANA = "ana";
const BEN = "ben";

const line = (id: string, version = 1, more: Partial<Drawn> = {}): Drawn => ({
  id,
  type: "line",
  version,
  versionNonce: 7,
  isDeleted: false,
  index: "a0",
  points: [
    [0, 0],
    [9, 9],
  ],
  ...more,
});

const logged = (drawn: Drawn, creator = ANA): Elements[string] => {
  const { id, version, versionNonce, isDeleted, ...body } = drawn;
  return { id, version, versionNonce, deleted: isDeleted, creator, author: creator, seq: 1, body };
};

const log = (...elements: Elements[string][]): Elements => Object.fromEntries(elements.map((each) => [each.id, each]));

/** A canvas as Excalidraw's: it changes its elements in place, and gives new indices where two are equal. */
class Paper implements Canvas {
  shown: Drawn[] = [];
  hand = new Set<string>();
  puts = 0;

  elements = (): readonly Drawn[] => this.shown;
  busy = (): ReadonlySet<string> => this.hand;

  put(elements: readonly Drawn[]): void {
    this.puts += 1;
    this.shown = [...elements];
    this.shown.forEach((each, at) => {
      const before = this.shown[at - 1];
      if (before !== undefined && before["index"] === each["index"])
        Object.assign(each, { index: `${String(each["index"])}V`, version: each.version + 1, versionNonce: 99 });
    });
  }

  draw(element: Drawn): void {
    this.shown = [...this.shown.filter((each) => each.id !== element.id), element];
  }

  change(id: string, fields: Partial<Drawn>): void {
    const there = this.shown.find((each) => each.id === id);
    if (there === undefined) throw new Error(`there is no ${id}`);
    Object.assign(there, { version: there.version + 1, versionNonce: 5 }, fields);
  }

  see(id: string): Drawn | undefined {
    return this.shown.find((each) => each.id === id && !each.isDeleted);
  }
}

function board(me = ANA) {
  const paper = new Paper();
  const sent: Changes[] = [];
  const takenBack: [TakenBack, string[]][] = [];
  let nonce = 0;
  const drawing = new Drawing({
    canvas: paper,
    send: (changes) => sent.push(changes),
    mayRemove: (creator) => creator === me,
    takenBack: (why, elements) => takenBack.push([why, elements.map((each) => each.id)]),
    newId: () => "one-act",
    nonce: () => nonce++,
  });
  return { paper, sent, takenBack, drawing };
}

describe("what one draws", () => {
  it("is handed over once, when it is finished", () => {
    const { paper, sent, drawing } = board();
    paper.draw(line("a"));
    paper.hand.add("a");
    drawing.flush();
    expect(sent).toEqual([]);
    paper.hand.clear();
    drawing.flush();
    drawing.flush();
    expect(sent.map((each) => each.elements.map(({ id }) => id))).toEqual([["a"]]);
    expect(sent[0]).not.toHaveProperty("group");
  });

  it("is handed over as it was then, whatever the canvas does with it", () => {
    const { paper, sent, drawing } = board();
    paper.draw(line("a"));
    drawing.flush();
    paper.change("a", { x: 5 });
    expect(sent[0]?.elements[0]?.version).toBe(1);
  });

  it("is not spoken of when it was gone before anybody knew it", () => {
    const { paper, sent, drawing } = board();
    paper.draw(line("a", 3, { isDeleted: true }));
    drawing.flush();
    expect(sent).toEqual([]);
  });

  it("travels in several commands of one group where it is much", () => {
    const { paper, sent, drawing } = board();
    for (let at = 0; at < 250; at += 1) paper.draw(line(`e${at}`, 1, { index: `a${at}` }));
    drawing.flush();
    expect(sent.map((each) => each.elements.length)).toEqual([100, 100, 50]);
    expect(new Set(sent.map((each) => each.group))).toEqual(new Set(["one-act"]));
  });

  it("starts to count anew where its version is far ahead", () => {
    const { paper, sent, drawing } = board();
    paper.draw(line("a", 30_000));
    drawing.flush();
    expect(sent[0]?.elements[0]?.version).toBe(1);
    drawing.flush();
    expect(sent).toHaveLength(1);
  });

  it("comes back on the canvas after a reload, and is not handed over twice", () => {
    const { paper, sent, drawing } = board();
    drawing.take(log(logged(line("a"))));
    drawing.resume([line("a", 2, { x: 3 }), line("b", 1, { index: "a1" })]);
    drawing.flush();
    expect(paper.see("a")?.["x"]).toBe(3);
    expect(paper.see("b")).toBeDefined();
    expect(sent).toEqual([]);
  });
});

describe("what others draw", () => {
  it("comes on the canvas, and is nothing to hand over", () => {
    const { paper, sent, drawing } = board();
    drawing.take(log(logged(line("b"), BEN)));
    drawing.flush();
    expect(paper.see("b")).toBeDefined();
    expect(sent).toEqual([]);
  });

  it("is nothing to hand over either when the canvas gave it another index", () => {
    const { paper, sent, drawing } = board();
    drawing.take(log(logged(line("a")), logged(line("b"), BEN)));
    expect(paper.see("b")?.version).toBe(2);
    drawing.flush();
    expect(sent).toEqual([]);
  });

  it("replaces an element whose index the canvas had changed, though its number is no higher", () => {
    const { paper, drawing } = board();
    drawing.take(log(logged(line("a")), logged(line("b"), BEN)));
    drawing.take(log(logged(line("a")), logged(line("b", 2, { x: 4, versionNonce: 500, index: "a1" }), BEN)));
    expect(paper.see("b")?.["x"]).toBe(4);
  });

  it("waits while one has the element in hand; who changed it last has the last word", () => {
    const { paper, sent, drawing } = board();
    drawing.take(log(logged(line("a"))));
    paper.hand.add("a");
    paper.change("a", { x: 1 });
    drawing.take(log(logged(line("a", 5, { x: 100 }), BEN)));
    expect(paper.see("a")?.["x"]).toBe(1);
    paper.hand.clear();
    drawing.flush();
    expect(paper.see("a")?.["x"]).toBe(1);
    expect(sent[0]?.elements[0]).toMatchObject({ x: 1, version: 6 });
  });

  it("is taken when one only held the element", () => {
    const { paper, sent, drawing } = board();
    drawing.take(log(logged(line("a"))));
    paper.hand.add("a");
    drawing.take(log(logged(line("a", 5, { x: 100 }), BEN)));
    paper.hand.clear();
    drawing.flush();
    expect(paper.see("a")?.["x"]).toBe(100);
    expect(sent).toEqual([]);
  });

  it("loses against what is on its way from here and wins by the rule", () => {
    const { paper, drawing } = board();
    drawing.take(log(logged(line("a"))));
    paper.change("a", { x: 1 }); // version 2, nonce 5
    drawing.flush();
    drawing.take(log(logged(line("a", 2, { x: 100, versionNonce: 6 }), BEN)));
    expect(paper.see("a")?.["x"]).toBe(1);
    drawing.take(log(logged(line("a", 2, { x: 100, versionNonce: 4 }), BEN)));
    expect(paper.see("a")?.["x"]).toBe(100);
  });

  it("goes from the canvas when the log has forgotten it", () => {
    const { paper, sent, drawing } = board();
    drawing.take(log(logged(line("a")), logged(line("b", 1, { index: "a1" }))));
    drawing.take(log(logged(line("a"))));
    drawing.flush();
    expect(paper.see("b")).toBeUndefined();
    expect(sent).toEqual([]);
  });

  it("keeps its shape on the canvas when it is deleted, so that its drawer can take that back", () => {
    const { paper, drawing } = board();
    drawing.take(log(logged(line("a"))));
    drawing.take(log({ ...logged(line("a", 2, { isDeleted: true }), BEN), body: { type: "line" } }));
    expect(paper.see("a")).toBeUndefined();
    expect(paper.shown[0]?.["points"]).toHaveLength(2);
  });
});

describe("what may not be", () => {
  it("comes back at once: removing what another drew", () => {
    const { paper, sent, takenBack, drawing } = board();
    drawing.take(log(logged(line("a")), logged(line("b", 1, { index: "a1" }), BEN)));
    paper.change("a", { isDeleted: true });
    paper.change("b", { isDeleted: true });
    drawing.flush();
    expect(paper.see("a")).toBeUndefined();
    expect(paper.see("b")).toBeDefined();
    expect(sent.map((each) => each.elements.map(({ id }) => id))).toEqual([["a"]]);
    expect(takenBack).toEqual([["not_yours", ["b"]]]);
  });

  it("is as the log has it when the server refused it", () => {
    const { paper, sent, drawing } = board();
    drawing.take(log(logged(line("b"), BEN)));
    paper.change("b", { strokeColor: "red" });
    paper.draw(line("mine", 1, { index: "a1" }));
    drawing.flush();
    drawing.decided(sent[0]?.elements ?? []);
    expect(paper.see("b")?.["strokeColor"]).toBeUndefined();
    expect(paper.see("mine")).toBeUndefined();
    drawing.flush();
    expect(sent).toHaveLength(1);
  });

  it("is as the log has it when the server took the change without effect", () => {
    const { paper, sent, drawing } = board();
    drawing.take(log(logged(line("b"), BEN)));
    paper.change("b", { x: 1 });
    paper.change("b", { x: 2 });
    drawing.flush();
    drawing.take(log({ ...logged(line("b", 2, { isDeleted: true }), BEN), body: { type: "line" } }));
    expect(paper.see("b")).toBeDefined();
    drawing.decided(sent[0]?.elements ?? []);
    expect(paper.see("b")).toBeUndefined();
  });

  it("stays when it changed again meanwhile: the server is asked again", () => {
    const { paper, sent, drawing } = board();
    paper.draw(line("a"));
    drawing.flush();
    paper.change("a", { x: 9 });
    drawing.decided(sent[0]?.elements ?? []);
    expect(paper.see("a")?.["x"]).toBe(9);
  });

  it("is told when one thing is too large for any command", () => {
    const { paper, sent, takenBack, drawing } = board();
    paper.draw(line("a", 1, { text: "x".repeat(70_000) }));
    drawing.flush();
    expect(sent).toEqual([]);
    expect(takenBack).toEqual([["too_large", ["a"]]]);
    expect(paper.see("a")).toBeUndefined();
  });
});
