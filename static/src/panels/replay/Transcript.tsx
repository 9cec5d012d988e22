// What was said, sentence by sentence, with a colour and the name of each speaker, and the chapters in between. A click
// plays from there. Follows the player until the reader scrolls by hand.
import { memo, type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Empty } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Icon } from "../../design/Icon";
import type { Chapter } from "../../replay/chapters";
import { type Sentence, sentenceAt, type TranscriptState } from "../../replay/words";
import { useFormats } from "../../texts";
import type { Formats } from "../../texts/formats";
import { type ReplayTexts, useReplayTexts } from "../../texts/replay";
import { CHAPTER_ICON, titleOf } from "./Chapters";
import { useAt, useReplay } from "./ReplayContext";
import { type Roving, useRoving } from "./useRoving";

export function Transcript() {
  const r = useReplayTexts();
  const formats = useFormats();
  const { words, transcript } = useReplay();
  if (words.sentences.length > 0) return <Sentences />;
  const [title, text] = emptyOf(transcript, r, formats);
  return (
    <div className="replay-none">
      <Empty icon="mic" title={title}>
        {text}
      </Empty>
    </div>
  );
}

type Pending = Extract<TranscriptState, { kind: "pending" }>;

const howFar = ({ done, of, unit }: Pending, r: ReplayTexts, { clock }: Formats): string =>
  unit === "seconds" ? r.transcriptPendingText(clock(done * 1_000), clock(of * 1_000)) : r.transcriptPendingText(`${done}`, `${of}`);

function emptyOf(state: TranscriptState, r: ReplayTexts, formats: Formats): [string, string | undefined] {
  switch (state.kind) {
    case "none":
      return [r.transcriptNone, r.transcriptNoneText];
    case "off":
      return [r.transcriptOff, r.transcriptOffText];
    case "pending":
      return [r.transcriptPending, howFar(state, r, formats)];
    case "failed":
      return [r.transcriptFailed, r.transcriptFailedText];
    case "ready":
      return [r.transcriptEmpty, undefined];
  }
}

type Line = { sentence: Sentence } | { chapter: Chapter };

function Sentences() {
  const r = useReplayTexts();
  const formats = useFormats();
  const { words, chapters, player, transcript } = useReplay();
  const { sentences } = words;
  const box = useRef<HTMLDivElement>(null);
  const roving = useRoving();
  const active = useAt((at) => sentences[sentenceAt(sentences, at)]?.id);
  const { following, follow } = useFollowing(box, active);
  const lines = useMemo(() => merged(sentences, chapters), [sentences, chapters]);
  const onGo = useCallback(
    (at: number) => {
      player.seek(at);
      player.play();
      follow();
    },
    [player, follow],
  );
  return (
    <div className="transcript">
      {transcript.kind === "pending" && (
        <p className="soft small replay-note" role="status">
          {r.transcriptPending}: {howFar(transcript, r, formats)}
        </p>
      )}
      <div className="transcript-scroll" ref={box}>
        <ol role="list" className="transcript-list" onKeyDown={roving.onKeyDown}>
          {lines.map((line, index) =>
            "chapter" in line ? (
              <ChapterLine key={line.chapter.id} chapter={line.chapter} />
            ) : (
              <SentenceLine
                key={line.sentence.id}
                sentence={line.sentence}
                now={line.sentence.id === active}
                named={!line.sentence.follows || "chapter" in (lines[index - 1] ?? line)}
                stop={line.sentence.id === (roving.stop ?? active ?? sentences[0]?.id)}
                onFocus={roving.onFocus}
                onGo={onGo}
              />
            ),
          )}
        </ol>
      </div>
      {!following && (
        <div className="transcript-follow">
          <Button size="small" look="primary" icon="down" onPress={follow}>
            {r.follow}
          </Button>
        </div>
      )}
    </div>
  );
}

function merged(sentences: readonly Sentence[], chapters: readonly Chapter[]): Line[] {
  const lines: Line[] = [];
  let next = 0;
  for (const sentence of sentences) {
    for (let chapter = chapters[next]; chapter !== undefined && chapter.atS <= sentence.startS; chapter = chapters[++next])
      lines.push({ chapter });
    lines.push({ sentence });
  }
  for (const chapter of chapters.slice(next)) lines.push({ chapter });
  return lines;
}

function ChapterLine({ chapter }: { chapter: Chapter }) {
  const title = titleOf(chapter, useReplayTexts());
  return (
    <li className="said-chapter">
      <Icon name={CHAPTER_ICON[chapter.kind]} />
      <span className="words">{title}</span>
    </li>
  );
}

interface SentenceLineProps {
  sentence: Sentence;
  now: boolean;
  /** Begins with who speaks. */
  named: boolean;
  stop: boolean;
  onFocus: Roving["onFocus"];
  onGo(at: number): void;
}

const SentenceLine = memo(function SentenceLine({ sentence, now, named, stop, onFocus, onGo }: SentenceLineProps) {
  const r = useReplayTexts();
  const formats = useFormats();
  const { words, nameOf } = useReplay();
  const { id, user, startS, text } = sentence;
  return (
    <li className={`said ${now ? "said-now" : ""} ${named ? "said-named" : ""}`} data-sentence={id}>
      {named && (
        <p className="said-head">
          <span className="said-name" style={{ "--hue": hueOf(words.speakers.get(user ?? "")) } as React.CSSProperties}>
            {user === undefined ? r.nobody : nameOf(user)}
          </span>{" "}
          <span className="soft numbers small">{formats.clock(startS * 1_000)}</span>
        </p>
      )}
      <button
        type="button"
        className="said-words words"
        data-stop=""
        tabIndex={stop ? 0 : -1}
        aria-current={now ? "true" : undefined}
        onFocus={() => onFocus(id)}
        onClick={() => onGo(startS)}
      >
        {text}
      </button>
    </li>
  );
});

/** Far from each other whoever speaks next. */
const GOLDEN_ANGLE = 137.5;
const FIRST_HUE = 190;

export const hueOf = (speaker: number | undefined): number => Math.round((FIRST_HUE + (speaker ?? 0) * GOLDEN_ANGLE) % 360);

/** Keeps what is being said in sight until the reader scrolls by hand. */
function useFollowing(box: RefObject<HTMLElement>, active: string | undefined) {
  const [following, setFollowing] = useState(true);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const stop = () => setFollowing(false);
    for (const each of ["wheel", "touchmove"] as const) element.addEventListener(each, stop, { passive: true });
    return () => {
      for (const each of ["wheel", "touchmove"] as const) element.removeEventListener(each, stop);
    };
  }, [box]);
  useEffect(() => {
    const element = box.current;
    if (!following || element === null) return;
    const row = active === undefined ? null : element.querySelector<HTMLElement>(`[data-sentence="${CSS.escape(active)}"]`);
    if (row === null) element.scrollTop = 0;
    else element.scrollTop += middleOf(row) - middleOf(element);
  }, [box, active, following]);
  return { following, follow: useCallback(() => setFollowing(true), []) };
}

function middleOf(element: HTMLElement): number {
  const { top, height } = element.getBoundingClientRect();
  return top + height / 2;
}
