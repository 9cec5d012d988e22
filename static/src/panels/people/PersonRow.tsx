// One person: name, role, what they may beyond it and for how long, and a menu of only what the viewer may do. Knows no
// room, so that it is drawn again only when something about this person changed.
import { memo } from "react";
import { Disc } from "../../design/Bits";
import { IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { type ActGroup, MenuButton } from "../../design/Menu";
import { useTexts } from "../../texts";
import { type SoundTexts, useSoundTexts } from "../../texts/sound";
import { VoiceMark } from "../sound/VoiceMark";

export type PersonAct = "write" | "rights" | "mute" | "remove" | "ban";

export interface PersonRowProps {
  user: string;
  name: string;
  /** Role where it is a special one, rights with the minutes left. */
  notes: string;
  present: boolean;
  self: boolean;
  poor: boolean;
  muted: boolean;
  /** What the viewer may do, joined by blanks. */
  acts: string;
  onAct(user: string, act: PersonAct): void;
}

export const PersonRow = memo(function PersonRow(props: PersonRowProps) {
  const { user, name, notes, present, self, poor, muted, acts, onAct } = props;
  const t = useTexts();
  const sound = useSoundTexts();
  return (
    <li className="person">
      <Disc name={name} quiet={!present} />
      <div className="grow">
        <p className="clip">
          {name}
          {self && <span className="soft"> ({t.common.you.toLowerCase()})</span>}
        </p>
        {notes !== "" && <p className="person-notes soft">{notes}</p>}
      </div>
      {present && <VoiceMark user={user} muted={muted} />}
      {poor && (
        <span className="person-poor" title={t.people.poor}>
          <Icon name="signal" />
          <span className="unseen">{t.people.poor}</span>
        </span>
      )}
      {acts !== "" && (
        <MenuButton label={t.people.menuOf(name)} groups={groupsOf(acts, t, sound, (act) => onAct(user, act))}>
          <IconButton icon="more" size="small" label={t.people.menuOf(name)} place="person-menu" />
        </MenuButton>
      )}
      {acts === "" && present && <span className="person-no-menu" />}
    </li>
  );
});

function groupsOf(
  acts: string,
  t: ReturnType<typeof useTexts>,
  sound: SoundTexts,
  run: (act: PersonAct) => void,
): ActGroup[] {
  const may = new Set(acts.split(" "));
  const mild: ActGroup["acts"] = [
    { id: "write", label: t.people.write, icon: "chat", run: () => run("write") },
    { id: "mute", label: sound.mute, icon: "micOff", run: () => run("mute") },
    { id: "rights", label: t.people.rights, icon: "key", run: () => run("rights") },
  ];
  const hard: ActGroup["acts"] = [
    { id: "remove", label: t.people.remove, icon: "exit", danger: true, run: () => run("remove") },
    { id: "ban", label: t.people.ban, icon: "close", danger: true, run: () => run("ban") },
  ];
  return [mild, hard].map((group) => ({ acts: group.filter((act) => may.has(act.id)) }));
}
