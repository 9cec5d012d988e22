// Another name for a room, before it opens or while it is open.
import { useState } from "react";
import { Button } from "../../design/Button";
import { Field } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import type { BreakoutSet } from "../../session/protocol";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";

const NAME_MAX = 200;

export function Rename({ set, room: roomId, onClose }: { set: BreakoutSet; room: string; onClose(): void }) {
  const t = useTexts();
  const { submit } = useRoom();
  const before = set.rooms.find((each) => each.id === roomId)?.name ?? "";
  const [name, setName] = useState(before);
  const save = () => {
    const words = name.trim();
    if (words !== "" && words !== before) void submit({ type: "breakout.rename", roomId, name: words });
    onClose();
  };
  return (
    <Overlay
      open
      onClose={onClose}
      title={t.breakouts.renameOf(before)}
      foot={
        <>
          <Button onPress={onClose}>{t.common.cancel}</Button>
          <Button look="primary" onPress={save}>
            {t.common.save}
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Field label={t.breakouts.newName} value={name} onChange={setName} maxLength={NAME_MAX} autoFocus />
      </form>
    </Overlay>
  );
}
