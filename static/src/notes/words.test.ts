import { describe, expect, test } from "vitest";
import { htmlOf, isPlain, piecesOf, tagsOf, textOf, titleOf } from "./words";

describe("what is written becomes HTML and comes back", () => {
  test.each(["one line", "one\ntwo", "one\n\ntwo\nthree", "5 < 6 & 7 > 2", '<script>alert("1")</script>', "&amp;lt;"])(
    "%j",
    (text) => {
      expect(textOf(htmlOf(text))).toBe(text);
      expect(isPlain(htmlOf(text))).toBe(true);
    },
  );

  test("nothing that was written is a tag", () => {
    expect(htmlOf("<b>bold</b>\n\n\n\nnext")).toBe("<p>&lt;b&gt;bold&lt;/b&gt;</p><p>next</p>");
  });
});

describe("what the server has is read", () => {
  test("formats and links, inside each other", () => {
    expect(piecesOf('<ul><li>a <strong>b</strong></li></ul><a href="https://x.org/?a=1&amp;b=2" rel="x">c</a>')).toEqual([
      { tag: "ul", inside: [{ tag: "li", inside: ["a ", { tag: "strong", inside: ["b"] }] }] },
      { tag: "a", href: "https://x.org/?a=1&b=2", inside: ["c"] },
    ]);
  });

  test.each([
    ['<a href="javascript:alert(1)">x</a>', [{ tag: "a", inside: ["x"] }]],
    ["<img src=x onerror=y>z", ["z"]],
    ["a < b", ["a ", "<", " b"]],
    ["</p>a", ["a"]],
    ["&#233;&nosuch;&#x110000;", ["é&nosuch;&#x110000;"]],
  ])("nothing dangerous, and nothing breaks: %s", (html, pieces) => expect(piecesOf(html)).toEqual(pieces));

  test("what has a form is not plain", () => {
    expect(isPlain("<p>a<br>b</p>")).toBe(true);
    expect(isPlain("<p>a <em>b</em></p>")).toBe(false);
    expect(textOf("<h2>Ink</h2><ul><li>one</li><li>two</li></ul>")).toBe("Ink\none\ntwo");
  });
});

test("a note is called like its first line", () => {
  expect(titleOf("\n Rim of the cup\nmore")).toBe("Rim of the cup");
  expect(titleOf(`${"word ".repeat(40)}`).length).toBeLessThanOrEqual(80);
  expect(titleOf("")).toBe("");
});

test("tags stand once, whatever their case", () => {
  expect(tagsOf("ink, paper ,, Ink")).toEqual(["ink", "paper"]);
});
