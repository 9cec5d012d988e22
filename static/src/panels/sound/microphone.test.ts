import { describe, expect, test } from "vitest";
import { settled } from "../../session/fakes";
import { type Devices, Microphone } from "./microphone";

class FakeTrack extends EventTarget {
  stopped = false;

  constructor(readonly device: string) {
    super();
  }

  stop(): void {
    this.stopped = true;
  }
}

/** Devices by name; whatever is in `broken` fails with that. */
class FakeDevices extends EventTarget {
  readonly tracks: FakeTrack[] = [];
  readonly broken = new Map<string, string>();

  constructor(readonly names: string[]) {
    super();
  }

  get real(): Devices {
    return this as unknown as Devices;
  }

  async getUserMedia({ audio }: MediaStreamConstraints): Promise<unknown> {
    const wanted = (audio as { deviceId?: { exact: string } }).deviceId?.exact ?? "";
    const fault = this.broken.get(wanted) ?? (this.names.length === 0 ? "NotFoundError" : undefined);
    if (fault !== undefined) throw new DOMException("no", fault);
    const track = new FakeTrack(wanted || (this.names[0] ?? ""));
    this.tracks.push(track);
    return { getAudioTracks: () => [track] };
  }

  async enumerateDevices(): Promise<unknown> {
    return this.names.map((deviceId) => ({ deviceId, kind: deviceId.startsWith("box") ? "audiooutput" : "audioinput" }));
  }
}

describe("the microphone", () => {
  test("is asked for when it is wanted, and then names what there is", async () => {
    const devices = new FakeDevices(["desk", "head", "box"]);
    const microphone = new Microphone(devices.real);
    expect(microphone.state.status).toBe("off");
    const started = microphone.start();
    expect(microphone.state.status).toBe("asking");
    expect(await started).toBe(true);
    await settled();
    expect(microphone.state).toMatchObject({ status: "on", track: devices.tracks[0] });
    expect(microphone.state.inputs.map((each) => each.deviceId)).toEqual(["desk", "head"]);
    expect(microphone.state.outputs.map((each) => each.deviceId)).toEqual(["box"]);
  });

  test.each([
    ["NotAllowedError", "denied"],
    ["NotFoundError", "none"],
    ["NotReadableError", "busy"],
    ["TypeError", "unknown"],
  ])("says why there is none: %s", async (error, fault) => {
    const devices = new FakeDevices(["desk"]);
    devices.broken.set("", error);
    const microphone = new Microphone(devices.real);
    expect(await microphone.start()).toBe(false);
    expect(microphone.state).toMatchObject({ status: "off", track: null, fault });
    microphone.dismiss();
    expect(microphone.state.fault).toBeUndefined();
  });

  test("a page that is not secure has none", async () => {
    const microphone = new Microphone(undefined);
    expect(await microphone.start()).toBe(false);
    expect(microphone.state.fault).toBe("insecure");
  });

  test("is switched while it runs: the old one ends when the new one is there, and stays when it is not", async () => {
    const devices = new FakeDevices(["desk", "head", "dead"]);
    devices.broken.set("dead", "NotReadableError");
    const microphone = new Microphone(devices.real);
    await microphone.start();
    await microphone.start("head");
    expect(devices.tracks.map(({ device, stopped }) => [device, stopped])).toEqual([
      ["desk", true],
      ["head", false],
    ]);
    expect(await microphone.start("dead")).toBe(true);
    expect(microphone.state).toMatchObject({ status: "on", track: devices.tracks[1], fault: "busy" });
    expect(devices.tracks[1]?.stopped).toBe(false);
  });

  test("unplugged, another one takes its place; without another one it says so", async () => {
    const devices = new FakeDevices(["desk", "head"]);
    const microphone = new Microphone(devices.real, "head");
    await microphone.start();
    devices.names.splice(1);
    devices.tracks[0]?.dispatchEvent(new Event("ended"));
    await settled();
    expect(microphone.state).toMatchObject({ status: "on", track: devices.tracks[1], wanted: "" });
    devices.names.splice(0);
    devices.tracks[1]?.dispatchEvent(new Event("ended"));
    await settled();
    expect(microphone.state).toMatchObject({ status: "off", track: null, fault: "lost" });
  });

  test("stopped while it is being asked for, it does not start later", async () => {
    const devices = new FakeDevices(["desk"]);
    const microphone = new Microphone(devices.real);
    const started = microphone.start();
    microphone.stop();
    expect(await started).toBe(false);
    expect(devices.tracks[0]?.stopped).toBe(true);
    expect(microphone.state.status).toBe("off");
  });

  test("a device that comes is offered", async () => {
    const devices = new FakeDevices(["desk"]);
    const microphone = new Microphone(devices.real);
    devices.names.push("head");
    devices.dispatchEvent(new Event("devicechange"));
    await settled();
    expect(microphone.state.inputs).toHaveLength(2);
    microphone.close();
    devices.names.push("more");
    devices.dispatchEvent(new Event("devicechange"));
    await settled();
    expect(microphone.state.inputs).toHaveLength(2);
  });
});
