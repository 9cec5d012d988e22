// One note being written: a field, what of it is kept, and the question when it was changed elsewhere. With `whole` its title
// and tags can be written, too; without, it is called like its first line.
import { useEffect, useId, useRef, useState, useSyncExternalStore } from "react";
import { api, kept } from "../../app/client";
import type { Note } from "../../app/learning";
import { Button } from "../../design/Button";
import { Notice } from "../../design/Bits";
import { Field } from "../../design/Field";
import { type Fields, Keeper } from "../../notes/keeping";
import { htmlOf, tagsOf, textOf, titleOf } from "../../notes/words";
import type { Answer } from "../../session/api";
import { useTexts } from "../../texts";
import { useNotesTexts } from "../../texts/notes";

/** What a new note is about. */
export type About = Partial<Pick<Note, "sessionId" | "timestamp" | "moduleId" | "lessonId">>;

/** What was written and is not at the server; in the browser, under the person it is for. */
export interface Unkept {
  fields: Fields;
  about: About;
}

const keyOf = (me: string, place: string): string => `atelier.draft.note.${me}.${place}`;

export function unkeptAt(me: string, place: string): Unkept | null {
  try {
    return JSON.parse(kept.get(keyOf(me, place)) ?? "null") as Unkept | null;
  } catch {
    return null;
  }
}

export interface NoteEditorProps {
  me: string;
  /** Where it is held while it is not kept: the note's id, or something for a new one. */
  place: string;
  note: Answer<Note> | null;
  about: About;
  whole?: boolean;
  onKept(note: Note): void;
  onDone(): void;
}

const EMPTY: Fields = { title: "", content: "", tags: [], isPinned: false };

function keeperFor({ me, place, note, about, onKept }: NoteEditorProps, kept_: { current: typeof onKept }): Keeper {
  const path = (id: string) => `/notes/${id}`;
  const held = unkeptAt(me, place)?.fields;
  const fields = held ?? (note === null ? EMPTY : fieldsOf(note.value));
  return new Keeper(
    {
      make: (made, key) =>
        api.ask<Note>("/notes", { method: "POST", body: { ...about, ...made }, idempotencyKey: key }),
      change: (id, some, etag) => api.ask<Note>(path(id), { method: "PATCH", body: some, etag }),
      read: (id) => api.ask<Note>(path(id)),
      hold: (unkept) => {
        if (unkept === null) kept.drop(keyOf(me, place));
        else kept.set(keyOf(me, place), JSON.stringify({ fields: unkept, about } satisfies Unkept));
      },
      kept: (now) => kept_.current(now),
    },
    note,
    fields,
  );
}

const fieldsOf = ({ title, content, tags, isPinned }: Note): Fields => ({ title, content, tags, isPinned });

export function NoteEditor(props: NoteEditorProps) {
  const { whole = false, onKept, onDone } = props;
  const t = useTexts();
  const n = useNotesTexts();
  const latest = useRef(onKept);
  latest.current = onKept;
  const [keeper] = useState(() => keeperFor(props, latest));
  const standing = useSyncExternalStore(keeper.subscribe, () => keeper.standing);
  const [text, setText] = useState(() => textOf(keeper.fields.content));
  const [title, setTitle] = useState(keeper.fields.title);
  const [tags, setTags] = useState(() => keeper.fields.tags.join(", "));
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  useEffect(() => area.current?.focus(), []);
  useEffect(() => () => void keeper.flush(), [keeper]);

  const write = (next: string) => {
    const called = title === titleOf(text) || title.trim() === "" ? titleOf(next) : title;
    setText(next);
    setTitle(called);
    keeper.write({ content: htmlOf(next), title: called });
  };
  const takeTheirs = () => {
    keeper.takeTheirs();
    setText(textOf(keeper.fields.content));
    setTitle(keeper.fields.title);
    setTags(keeper.fields.tags.join(", "));
  };
  const done = () => {
    void keeper.flush();
    onDone();
  };
  return (
    <div className="note-editor" role="group" aria-label={title || n.fresh}>
      {whole && (
        <Field
          label={n.name}
          value={title}
          maxLength={200}
          onChange={(next) => {
            setTitle(next);
            keeper.write({ title: next.trim() });
          }}
        />
      )}
      <div className="field">
        <label htmlFor={id}>{n.text}</label>
        <textarea
          id={id}
          ref={area}
          className="input input-grows note-area"
          rows={3}
          value={text}
          aria-describedby={`${id}-hint`}
          onChange={(event) => write(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape" && !(event.key === "Enter" && (event.ctrlKey || event.metaKey))) return;
            event.preventDefault();
            done();
          }}
        />
        <span id={`${id}-hint`} className="field-hint">
          {n.hint}
        </span>
      </div>
      {whole && (
        <Field
          label={n.tags}
          hint={n.tagsHint}
          value={tags}
          onChange={(next) => {
            setTags(next);
            keeper.write({ tags: tagsOf(next) });
          }}
        />
      )}
      {standing === "conflict" && (
        <Notice kind="fault">
          <div className="stack-tight">
            <p>{n.conflict}</p>
            <p>
              <strong>{n.theirs}</strong>
            </p>
            <p className="note-theirs words">{textOf(keeper.theirs?.content ?? "")}</p>
            <div className="row wrap">
              <Button look="edged" size="small" onPress={() => void keeper.keepMine()}>
                {n.keepMine}
              </Button>
              <Button look="edged" size="small" onPress={takeTheirs}>
                {n.takeTheirs}
              </Button>
            </div>
          </div>
        </Notice>
      )}
      <div className="row">
        <span className="soft small grow" role="status">
          {n.standings[standing]}
          {standing === "refused" && keeper.problem !== null && `: ${t.problem(keeper.problem.code)}`}
        </span>
        <Button look="edged" size="small" onPress={done}>
          {n.done}
        </Button>
      </div>
    </div>
  );
}
