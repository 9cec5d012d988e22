// The one identity of this tab and the one way to the server's REST, put together from their parts.
import { Api } from "../session/api";
import { Identity, type Renewal } from "../session/identity";
import { keptInBrowser } from "../session/kept";

export const kept = keptInBrowser("local");
export const keptInTab = keptInBrowser("tab");

const BASE = "/api/v1";
const REFUSED = new Set([400, 401, 403, 404, 422]);

async function refresh(refreshToken: string): Promise<Renewal | null> {
  const response = await fetch(`${BASE}/auth/refresh`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ refreshToken }),
    signal: AbortSignal.timeout(15_000),
  });
  if (response.ok) return (await response.json()) as Renewal;
  if (REFUSED.has(response.status)) return null;
  throw new Error(`the token could not be renewed: ${response.status}`);
}

/** Browsers without locks have one tab renewing at a time by luck; the loser signs in again. */
async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  return "locks" in navigator ? (navigator.locks.request(name, work) as Promise<T>) : work();
}

export const identity = new Identity({ local: kept, tab: keptInTab, refresh, alone });

export const api = new Api(BASE, (renewed) => identity.token(renewed));
