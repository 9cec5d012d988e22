// Whether the server has moved on to another build of this client. The page names its own entry script, whose name holds
// a hash of the contents; the server's present page names the present one. Asked after every reconnect.

const ENTRY = /<script[^>]+type="module"[^>]+src="([^"]+)"/;

/** The entry script that a page of the client names. */
export function entryOf(html: string): string | null {
  return ENTRY.exec(html)?.[1] ?? null;
}

/** The server's entry when it surely is another one; not reaching it, or a page without an entry, is no answer. */
export async function newerBuild(loaded: string | null, fetchPage: () => Promise<string>): Promise<string | null> {
  if (loaded === null) return null;
  try {
    const present = entryOf(await fetchPage());
    return present === loaded ? null : present;
  } catch {
    return null;
  }
}
