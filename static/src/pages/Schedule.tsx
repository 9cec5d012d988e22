// The form for a new session, with defaults that are mostly right: the next full hour, 60 minutes, everything switched on.
import { type FormEvent, useState } from "react";
import { asProblem } from "../app/asked";
import { api } from "../app/client";
import type { LiveSession, NewSession } from "../app/resources";
import { Notice } from "../design/Bits";
import { Button } from "../design/Button";
import { Check, Choose, Field, Toggle } from "../design/Field";
import { Overlay } from "../design/Overlay";
import type { FeatureType } from "../session/protocol";
import { useTexts } from "../texts";

const FEATURES: readonly FeatureType[] = ["chat", "qa", "poll", "breakout", "whiteboard", "recording"];
const MINUTES = [15, 30, 45, 60, 90, 120, 180, 240] as const;

interface Draft {
  title: string;
  description: string;
  date: string;
  time: string;
  minutes: string;
  seats: string;
  lobby: boolean;
  approval: boolean;
  off: readonly FeatureType[];
}

/** `now` rounded up to the next full hour, in the parts a form has. */
export function firstDraft(now: Date): Draft {
  const start = new Date(now);
  start.setHours(now.getHours() + 1, 0, 0, 0);
  const two = (value: number) => String(value).padStart(2, "0");
  return {
    title: "",
    description: "",
    date: `${start.getFullYear()}-${two(start.getMonth() + 1)}-${two(start.getDate())}`,
    time: `${two(start.getHours())}:00`,
    minutes: "60",
    seats: "50",
    lobby: true,
    approval: false,
    off: [],
  };
}

/** What the server is asked for; null while the times make no sense. */
export function newSession(draft: Draft): NewSession | null {
  const start = new Date(`${draft.date}T${draft.time}`);
  const seats = Number(draft.seats);
  if (Number.isNaN(start.getTime()) || !Number.isInteger(seats) || seats < 1) return null;
  const end = new Date(start.getTime() + Number(draft.minutes) * 60_000);
  const description = draft.description.trim();
  return {
    title: draft.title.trim(),
    ...(description === "" ? {} : { description }),
    scheduledStart: start.toISOString(),
    scheduledEnd: end.toISOString(),
    maxParticipants: seats,
    features: FEATURES.map((type) => ({
      type,
      isEnabled: !draft.off.includes(type),
      ...(type === "qa" && draft.approval ? { config: { approval: true } } : {}),
    })),
    lobby: draft.lobby,
  };
}

export interface ScheduleProps {
  open: boolean;
  onClose(): void;
  onDone(session: LiveSession): void;
}

export function Schedule({ open, onClose, onDone }: ScheduleProps) {
  const t = useTexts();
  const [draft, setDraft] = useState(() => firstDraft(new Date()));
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const change = (some: Partial<Draft>) => setDraft((now) => ({ ...now, ...some }));
  const body = newSession(draft);

  const save = async (event?: FormEvent) => {
    event?.preventDefault();
    if (body === null || body.title === "") return;
    setBusy(true);
    setFault(undefined);
    try {
      const made = await api.post<LiveSession>("/live-sessions", body, { idempotencyKey: key });
      setDraft(firstDraft(new Date()));
      onDone(made);
    } catch (error) {
      const problem = asProblem(error);
      setFault(problem.body.errors?.[0]?.detail ?? t.problem(problem.code, problem.retryAfter));
    }
    setKey(crypto.randomUUID());
    setBusy(false);
  };

  const toggle = (type: FeatureType, on: boolean) =>
    change({ off: on ? draft.off.filter((each) => each !== type) : [...draft.off, type] });

  return (
    <Overlay
      open={open}
      onClose={onClose}
      title={t.schedule.title}
      shape="sheet"
      foot={
        <>
          <Button onPress={onClose}>{t.common.cancel}</Button>
          <Button
            look="primary"
            isPending={busy}
            isDisabled={body === null || draft.title.trim() === ""}
            onPress={() => void save()}
          >
            {t.schedule.save}
          </Button>
        </>
      }
    >
      <form className="stack" onSubmit={(event) => void save(event)}>
        {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
        <Field
          label={t.schedule.name}
          value={draft.title}
          onChange={(title) => change({ title })}
          maxLength={200}
          required
          autoFocus
        />
        <div className="pair">
          <Field label={t.schedule.date} type="date" value={draft.date} onChange={(date) => change({ date })} />
          <Field label={t.schedule.time} type="time" value={draft.time} onChange={(time) => change({ time })} />
        </div>
        <div className="pair">
          <Choose
            label={t.schedule.length}
            value={draft.minutes}
            onChange={(minutes) => change({ minutes })}
            options={MINUTES.map((minutes) => ({ value: String(minutes), label: t.schedule.minutes(minutes) }))}
          />
          <Field
            label={t.schedule.seats}
            type="number"
            min={1}
            max={10_000}
            value={draft.seats}
            onChange={(seats) => change({ seats })}
          />
        </div>
        <Field
          label={t.schedule.description}
          rows={3}
          maxLength={5_000}
          value={draft.description}
          onChange={(description) => change({ description })}
        />
        <Toggle on={draft.lobby} onChange={(lobby) => change({ lobby })}>
          {t.schedule.lobby}
        </Toggle>
        <fieldset className="stack-tight">
          <legend>{t.schedule.features}</legend>
          <div className="features">
            {FEATURES.map((type) => (
              <Check key={type} on={!draft.off.includes(type)} onChange={(on) => toggle(type, on)}>
                {t.features[type]}
              </Check>
            ))}
          </div>
        </fieldset>
        {!draft.off.includes("qa") && (
          <Toggle on={draft.approval} onChange={(approval) => change({ approval })}>
            {t.schedule.approval}
          </Toggle>
        )}
        <button type="submit" hidden />
      </form>
    </Overlay>
  );
}
