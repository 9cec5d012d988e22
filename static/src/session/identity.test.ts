import { describe, expect, test } from "vitest";
import { Identity, type Renewal } from "./identity";
import { KeptInMemory } from "./kept";
import { SignedOut } from "./session";

const MARA = "mara";
const ANA = "ana";

function browser(refresh: (token: string) => Promise<Renewal | null> = async () => null) {
  const local = new KeptInMemory();
  const tab = () => new Identity({ local, tab: new KeptInMemory(), refresh, alone: async (_name, work) => work() });
  return { tab };
}

describe("who a tab is", () => {
  test("a new tab is whoever signed in last, a demo person stays in their own tab", () => {
    const { tab } = browser();
    const first = tab();
    first.become({ userId: MARA, accessToken: "m" }, { elsewhere: true });
    const second = tab();
    expect(second.userId).toBe(MARA);
    second.become({ userId: ANA, accessToken: "a" }, { elsewhere: false });
    expect([first.userId, second.userId, tab().userId]).toEqual([MARA, ANA, MARA]);
  });

  test("signing out in one tab signs that person out in all", () => {
    const { tab } = browser();
    const first = tab();
    first.become({ userId: MARA, accessToken: "m" }, { elsewhere: true });
    const second = tab();
    first.forget();
    expect(second.userId).toBeNull();
  });
});

describe("the token", () => {
  test("is used while it is good", async () => {
    const { tab } = browser();
    const first = tab();
    first.become({ userId: MARA, accessToken: "m", expiresAt: Date.now() + 600_000 }, { elsewhere: true });
    expect(await first.token()).toBe("m");
  });

  test("is renewed when it is about to expire, and the new refresh token is kept", async () => {
    const used: string[] = [];
    const { tab } = browser(async (token) => {
      used.push(token);
      return { accessToken: `m${used.length}`, expiresIn: 30, refreshToken: `r${used.length}` };
    });
    const first = tab();
    first.become({ userId: MARA, accessToken: "m", expiresAt: Date.now(), refreshToken: "r" }, { elsewhere: true });
    expect(await first.token()).toBe("m1");
    expect(await first.token()).toBe("m2");
    expect(used).toEqual(["r", "r1"]);
  });

  test("a refused renewal signs out, a server out of reach does not", async () => {
    let answer: () => Promise<Renewal | null> = () => Promise.reject(new Error("offline"));
    const { tab } = browser(() => answer());
    const first = tab();
    first.become({ userId: MARA, accessToken: "m", expiresAt: 0, refreshToken: "r" }, { elsewhere: true });
    await expect(first.token()).rejects.toThrow("offline");
    expect(first.userId).toBe(MARA);
    answer = async () => null;
    await expect(first.token()).rejects.toThrow(SignedOut);
    expect(first.userId).toBeNull();
  });
});
