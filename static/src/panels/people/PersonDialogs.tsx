// What must be asked or filled in before something is done with a person.
import { Confirm } from "../../design/Overlay";
import { useTexts } from "../../texts";
import { RightsOf } from "../rights/RightsOf";
import { useRoom } from "../room/RoomContext";

export interface AboutPerson {
  user: string;
  act: "rights" | "remove" | "ban";
}

export function PersonDialogs({ about, onClose }: { about: AboutPerson | null; onClose(): void }) {
  const t = useTexts();
  const { submit, nameOf } = useRoom();
  if (about === null) return null;
  const { user, act } = about;
  const name = nameOf(user);
  if (act === "rights") return <RightsOf user={user} onClose={onClose} />;
  const remove = act === "remove";
  return (
    <Confirm
      open
      title={remove ? t.people.removeTitle(name) : t.people.banTitle(name)}
      text={remove ? t.people.removeText : t.people.banText}
      act={remove ? t.people.remove : t.people.ban}
      danger
      onClose={onClose}
      onConfirm={() => void submit({ type: remove ? "participant.remove" : "participant.ban", userId: user })}
    />
  );
}
