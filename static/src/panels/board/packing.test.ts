import { describe, expect, it } from "vitest";
import type { Drawn } from "../../session/fold/boards";
import { BYTES_MAX, bytesOf, carried, ELEMENTS_MAX, packed } from "./packing";

const stroke = (points: number): Drawn => ({
  id: "s",
  type: "freedraw",
  version: 1,
  versionNonce: 1,
  isDeleted: false,
  points: Array.from({ length: points }, (_, at) => [at * 1.23456789, Math.sin(at) * 100]),
  pressures: Array.from({ length: points }, () => 0.123456789),
});

const text = (id: string, characters: number): Drawn => ({
  id,
  type: "text",
  version: 1,
  versionNonce: 1,
  isDeleted: false,
  text: "é".repeat(characters),
});

describe("packing", () => {
  it("keeps to both limits, and to the order", () => {
    const elements = Array.from({ length: 230 }, (_, at) => text(`t${at}`, 500));
    const { parcels, tooLarge } = packed(elements);
    expect(tooLarge).toEqual([]);
    expect(parcels.flat()).toEqual(elements);
    for (const parcel of parcels) {
      expect(parcel.length).toBeLessThanOrEqual(ELEMENTS_MAX);
      expect(bytesOf(parcel)).toBeLessThanOrEqual(BYTES_MAX + 2);
    }
    expect(parcels.length).toBe(Math.ceil((230 * (bytesOf(elements[100]) + 1)) / BYTES_MAX));
  });

  it("counts bytes, not characters", () => {
    expect(packed([text("a", 40_000)]).tooLarge).toHaveLength(1);
    expect(packed([text("a", 20_000)]).parcels).toHaveLength(1);
  });

  it("carries a short stroke as it is", () => {
    const short = stroke(999);
    expect(carried(short)).toBe(short);
  });

  it("carries a stroke of any length, from its first point to its last", () => {
    const long = stroke(40_000);
    const light = carried(long);
    const points = light["points"] as [number, number][];
    const last = (long["points"] as [number, number][])[39_999];
    expect(bytesOf(light)).toBeLessThanOrEqual(BYTES_MAX);
    expect(points.length).toBe((light["pressures"] as number[]).length);
    expect(points[0]).toEqual([0, 0]);
    expect(points.at(-1)?.[0]).toBeCloseTo(last?.[0] ?? 0, 2);
    expect(packed([light]).parcels).toHaveLength(1);
  });

  it("carries of a deleted element only that it is deleted", () => {
    expect(carried({ ...stroke(5), isDeleted: true })).toEqual({
      id: "s",
      type: "freedraw",
      version: 1,
      versionNonce: 1,
      isDeleted: true,
    });
  });
});
