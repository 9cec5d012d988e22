import { describe, expect, it } from "vitest";
import type { Drawn } from "../../session/fold/boards";
import { renewed } from "./renewing";

const drawn = (id: string, type: string, more: Partial<Drawn> = {}): Drawn => ({
  id,
  type,
  version: 40,
  versionNonce: 4,
  isDeleted: false,
  groupIds: [],
  boundElements: null,
  link: null,
  ...more,
});

const numbered = () => {
  let next = 0;
  return () => `new${next++}`;
};

describe("a drawing from elsewhere", () => {
  it("gets new ids that hold together as the old ones did", () => {
    const { elements, left } = renewed(
      [
        drawn("box", "rectangle", { groupIds: ["g"], boundElements: [{ id: "words", type: "text" }] }),
        drawn("words", "text", { groupIds: ["g"], containerId: "box" }),
        drawn("from", "arrow", { startBinding: { elementId: "box", focus: 0, gap: 1 }, endBinding: null }),
      ],
      new Map(),
      numbered(),
    );
    const [box, words, arrow] = elements;
    expect(left).toBe(0);
    expect(box?.id).not.toBe("box");
    expect(box?.["boundElements"]).toEqual([{ id: words?.id, type: "text" }]);
    expect(words?.["containerId"]).toBe(box?.id);
    expect(arrow?.["startBinding"]).toEqual({ elementId: box?.id, focus: 0, gap: 1 });
    expect(arrow?.["endBinding"]).toBeNull();
    expect(box?.["groupIds"]).toEqual(words?.["groupIds"]);
    expect(box?.["groupIds"]).not.toEqual(["g"]);
    expect(elements.every((each) => each.version === 1)).toBe(true);
  });

  it("leaves out what a board does not hold, and says how much", () => {
    const { elements, left } = renewed(
      [
        drawn("page", "iframe"),
        drawn("film", "embeddable", { link: "https://example.org" }),
        drawn("lost", "image", { fileId: "unknown" }),
        drawn("there", "image", { fileId: "old" }),
        drawn("gone", "text", { isDeleted: true }),
      ],
      new Map([["old", "stored"]]),
      numbered(),
    );
    expect(left).toBe(3);
    expect(elements.map((each) => each["fileId"])).toEqual(["stored"]);
  });

  it("keeps links to the web only", () => {
    const link = (address: string) => drawn(address, "rectangle", { link: address, customData: { a: 1 } });
    const { elements } = renewed(
      [link("https://example.org"), link("javascript:alert(1)"), link("data:text/html,x")],
      new Map(),
      numbered(),
    );
    expect(elements.map((each) => each["link"])).toEqual(["https://example.org", null, null]);
    expect(elements.some((each) => "customData" in each)).toBe(false);
  });

  it("forgets what is bound to something that did not come along", () => {
    const { elements } = renewed(
      [drawn("words", "text", { containerId: "lost", frameId: "lost", boundElements: [{ id: "lost", type: "arrow" }] })],
      new Map(),
      numbered(),
    );
    expect(elements[0]).toMatchObject({ containerId: null, frameId: null, boundElements: [] });
  });
});
