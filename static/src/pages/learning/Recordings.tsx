// My recordings: what I uploaded and what I said in sessions, latest first, to be heard right here.
import { useLoaded } from "../../app/asked";
import { all, type Sound } from "../../app/learning";
import { linkTo } from "../../app/router";
import { Empty } from "../../design/Bits";
import { useFormats } from "../../texts";
import { useLearningTexts } from "../../texts/learning";
import { Shown } from "./Parts";
import { WorkbookHead } from "./Workbook";

export function Recordings() {
  const l = useLearningTexts();
  const asked = useLoaded(() => all<Sound>("/recordings"), []);
  return (
    <>
      <WorkbookHead now="recordings" />
      <Shown asked={asked}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="mic" title={l.workbook.noRecordings}>
              {l.workbook.noRecordingsText}
            </Empty>
          ) : (
            <ul role="list" className="stack">
              {items.map((sound) => (
                <li key={sound.id}>
                  <Heard sound={sound} />
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </>
  );
}

function Heard({ sound }: { sound: Sound }) {
  const l = useLearningTexts();
  const formats = useFormats();
  const name = sound.sessionId === undefined ? sound.fileName : l.workbook.myVoice;
  return (
    <article className="card" aria-label={`${name}, ${formats.moment(sound.createdAt)}`}>
      <div className="row wrap">
        <h2 className="grow words">{name}</h2>
        <span className="soft small numbers">
          {formats.moment(sound.createdAt)} · {formats.clock(sound.durationSeconds * 1_000)}
        </span>
      </div>
      <audio className="sound" controls preload="none" src={sound.fileUrl} aria-label={name} />
      {sound.sessionId !== undefined && (
        <p>
          <a {...linkTo(`/sessions/${sound.sessionId}/replay?t=${Math.floor(sound.fromS ?? 0)}`)}>
            {l.workbook.inReplay}
          </a>
        </p>
      )}
    </article>
  );
}
