// Asks once before the session ends or is cancelled for everybody.
import { Confirm } from "../../design/Overlay";
import { useTexts } from "../../texts";
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";

export function EndDialogs() {
  const t = useTexts();
  const { submit } = useRoom();
  const { dialog, openDialog } = usePlace();
  const close = () => openDialog(null);
  return (
    <>
      <Confirm
        open={dialog === "end"}
        title={t.menu.endTitle}
        text={t.menu.endText}
        act={t.menu.end}
        danger
        onClose={close}
        onConfirm={() => void submit({ type: "session.end" })}
      />
      <Confirm
        open={dialog === "cancel"}
        title={t.menu.cancelTitle}
        text={t.menu.cancelText}
        act={t.menu.cancel}
        danger
        onClose={close}
        onConfirm={() => void submit({ type: "session.cancel" })}
      />
    </>
  );
}
