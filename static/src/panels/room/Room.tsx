// The room: people, stage and conversation side by side, on a phone one below the other, with the controls at the bottom.
import { lazy, Suspense } from "react";
import { useSeenHeight } from "../../app/viewport";
import { useTexts } from "../../texts";
import { Broadcasts } from "../breakouts/Broadcasts";
import { Calls } from "../breakouts/Calls";
import { PlaceBar } from "../breakouts/PlaceBar";
import { PeoplePanel } from "../people/PeoplePanel";
import { RightsOfAll } from "../rights/RightsOfAll";
import { StagePanel } from "../stage/StagePanel";
import { Conversation } from "../lifecycle/Conversation";
import { EndDialogs } from "../lifecycle/EndDialogs";
import { Invite } from "../lifecycle/Invite";
import { ImportPolls } from "../polls/ImportPolls";
import { PollForm } from "../polls/PollForm";
import { ConsentBar } from "../recording/ConsentBar";
import { MarkDialog } from "../recording/MarkDialog";
import { RecordingSaid } from "../recording/RecordingSaid";
import { SoundProvider } from "../sound/SoundContext";
import { SoundNotices } from "../sound/SoundNotices";
import { Announcements } from "./Announcements";
import { ConnectionBar } from "./ConnectionBar";
import { ControlBar } from "./ControlBar";
import { PlaceProvider, usePlace } from "./place";
import { Refusals } from "./Refusals";
import { useRoom } from "./RoomContext";
import { RoomHead } from "./RoomHead";
import { Shortcuts } from "./Shortcuts";
import { SidePanel } from "./SidePanel";
import "./room.css";

const SoundSettings = lazy(() => import("../sound/SoundSettings"));

export function Room() {
  return (
    <PlaceProvider>
      <SoundProvider>
        <RoomPage />
      </SoundProvider>
    </PlaceProvider>
  );
}

function RoomPage() {
  const t = useTexts();
  const { wide, looking } = usePlace();
  const { staff } = useRoom();
  const directs = staff && looking?.kind === "breakouts";
  const short = useSeenHeight();
  return (
    <div className={`room ${wide ? "room-wide" : ""} ${short ? "room-short" : ""} ${directs ? "room-directs" : ""}`}>
      <a className="skip" href="#stage">
        {t.common.skip}
      </a>
      <RoomHead />
      <ConnectionBar />
      <ConsentBar />
      <PlaceBar />
      <Broadcasts />
      <div className="room-body">
        {wide && (
          <section className="room-people" aria-label={t.room.people}>
            <PeoplePanel />
          </section>
        )}
        <StagePanel />
        <aside className="room-side" aria-label={t.room.side}>
          <SidePanel />
        </aside>
      </div>
      <Refusals />
      <SoundNotices />
      <ControlBar />
      <Shortcuts />
      <Announcements />
      <Calls />
      <RecordingSaid />
      <Dialogs />
    </div>
  );
}

function Dialogs() {
  const { dialog, openDialog } = usePlace();
  const close = () => openDialog(null);
  return (
    <>
      {dialog === "invite" && <Invite onClose={close} />}
      {dialog === "rights-of-all" && <RightsOfAll onClose={close} />}
      {dialog === "conversation" && <Conversation onClose={close} />}
      {dialog === "new-poll" && <PollForm onClose={close} />}
      {dialog === "import-polls" && <ImportPolls onClose={close} />}
      {dialog === "sound" && (
        <Suspense fallback={null}>
          <SoundSettings onClose={close} />
        </Suspense>
      )}
      {dialog === "mark" && <MarkDialog onClose={close} />}
      <EndDialogs />
    </>
  );
}
