// Where one looks in the room: which panel is open, what stands on one's own stage, which dialog lies over it. All of this
// is one's own; nobody else sees it, and nothing that arrives changes it.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";
import { useMedia } from "../../app/media";
import { EVERYONE } from "../../session/fold/chat";
import { stageAt } from "../../session/standing";
import { carryDraft } from "./drafts";
import { useRoom } from "./RoomContext";

export type Panel = "chat" | "questions" | "polls" | "notes" | "people";
export type DialogName =
  | "shortcuts"
  | "invite"
  | "rights-of-all"
  | "conversation"
  | "end"
  | "cancel"
  | "new-poll"
  | "import-polls"
  | "sound"
  | "mark";

export interface Thing {
  kind: "poll" | "question" | "board" | "breakouts";
  id: string;
}

/** The breakout rooms, all together. */
export const ROOMS: Thing = { kind: "breakouts", id: "" };

export interface Place {
  panel: Panel;
  /** `enter` puts the cursor into its field: only when asked for by a key, or it would open a phone's keyboard. */
  openPanel(panel: Panel, enter?: boolean): void;
  /** True once for the panel that was to be entered. */
  enters(panel: Panel): boolean;
  /** Rises with every `openPanel`. */
  opened: number;
  /** The channel of the chat that is open. */
  channel: string;
  openChannel(channel: string): void;
  /** What one looks at instead of the stage; null: the stage as all see it. */
  looking: Thing | null;
  look(thing: Thing | null): void;
  dialog: DialogName | null;
  openDialog(dialog: DialogName | null): void;
  /** People stand beside the stage, not among the tabs. */
  wide: boolean;
  phone: boolean;
}

const PlaceContext = createContext<Place | null>(null);

export function usePlace(): Place {
  const place = useContext(PlaceContext);
  if (place === null) throw new Error("this belongs into a room");
  return place;
}

export function PlaceProvider({ children }: { children: ReactNode }) {
  const { view, here, me, session, staff } = useRoom();
  const wide = useMedia("(min-width: 64rem)");
  const phone = useMedia("(max-width: 43.99rem)");
  const [panel, setPanel] = useState<Panel>("chat");
  const [opened, setOpened] = useState(0);
  const entering = useRef<Panel | null>(null);
  const home = here ?? EVERYONE;
  const [chosen, setChosen] = useState({ home, channel: home });
  const [looking, setLooking] = useState<Thing | null>(null);
  const [dialog, setDialog] = useState<DialogName | null>(null);

  // Who comes to another place looks at it: at its chat and its stage.
  const channel = chosen.home === home ? chosen.channel : home;
  const [arrived, setArrived] = useState(home);
  if (arrived !== home) {
    setArrived(home);
    if (!staff) carryDraft(session.sessionId, me, `chat.${arrived}`, `chat.${home}`);
    if (looking !== null && looking.kind !== "breakouts") setLooking(null);
  }

  // Looking at what the host shows, too, is not looking away.
  const { kind, target } = stageAt(view, here);
  const same = looking !== null && looking.kind === kind && looking.id === (target ?? "");
  useEffect(() => {
    if (same) setLooking(null);
  }, [same]);

  const place = useMemo<Place>(
    () => ({
      panel: wide && panel === "people" ? "chat" : panel,
      openPanel: (next, enter = false) => {
        entering.current = enter ? next : null;
        setPanel(next);
        setOpened((now) => now + 1);
      },
      enters: (asked) => {
        if (entering.current !== asked) return false;
        entering.current = null;
        return true;
      },
      opened,
      channel,
      openChannel: (next) => {
        entering.current = "chat";
        setChosen({ home, channel: next });
        setPanel("chat");
        setOpened((now) => now + 1);
      },
      looking: same ? null : looking,
      look: setLooking,
      dialog,
      openDialog: setDialog,
      wide,
      phone,
    }),
    [panel, opened, home, channel, looking, same, dialog, wide, phone],
  );
  return <PlaceContext.Provider value={place}>{children}</PlaceContext.Provider>;
}
