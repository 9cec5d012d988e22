// One note as it is read: when and where it belongs, its text, its tags, and what one may do with it. In place of it stands
// its editor while it is written.
import { type ReactNode, useState } from "react";
import { useActing } from "../../app/acting";
import { api } from "../../app/client";
import { changeNow, type Note } from "../../app/learning";
import { Notice } from "../../design/Bits";
import { Button, IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { MenuButton } from "../../design/Menu";
import { Confirm } from "../../design/Overlay";
import { isPlain, titleOf, textOf } from "../../notes/words";
import type { Answer } from "../../session/api";
import { useFormats } from "../../texts";
import { useNotesTexts } from "../../texts/notes";
import { NoteEditor } from "./NoteEditor";
import { RichText } from "./RichText";
import "./notes.css";

export interface NoteCardProps {
  me: string;
  note: Note;
  whole?: boolean;
  /** Where its moment is. */
  stamp?: ReactNode;
  onChange(note: Note): void;
  onGone(): void;
}

export function NoteCard({ me, note, whole = false, stamp, onChange, onGone }: NoteCardProps) {
  const n = useNotesTexts();
  const formats = useFormats();
  const { fault, act } = useActing();
  const [editing, setEditing] = useState<Answer<Note> | null>(null);
  const [asking, setAsking] = useState<"removal" | "plain" | null>(null);
  const path = `/notes/${note.id}`;

  const edit = () => void act(async () => setEditing(await api.ask<Note>(path)));
  const pin = () => void act(async () => onChange(await changeNow<Note>(path, { isPinned: !note.isPinned })));
  const remove = () =>
    void act(async () => {
      await api.ask(path, { method: "DELETE" });
      onGone();
    });

  if (editing !== null)
    return (
      <article className="note">
        <NoteEditor
          me={me}
          place={note.id}
          note={editing}
          about={{}}
          whole={whole}
          onKept={onChange}
          onDone={() => setEditing(null)}
        />
      </article>
    );
  const called = note.title !== titleOf(textOf(note.content));
  return (
    <article className="note" aria-label={note.title}>
      <div className="note-head">
        <span className="grow soft small note-where">
          {stamp ?? formats.moment(note.updatedAt)}
          {note.isPinned && (
            <span className="note-pinned">
              <Icon name="pin" />
              {n.pinned}
            </span>
          )}
        </span>
        <IconButton
          icon="edit"
          size="small"
          label={n.editOf(note.title)}
          onPress={() => (isPlain(note.content) ? edit() : setAsking("plain"))}
        />
        <MenuButton
          label={n.menu(note.title)}
          groups={[
            {
              acts: [
                { id: "pin", label: note.isPinned ? n.unpin : n.pin, icon: "pin", run: pin },
                { id: "remove", label: n.remove, icon: "trash", danger: true, run: () => setAsking("removal") },
              ],
            },
          ]}
        >
          <IconButton icon="more" size="small" label={n.menu(note.title)} />
        </MenuButton>
      </div>
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      {called && <h3 className="words">{note.title}</h3>}
      <RichText html={note.content} />
      {note.tags.length > 0 && (
        <ul role="list" className="tags" aria-label={n.tags}>
          {note.tags.map((tag) => (
            <li key={tag} className="tag">
              {tag}
            </li>
          ))}
        </ul>
      )}
      <Confirm
        open={asking === "removal"}
        title={n.removeTitle}
        text={n.removeText}
        act={n.remove}
        danger
        onClose={() => setAsking(null)}
        onConfirm={remove}
      />
      <Confirm
        open={asking === "plain"}
        title={n.plainTitle}
        text={n.plainText}
        act={n.plain}
        onClose={() => setAsking(null)}
        onConfirm={edit}
      />
    </article>
  );
}

/** Leads to a moment, or only names it where there is nothing to play. */
export function Stamp({ seconds, onGo }: { seconds: number; onGo?: ((seconds: number) => void) | undefined }) {
  const n = useNotesTexts();
  const clock = useFormats().clock(seconds * 1_000);
  if (onGo === undefined) return <span className="numbers">{n.at(clock)}</span>;
  return (
    <Button size="small" icon="play" aria-label={n.goTo(clock)} place="note-stamp numbers" onPress={() => onGo(seconds)}>
      {clock}
    </Button>
  );
}
