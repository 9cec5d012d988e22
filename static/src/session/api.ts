// REST over fetch: the bearer token is put on and silently renewed once, problems become `Problem`, and the Date header
// tells how far this browser's clock is off. Knows the manners of /api/v1, not its resources (those are in pages).

export interface ProblemBody {
  title?: string;
  status?: number;
  code?: string;
  detail?: string;
  errors?: { pointer: string; detail: string }[];
  allowed?: string[];
}

/** What the server answered instead of the thing asked for. Code `offline`: nothing answered. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly body: ProblemBody;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: ProblemBody, retryAfter?: number) {
    super(body.detail ?? body.title ?? body.code ?? String(status));
    this.status = status;
    this.code = body.code ?? (status === 0 ? "offline" : "internal");
    this.body = body;
    this.retryAfter = retryAfter;
  }
}

export interface Asked {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  body?: unknown;
  /** Sent as If-Match. */
  etag?: string;
  /** Makes a POST safe to repeat. */
  idempotencyKey?: string;
  /** Without a token: signing in, invitations, the demo's cast. */
  open?: boolean;
  /** Sent as it is, instead of `body`. */
  bytes?: Blob;
  withinMs?: number;
  signal?: AbortSignal;
}

export interface Answer<T> {
  value: T;
  etag: string | null;
}

const WITHIN_MS = 15_000;

export class Api {
  readonly #base: string;
  readonly #token: (renewed: boolean) => Promise<string>;
  #clockOffsetMs = 0;

  constructor(base: string, token: (renewed: boolean) => Promise<string>) {
    this.#base = base;
    this.#token = token;
  }

  /** The server's clock, milliseconds, good to about a second. */
  now(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  async get<T>(path: string, asked: Asked = {}): Promise<T> {
    return (await this.ask<T>(path, asked)).value;
  }

  async post<T>(path: string, body?: unknown, asked: Asked = {}): Promise<T> {
    return (await this.ask<T>(path, { ...asked, method: "POST", body })).value;
  }

  /** Sends a file as it is. */
  async upload<T>(path: string, bytes: Blob, asked: Asked = {}): Promise<T> {
    return (await this.ask<T>(path, { ...asked, method: "POST", bytes })).value;
  }

  async ask<T>(path: string, asked: Asked = {}): Promise<Answer<T>> {
    const response = await this.#respond(path, asked);
    const etag = response.headers.get("etag");
    const text = await response.text();
    return { value: (text === "" ? undefined : JSON.parse(text)) as T, etag };
  }

  /** A file as it is, for saving. */
  async file(path: string, asked: Asked = {}): Promise<Blob> {
    return (await this.#respond(path, asked)).blob();
  }

  async #respond(path: string, asked: Asked): Promise<Response> {
    let response = await this.#fetch(path, asked, false);
    if (response.status === 401 && asked.open !== true) response = await this.#fetch(path, asked, true);
    if (response.ok) return response;
    const retryAfter = Number(response.headers.get("retry-after"));
    throw new Problem(response.status, await problemOf(response), retryAfter > 0 ? retryAfter : undefined);
  }

  async #fetch(path: string, asked: Asked, renewed: boolean): Promise<Response> {
    const headers: Record<string, string> = { accept: "application/json" };
    if (asked.open !== true) headers["authorization"] = `Bearer ${await this.#token(renewed)}`;
    if (asked.body !== undefined) headers["content-type"] = "application/json";
    if (asked.etag !== undefined) headers["if-match"] = asked.etag;
    if (asked.idempotencyKey !== undefined) headers["idempotency-key"] = asked.idempotencyKey;
    const within = AbortSignal.timeout(asked.withinMs ?? WITHIN_MS);
    const signal = asked.signal === undefined ? within : AbortSignal.any([asked.signal, within]);
    const request: RequestInit = { method: asked.method ?? "GET", headers, signal };
    if (asked.body !== undefined) request.body = JSON.stringify(asked.body);
    if (asked.bytes !== undefined) {
      headers["content-type"] = asked.bytes.type;
      request.body = asked.bytes;
    }
    let response: Response;
    try {
      response = await fetch(this.#base + path, request);
    } catch (error) {
      throw new Problem(0, { code: "offline", detail: String(error) });
    }
    this.#readClock(response);
    return response;
  }

  /** The header is cut to the second: the middle of that second is the best guess. */
  #readClock(response: Response): void {
    const date = Date.parse(response.headers.get("date") ?? "");
    if (Number.isNaN(date)) return;
    const offset = date + 500 - Date.now();
    this.#clockOffsetMs = Math.abs(offset) < 1_500 ? 0 : offset;
  }
}

async function problemOf(response: Response): Promise<ProblemBody> {
  try {
    return (await response.json()) as ProblemBody;
  } catch {
    return { status: response.status };
  }
}
