// Preparing a poll, or changing a prepared one.
import { useState } from "react";
import { Button, IconButton } from "../../design/Button";
import { Check, Choose, Field, Toggle } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import type { Poll } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { definitionOf, draftOf, type PollDraft } from "./draft";

const KINDS = ["single", "multiple", "rating", "text", "quiz"] as const satisfies readonly Poll["kind"][];
const OPTIONS_MAX = 20;
const SECONDS = [0, 30, 60, 120, 300, 600] as const;
const STEPS = [3, 4, 5, 6, 7, 10] as const;

export function PollForm({ poll, onClose }: { poll?: Poll; onClose(): void }) {
  const t = useTexts();
  const { submit, view, session } = useRoom();
  const [draft, setDraft] = useState<PollDraft>(() => draftOf(poll));
  const change = (some: Partial<PollDraft>) => setDraft((now) => ({ ...now, ...some }));
  const definition = definitionOf(draft);
  const running = view.lifecycle.status === "active" || view.lifecycle.status === "paused";

  const save = async (launch: boolean) => {
    if (definition === null) return;
    onClose();
    if (poll !== undefined) {
      const ack = await submit({ type: "poll.update", pollId: poll.id, ...definition });
      if (ack.ok && launch) await submit({ type: "poll.open", pollId: poll.id });
      return;
    }
    const ack = await submit({ type: "poll.create", ...definition });
    if (!ack.ok || !launch) return;
    await session.reached(ack.seq);
    const made = Object.values(session.state.view?.polls?.polls ?? {}).find((each) => each.seq === ack.seq);
    if (made !== undefined) await submit({ type: "poll.open", pollId: made.id });
  };

  return (
    <Overlay
      open
      onClose={onClose}
      title={poll === undefined ? t.polls.add : t.polls.editTitle}
      shape="sheet"
      foot={
        <>
          <Button
            look={running ? "edged" : "primary"}
            isDisabled={definition === null}
            onPress={() => void save(false)}
          >
            {t.polls.saveDraft}
          </Button>
          {running && (
            <Button look="primary" icon="play" isDisabled={definition === null} onPress={() => void save(true)}>
              {t.polls.saveLaunch}
            </Button>
          )}
        </>
      }
    >
      <div className="stack">
        <Field
          label={t.polls.question}
          value={draft.question}
          onChange={(question) => change({ question })}
          maxLength={500}
          autoFocus
        />
        <Choose
          label={t.polls.kind}
          value={draft.kind}
          onChange={(kind) => change({ kind, results: kind === "quiz" ? "onPublish" : "live" })}
          options={KINDS.map((value) => ({ value, label: t.polls.kinds[value] }))}
        />
        {draft.kind === "rating" && (
          <Choose
            label={t.polls.steps}
            value={String(draft.steps)}
            onChange={(steps) => change({ steps: Number(steps) })}
            options={STEPS.map((steps) => ({ value: String(steps), label: String(steps) }))}
          />
        )}
        {draft.kind !== "rating" && draft.kind !== "text" && <Options draft={draft} onChange={change} />}
        <Toggle on={draft.anonymous} onChange={(anonymous) => change({ anonymous })}>
          {t.polls.anonymous}
        </Toggle>
        <Choose
          label={t.polls.results}
          value={draft.results}
          onChange={(results) => change({ results })}
          options={[
            { value: "live", label: t.polls.resultsLive },
            { value: "onPublish", label: t.polls.resultsLater },
          ]}
        />
        <Choose
          label={t.polls.timer}
          value={String(draft.seconds)}
          onChange={(seconds) => change({ seconds: Number(seconds) })}
          options={SECONDS.map((seconds) => ({
            value: String(seconds),
            label: seconds === 0 ? t.polls.timerNone : t.polls.timerSeconds(seconds),
          }))}
        />
      </div>
    </Overlay>
  );
}

function Options({ draft, onChange }: { draft: PollDraft; onChange(some: Partial<PollDraft>): void }) {
  const t = useTexts();
  const { options, correct } = draft;
  const quiz = draft.kind === "quiz";
  const write = (index: number, text: string) =>
    onChange({ options: options.map((each, at) => (at === index ? text : each)) });
  const remove = (index: number) =>
    onChange({
      options: options.filter((_, at) => at !== index),
      correct: correct.filter((each) => each !== index).map((each) => (each > index ? each - 1 : each)),
    });
  const mark = (index: number, on: boolean) =>
    onChange({ correct: on ? [...correct, index] : correct.filter((each) => each !== index) });
  return (
    <fieldset className="stack-tight">
      {options.map((option, index) => (
        <div key={index} className="poll-option">
          <div className="grow">
            <Field
              label={t.polls.option(index + 1)}
              value={option}
              onChange={(text) => write(index, text)}
              maxLength={500}
            />
          </div>
          {quiz && (
            <Check on={correct.includes(index)} onChange={(on) => mark(index, on)}>
              {t.polls.right}
            </Check>
          )}
          {options.length > 2 && (
            <IconButton icon="close" label={t.polls.removeOption(index + 1)} onPress={() => remove(index)} />
          )}
        </div>
      ))}
      {options.length < OPTIONS_MAX && (
        <div>
          <Button size="small" icon="plus" onPress={() => onChange({ options: [...options, ""] })}>
            {t.polls.addOption}
          </Button>
        </div>
      )}
    </fieldset>
  );
}
