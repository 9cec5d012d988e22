// Who this browser tab is. Several people may be signed in in one browser, each in a tab of their own (a demo has five);
// a new tab is whoever signed in last. Tokens of a person are shared by that person's tabs, and renewed by one of them
// at a time, because a refresh token serves once. Knows storage and tokens, not pages.
import type { Kept } from "./kept";
import { SignedOut } from "./session";

const TAB = "atelier.tab";
const LATEST = "atelier.latest";
const PERSON = "atelier.person.";
const RENEW_BEFORE_MS = 60_000;

export interface Tokens {
  userId: string;
  accessToken: string;
  /** Milliseconds of this browser's clock; undefined: it does not say. */
  expiresAt?: number;
  refreshToken?: string;
  /** A guest of one session only. */
  sessionId?: string;
}

export interface Renewal {
  accessToken: string;
  expiresIn?: number;
  refreshToken?: string;
}

export interface IdentityOptions {
  local: Kept;
  tab: Kept;
  /** Resolves with null when the refresh token is refused; rejects when the server cannot be asked. */
  refresh(refreshToken: string): Promise<Renewal | null>;
  /** Runs one at a time over all tabs. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export class Identity {
  readonly #options: IdentityOptions;
  readonly #changed = new Set<() => void>();

  constructor(options: IdentityOptions) {
    this.#options = options;
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    this.#changed.add(changed);
    return () => this.#changed.delete(changed);
  };

  get userId(): string | null {
    const { local, tab } = this.#options;
    const user = tab.get(TAB) ?? local.get(LATEST);
    return user !== null && this.#tokens(user) !== null ? user : null;
  }

  /** The session a guest was invited to. */
  get guestOf(): string | null {
    return (this.userId && this.#tokens(this.userId)?.sessionId) ?? null;
  }

  /** From now on this tab is this person; `elsewhere`: new tabs too. */
  become(tokens: Tokens, { elsewhere }: { elsewhere: boolean }): void {
    const { local, tab } = this.#options;
    local.set(PERSON + tokens.userId, JSON.stringify(tokens));
    tab.set(TAB, tokens.userId);
    if (elsewhere) local.set(LATEST, tokens.userId);
    this.#publish();
  }

  /** Whether this browser can be this person again. */
  knows(userId: string): boolean {
    return this.#tokens(userId) !== null;
  }

  /** This tab is a person who signed in here before; false if they are not known any more. */
  resume(userId: string): boolean {
    if (!this.knows(userId)) return false;
    this.#options.tab.set(TAB, userId);
    this.#publish();
    return true;
  }

  forget(): void {
    const { local, tab } = this.#options;
    const user = this.userId;
    tab.drop(TAB);
    if (user === null) return;
    local.drop(PERSON + user);
    if (local.get(LATEST) === user) local.drop(LATEST);
    this.#publish();
  }

  /** A token that is still good, renewed when needed. Rejects with SignedOut when there is none to be had. */
  async token(renewed = false): Promise<string> {
    const user = this.userId;
    if (user === null) throw new SignedOut("not signed in");
    const held = this.#tokens(user);
    if (held !== null && !renewed && fresh(held)) return held.accessToken;
    return this.#options.alone(PERSON + user, () => this.#renew(user, held?.accessToken));
  }

  async #renew(user: string, stale: string | undefined): Promise<string> {
    const held = this.#tokens(user);
    if (held === null) throw new SignedOut("signed out in another tab");
    if (held.accessToken !== stale && fresh(held)) return held.accessToken; // another tab was faster
    const renewal = held.refreshToken === undefined ? null : await this.#options.refresh(held.refreshToken);
    if (renewal === null) {
      this.forget();
      throw new SignedOut("the sign-in is over");
    }
    this.#options.local.set(PERSON + user, JSON.stringify({ ...held, ...withExpiry(renewal) }));
    return renewal.accessToken;
  }

  #tokens(user: string): Tokens | null {
    try {
      const tokens = JSON.parse(this.#options.local.get(PERSON + user) ?? "null") as Tokens | null;
      return typeof tokens?.accessToken === "string" ? tokens : null;
    } catch {
      return null;
    }
  }

  #publish(): void {
    for (const changed of this.#changed) changed();
  }
}

function fresh(tokens: Tokens): boolean {
  return tokens.expiresAt === undefined || tokens.expiresAt - Date.now() > RENEW_BEFORE_MS;
}

/** An answer of the server as it is kept: `expiresIn` counts from now. */
export function withExpiry(renewal: Renewal): Omit<Tokens, "userId"> {
  const { accessToken, expiresIn, refreshToken } = renewal;
  return {
    accessToken,
    ...(expiresIn === undefined ? {} : { expiresAt: Date.now() + expiresIn * 1_000 }),
    ...(refreshToken === undefined ? {} : { refreshToken }),
  };
}
