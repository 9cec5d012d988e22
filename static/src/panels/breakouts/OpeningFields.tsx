// For how long rooms open, and after which countdown; the last choice is kept for the next time.
import { useState } from "react";
import { kept } from "../../app/client";
import { Choose } from "../../design/Field";
import { useTexts } from "../../texts";
import type { Opening } from "./makeSet";

const MINUTES = [5, 10, 15, 20, 30, 45, 60, 90, 0];
const COUNTDOWNS_S = [0, 5, 10, 30, 60];
const FIRST: Opening = { minutes: 15, countdownS: 10 };
const KEY = "atelier.breakouts.opening";

export function useOpening(): [Opening, (opening: Opening) => void] {
  const [opening, setOpening] = useState(read);
  const change = (next: Opening): void => {
    kept.set(KEY, JSON.stringify(next));
    setOpening(next);
  };
  return [opening, change];
}

export function OpeningFields(props: {
  opening: Opening;
  onChange(opening: Opening): void;
  minutes?: boolean;
  countdown?: boolean;
}) {
  const { opening, onChange, minutes = true, countdown = true } = props;
  const t = useTexts();
  return (
    <>
      {minutes && (
        <Choose
          label={t.breakouts.minutes}
          value={String(opening.minutes)}
          options={MINUTES.map((n) => ({
            value: String(n),
            label: n === 0 ? t.breakouts.noMinutes : t.breakouts.minutesN(n),
          }))}
          onChange={(value) => onChange({ ...opening, minutes: Number(value) })}
        />
      )}
      {countdown && (
        <Choose
          label={t.breakouts.countdown}
          value={String(opening.countdownS)}
          options={COUNTDOWNS_S.map((s) => ({ value: String(s), label: t.breakouts.countdownN(s) }))}
          onChange={(value) => onChange({ ...opening, countdownS: Number(value) })}
        />
      )}
    </>
  );
}

function read(): Opening {
  try {
    const { minutes, countdownS } = JSON.parse(kept.get(KEY) ?? "{}") as Partial<Opening>;
    return {
      minutes: MINUTES.find((each) => each === minutes) ?? FIRST.minutes,
      countdownS: COUNTDOWNS_S.find((each) => each === countdownS) ?? FIRST.countdownS,
    };
  } catch {
    return FIRST;
  }
}
