// Saving a file: one that only a signed-in person may have is fetched with the token, then handed to the browser; one that
// has an address of its own is the browser's from the beginning.
import { api } from "./client";

export async function saveFile(path: string, name: string, withinMs?: number): Promise<void> {
  const blob = await api.file(path, withinMs === undefined ? {} : { withinMs });
  const address = URL.createObjectURL(blob);
  saveFrom(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function saveFrom(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
