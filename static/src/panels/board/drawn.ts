// Versions of elements told apart, and the order in which they lie on each other. Pure; knows nothing of Excalidraw itself.
import { type Drawn, drawn, type Elements, type Version } from "../../session/fold/boards";
import type { Element } from "../../session/protocol";

export const same = (one: Version | undefined, other: Version | undefined): boolean =>
  one !== undefined &&
  other !== undefined &&
  one.version === other.version &&
  one.versionNonce === other.versionNonce;

export const versionOf = ({ version, versionNonce }: Version): Version => ({ version, versionNonce });

/** Lowest first. Two people may have made the same index at once: then the id decides, for all alike. */
export function inOrder(elements: Iterable<Drawn>): Drawn[] {
  return [...elements].sort((one, other) => {
    const [a, b] = [String(one["index"] ?? ""), String(other["index"] ?? "")];
    if (a !== b) return a < b ? -1 : 1;
    return one.id < other.id ? -1 : 1;
  });
}

/** The same object for the same element: the drawing program keeps the shape of what it has drawn once, by its identity. */
const shown = new WeakMap<Element, Drawn>();

/** What can be seen on a page, lowest first. Only to look at: nobody may change these. */
export function seenOn(elements: Elements | undefined): Drawn[] {
  return inOrder(
    Object.values(elements ?? {})
      .filter((each) => !each.deleted)
      .map((each) => {
        const known = shown.get(each) ?? drawn(each);
        shown.set(each, known);
        return known;
      }),
  );
}
