// Many elements into commands that the server takes: at most 100 of them and 64 kB each. One act of one person that needs
// several commands has one `group`. Pure.
import type { Drawn } from "../../session/fold/boards";

export const ELEMENTS_MAX = 100;
export const BYTES_MAX = 60_000; // of 64 kB: the rest is the command around them
const encoder = new TextEncoder();

export const bytesOf = (value: unknown): number => encoder.encode(JSON.stringify(value)).length;

const POINTS_MAX = 5_000;
const SHORT = 100; // two decimals: nobody sees more

/** What the server needs of it: of a deleted one only that it is; a very long stroke with fewer points. */
export function carried(element: Drawn): Drawn {
  if (element.isDeleted) {
    const { id, type, version, versionNonce } = element;
    return { id, type, version, versionNonce, isDeleted: true };
  }
  return element.type === "freedraw" ? lighter(element) : element;
}

function lighter(element: Drawn): Drawn {
  const points = element["points"] as [number, number][];
  if (points.length < SHORT_STROKE) return element;
  const pressures = element["pressures"] as number[];
  const short = points.map(([x, y]): [number, number] => [Math.round(x * SHORT) / SHORT, Math.round(y * SHORT) / SHORT]);
  return thinned({ ...element, points: short, pressures: pressures.map((each) => Math.round(each * SHORT) / SHORT) });
}

const SHORT_STROKE = 1_000;

/** Every second point goes until it fits; the last one stays. */
function thinned(element: Drawn): Drawn {
  const points = element["points"] as [number, number][];
  if (points.length <= POINTS_MAX && bytesOf(element) <= BYTES_MAX) return element;
  const kept = <T>(list: readonly T[]): T[] => list.filter((_, at) => at % 2 === 0 || at === list.length - 1);
  return thinned({ ...element, points: kept(points), pressures: kept(element["pressures"] as number[]) });
}

/** What fits, in parcels, and what is too large for any. */
export function packed(elements: readonly Drawn[]): { parcels: Drawn[][]; tooLarge: Drawn[] } {
  const parcels: Drawn[][] = [];
  const tooLarge: Drawn[] = [];
  let room = 0;
  for (const element of elements) {
    const bytes = bytesOf(element) + 1;
    if (bytes > BYTES_MAX) {
      tooLarge.push(element);
      continue;
    }
    const parcel = parcels.at(-1);
    if (parcel === undefined || parcel.length === ELEMENTS_MAX || bytes > room) {
      parcels.push([element]);
      room = BYTES_MAX - bytes;
    } else {
      parcel.push(element);
      room -= bytes;
    }
  }
  return { parcels, tooLarge };
}
