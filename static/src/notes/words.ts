// The text of a note between HTML, as the server has it, and what is written and read here. The server has cleaned it: a
// small reader of its tags is enough, and no markup is ever handed to the browser. Pure.

export interface Tagged {
  tag: string;
  href?: string;
  inside: Piece[];
}
export type Piece = string | Tagged;

const TAGS = new Set(
  "p br hr h1 h2 h3 h4 blockquote pre code ul ol li a strong em u s sub sup mark table thead tbody tr th td".split(" "),
);
const EMPTY = new Set(["br", "hr"]);
const PLAIN = new Set(["p", "br"]);
const BLOCKS = new Set("p hr h1 h2 h3 h4 blockquote pre ul ol li table tr".split(" "));
const TOKEN = /<(\/?)([a-z][a-z0-9]*)([^>]*)>|([^<]+)|</gi;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };
const CODE_MAX = 0x10ffff;

export function piecesOf(html: string): Piece[] {
  const root: Tagged = { tag: "", inside: [] };
  const open = [root];
  const top = (): Tagged => open.at(-1) ?? root;
  for (const [all, end, name = "", rest = "", text] of html.matchAll(TOKEN)) {
    const tag = name.toLowerCase();
    if (text !== undefined || name === "") top().inside.push(unescaped(text ?? all));
    else if (!TAGS.has(tag)) continue;
    else if (end === "/") {
      const at = open.map((each) => each.tag).lastIndexOf(tag);
      if (at > 0) open.length = at;
    } else {
      const href = tag === "a" ? hrefIn(rest) : undefined;
      const made: Tagged = { tag, inside: [], ...(href === undefined ? {} : { href }) };
      top().inside.push(made);
      if (!EMPTY.has(tag)) open.push(made);
    }
  }
  return root.inside;
}

/** Only to the web or to mail, whatever the server let through. */
function hrefIn(attributes: string): string | undefined {
  const found = /\shref="([^"]*)"/i.exec(attributes)?.[1];
  const href = found === undefined ? undefined : unescaped(found);
  return href !== undefined && /^(https?:|mailto:)/i.test(href) ? href : undefined;
}

function unescaped(text: string): string {
  return text.replace(/&(#x?[0-9a-f]+|[a-z]+);/gi, (all, name: string) => {
    if (!name.startsWith("#")) return NAMED[name.toLowerCase()] ?? all;
    const code = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    return code > 0 && code <= CODE_MAX ? String.fromCodePoint(code) : all;
  });
}

/** As it is read, without any form; paragraphs stand apart. */
export function textOf(html: string): string {
  const told = (pieces: readonly Piece[]): string =>
    pieces
      .map((piece) => {
        if (typeof piece === "string") return piece;
        if (piece.tag === "br") return "\n";
        const inside = told(piece.inside);
        return piece.tag === "p" ? `${inside}\n\n` : BLOCKS.has(piece.tag) ? `${inside}\n` : inside;
      })
      .join("");
  return told(piecesOf(html))
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** Nothing is lost when it is written on as plain text. */
export function isPlain(html: string): boolean {
  const plain = (pieces: readonly Piece[]): boolean =>
    pieces.every((piece) => typeof piece === "string" || (PLAIN.has(piece.tag) && plain(piece.inside)));
  return plain(piecesOf(html));
}

/** An empty line begins a paragraph. */
export function htmlOf(text: string): string {
  const escaped = (words: string): string =>
    words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return text
    .trim()
    .split(/\n\s*\n/)
    .filter((paragraph) => paragraph.trim() !== "")
    .map((paragraph) => `<p>${escaped(paragraph.trim()).replaceAll("\n", "<br>")}</p>`)
    .join("");
}

const TITLE_MAX = 80;

/** The first line, as far as it fits. */
export function titleOf(text: string): string {
  const line = text.trim().split("\n", 1)[0]?.trim() ?? "";
  if (line.length <= TITLE_MAX) return line;
  return `${line.slice(0, TITLE_MAX - 1).replace(/\s+\S*$/, "")} …`;
}

/** `ink, paper ,, Ink` as tags, each once. */
export function tagsOf(words: string): string[] {
  const seen = new Map<string, string>();
  for (const word of words.split(",").map((each) => each.trim()))
    if (word !== "" && !seen.has(word.toLowerCase())) seen.set(word.toLowerCase(), word);
  return [...seen.values()];
}
