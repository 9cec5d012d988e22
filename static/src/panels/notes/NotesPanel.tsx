// One's own notes about one session, in the order of their moments, and a place for the next one. Used beside the room and
// in the replay; which moment it is, and what a moment leads to, they say.
import { useEffect, useState } from "react";
import { useLoaded } from "../../app/asked";
import { identity } from "../../app/client";
import { all, type Note } from "../../app/learning";
import { Empty, Notice, Waiting } from "../../design/Bits";
import { Button } from "../../design/Button";
import { useFormats, useTexts } from "../../texts";
import { useNotesTexts } from "../../texts/notes";
import { NoteCard, Stamp } from "./NoteCard";
import { type About, NoteEditor, unkeptAt } from "./NoteEditor";
import "./notes.css";

export interface NotesPanelProps {
  sessionId: string;
  /** What is said while there are none. */
  none: string;
  /** Whole seconds; undefined: there is no such moment yet. */
  now(): number | undefined;
  onGo?: (seconds: number) => void;
  /** Begin to write at once. */
  entering?: boolean;
}

interface Fresh {
  place: string;
  about: About;
}

export function NotesPanel(props: NotesPanelProps) {
  const n = useNotesTexts();
  if (identity.guestOf === null) return <OwnNotes {...props} />;
  return (
    <Empty icon="edit" title={n.guest}>
      {n.guestText}
    </Empty>
  );
}

function OwnNotes({ sessionId, none, now, onGo, entering = false }: NotesPanelProps) {
  const t = useTexts();
  const n = useNotesTexts();
  const me = identity.userId ?? "";
  const place = `new.${sessionId}`;
  const { value, problem } = useLoaded(() => all<Note>(`/notes?sessionId=${sessionId}`), [sessionId]);
  const [changed, setChanged] = useState<ReadonlyMap<string, Note | null>>(new Map());
  const [fresh, setFresh] = useState<Fresh | null>(() => {
    const unkept = unkeptAt(me, place);
    return unkept === null ? null : { place, about: unkept.about };
  });
  const put = (id: string, note: Note | null) => setChanged((before) => new Map(before).set(id, note));
  const begin = () => setFresh({ place, about: { sessionId, ...stampOf(now()) } });
  useEffect(() => {
    if (entering) setFresh((held) => held ?? { place, about: { sessionId, ...stampOf(now()) } });
  }, [entering]);

  const [made, setMade] = useState<string>(); // the one in the editor is not in the list, too
  const shown = inOrder(value?.items ?? [], changed).filter((note) => fresh === null || note.id !== made);
  return (
    <div className="notes">
      <div className="notes-scroll">
        {problem !== null && <Notice kind="fault">{t.problem(problem.code, problem.retryAfter)}</Notice>}
        {value === null && problem === null && <Waiting text={t.common.loading} />}
        {value !== null && shown.length === 0 && fresh === null && (
          <Empty icon="edit" title={n.none}>
            {none}
          </Empty>
        )}
        {shown.map((note) => (
          <NoteCard
            key={note.id}
            me={me}
            note={note}
            {...(note.timestamp === undefined ? {} : { stamp: <Stamp seconds={note.timestamp} onGo={onGo} /> })}
            onChange={(next) => put(note.id, next)}
            onGone={() => put(note.id, null)}
          />
        ))}
        {fresh !== null && (
          <article className="note">
            {typeof fresh.about.timestamp === "number" && (
              <span className="soft small">
                <Stamp seconds={fresh.about.timestamp} />
              </span>
            )}
            <NoteEditor
              me={me}
              place={fresh.place}
              note={null}
              about={fresh.about}
              onKept={(note) => {
                setMade(note.id);
                put(note.id, note);
              }}
              onDone={() => {
                setFresh(null);
                setMade(undefined);
              }}
            />
          </article>
        )}
      </div>
      {fresh === null && (
        <div className="notes-foot">
          <FreshButton now={now} onPress={begin} />
        </div>
      )}
    </div>
  );
}

const TICK_MS = 1_000;

/** Says the moment that the note will carry. */
function FreshButton({ now, onPress }: { now(): number | undefined; onPress(): void }) {
  const n = useNotesTexts();
  const formats = useFormats();
  const [at, setAt] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setAt(now()), TICK_MS);
    return () => clearInterval(timer);
  }, [now]);
  return (
    <>
      <Button look="edged" icon="plus" place="grow" onPress={onPress}>
        {n.fresh}
      </Button>
      {at !== undefined && <span className="soft small numbers">{n.at(formats.clock(at * 1_000))}</span>}
    </>
  );
}

const stampOf = (seconds: number | undefined): About => (seconds === undefined ? {} : { timestamp: seconds });

function inOrder(read: readonly Note[], changed: ReadonlyMap<string, Note | null>): Note[] {
  const notes = new Map(read.map((note) => [note.id, note]));
  for (const [id, note] of changed)
    if (note === null) notes.delete(id);
    else notes.set(id, note);
  return [...notes.values()].sort(
    (one, other) => (one.timestamp ?? -1) - (other.timestamp ?? -1) || one.createdAt.localeCompare(other.createdAt),
  );
}
