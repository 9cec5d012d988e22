// Why a module of the workbook is still locked. Pure.
import type { ModuleStanding } from "../../app/learning";

/** Titles of the modules before it that are not completed yet, in their order. */
export function waitsFor(module: ModuleStanding, all: readonly ModuleStanding[]): string[] {
  if (module.isAccessible) return [];
  return all
    .filter((each) => module.prerequisites.includes(each.id) && each.progressStatus !== "completed")
    .sort((one, other) => one.moduleOrder - other.moduleOrder)
    .map((each) => each.title);
}
