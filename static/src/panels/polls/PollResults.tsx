// Counts as bars or as a cloud of words, with one's own answer marked and, once they are out, the right ones. Everything a
// bar shows is also said in words.
import { Icon } from "../../design/Icon";
import type { Poll } from "../../session/protocol";
import { useFormats, useTexts } from "../../texts";
import { averageOf, barsOf, type Choice, choiceAt, cloudOf, wordsOf } from "./reading";

export function PollResults({ poll, own }: { poll: Poll; own?: readonly Choice[] | undefined }) {
  const t = useTexts();
  const formats = useFormats();
  if (poll.tally === undefined) {
    const live = poll.live || poll.anonymous;
    return <p className="soft">{poll.anonymous && live ? t.polls.noCounts : t.polls.hiddenResults}</p>;
  }
  if (poll.tally.answered === 0) return <p className="soft">{t.polls.nobody}</p>;
  if (poll.kind === "text") return <Cloud poll={poll} />;
  const { options } = wordsOf(poll, t.polls);
  const average = averageOf(poll);
  return (
    <div className="stack-tight">
      {average !== null && <p className="poll-average">{t.polls.average(formats.number(average))}</p>}
      <ul role="list" className="bars">
        {barsOf(poll).map((bar, index) => {
          const mine = own?.includes(choiceAt(poll, index)) ?? false;
          return (
            <li key={options[index]} className={`bar ${mine ? "bar-mine" : ""} ${bar.right ? "bar-right" : ""}`}>
              <p className="bar-head">
                <span className="grow words">
                  {options[index]}
                  {bar.right && (
                    <span className="bar-mark">
                      <Icon name="check" /> {t.polls.rightAnswer}
                    </span>
                  )}
                  {mine && <span className="bar-mark">{t.polls.yourAnswer}</span>}
                </span>
                <span className="numbers bar-count">{t.polls.percentOf(formats.percent(bar.share), bar.count)}</span>
              </p>
              <div className="bar-track" aria-hidden="true">
                <div className="bar-fill" style={{ width: `${bar.share * 100}%` }} />
              </div>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Cloud({ poll }: { poll: Poll }) {
  const t = useTexts();
  return (
    <ul role="list" className="cloud">
      {cloudOf(poll).map(({ word, count, size }) => (
        <li key={word} className={`cloud-word cloud-${size}`} title={t.polls.answeredOnly(count)}>
          {word}
          <span className="unseen"> {t.polls.answeredOnly(count)}</span>
        </li>
      ))}
    </ul>
  );
}
