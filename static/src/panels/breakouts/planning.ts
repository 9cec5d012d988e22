// How a set of rooms is begun: how many rooms fit so many people, what the group sizes come to, and rooms read from pasted
// lines `room: name, name`. Pure.

const GROUP = 4;
export const ROOMS_MAX = 50;

/** Groups of four at most, at least two rooms. */
export function roomsFor(people: number): number {
  return Math.min(ROOMS_MAX, Math.max(2, Math.ceil(people / GROUP)));
}

/** The smallest and the largest group when so many people are spread evenly. */
export function sizesOf(people: number, rooms: number): [least: number, most: number] {
  return [Math.floor(people / rooms), Math.ceil(people / rooms)];
}

export interface RoomOnList {
  name: string;
  members: string[];
}

export interface ReadList {
  rooms: RoomOnList[];
  /** Names nobody here has. */
  unknown: string[];
  /** Names several people have, or that stand twice. */
  unclear: string[];
}

export interface Named {
  user: string;
  name: string;
}

/**
 * Lines `room: name, name`; a line without a colon is a room without people. A name is found whole, or by its first word
 * where only one person begins like that. Case and accents do not matter.
 */
export function readList(text: string, people: readonly Named[]): ReadList {
  const read: ReadList = { rooms: [], unknown: [], unclear: [] };
  const taken = new Set<string>();
  for (const line of text.split("\n")) {
    const [name = "", list = ""] = splitOnce(line.trim(), /[:：]/);
    if (name === "" && list === "") continue;
    const members: string[] = [];
    for (const wanted of list.split(/[,;]/).map((each) => each.trim())) {
      if (wanted === "") continue;
      const found = find(wanted, people);
      const one = found.length === 1 ? found[0] : undefined;
      if (found.length === 0) read.unknown.push(wanted);
      else if (one === undefined || taken.has(one.user)) read.unclear.push(wanted);
      else {
        taken.add(one.user);
        members.push(one.user);
      }
    }
    read.rooms.push({ name: name === "" ? String(read.rooms.length + 1) : name, members });
  }
  return read;
}

function find(wanted: string, people: readonly Named[]): Named[] {
  const plain = plainly(wanted);
  const whole = people.filter((each) => plainly(each.name) === plain);
  if (whole.length > 0) return whole;
  return people.filter((each) => plainly(each.name).startsWith(`${plain} `));
}

const plainly = (name: string): string =>
  name
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .replace(/\s+/g, " ")
    .toLowerCase();

function splitOnce(line: string, at: RegExp): [string, string] {
  const found = line.search(at);
  return found < 0 ? [line, ""] : [line.slice(0, found).trim(), line.slice(found + 1).trim()];
}
