// The reactions of the last seconds before the moment, counted.
import { useMemo } from "react";
import { firstAfter } from "../../replay/past";
import { useReplayTexts } from "../../texts/replay";
import { useMoment, useReplay } from "./ReplayContext";

const SEEN_MS = 6_000;

export function Reactions() {
  const r = useReplayTexts();
  const { material } = useReplay();
  const { count, place, view } = useMoment();
  const sent = useMemo(
    () => material.past.events.flatMap((each, index) => (each.type === "reaction.sent" ? [{ each, index }] : [])),
    [material],
  );
  const latest = firstAfter(
    sent.map(({ index }) => index),
    count - 1,
  );
  const counts = new Map<string, number>();
  for (const { each } of sent.slice(Math.max(0, latest - 50), latest))
    if (each.room === place && Date.parse(view.at) - Date.parse(each.at) < SEEN_MS)
      counts.set(each.emoji, (counts.get(each.emoji) ?? 0) + 1);
  if (counts.size === 0) return null;
  return (
    <ul role="list" className="replay-reactions" aria-label={r.reactions}>
      {[...counts].map(([emoji, n]) => (
        <li key={emoji} aria-label={r.reacted(emoji, n)}>
          {emoji} <span className="numbers">{n}</span>
        </li>
      ))}
    </ul>
  );
}
