// Invitation links: one open link for each role, made, copied, withdrawn.
import { useRef, useState } from "react";
import { asProblem, useAsked } from "../../app/asked";
import { api } from "../../app/client";
import type { Invitation, Listing } from "../../app/resources";
import { Notice } from "../../design/Bits";
import { Button } from "../../design/Button";
import { Choose } from "../../design/Field";
import { Overlay } from "../../design/Overlay";
import type { Role } from "../../session/protocol";
import { useFormats, useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";

const ROLES = ["participant", "assistant", "observer"] as const satisfies readonly Role[];
const DAYS = [1, 7, 14, 30] as const;

export function Invite({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const { session } = useRoom();
  const path = `/live-sessions/${session.sessionId}/invitations`;
  const asked = useAsked<Listing<Invitation>>(path);
  const [role, setRole] = useState<(typeof ROLES)[number]>("participant");
  const [days, setDays] = useState("14");
  const [fault, setFault] = useState<string>();
  const [changing, setChanging] = useState(false);
  const busy = changing || asked.busy;
  const open = asked.value?.items.find((each) => each.role === role);

  const attempt = async (work: () => Promise<unknown>) => {
    setFault(undefined);
    setChanging(true);
    try {
      await work();
      asked.again();
    } catch (error) {
      const { code, retryAfter } = asProblem(error);
      setFault(t.problem(code, retryAfter));
    }
    setChanging(false);
  };
  const create = () => attempt(() => api.post(path, { role, expiresInHours: Number(days) * 24 }));

  return (
    <Overlay open onClose={onClose} title={t.invite.title}>
      <div className="stack">
        <p className="soft">{t.invite.text}</p>
        {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
        {asked.problem !== null && <Notice kind="fault">{t.problem(asked.problem.code)}</Notice>}
        <div className="pair">
          <Choose<(typeof ROLES)[number]>
            label={t.invite.role}
            value={role}
            onChange={setRole}
            options={ROLES.map((value) => ({ value, label: t.roles[value] }))}
          />
          <Choose
            label={t.invite.hours}
            value={days}
            onChange={setDays}
            options={DAYS.map((n) => ({ value: String(n), label: t.invite.days(n) }))}
          />
        </div>
        {busy ? (
          <p className="soft">{t.common.loading}</p>
        ) : open === undefined ? (
          <p className="soft">{t.invite.none}</p>
        ) : (
          <OpenLink
            invitation={open}
            onRevoke={() => void attempt(() => api.ask(`${path}/${open.id}`, { method: "DELETE" }))}
          />
        )}
        <Button look={open === undefined ? "primary" : "edged"} isPending={busy} onPress={() => void create()}>
          {open === undefined ? t.invite.create : t.invite.renew}
        </Button>
      </div>
    </Overlay>
  );
}

function OpenLink({ invitation, onRevoke }: { invitation: Invitation; onRevoke(): void }) {
  const t = useTexts();
  const formats = useFormats();
  const [copied, setCopied] = useState(false);
  const address = invitation.url ?? (invitation.token ? `${location.origin}/join#${invitation.token}` : null);
  const field = useRef<HTMLInputElement>(null);
  const copy = async () => {
    field.current?.select();
    if (address === null || !window.isSecureContext) return; // selected, to be copied by hand
    await navigator.clipboard.writeText(address);
    setCopied(true);
  };
  return (
    <div className="stack-tight">
      {address !== null && (
        <div className="row">
          <input
            ref={field}
            className="input"
            readOnly
            value={address}
            aria-label={t.invite.link}
            onFocus={(event) => event.target.select()}
          />
          <Button look="primary" icon={copied ? "check" : "copy"} onPress={() => void copy()}>
            {copied ? t.common.copied : t.common.copy}
          </Button>
        </div>
      )}
      <div className="row">
        <span className="soft small grow">
          {t.invite.until(formats.moment(invitation.expiresAt))} · {t.invite.used(invitation.usedCount ?? 0)}
        </span>
        <Button size="small" onPress={onRevoke}>
          {t.invite.revoke}
        </Button>
      </div>
    </div>
  );
}
