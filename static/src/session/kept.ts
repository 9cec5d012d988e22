// What is kept in the browser between visits: a small key-value store that never throws. Without room or without
// permission to store (private windows) it keeps things for as long as the page lives.

export interface Kept {
  get(key: string): string | null;
  set(key: string, value: string): void;
  drop(key: string): void;
  keys(prefix: string): string[];
}

export class KeptInMemory implements Kept {
  readonly #items = new Map<string, string>();

  get(key: string): string | null {
    return this.#items.get(key) ?? null;
  }

  set(key: string, value: string): void {
    this.#items.set(key, value);
  }

  drop(key: string): void {
    this.#items.delete(key);
  }

  keys(prefix: string): string[] {
    return [...this.#items.keys()].filter((key) => key.startsWith(prefix));
  }
}

/** Over a `Storage` of the browser; what it refuses to hold is held in memory. */
export class KeptInStorage implements Kept {
  readonly #storage: Storage;
  readonly #fallback = new KeptInMemory();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  get(key: string): string | null {
    return this.#fallback.get(key) ?? this.#storage.getItem(key);
  }

  set(key: string, value: string): void {
    try {
      this.#storage.setItem(key, value);
      this.#fallback.drop(key);
    } catch {
      this.#fallback.set(key, value);
    }
  }

  drop(key: string): void {
    this.#fallback.drop(key);
    this.#storage.removeItem(key);
  }

  keys(prefix: string): string[] {
    const stored = Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index) ?? "");
    return [...new Set([...stored.filter((key) => key.startsWith(prefix)), ...this.#fallback.keys(prefix)])];
  }
}

/** The browser's own store, or memory where it may not be touched at all. */
export function keptInBrowser(which: "local" | "tab"): Kept {
  try {
    return new KeptInStorage(which === "local" ? window.localStorage : window.sessionStorage);
  } catch {
    return new KeptInMemory();
  }
}
