// The address of a moment: `?t=` in seconds since the session began; in a file `#t=`, because the address of a file may
// change in nothing else. Pure.

/** Null: the address names none, or nonsense. */
export function momentIn({ search, hash }: { search: string; hash: string }): number | null {
  const given = new URLSearchParams(search).get("t") ?? new URLSearchParams(hash.slice(1)).get("t");
  return given !== null && /^\d{1,7}(\.\d+)?$/.test(given) ? Number(given) : null;
}

/** The same address with another moment. */
export function addressAt(address: string, at: number): string {
  const url = new URL(address);
  const moment = String(Math.floor(at));
  if (url.protocol === "file:") url.hash = `t=${moment}`;
  else url.searchParams.set("t", moment);
  return url.href;
}
