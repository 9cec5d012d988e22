// What one person may do, right by right, for good or for some minutes, and their role. Only what the viewer may change.
import { useState } from "react";
import { api } from "../../app/client";
import { Choose, Toggle } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import type { Permission, Role } from "../../session/protocol";
import { over, permissionsOf, personOf } from "../../session/standing";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { Lending } from "./Lending";

const ROLES: readonly Role[] = ["instructor", "assistant", "participant", "observer"];

export function RightsOf({ user, onClose }: { user: string; onClose(): void }) {
  const t = useTexts();
  const { view, me, nameOf, submit } = useRoom();
  const [minutes, setMinutes] = useState(0);
  const now = api.now();
  const may = over(view, me, user, now);
  const held = permissionsOf(view, user, now);
  const role = personOf(view, user)?.role ?? "participant";
  const change = (permission: Permission, on: boolean) =>
    void submit(
      on
        ? { type: "permission.grant", userId: user, permission, ...(minutes > 0 ? { minutes } : {}) }
        : { type: "permission.revoke", userId: user, permission },
    );
  return (
    <Overlay open onClose={onClose} title={t.people.rightsOf(nameOf(user))}>
      <div className="stack">
        {may.rights.length > 0 && (
          <>
            <Lending minutes={minutes} onChange={setMinutes} />
            <div>
              {may.rights.map((permission) => (
                <Toggle key={permission} on={held.has(permission)} onChange={(on) => change(permission, on)}>
                  {t.people.may(t.permissions[permission] ?? permission)}
                </Toggle>
              ))}
            </div>
            {may.rights.includes("can_share_screen") && <p className="soft small">{t.people.noScreen}</p>}
          </>
        )}
        {may.role && (
          <div className="stack-tight">
            <Choose
              label={t.people.role}
              value={role}
              onChange={(next) => void submit({ type: "role.set", userId: user, role: next })}
              options={ROLES.map((value) => ({ value, label: t.roles[value] }))}
            />
            <p className="soft small">{t.people.roleHint}</p>
          </div>
        )}
      </div>
    </Overlay>
  );
}
