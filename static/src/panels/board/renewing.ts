// A drawing from elsewhere made fit for this board: new ids throughout, so that it can come twice and beside its original;
// pictures under the names the server gave them; without what a board here does not hold. Pure.
import type { Drawn } from "../../session/fold/boards";

const KINDS = new Set(["rectangle", "ellipse", "diamond", "line", "arrow", "freedraw", "text", "image", "frame"]);
const WEB = /^https?:\/\//i;

export interface Renewed {
  elements: Drawn[];
  /** How many could not come along. */
  left: number;
}

export function renewed(drawn: readonly Drawn[], files: ReadonlyMap<string, string>, newId: () => string): Renewed {
  const seen = drawn.filter((each) => !each.isDeleted);
  const fit = seen.filter((each) => KINDS.has(each.type) && (each.type !== "image" || files.has(String(each["fileId"]))));
  const ids = new Map<string, string>();
  for (const { id } of fit) ids.set(id, newId());
  const groups = new Map<string, string>();
  const group = (id: string): string => {
    const known = groups.get(id) ?? newId();
    groups.set(id, known);
    return known;
  };
  const reference = (id: unknown): string | null => (typeof id === "string" ? (ids.get(id) ?? null) : null);
  const binding = (held: unknown): unknown => {
    const elementId = reference((held as { elementId?: unknown } | null)?.elementId);
    return elementId === null ? null : { ...(held as object), elementId };
  };
  const elements = fit.map((each): Drawn => {
    const bound = (each["boundElements"] ?? []) as { id: string; type: string }[];
    const made: Record<string, unknown> = {
      ...each,
      id: ids.get(each.id),
      version: 1,
      groupIds: ((each["groupIds"] ?? []) as string[]).map(group),
      frameId: reference(each["frameId"]),
      boundElements: bound.flatMap(({ id, type }) => (ids.has(id) ? [{ id: ids.get(id), type }] : [])),
      link: typeof each["link"] === "string" && WEB.test(each["link"]) ? each["link"] : null,
    };
    delete made["customData"];
    if ("containerId" in each) made["containerId"] = reference(each["containerId"]);
    if ("startBinding" in each) made["startBinding"] = binding(each["startBinding"]);
    if ("endBinding" in each) made["endBinding"] = binding(each["endBinding"]);
    if (each.type === "image") made["fileId"] = files.get(String(each["fileId"]));
    return made as unknown as Drawn;
  });
  return { elements, left: seen.length - fit.length };
}
