// The replay as a page: its head, the parts side by side where there is room and as tabs where there is not, the player
// at the bottom. The transcript is the spine; without one the stage takes its place.
import { type ReactNode, useState } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components/Tabs";
import { useMedia } from "../../app/media";
import { useSeenHeight } from "../../app/viewport";
import { useFormats, useTexts } from "../../texts";
import { useNotesTexts } from "../../texts/notes";
import { useReplayTexts } from "../../texts/replay";
import { Chapters, useHits } from "./Chapters";
import { Chat } from "./Chat";
import { People } from "./People";
import { PlayerBar } from "./PlayerBar";
import { Polls } from "./Polls";
import { Questions } from "./Questions";
import { Notes } from "./Notes";
import { MomentProvider, useReplay } from "./ReplayContext";
import { Stage } from "./Stage";
import { Transcript } from "./Transcript";
import "../room/room.css";
import "./replay.css";

/** `before` and `after` stand around the title. */
export function ReplayRoom({ before, after }: { before?: ReactNode; after?: ReactNode }) {
  const t = useTexts();
  const r = useReplayTexts();
  const formats = useFormats();
  const { source, material, timeline, words, transcript } = useReplay();
  const wide = useMedia("(min-width: 64rem)");
  const [query, setQuery] = useState("");
  const hits = useHits(query);
  useSeenHeight();
  const spoken = words.sentences.length > 0 || transcript.kind === "pending";
  const own = source.turns === null ? (["notes"] as const) : []; // a file knows nobody
  const finding = <Chapters query={query} onQuery={setQuery} />;
  return (
    <MomentProvider>
      <div className={`replay ${wide ? "replay-wide" : ""}`}>
        <a className="skip" href="#replay">
          {t.common.skip}
        </a>
        <header className="replay-head">
          {before}
          <div className="grow">
            <h1 className="replay-title clip">{r.of(material.session.title)}</h1>
            <p className="soft small clip">
              {formats.day(timeline.begin)}, {formats.time(timeline.begin)}
            </p>
          </div>
          {after}
        </header>
        <main className="replay-body" id="replay" tabIndex={-1}>
          {wide ? (
            <>
              <section className="replay-ways" aria-label={r.chapters}>
                {finding}
              </section>
              <section className="replay-spine" aria-label={spoken ? r.transcript : r.room}>
                {spoken ? <Transcript /> : <Stage />}
              </section>
              <div className="replay-then">
                {spoken ? <Stage /> : <Unspoken />}
                <Parts parts={["chat", "questions", "polls", "people", ...own]} />
              </div>
            </>
          ) : (
            <Parts parts={[...(spoken ? (["transcript"] as const) : []), "room", "chat", "questions", ...own, "chapters"]} finding={finding} />
          )}
        </main>
        <PlayerBar hits={query.trim() === "" ? NOTHING : hits} />
      </div>
    </MomentProvider>
  );
}

const NOTHING: never[] = [];

/** Why nothing can be read of what was said. */
function Unspoken() {
  return (
    <div className="replay-unspoken">
      <Transcript />
    </div>
  );
}

type Part = "transcript" | "room" | "chat" | "questions" | "polls" | "people" | "notes" | "chapters";

function Parts({ parts, finding }: { parts: readonly Part[]; finding?: ReactNode }) {
  const t = useTexts();
  const r = useReplayTexts();
  const n = useNotesTexts();
  const [chosen, setChosen] = useState<Part | null>(null);
  const part = chosen !== null && parts.includes(chosen) ? chosen : parts[0];
  const labels: Record<Part, string> = {
    transcript: r.transcript,
    room: r.room,
    chat: t.room.chat,
    questions: t.room.questions,
    polls: t.room.polls,
    people: t.room.people,
    notes: n.title,
    chapters: r.chapters,
  };
  const bodies: Record<Part, ReactNode> = {
    transcript: <Transcript />,
    room: <WholeRoom />,
    chat: <Chat />,
    questions: <Questions />,
    polls: <Polls />,
    people: <People />,
    notes: <Notes />,
    chapters: finding,
  };
  return (
    <Tabs className="side-tabs replay-parts" selectedKey={part ?? "chat"} onSelectionChange={(key) => setChosen(key as Part)}>
      <TabList className="side-list" aria-label={r.parts}>
        {parts.map((each) => (
          <Tab key={each} id={each} className="side-tab">
            {labels[each]}
          </Tab>
        ))}
      </TabList>
      {parts.map((each) => (
        <TabPanel key={each} id={each} className="side-body">
          {bodies[each]}
        </TabPanel>
      ))}
    </Tabs>
  );
}

/** On a small page the stage, who was there and the polls are one part. */
function WholeRoom() {
  const { transcript, words } = useReplay();
  const spoken = words.sentences.length > 0 || transcript.kind === "pending";
  return (
    <div className="replay-whole">
      <Stage />
      {!spoken && <Unspoken />}
      <Polls />
      <People />
    </div>
  );
}
