import { beforeEach, describe, expect, test } from "vitest";
import { HandSound } from "./fakes";
import { Player } from "./player";

const SOUND = [
  { key: "a/1", url: "one", fromS: 10, toS: 20 },
  { key: "a/2", url: "two", fromS: 20, toS: 25 },
];

describe("a player", () => {
  let sound: HandSound;
  let now = 0;
  let renewed = 0;
  let player: Player;

  const pass = (seconds: number): void => {
    now += seconds * 1_000;
    if (sound.playing) sound.at += seconds * sound.speed;
    player.tick();
  };

  beforeEach(() => {
    sound = new HandSound();
    now = renewed = 0;
    player = new Player(
      60,
      sound,
      () => now,
      () => (renewed += 1),
    );
    player.sound(SOUND);
  });

  test("goes with the time where nothing sounds, with the sound where something does", () => {
    player.play();
    pass(9.9);
    expect(player.state.at).toBeCloseTo(9.9);
    expect(sound.playing).toBe(false);
    pass(0.2);
    expect(sound.loads).toEqual([["one", 0]]);
    sound.at = 3; // whatever the clock of the wall says
    player.tick();
    expect(player.state.at).toBeCloseTo(13);
  });

  test("passes from one part into the next and out of the last", () => {
    player.seek(19);
    player.play();
    expect(sound.loads).toEqual([["one", 9]]);
    sound.over = true;
    pass(1);
    expect(sound.loads.at(-1)).toEqual(["two", 0]);
    sound.over = true;
    pass(5);
    expect(player.state.at).toBe(25);
    expect(sound.playing).toBe(false);
    pass(2);
    expect(player.state.at).toBeCloseTo(27);
  });

  test("waits for sound that is not there yet", () => {
    player.seek(12);
    sound.ready = false;
    player.play();
    pass(5);
    expect(player.state).toMatchObject({ at: 12, waiting: true });
    sound.ready = true;
    pass(1);
    expect(player.state.waiting).toBe(false);
  });

  test("keeps its speed, in sound and in silence", () => {
    player.play();
    player.speed(2);
    pass(3);
    expect(player.state.at).toBeCloseTo(6);
    pass(3);
    expect(sound.speed).toBe(2);
  });

  test("asks anew for an address that has ended, and goes on without sound where that does not help", () => {
    player.seek(11);
    player.play();
    sound.broken = true;
    pass(1);
    expect(renewed).toBe(1);
    expect(player.state.silenced).toBe(true);
    pass(1);
    expect(player.state.at).toBeCloseTo(12);
    player.sound(SOUND.map((each) => ({ ...each, url: `${each.url} again` })));
    expect(sound.loads.at(-1)?.[0]).toBe("one again");
    expect(player.state.silenced).toBe(false);
  });

  test("while it is held it looks elsewhere and is quiet; let go, it plays from there", () => {
    player.seek(11);
    player.play();
    player.scrub(22);
    expect(sound.playing).toBe(false);
    pass(3);
    expect(player.state.at).toBe(22);
    player.seek(22);
    expect(sound.loads.at(-1)).toEqual(["two", 2]);
    expect(sound.playing).toBe(true);
  });

  test("stops at the end and begins again from there", () => {
    player.seek(59);
    player.play();
    pass(2);
    expect(player.state).toMatchObject({ at: 60, playing: false });
    player.play();
    expect(player.state).toMatchObject({ at: 0, playing: true });
    player.seek(-5);
    expect(player.state.at).toBe(0);
    player.seek(99);
    expect(player.state.at).toBe(60);
  });
});
