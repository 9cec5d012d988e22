// What an invitation link opens: title, host, when, a name, and in. The token stays in the fragment of the address, which
// browsers do not send; whoever came in by this link before, in this browser, is offered to go on as themselves.
import { type FormEvent, useEffect, useState } from "react";
import { asProblem } from "../app/asked";
import { api, identity, kept } from "../app/client";
import { Frame } from "../app/Frame";
import { go } from "../app/router";
import type { InvitationLook, Redeemed } from "../app/resources";
import { Empty, Notice, Waiting } from "../design/Bits";
import { Button } from "../design/Button";
import { Field } from "../design/Field";
import { withExpiry } from "../session/identity";
import { useFormats, useTexts } from "../texts";

const NAME_MAX = 100;
const CAME_IN = "atelier.guest.";

interface CameIn {
  userId: string;
  name: string;
}

export function Join() {
  const t = useTexts();
  const [token] = useState(() => location.hash.slice(1));
  const [look, setLook] = useState<InvitationLook>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    api
      .post<InvitationLook>("/invitations/look", { token }, { open: true })
      .then(setLook, (error: unknown) => setProblem(asProblem(error).code));
  }, [token]);
  return (
    <Frame narrow>
      {look !== undefined ? (
        <Door token={token} look={look} />
      ) : problem === undefined ? (
        <Waiting text={t.common.loading} />
      ) : problem === "offline" ? (
        <Notice kind="fault">{t.problem("offline")}</Notice>
      ) : (
        <Empty icon="link" title={t.join.closed}>
          {t.join.closedText}
        </Empty>
      )}
    </Frame>
  );
}

function Door({ token, look }: { token: string; look: InvitationLook }) {
  const t = useTexts();
  const formats = useFormats();
  const [before] = useState(() => cameIn(look.sessionId));
  const [name, setName] = useState("");
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);

  const enter = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(undefined);
    try {
      const guest = await api.post<Redeemed>("/invitations/redeem", { token, name: name.trim() }, { open: true });
      const { userId, sessionId } = guest;
      kept.set(CAME_IN + sessionId, JSON.stringify({ userId, name: name.trim() }));
      identity.become({ userId, sessionId, ...withExpiry(guest) }, { elsewhere: false });
      go(`/sessions/${sessionId}`, { replace: true });
    } catch (error) {
      const { code, retryAfter } = asProblem(error);
      setFault(t.problem(code, retryAfter));
      setBusy(false);
    }
  };

  const goOn = () => {
    if (before !== null && identity.resume(before.userId)) go(`/sessions/${look.sessionId}`, { replace: true });
  };

  return (
    <form className="stack" onSubmit={(event) => void enter(event)}>
      <div className="stack-tight">
        <p className="soft">{t.join.invited(look.host)}</p>
        <h1 className="words">{look.title}</h1>
        <p>
          {formats.day(look.scheduledStart)}, {formats.time(look.scheduledStart)}
          {look.role !== "participant" && <span className="soft"> · {t.join.as(t.roles[look.role])}</span>}
        </p>
      </div>
      {fault !== undefined && <Notice kind="fault">{fault}</Notice>}
      {before !== null && (
        <Button look="primary" size="large" wide onPress={goOn}>
          {t.join.goOn(before.name)}
        </Button>
      )}
      <Field
        label={t.join.name}
        hint={t.join.nameHint}
        name="name"
        autoComplete="name"
        maxLength={NAME_MAX}
        value={name}
        onChange={setName}
        autoFocus
      />
      <Button
        type="submit"
        look={before === null ? "primary" : "edged"}
        size="large"
        wide
        isPending={busy}
        isDisabled={name.trim() === ""}
      >
        {t.join.enter}
      </Button>
    </form>
  );
}

/** Who came into this session by a link, in this browser, and still may. */
function cameIn(session: string): CameIn | null {
  try {
    const held = JSON.parse(kept.get(CAME_IN + session) ?? "null") as CameIn | null;
    return held !== null && identity.knows(held.userId) ? held : null;
  } catch {
    return null;
  }
}
