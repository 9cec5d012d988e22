// The keys that lead around the room, and the list of all of them under `?`.
import { Key } from "../../design/Bits";
import { Toggle } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import { useTexts } from "../../texts";
import { useNotesTexts } from "../../texts/notes";
import { useRecordingTexts } from "../../texts/recording";
import { useSoundTexts } from "../../texts/sound";
import { partsOf } from "../polls/reading";
import { useKeys, useKeysOn } from "./keys";
import { usePlace } from "./place";
import { useRoom } from "./RoomContext";

export function Shortcuts() {
  const t = useTexts();
  const sound = useSoundTexts();
  const recording = useRecordingTexts();
  const notes = useNotesTexts();
  const { may, view, submit, here, feature } = useRoom();
  const { dialog, openDialog, openPanel, look } = usePlace();
  const [on, setOn] = useKeysOn();
  const running = view.lifecycle.status === "active" || view.lifecycle.status === "paused";
  const next = partsOf(view.polls, here).drafts[0];
  const launch = () => {
    if (running && next !== undefined && may("can_create_polls")) void submit({ type: "poll.open", pollId: next.id });
  };
  useKeys({
    c: () => openPanel("chat", true),
    q: () => openPanel("questions", true),
    p: () => openPanel("polls", true),
    w: () => openPanel("notes", true),
    u: () => openPanel("people", true),
    s: () => {
      look(null);
      document.getElementById("stage")?.focus();
    },
    n: launch,
    "?": () => openDialog("shortcuts"),
  });
  const list: [string, string][] = [
    ["M", sound.shortcut],
    [sound.space, sound.shortcutHold],
    ["H", t.shortcuts.raise],
    ["⇧ H", t.shortcuts.raiseTo],
    ["E", t.shortcuts.react],
    ["C", t.shortcuts.chat],
    ["Q", t.shortcuts.questions],
    ["P", t.shortcuts.polls],
    ["W", notes.shortcut],
    ["U", t.shortcuts.people],
    ["S", t.shortcuts.stage],
    ...(feature("whiteboard") === undefined
      ? []
      : ([
          ["B", t.shortcuts.board],
          ["PgUp PgDn", t.shortcuts.boardPages],
        ] as [string, string][])),
    ["1–9", t.shortcuts.choose],
    ...(may("can_create_polls") ? ([["N", t.shortcuts.launch]] as [string, string][]) : []),
    ...(may("can_moderate") && feature("breakout") !== undefined
      ? ([["R", t.shortcuts.rooms]] as [string, string][])
      : []),
    ...(may("can_moderate") && feature("recording") !== undefined
      ? ([["K", recording.shortcutMark]] as [string, string][])
      : []),
    ["?", t.shortcuts.help],
  ];
  return (
    <Overlay open={dialog === "shortcuts"} onClose={() => openDialog(null)} title={t.shortcuts.title}>
      <p className="soft">{t.shortcuts.text}</p>
      <dl className="shortcut-list">
        {list.map(([key, what]) => (
          <div key={key} className="shortcut">
            <dt>
              <Key>{key}</Key>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <Toggle on={on} onChange={setOn}>
        {t.shortcuts.use}
      </Toggle>
    </Overlay>
  );
}
