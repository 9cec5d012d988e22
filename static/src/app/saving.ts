// Saving a file that only a signed-in person may have: fetched with the token, then handed to the browser.
import { api } from "./client";

export async function saveFile(path: string, name: string): Promise<void> {
  const blob = await api.file(path);
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
