// Becoming somebody: what a sign-in answered is kept under the person it is for.
import { Api } from "../session/api";
import { type Renewal, withExpiry } from "../session/identity";
import { identity } from "./client";
import type { Me } from "./resources";

export async function become(renewal: Renewal, { elsewhere }: { elsewhere: boolean }): Promise<void> {
  const asked = new Api("/api/v1", async () => renewal.accessToken);
  const { id } = await asked.get<Me>("/me");
  identity.become({ userId: id, ...withExpiry(renewal) }, { elsewhere });
}
