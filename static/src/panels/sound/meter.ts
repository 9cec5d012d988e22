// How loud a microphone is, measured in the page: nothing of it leaves the page.

const EVERY_MS = 100;

/** Reports the loudness, 0 to 1, ten times a second, until the returned function is called. The track stays as it is. */
export function measure(track: MediaStreamTrack, report: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    if (context.state === "suspended") void context.resume();
    analyser.getFloatTimeDomainData(samples);
    report(Math.sqrt(samples.reduce((sum, each) => sum + each * each, 0) / samples.length));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

/** An `<audio>` whose speaker can be chosen; not every browser has that. */
interface Sinkable {
  setSinkId?(id: string): Promise<void>;
}

export const choosesSpeaker = (): boolean => "setSinkId" in HTMLMediaElement.prototype;

/** Falls back to the system's where the chosen one is gone. */
export async function playOn(element: HTMLMediaElement, speaker: string): Promise<void> {
  const sinkable = element as Sinkable;
  await sinkable.setSinkId?.(speaker).catch(() => sinkable.setSinkId?.(""));
}

const TONE_HZ = 440;
const TONE_VOLUME = 0.15;
const TONE_MS = 1_000;

/** Plays a tone there; done when it is over. */
export async function playTone(speaker: string): Promise<void> {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const volume = context.createGain();
  const way = context.createMediaStreamDestination();
  const element = new Audio();
  tone.frequency.value = TONE_HZ;
  volume.gain.value = TONE_VOLUME;
  tone.connect(volume).connect(way);
  element.srcObject = way.stream;
  await playOn(element, speaker);
  tone.start();
  await element.play().catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, TONE_MS));
  element.pause();
  await context.close();
}
