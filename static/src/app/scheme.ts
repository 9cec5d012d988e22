// Light, dark, or as the system is. Kept for the next visit.
import { kept } from "./client";

export type Scheme = "system" | "light" | "dark";

const KEY = "atelier.scheme";

export function chosenScheme(): Scheme {
  const held = kept.get(KEY);
  return held === "light" || held === "dark" ? held : "system";
}

export function applyScheme(scheme: Scheme): void {
  if (scheme === "system") delete document.documentElement.dataset["scheme"];
  else document.documentElement.dataset["scheme"] = scheme;
}

export function chooseScheme(scheme: Scheme): void {
  if (scheme === "system") kept.drop(KEY);
  else kept.set(KEY, scheme);
  applyScheme(scheme);
}
