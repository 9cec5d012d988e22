// The small markdown of messages, questions and answers, as a tree: bold, italic, code, links to http(s), lists, lines.
// Pure, and made of plain values only: whoever shows it makes elements, so no text ever becomes HTML.

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "bold" | "italic"; parts: Inline[] }
  | { kind: "link"; href: string; parts: Inline[] };

export type Block = { kind: "lines"; lines: Inline[][] } | { kind: "list"; ordered: boolean; items: Inline[][] };

const DEPTH_MAX = 4;
const TOKEN = new RegExp(
  [
    "`([^`]+)`", // 1 code
    "\\[([^\\[\\]]+)\\]\\((https?://[^\\s()<>]+)\\)", // 2 words, 3 address
    '(https?://[^\\s<>"]+)', // 4 bare address
    "\\*\\*(?=\\S)(.{0,2000}?\\S)\\*\\*", // 5 bold
    "\\*(?=[^\\s*])([^*]{0,2000}?[^\\s*])\\*(?!\\*)", // 6 italic
    "(?<!\\w)_(?=\\S)([^_]{0,2000}?\\S)_(?!\\w)", // 7 italic
  ].join("|"),
  "g",
);
const ITEM = /^\s*(?:([-*•])|(\d{1,3})[.)])\s+(.*)$/;

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  for (const line of text.split("\n")) {
    const item = ITEM.exec(line);
    const last = blocks.at(-1);
    if (item !== null) {
      const ordered = item[2] !== undefined;
      const parts = inlineOf(item[3] ?? "");
      if (last?.kind === "list" && last.ordered === ordered) last.items.push(parts);
      else blocks.push({ kind: "list", ordered, items: [parts] });
    } else if (last?.kind === "lines") last.lines.push(inlineOf(line));
    else if (line.trim() !== "" || last === undefined) blocks.push({ kind: "lines", lines: [inlineOf(line)] });
  }
  return blocks;
}

/** The words alone, in one line: for where there is no room for more. */
export function plainOf(text: string): string {
  const words = (part: Inline): string => ("parts" in part ? part.parts.map(words).join("") : part.text);
  return blocksOf(text)
    .flatMap((block) => (block.kind === "lines" ? block.lines : block.items))
    .map((line) => line.map(words).join(""))
    .join(" ");
}

export function inlineOf(line: string, depth = 0): Inline[] {
  if (depth >= DEPTH_MAX) return [{ kind: "text", text: line }];
  const parts: Inline[] = [];
  let from = 0;
  for (const match of line.matchAll(TOKEN)) {
    const part = tokenOf(match, depth);
    if (part === null) continue;
    if (match.index > from) parts.push({ kind: "text", text: line.slice(from, match.index) });
    parts.push(part.inline);
    from = match.index + part.length;
  }
  if (from < line.length) parts.push({ kind: "text", text: line.slice(from) });
  return parts;
}

function tokenOf(match: RegExpMatchArray, depth: number): { inline: Inline; length: number } | null {
  const [whole, code, words, address, bare, bold, star, underscore] = match;
  const length = whole.length;
  if (code !== undefined) return { inline: { kind: "code", text: code }, length };
  if (words !== undefined && address !== undefined) {
    const href = safeAddress(address);
    return href === null ? null : { inline: { kind: "link", href, parts: [{ kind: "text", text: words }] }, length };
  }
  if (bare !== undefined) {
    const shown = withoutEnd(bare);
    const href = safeAddress(shown);
    const parts: Inline[] = [{ kind: "text", text: shown }];
    return href === null ? null : { inline: { kind: "link", href, parts }, length: shown.length };
  }
  if (bold !== undefined) return { inline: { kind: "bold", parts: inlineOf(bold, depth + 1) }, length };
  return { inline: { kind: "italic", parts: inlineOf(star ?? underscore ?? "", depth + 1) }, length };
}

/** Only http and https, and without a name or password in it, which would show another host than the one gone to. */
function safeAddress(address: string): string | null {
  try {
    const url = new URL(address);
    const web = url.protocol === "http:" || url.protocol === "https:";
    return web && url.username === "" && url.password === "" ? url.href : null;
  } catch {
    return null;
  }
}

/** An address at the end of a sentence is without the sentence's signs. */
function withoutEnd(address: string): string {
  const shown = address.replace(/[.,;:!?'"]+$/, "");
  return shown.endsWith(")") && !shown.includes("(") ? shown.slice(0, -1) : shown;
}
