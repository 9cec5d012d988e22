// What every participant may do, also those who come later.
import { useState } from "react";
import { Toggle } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import { PERMISSIONS } from "../../session/standing";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { Lending } from "./Lending";

export function RightsOfAll({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const { view, may, submit } = useRoom();
  const [minutes, setMinutes] = useState(0);
  const everyone = view.rights?.everyone ?? {};
  return (
    <Overlay open onClose={onClose} title={t.people.rightsOfAll}>
      <div className="stack">
        <p className="soft">{t.people.rightsOfAllText}</p>
        <Lending minutes={minutes} onChange={setMinutes} />
        <div>
          {PERMISSIONS.filter((each) => each !== "can_moderate" && each !== "can_speak" && may(each)).map(
            (permission) => (
              <Toggle
                key={permission}
                on={everyone[permission] !== undefined}
                onChange={(on) =>
                  void submit(
                    on
                      ? { type: "permission.grant", permission, ...(minutes > 0 ? { minutes } : {}) }
                      : { type: "permission.revoke", permission },
                  )
                }
              >
                {t.people.everybodyMay(t.permissions[permission] ?? permission)}
              </Toggle>
            ),
          )}
        </div>
        <p className="soft small">{t.people.noScreen}</p>
      </div>
    </Overlay>
  );
}
