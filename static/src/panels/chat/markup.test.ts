import { describe, expect, test } from "vitest";
import { blocksOf, inlineOf, plainOf } from "./markup";

const text = (words: string) => ({ kind: "text" as const, text: words });

describe("inside a line", () => {
  test("bold, italic and code", () => {
    expect(inlineOf("a **b** *c* _d_ `e *f*`")).toEqual([
      text("a "),
      { kind: "bold", parts: [text("b")] },
      text(" "),
      { kind: "italic", parts: [text("c")] },
      text(" "),
      { kind: "italic", parts: [text("d")] },
      text(" "),
      { kind: "code", text: "e *f*" },
    ]);
  });

  test("one in another", () => {
    expect(inlineOf("**a *b***")[0]).toMatchObject({ kind: "bold" });
    expect(inlineOf("*a **b***".repeat(3)).length).toBeGreaterThan(0);
  });

  test("signs that mean nothing stay as they are", () => {
    for (const plain of ["2 * 3 * 4", "snake_case_name", "**", "* ", "a ** b", "`", "_"])
      expect(inlineOf(plain)).toEqual([text(plain)]);
  });

  test("addresses, with the end of the sentence outside", () => {
    expect(inlineOf("see https://example.org/a.")).toEqual([
      text("see "),
      { kind: "link", href: "https://example.org/a", parts: [text("https://example.org/a")] },
      text("."),
    ]);
    expect(inlineOf("[here](http://example.org/x)")).toEqual([
      { kind: "link", href: "http://example.org/x", parts: [text("here")] },
    ]);
  });

  test.each([
    "[x](javascript:alert(1))",
    "javascript:alert(1)",
    "[x](data:text/html,hi)",
    "[x](//example.org)",
    "https://user:pass@example.org",
    "[bank](https://bank.example@evil.example)",
  ])("never a link: %s", (plain) => {
    expect(inlineOf(plain).some((part) => part.kind === "link" && !/^https?:\/\//.test(part.href))).toBe(false);
    expect(JSON.stringify(inlineOf(plain))).not.toContain("@evil.example/");
  });

  test("markup of HTML is text", () => {
    expect(inlineOf("<img src=x onerror=alert(1)>")).toEqual([text("<img src=x onerror=alert(1)>")]);
  });
});

describe("lines", () => {
  test("lists and lines around them", () => {
    expect(blocksOf("a\nb\n- c\n- d\n1. e\nf")).toEqual([
      { kind: "lines", lines: [[text("a")], [text("b")]] },
      { kind: "list", ordered: false, items: [[text("c")], [text("d")]] },
      { kind: "list", ordered: true, items: [[text("e")]] },
      { kind: "lines", lines: [[text("f")]] },
    ]);
  });

  test("what is hard to read is read quickly", () => {
    const started = performance.now();
    for (const sign of ["**", "*a", "_a ", "`", "[", "[a](", "https://", "**a*"])
      blocksOf(sign.repeat(2_500).slice(0, 5_000));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

test("a quotation has the words alone", () => {
  expect(plainOf("**Two** `x*y`\n- [a](https://a.example)\n- *b*")).toBe("Two x*y a b");
});
