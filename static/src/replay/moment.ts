// The address of a moment: `?t=` in seconds since the session began. Pure.

/** Null: the address names none, or nonsense. */
export function momentIn(search: string): number | null {
  const given = new URLSearchParams(search).get("t");
  return given !== null && /^\d{1,7}(\.\d+)?$/.test(given) ? Number(given) : null;
}

/** The same address with another moment. */
export function addressAt(address: string, at: number): string {
  const url = new URL(address);
  url.searchParams.set("t", String(Math.floor(at)));
  return url.href;
}
