// The line of the session to scrub along: how loud it was, where one is, chapters and what was found. One slider for the
// keyboard and for screen readers; what it shows beyond the time stands in lists, too.
import { type KeyboardEvent, memo, type PointerEvent, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Findable } from "../../replay/search";
import { activityOf, hasSound, type Loudness, outlineOf, waveOf } from "../../replay/wave";
import { trackOf } from "../../replay/timeline";
import { useFormats } from "../../texts";
import { useReplayTexts } from "../../texts/replay";
import { useReplay } from "./ReplayContext";

const COLUMNS = 400;
export const STEP_S = 5;
export const STRIDE_S = 30;

export function Scrubber({ hits }: { hits: readonly Findable[] }) {
  const r = useReplayTexts();
  const formats = useFormats();
  const { player, timeline, chapters } = useReplay();
  const { at } = useSyncExternalStore(player.subscribe, () => player.state);
  const box = useRef<HTMLDivElement>(null);
  const [under, setUnder] = useState<number | null>(null);
  const { lengthS } = timeline;
  const secondsOf = (event: PointerEvent): number => {
    const { left, width } = box.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
    return Math.min(1, Math.max(0, (event.clientX - left) / width)) * lengthS;
  };
  const held = (event: PointerEvent): boolean => box.current?.hasPointerCapture(event.pointerId) ?? false;
  return (
    <div
      ref={box}
      className="scrubber"
      role="slider"
      tabIndex={0}
      aria-label={r.position}
      aria-valuemin={0}
      aria-valuemax={lengthS}
      aria-valuenow={Math.floor(at)}
      aria-valuetext={r.positionOf(at, lengthS)}
      onKeyDown={(event) => steer(event, player) && event.preventDefault()}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        player.scrub(secondsOf(event));
      }}
      onPointerMove={(event) => {
        setUnder(secondsOf(event));
        if (held(event)) player.scrub(secondsOf(event));
      }}
      onPointerUp={(event) => held(event) && player.seek(secondsOf(event))}
      onPointerCancel={() => player.seek(player.state.at)}
      onPointerLeave={() => setUnder(null)}
    >
      <Wave part={at / lengthS} />
      {chapters.map((each) => (
        <span key={each.id} className="scrubber-chapter" style={{ left: `${(each.atS / lengthS) * 100}%` }} />
      ))}
      {hits.map((each) => (
        <span key={each.id} className="scrubber-hit" style={{ left: `${(each.atS / lengthS) * 100}%` }} />
      ))}
      <span className="scrubber-at" style={{ left: `${(at / lengthS) * 100}%` }} />
      {under !== null && (
        <span className="scrubber-under numbers" style={{ left: `${(under / lengthS) * 100}%` }}>
          {formats.clock(under * 1_000)}
        </span>
      )}
    </div>
  );
}

/** Whether the key is one of the player's. */
export function steer(event: KeyboardEvent | globalThis.KeyboardEvent, player: ReturnType<typeof useReplay>["player"]): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey) return false;
  const by = event.shiftKey ? STRIDE_S : STEP_S;
  const { at } = player.state;
  switch (event.key) {
    case "ArrowRight":
    case "ArrowUp":
      player.seek(at + by);
      return true;
    case "ArrowLeft":
    case "ArrowDown":
      player.seek(at - by);
      return true;
    case "PageUp":
      player.seek(at + STRIDE_S);
      return true;
    case "PageDown":
      player.seek(at - STRIDE_S);
      return true;
    case "Home":
      player.seek(0);
      return true;
    case "End":
      player.seek(player.lengthS);
      return true;
    case " ":
      player.toggle();
      return true;
    default:
      return false;
  }
}

function Wave({ part }: { part: number }) {
  const outline = useOutline();
  return (
    <>
      <Line outline={outline} className="wave-later" />
      <div className="wave" style={{ clipPath: `inset(0 ${100 - part * 100}% 0 0)` }}>
        <Line outline={outline} className="wave-past" />
      </div>
    </>
  );
}

const Line = memo(function Line({ outline, className }: { outline: string; className: string }) {
  return (
    <svg className={`wave ${className}`} viewBox={`0 0 ${COLUMNS} 100`} preserveAspectRatio="none" aria-hidden="true">
      <path d={outline} />
    </svg>
  );
});

function useOutline(): string {
  const { recordings, source, timeline, material } = useReplay();
  const [sounds, setSounds] = useState<Loudness[]>([]);
  useEffect(() => {
    let gone = false;
    const asked = recordings.map(async (recording): Promise<Loudness[]> => {
      const address = trackOf(recording)?.peaks;
      if (address === undefined || address === null) return [];
      return source.peaks(address).then(
        (peaks) => [{ recording, peaks }],
        () => [],
      );
    });
    void Promise.all(asked).then((all) => gone || setSounds(all.flat()));
    return () => {
      gone = true;
    };
  }, [recordings, source]);
  return useMemo(() => {
    const loud = hasSound(recordings) && sounds.length > 0;
    const heights = loud ? waveOf(timeline, sounds, COLUMNS) : activityOf(timeline, material.past.events, COLUMNS);
    return outlineOf(heights);
  }, [recordings, sounds, timeline, material]);
}
