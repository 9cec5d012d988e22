// Plays what the room sounds like, on the chosen speaker. Browsers keep a page silent until somebody does something on it:
// then it says so, and any press of the person's own makes it heard.
import { useCallback, useEffect, useRef, useState } from "react";
import { playOn } from "./meter";

export function usePlaying(stream: MediaStream | null, speaker: string): { blocked: boolean; unblock(): void } {
  const element = useRef<HTMLAudioElement | null>(null);
  const [blocked, setBlocked] = useState(false);
  const play = useCallback(() => {
    element.current?.play().then(
      () => setBlocked(false),
      (error: unknown) => setBlocked(error instanceof DOMException && error.name === "NotAllowedError"),
    );
  }, []);

  useEffect(() => {
    if (stream === null) return;
    const audio = (element.current ??= new Audio());
    audio.srcObject = stream;
    play();
    return () => {
      audio.srcObject = null;
    };
  }, [stream, play]);
  useEffect(() => {
    if (element.current !== null || speaker !== "") void playOn((element.current ??= new Audio()), speaker);
  }, [speaker]);
  useEffect(() => {
    if (!blocked) return;
    window.addEventListener("pointerdown", play);
    window.addEventListener("keydown", play);
    return () => {
      window.removeEventListener("pointerdown", play);
      window.removeEventListener("keydown", play);
    };
  }, [blocked, play]);
  return { blocked: blocked && stream !== null, unblock: play };
}
