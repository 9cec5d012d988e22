// What was made in breakout rooms, room by room: who was there, what was written, asked and voted, and the boards. As the
// server collected it for this reader; nothing here changes any more once the rooms are closed.
import { type ReactNode, useId } from "react";
import { useAsked } from "../../app/asked";
import { linkTo } from "../../app/router";
import { Disc, Empty, Notice, Waiting } from "../../design/Bits";
import { Button, buttonClass } from "../../design/Button";
import type { Message, Poll, Question, SetStatus } from "../../session/protocol";
import type { Names } from "../../session/wire";
import { useFormats, useTexts } from "../../texts";
import { MarkupText } from "../chat/MarkupText";
import { PollResults } from "../polls/PollResults";
import { wordsOf } from "../polls/reading";
import { QuestionTold } from "../questions/QuestionTold";
import { useRoom } from "../room/RoomContext";
import { BoardPreview } from "./BoardPreview";
import "../polls/polls.css";
import "../questions/questions.css";
import "./overview.css";
import "./results.css";

interface BoardMade {
  id: string;
  name: string;
  live: number;
}

export interface RoomResults {
  id: string;
  name: string;
  members: string[];
  openedAt?: string | null;
  closedAt?: string | null;
  chat: Message[];
  polls: Poll[];
  questions: Question[];
  boards: BoardMade[];
}

interface ResultsDocument {
  set: { id: string; name: string; status: SetStatus };
  rooms: RoomResults[];
  people?: Names | null;
}

/** `page`: it stands alone, with its own title and the way to paper. */
export function Results({ setId, page = false }: { setId: string; page?: boolean }) {
  const t = useTexts();
  const { session } = useRoom();
  const path = `/live-sessions/${session.sessionId}/breakouts/${setId}/results`;
  const { value, problem, again } = useAsked<ResultsDocument>(path);
  if (value === null && problem === null) return <Waiting text={t.common.loading} />;
  if (value === null)
    return problem?.code === "not_found" || problem?.code === "forbidden" ? (
      <Empty icon="rooms" title={t.breakouts.noResults}>
        {t.breakouts.noResultsText}
      </Empty>
    ) : (
      <Notice kind="fault">
        <p>{t.problem(problem?.code ?? "internal")}</p>
        <Button size="small" onPress={again}>
          {t.closedActs.again}
        </Button>
      </Notice>
    );
  const people = new Set(value.rooms.flatMap((each) => each.members));
  const Title = page ? "h1" : "h2";
  return (
    <article className="results">
      <header className="results-head">
        <div className="grow">
          <Title className="stage-title words">{t.breakouts.resultsTitle(value.set.name)}</Title>
          <p className="soft">{t.breakouts.resultsText(value.rooms.length, people.size)}</p>
        </div>
        {page ? (
          <Button look="edged" icon="download" place="no-print" onPress={() => window.print()}>
            {t.breakouts.print}
          </Button>
        ) : (
          <a
            className={buttonClass({ size: "small", look: "edged" })}
            {...linkTo(`/sessions/${session.sessionId}/breakouts/${setId}`)}
          >
            {t.breakouts.asPage}
          </a>
        )}
      </header>
      {value.rooms.length === 0 && (
        <Empty icon="rooms" title={t.breakouts.noResults}>
          {t.breakouts.noResultsText}
        </Empty>
      )}
      {value.rooms.length > 2 && <Jump rooms={value.rooms} />}
      {value.rooms.map((room) => (
        <RoomPart key={room.id} room={room} names={value.people ?? {}} />
      ))}
    </article>
  );
}

function Jump({ rooms }: { rooms: readonly RoomResults[] }) {
  const t = useTexts();
  return (
    <nav className="results-jump no-print" aria-label={t.breakouts.jump}>
      {rooms.map((each) => (
        <Button
          key={each.id}
          size="small"
          look="edged"
          onPress={() => {
            const part = document.getElementById(`results-${each.id}`);
            part?.scrollIntoView();
            part?.focus({ preventScroll: true });
          }}
        >
          {each.name}
        </Button>
      ))}
    </nav>
  );
}

function RoomPart({ room, names }: { room: RoomResults; names: Names }) {
  const t = useTexts();
  const { nameOf, me } = useRoom();
  const title = useId();
  const name = (user: string | undefined): string => (user !== undefined && names[user]?.name) || nameOf(user);
  const chat = room.chat.filter((each) => !each.deleted);
  const polls = room.polls.filter((each) => each.status !== "draft");
  const boards = room.boards.filter((each) => each.live > 0);
  const nothing = chat.length + polls.length + room.questions.length + boards.length === 0;
  return (
    <section className="results-room" id={`results-${room.id}`} tabIndex={-1} aria-labelledby={title}>
      <h2 id={title} className="words">
        {room.name}
      </h2>
      <Members members={room.members} name={name} />
      {nothing && <p className="soft">{t.breakouts.nothing}</p>}
      {boards.length > 0 && (
        <Part title={t.breakouts.boards}>
          {boards.map((each) => (
            <BoardPreview key={each.id} boardId={each.id} name={boards.length > 1 ? each.name : room.name} />
          ))}
        </Part>
      )}
      {polls.length > 0 && (
        <Part title={t.breakouts.polls}>
          {polls.map((poll) => (
            <div key={poll.id} className="results-item">
              <p className="results-asked words">{wordsOf(poll, t.polls).question}</p>
              <PollResults poll={poll} own={poll.votes[me]} />
            </div>
          ))}
        </Part>
      )}
      {room.questions.length > 0 && (
        <Part title={t.breakouts.questions}>
          {room.questions.map((question) => (
            <div key={question.id} className="results-item stack-tight">
              <QuestionTold question={question} nameOf={name} />
            </div>
          ))}
        </Part>
      )}
      {chat.length > 0 && (
        <Part title={t.breakouts.chat}>
          <Chat messages={chat} name={name} />
        </Part>
      )}
    </section>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="results-part">
      <h3 className="panel-heading">{title}</h3>
      {children}
    </div>
  );
}

type NameOf = (user: string | undefined) => string;

function Members({ members, name }: { members: readonly string[]; name: NameOf }) {
  const t = useTexts();
  if (members.length === 0) return <p className="soft">{t.breakouts.noMembers}</p>;
  return (
    <ul role="list" className="results-members" aria-label={t.breakouts.members}>
      {members.map((user) => (
        <li key={user} className="overview-name">
          <Disc name={name(user)} />
          <span className="clip">{name(user)}</span>
        </li>
      ))}
    </ul>
  );
}

function Chat({ messages, name }: { messages: readonly Message[]; name: NameOf }) {
  const formats = useFormats();
  return (
    <ol role="list" className="results-chat">
      {messages.map((message) => (
        <li key={message.id}>
          <p className="small">
            <strong>{name(message.sender)}</strong>{" "}
            <time className="soft numbers" dateTime={message.at}>
              {formats.time(Date.parse(message.at))}
            </time>
          </p>
          <div className="words message-words">
            <MarkupText text={message.text} />
          </div>
        </li>
      ))}
    </ol>
  );
}
