// What an assignment is graded by: the rubric as it stands in JSON, which may be written in several ways, as a list of
// criteria; and as lines that somebody types. Pure.

export interface Criterion {
  name: string;
  /** Undefined: it is not counted in points. */
  points?: number;
  text?: string;
}

/** `{Clarity: 40}`, `{Clarity: "how clear"}` or `{Clarity: {points: 40, description: "how clear"}}`. */
export function criteriaOf(rubric: Readonly<Record<string, unknown>>): Criterion[] {
  return Object.entries(rubric).map(([name, said]) => {
    if (typeof said === "number") return { name, points: said };
    if (typeof said === "string") return { name, text: said };
    if (typeof said !== "object" || said === null) return { name };
    const { points, max_points, description } = said as Record<string, unknown>;
    const most = points ?? max_points;
    return {
      name,
      ...(typeof most === "number" ? { points: most } : {}),
      ...(typeof description === "string" ? { text: description } : {}),
    };
  });
}

const LINE = /^(.{1,50}?)\s*:\s*(\d{1,3}(?:[.,]\d{1,2})?)$/;
const CRITERIA_MAX = 20;

/** `Clarity: 40`, one a line. Null: a line is not like that, or names one twice. */
export function rubricOf(text: string): Record<string, number> | null {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  const found = new Map<string, number>();
  for (const line of lines) {
    const [, name, points] = LINE.exec(line) ?? [];
    if (name === undefined || points === undefined || found.has(name)) return null;
    found.set(name, Number(points.replace(",", ".")));
  }
  return found.size > CRITERIA_MAX ? null : Object.fromEntries(found);
}

/** Points of all criteria together, scaled to what the assignment gives at most. Null: not all of them are given yet. */
export function scoreOf(
  criteria: readonly Criterion[],
  given: Readonly<Record<string, string>>,
  scoreMax: number,
): number | null {
  const counted = criteria.filter((each) => each.points !== undefined && each.points > 0);
  if (counted.length === 0) return null;
  let reached = 0;
  let most = 0;
  for (const { name, points = 0 } of counted) {
    const said = given[name] ?? "";
    const value = Number(said.replace(",", "."));
    if (said.trim() === "" || !(value >= 0 && value <= points)) return null;
    reached += value;
    most += points;
  }
  return Math.round((reached / most) * scoreMax * 100) / 100;
}
