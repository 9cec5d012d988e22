import { describe, expect, it } from "vitest";
import { board as en } from "../../texts/board/en";
import { board as fr } from "../../texts/board/fr";
import { outlineOf, TEMPLATES } from "./templates";

describe.each([
  ["en", en],
  ["fr", fr],
])("templates in %s", (_language, words) => {
  it.each(TEMPLATES)("%s says something, has a name and a hint, and room for every word", (name) => {
    const outline = outlineOf(name, words.templateWords);
    expect(words.templates[name]).not.toBe("");
    expect(words.templateHints[name]).not.toBe("");
    expect(outline.length).toBeGreaterThan(3);
    const written = outline.flatMap((each) => [each.text, each.label?.text]).filter((each) => each !== undefined);
    expect(written).toEqual(name === "grid" ? [] : words.templateWords[name]);
    expect(written).not.toContain("");
  });

  it.each(TEMPLATES)("%s lets nothing lie on anything but its own frame", (name) => {
    const notes = outlineOf(name, words.templateWords).filter((each) => each.width === 180);
    for (const [at, one] of notes.entries())
      for (const other of notes.slice(at + 1))
        expect(Math.abs(one.x - other.x) >= 180 || Math.abs(one.y - other.y) >= 160).toBe(true);
  });
});
