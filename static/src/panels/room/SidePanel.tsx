// Chat, questions, polls and one's own notes as tabs beside the stage; where the page is narrow, people too.
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components/Tabs";
import { useTexts } from "../../texts";
import { useNotesTexts } from "../../texts/notes";
import { ChatPanel } from "../chat/ChatPanel";
import { RoomNotes } from "../notes/RoomNotes";
import { PeoplePanel } from "../people/PeoplePanel";
import { PollsPanel } from "../polls/PollsPanel";
import { QuestionsPanel } from "../questions/QuestionsPanel";
import { type Panel, usePlace } from "./place";
import { useRoom } from "./RoomContext";
import { useUnread } from "./unread";

export function SidePanel() {
  const t = useTexts();
  const n = useNotesTexts();
  const { panel, openPanel, opened, wide } = usePlace();
  const { view, staff } = useRoom();
  const unread = useUnread();
  const waiting = (staff ? (view.lobby?.waiting.length ?? 0) : 0) + (view.hands?.raised.length ?? 0);
  const tabs: [Panel, string, number][] = [
    ["chat", t.room.chat, unread.chat],
    ["questions", t.room.questions, unread.questions],
    ["polls", t.room.polls, unread.polls],
    ["notes", n.title, 0],
    ...(wide ? [] : ([["people", t.room.people, waiting]] as [Panel, string, number][])),
  ];
  return (
    <Tabs className="side-tabs" selectedKey={panel} onSelectionChange={(key) => openPanel(key as Panel)}>
      <TabList className="side-list" aria-label={t.room.side}>
        {tabs.map(([id, label, news]) => (
          <Tab key={id} id={id} className="side-tab">
            {label}
            {news > 0 && id !== panel && (
              <>
                <span className="count" aria-hidden="true">
                  {news > 99 ? "99+" : news}
                </span>
                <span className="unseen">{t.room.unread(news)}</span>
              </>
            )}
          </Tab>
        ))}
      </TabList>
      <TabPanel id="chat" className="side-body">
        <ChatPanel unread={unread.channels} />
      </TabPanel>
      <TabPanel id="questions" className="side-body">
        <QuestionsPanel />
      </TabPanel>
      <TabPanel id="polls" className="side-body">
        <PollsPanel />
      </TabPanel>
      <TabPanel id="notes" className="side-body">
        <RoomNotes key={opened} />
      </TabPanel>
      {!wide && (
        <TabPanel id="people" className="side-body">
          <div className="panel-scroll">
            <PeoplePanel />
          </div>
        </TabPanel>
      )}
    </Tabs>
  );
}
