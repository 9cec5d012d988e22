// What one does with one's body in a real room: raise a hand, react, ask to be allowed something.
import { useState } from "react";
import { DialogTrigger, Dialog } from "react-aria-components/Dialog";
import { Popover } from "react-aria-components/Popover";
import { Toolbar } from "react-aria-components/Toolbar";
import { api } from "../../app/client";
import { Button, IconButton } from "../../design/Button";
import { Key } from "../../design/Bits";
import { Icon } from "../../design/Icon";
import { MenuButton } from "../../design/Menu";
import type { SendReaction } from "../../session/protocol";
import { grantsOf, PERMISSIONS, stageAt } from "../../session/standing";
import { useTexts } from "../../texts";
import { useKeys } from "./keys";
import { MicrophoneButton } from "../sound/MicrophoneButton";
import { SpeakingNow } from "../sound/SpeakingNow";
import { HelpCount } from "../breakouts/HelpCount";
import { runningSet } from "../breakouts/reading";
import { ROOMS, usePlace } from "./place";
import { useRoom } from "./RoomContext";

export const EMOJIS: readonly SendReaction["emoji"][] = ["👍", "👏", "❤️", "😂", "😮", "🎉", "🤔", "✅", "❌"];

export function ControlBar() {
  const t = useTexts();
  const { takesPart, view, me, role } = useRoom();
  const { phone } = usePlace();
  const raised = view.hands?.raised.some((each) => each.user === me) ?? false;
  return (
    <section className="controls-part" aria-label={t.room.controls}>
      {phone && <SpeakingNow />}
      <Toolbar className="controls" aria-label={t.room.controls}>
        <MicrophoneButton />
        {takesPart && <Hand raised={raised} />}
        {takesPart && <Reactions />}
        {role !== undefined && <AskRight />}
        <BoardButton />
        <Rooms />
        <OwnRights />
        <Help />
      </Toolbar>
    </section>
  );
}

function Hand({ raised }: { raised: boolean }) {
  const t = useTexts();
  const { submit } = useRoom();
  const { phone } = usePlace();
  const raise = (toPoint: boolean) => void submit({ type: "hand.raise", toPoint });
  const lower = () => void submit({ type: "hand.lower" });
  useKeys({ h: () => (raised ? lower() : raise(false)), "shift+h": () => raise(true) });
  if (raised)
    return (
      <Button icon="hand" on onPress={lower} aria-keyshortcuts="H">
        {t.controls.lower}
        {!phone && <Key>H</Key>}
      </Button>
    );
  return (
    <span className="control-pair">
      <Button icon="hand" onPress={() => raise(false)} aria-keyshortcuts="H">
        {t.controls.raise}
        {!phone && <Key>H</Key>}
      </Button>
      <MenuButton
        label={t.controls.raise}
        groups={[
          {
            acts: [
              { id: "new", label: t.controls.raiseNew, icon: "hand", state: "H", run: () => raise(false) },
              { id: "point", label: t.controls.raiseTo, icon: "reply", state: "⇧ H", run: () => raise(true) },
            ],
          },
        ]}
      >
        <IconButton icon="up" label={t.common.more} />
      </MenuButton>
    </span>
  );
}

function Reactions() {
  const t = useTexts();
  const { submit } = useRoom();
  const { phone } = usePlace();
  const [open, setOpen] = useState(false);
  useKeys({ e: () => setOpen(true) });
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <Button icon="smile" aria-keyshortcuts="E">
        {t.controls.react}
        {!phone && <Key>E</Key>}
      </Button>
      <Popover className="popover" placement="top">
        <Dialog aria-label={t.controls.reactions}>
          <EmojiGrid
            onPick={(emoji) => {
              setOpen(false);
              void submit({ type: "reaction.send", emoji });
            }}
          />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

export function EmojiGrid({ onPick }: { onPick(emoji: SendReaction["emoji"]): void }) {
  return (
    <div className="emoji-grid">
      {EMOJIS.map((emoji, index) => (
        <Button key={emoji} place="emoji" onPress={() => onPick(emoji)} autoFocus={index === 0}>
          {emoji}
        </Button>
      ))}
    </div>
  );
}

/** Only what one does not hold yet; moderating is not asked for. */
function AskRight() {
  const t = useTexts();
  const { view, me, may, submit } = useRoom();
  const { phone } = usePlace();
  const lacking = PERMISSIONS.filter((each) => each !== "can_moderate" && !may(each));
  const asked = new Set((view.rights?.asked ?? []).filter((each) => each.user === me).map((each) => each.permission));
  if (lacking.length === 0) return null;
  return (
    <MenuButton
      label={t.controls.ask}
      groups={[
        {
          heading: t.controls.ask,
          acts: lacking.map((permission) => ({
            id: permission,
            label: t.controls.askTo(t.permissions[permission] ?? permission),
            ...(asked.has(permission) ? { state: t.controls.asked } : {}),
            ...(permission === "can_share_screen" ? { state: t.people.notOffered } : {}),
            run: () => void submit({ type: "permission.ask", permission }),
          })),
        },
      ]}
    >
      <Button icon="key" on={asked.size > 0}>
        {t.controls.ask}
        {!phone && <Icon name="up" />}
      </Button>
    </MenuButton>
  );
}

/** To the board of the place one is in, and back. */
function BoardButton() {
  const t = useTexts();
  const { view, here, feature } = useRoom();
  const { phone, looking, look } = usePlace();
  const first = here ?? "main";
  const there = feature("whiteboard") !== undefined && view.boards?.pages[first] !== undefined;
  const shown = looking === null ? stageAt(view, here).kind === "board" : looking.kind === "board";
  const press = () => {
    if (looking?.kind === "board") look(null);
    else if (shown) document.getElementById("stage")?.focus();
    else look({ kind: "board", id: first });
  };
  useKeys(there ? { b: press } : {});
  if (!there) return null;
  return (
    <Button icon="board" on={shown} onPress={press} aria-keyshortcuts="B">
      {t.room.board}
      {!phone && <Key>B</Key>}
    </Button>
  );
}

/** Where staff prepare and steer the breakout rooms, with how many of them ask for help. */
function Rooms() {
  const t = useTexts();
  const { view, may, feature } = useRoom();
  const { phone, looking, look } = usePlace();
  const on = looking?.kind === "breakouts";
  const mine = may("can_moderate") && feature("breakout") !== undefined;
  const open = () => look(on ? null : ROOMS);
  useKeys(mine ? { r: open } : {});
  if (!mine) return null;
  return (
    <Button icon="rooms" on={on} onPress={open} aria-keyshortcuts="R">
      {t.breakouts.short}
      <HelpCount set={runningSet(view.breakouts)} />
      {!phone && <Key>R</Key>}
    </Button>
  );
}

const MINUTE_MS = 60_000;

/** What one was given beyond one's role, with the time left. */
function OwnRights() {
  const t = useTexts();
  const { view, me } = useRoom();
  const now = api.now();
  const grants = grantsOf(view, me, now);
  if (grants.length === 0) return null;
  return (
    <span className="own-rights">
      {grants
        .map(({ permission, until }) => {
          const what = t.permissions[permission] ?? permission;
          return until === undefined
            ? t.people.youMay(what)
            : t.people.youMayFor(what, Math.ceil((until - now) / MINUTE_MS));
        })
        .join(" · ")}
    </span>
  );
}

function Help() {
  const t = useTexts();
  const { openDialog, phone } = usePlace();
  if (phone) return null;
  return <IconButton icon="keyboard" label={t.menu.shortcuts} onPress={() => openDialog("shortcuts")} />;
}
