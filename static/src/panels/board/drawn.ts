// Versions of elements told apart, and the order in which they lie on each other. Pure; knows nothing of Excalidraw itself.
import { type Drawn, drawn, type Elements, type Version } from "../../session/fold/boards";

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

/** What can be seen on a page, lowest first. */
export function seenOn(elements: Elements | undefined): Drawn[] {
  return inOrder(
    Object.values(elements ?? {})
      .filter((each) => !each.deleted)
      .map((each) => drawn(each)),
  );
}
