// What the pages of the workbook and the courses share: the head with the way back, how far something is, what is said while
// it is loaded or was refused.
import { type ReactNode, useEffect } from "react";
import type { AskedState } from "../../app/asked";
import { linkTo } from "../../app/router";
import { Empty, Notice, Waiting } from "../../design/Bits";
import { Icon } from "../../design/Icon";
import { useFormats, useTexts } from "../../texts";

export interface HeadProps {
  title: string;
  /** Where it belongs: path and words. */
  up?: readonly [string, string];
  under?: ReactNode;
  children?: ReactNode;
}

export function Head({ title, up, under, children }: HeadProps) {
  useTitle(title);
  return (
    <div className="learning-head">
      <div className="grow stack-tight">
        {up !== undefined && (
          <a className="up" {...linkTo(up[0])}>
            <Icon name="left" />
            {up[1]}
          </a>
        )}
        <h1 className="words">{title}</h1>
        {under !== undefined && <div className="soft">{under}</div>}
      </div>
      {children}
    </div>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Atelier" : `${title} · Atelier`;
    return () => {
      document.title = "Atelier";
    };
  }, [title]);
}

/** The value once it is there. */
export function Shown<T>({ asked, children }: { asked: AskedState<T>; children(value: T): ReactNode }) {
  const t = useTexts();
  const { value, problem } = asked;
  if (value !== null) return children(value);
  if (problem === null) return <Waiting text={t.common.loading} />;
  if (problem.status === 404) return <Empty icon="question" title={t.problem("not_found")} />;
  return <Notice kind="fault">{t.problem(problem.code, problem.retryAfter)}</Notice>;
}

/** `label`: of what. */
export function Meter({ percent, label }: { percent: number; label: string }) {
  const formats = useFormats();
  return (
    <div className="meter">
      <div
        className="meter-track"
        role="progressbar"
        aria-label={label}
        aria-valuenow={Math.round(percent)}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <div className="meter-done" style={{ width: `${percent}%` }} />
      </div>
      <span className="meter-words numbers" aria-hidden="true">
        {formats.percent(percent / 100)}
      </span>
    </div>
  );
}

const RADIUS = 15.5;
const ROUND = 2 * Math.PI * RADIUS;

/** The same as a ring, with a mark in it. Says nothing to a screen reader: words stand beside it. */
export function Ring({ percent, children }: { percent: number; children?: ReactNode }) {
  return (
    <span className="ring" aria-hidden="true">
      <svg viewBox="0 0 36 36">
        <circle className="ring-track" cx="18" cy="18" r={RADIUS} />
        {percent > 0 && (
          <circle
            className="ring-done"
            cx="18"
            cy="18"
            r={RADIUS}
            strokeDasharray={`${(ROUND * percent) / 100} ${ROUND}`}
            transform="rotate(-90 18 18)"
          />
        )}
      </svg>
      <span className="ring-mark">{children}</span>
    </span>
  );
}

export function Part({ title, children, act }: { title: string; children: ReactNode; act?: ReactNode }) {
  return (
    <section className="part" aria-label={title}>
      <div className="row wrap">
        <h2 className="grow">{title}</h2>
        {act}
      </div>
      {children}
    </section>
  );
}

/** Plain text of several paragraphs, as it was written. */
export function Prose({ text }: { text: string }) {
  return <p className="prose words">{text}</p>;
}

/** Lines of a field, one thing each. */
export const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
