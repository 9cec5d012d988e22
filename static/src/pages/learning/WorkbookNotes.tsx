// All my notes: searched in their words, chosen by tag, pinned ones first. The moment of a note leads into the replay of its
// session.
import { useState } from "react";
import { useLoaded } from "../../app/asked";
import { api } from "../../app/client";
import { all, type All, type Note } from "../../app/learning";
import type { LiveSession } from "../../app/resources";
import { go, linkTo } from "../../app/router";
import { Empty } from "../../design/Bits";
import { Button } from "../../design/Button";
import { NoteCard, Stamp } from "../../panels/notes/NoteCard";
import { NoteEditor } from "../../panels/notes/NoteEditor";
import { useLearningTexts } from "../../texts/learning";
import { useNotesTexts } from "../../texts/notes";
import { Shown } from "./Parts";
import { useSettled } from "./useSettled";
import { WorkbookHead } from "./Workbook";

const PLACE = "new.workbook";
const QUERY_MAX = 200;

export function WorkbookNotes({ me }: { me: string }) {
  const l = useLearningTexts();
  const n = useNotesTexts();
  const [query, setQuery] = useState("");
  const [tag, setTag] = useState<string | null>(null);
  const wanted = useSettled(query.trim());
  const asked = useLoaded(() => all<Note>(pathOf(wanted, tag)), [wanted, tag]);
  const [fresh, setFresh] = useState(false);
  const nothing = wanted === "" && tag === null;
  const done = () => {
    setFresh(false);
    asked.again();
  };
  return (
    <>
      <WorkbookHead now="notes" />
      <div className="finder">
        <input
          className="input grow"
          type="search"
          maxLength={QUERY_MAX}
          value={query}
          aria-label={l.workbook.findNotes}
          placeholder={l.workbook.findNotes}
          onChange={(event) => setQuery(event.target.value)}
        />
        <Button look="primary" icon="plus" onPress={() => setFresh(true)}>
          {n.fresh}
        </Button>
      </div>
      {fresh && (
        <article className="note">
          <NoteEditor me={me} place={PLACE} note={null} about={{}} whole onKept={() => undefined} onDone={done} />
        </article>
      )}
      <Shown asked={asked}>
        {(found) => (
          <>
            <Tags notes={found.items} chosen={tag} onChoose={setTag} />
            <p className="soft small" role="status">
              {nothing && found.items.length === 0 ? "" : l.workbook.notesFound(found.items.length, found.cut)}
            </p>
            {found.items.length === 0 && !fresh && (
              <Empty icon="edit" title={nothing ? n.none : l.workbook.noNoteFound}>
                {nothing ? l.workbook.noNotes : l.workbook.noNoteFoundText}
              </Empty>
            )}
            <NoteList me={me} found={found} />
          </>
        )}
      </Shown>
    </>
  );
}

function pathOf(query: string, tag: string | null): string {
  const asked = new URLSearchParams();
  if (query !== "") asked.set("q", query);
  if (tag !== null) asked.set("tag", tag);
  return `/notes?${asked}`;
}

const TAGS_MAX = 20;

function Tags(props: { notes: readonly Note[]; chosen: string | null; onChoose(tag: string | null): void }) {
  const l = useLearningTexts();
  const { notes, chosen, onChoose } = props;
  const counts = new Map<string, number>(chosen === null ? [] : [[chosen, 0]]);
  for (const tag of notes.flatMap((note) => note.tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  const tags = [...counts].sort(([one, n], [other, m]) => m - n || one.localeCompare(other)).slice(0, TAGS_MAX);
  if (tags.length === 0) return null;
  return (
    <div className="row wrap" role="group" aria-label={l.workbook.byTag}>
      {tags.map(([tag]) => (
        <Button
          key={tag}
          size="small"
          look="edged"
          on={tag === chosen}
          aria-pressed={tag === chosen}
          onPress={() => onChoose(tag === chosen ? null : tag)}
        >
          {tag}
        </Button>
      ))}
    </div>
  );
}

function NoteList({ me, found }: { me: string; found: All<Note> }) {
  const [changed, setChanged] = useState<ReadonlyMap<string, Note | null>>(new Map());
  const put = (id: string, note: Note | null) => setChanged((before) => new Map(before).set(id, note));
  const notes = found.items.flatMap((note) => changed.get(note.id) ?? (changed.get(note.id) === null ? [] : [note]));
  const titles = useTitles(notes);
  const sorted = [...notes].sort((one, other) => Number(other.isPinned) - Number(one.isPinned));
  return (
    <div className="note-grid">
      {sorted.map((note) => (
        <NoteCard
          key={note.id}
          me={me}
          note={note}
          whole
          {...(note.sessionId === undefined ? {} : { stamp: <Where note={note} title={titles.get(note.sessionId)} /> })}
          onChange={(next) => put(note.id, next)}
          onGone={() => put(note.id, null)}
        />
      ))}
    </div>
  );
}

function Where({ note, title }: { note: Note; title: string | undefined }) {
  const n = useNotesTexts();
  const session = `/sessions/${note.sessionId}`;
  const play = (seconds: number) => go(`${session}/replay?t=${seconds}`);
  return (
    <>
      {note.timestamp !== undefined && <Stamp seconds={note.timestamp} {...(title === undefined ? {} : { onGo: play })} />}
      {title !== undefined && (
        <a className="words" {...linkTo(session)}>
          {n.inSession(title)}
        </a>
      )}
    </>
  );
}

/** What the sessions are called that the notes are of; one may no longer know of some. */
function useTitles(notes: readonly Note[]): ReadonlyMap<string, string> {
  const ids = [...new Set(notes.flatMap((note) => note.sessionId ?? []))].sort();
  const { value } = useLoaded(async () => {
    const read = ids.map(async (id) => [id, (await api.get<LiveSession>(`/live-sessions/${id}`)).title] as const);
    const told = await Promise.allSettled(read);
    return new Map(told.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])));
  }, [ids.join()]);
  return value ?? new Map();
}
