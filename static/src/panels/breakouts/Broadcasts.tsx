// What staff told all rooms: the latest stays readable until it is put away or the rooms are closed, earlier ones are one press
// away.
import { useState } from "react";
import { kept } from "../../app/client";
import { Button, IconButton } from "../../design/Button";
import { Icon } from "../../design/Icon";
import { useFormats, useTexts } from "../../texts";
import { MarkupText } from "../chat/MarkupText";
import { useRoom } from "../room/RoomContext";
import { lastClosed } from "./reading";

const PUT_AWAY = "atelier.seen.broadcasts.";

export function Broadcasts() {
  const t = useTexts();
  const formats = useFormats();
  const { view, me, nameOf, session } = useRoom();
  const key = `${PUT_AWAY}${session.sessionId}.${me}`;
  const [until, setUntil] = useState(() => Number(kept.get(key) ?? 0));
  const [all, setAll] = useState(false);
  const over = Date.parse(lastClosed(view.breakouts)?.closedAt ?? "") || 0;
  const told = (view.breakouts?.broadcasts ?? []).filter((each) => Date.parse(each.at) > over);
  const last = told.at(-1);
  if (last === undefined || last.seq <= until || last.sender === me) return null;
  const close = () => {
    kept.set(key, String(last.seq));
    setUntil(last.seq);
    setAll(false);
  };
  const before = told.length - 1;
  return (
    <section className="broadcasts" aria-label={t.breakouts.broadcast(nameOf(last.sender))}>
      <div className="broadcasts-list">
        {(all ? told : [last]).map((each) => (
          <div key={each.id} className="broadcast">
            <Icon name="speaker" />
            <div className="grow">
              <p className="soft small">
                {t.breakouts.broadcast(nameOf(each.sender))} · {formats.time(Date.parse(each.at))}
              </p>
              <div className="words message-words">
                <MarkupText text={each.text} />
              </div>
            </div>
            {each === last && before > 0 && (
              <Button size="small" aria-expanded={all} onPress={() => setAll(!all)}>
                {all ? t.breakouts.broadcastsFewer : t.breakouts.broadcastsBefore(before)}
              </Button>
            )}
            {each === last && <IconButton icon="close" size="small" label={t.breakouts.putAway} onPress={close} />}
          </div>
        ))}
      </div>
    </section>
  );
}
