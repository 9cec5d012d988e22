// What somebody who does not see the page must hear: that the host shows something, that the session pauses or goes on -
// and at once, what concerns them in person: a right given or taken. The chat has a live region of its own.
import { useEffect, useRef, useState } from "react";
import { Said } from "../../design/Bits";
import type { Recorded } from "../../session/wire";
import { useTexts } from "../../texts";
import { type RoomNow, useRoom } from "./RoomContext";

export function Announcements() {
  const room = useRoom();
  const t = useTexts();
  const [polite, setPolite] = useState("");
  const [urgent, setUrgent] = useState("");
  const latest = useRef({ room, t });
  latest.current = { room, t };
  useEffect(
    () =>
      room.session.onEvents((events) => {
        for (const event of events) {
          const said = spoken(event, latest.current.room, latest.current.t);
          if (said !== null) (said.urgent ? setUrgent : setPolite)(said.text);
        }
      }),
    [room.session],
  );
  return <Said polite={polite} urgent={urgent} />;
}

interface Spoken {
  text: string;
  urgent: boolean;
}

function spoken(
  event: Recorded,
  { me, here, hostName, nameOf }: RoomNow,
  t: ReturnType<typeof useTexts>,
): Spoken | null {
  const polite = (text: string): Spoken => ({ text, urgent: false });
  switch (event.type) {
    case "poll.opened":
      return event.show && event.room === here
        ? polite(`${t.stage.showing(hostName, t.stage.kinds["poll"] ?? "")}: ${event.question}`)
        : null;
    case "stage.shown":
      return event.room === here && (event.kind === "question" || event.kind === "breakouts")
        ? polite(t.stage.showing(hostName, t.stage.kinds[event.kind] ?? ""))
        : null;
    case "session.paused":
      return polite(t.room.paused);
    case "session.resumed":
      return polite(t.status.active);
    case "hand.raised":
      return event.userId === me ? null : polite(t.people.raised(nameOf(event.userId)));
    case "permission.granted":
      return event.userId === me
        ? { text: t.people.youMay(t.permissions[event.permission] ?? event.permission), urgent: true }
        : null;
    case "permission.revoked":
      return event.userId === me && !event.declined
        ? { text: t.people.youMayNot(t.permissions[event.permission] ?? event.permission), urgent: true }
        : null;
    default:
      return null;
  }
}
