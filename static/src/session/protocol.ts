// Made by `make types` from rooms/protocol.py: do not edit.

export type JsonValue = unknown;
export type FeatureType = "poll" | "qa" | "breakout" | "whiteboard" | "recording" | "chat";
export type Status = "scheduled" | "starting" | "active" | "paused" | "ended" | "cancelled";
export type WaitingFor = "start" | "host" | "seat";
export type Role = "instructor" | "assistant" | "participant" | "observer";
export type PollKind = "single" | "multiple" | "rating" | "text" | "quiz";
/**
 * When everybody sees the counts. Right answers come with the close of a live quiz, else with its publishing.
 */
export type Results = "live" | "onPublish";
export type PollStatus = "draft" | "open" | "closed";
export type QuestionState = "pending" | "open" | "answering" | "answered" | "dismissed" | "merged";
export type Permission = "can_speak" | "can_share_screen" | "can_use_whiteboard" | "can_create_polls" | "can_moderate";
export type Event =
  | SessionScheduled
  | SessionStarted
  | SessionActivated
  | StartAborted
  | SessionPaused
  | SessionResumed
  | SessionExtended
  | SessionUpdated
  | SessionEnded
  | SessionCancelled
  | SessionInterrupted
  | ParticipantWaiting
  | ParticipantAdmitted
  | ParticipantJoined
  | ParticipantLeft
  | ParticipantDenied
  | ParticipantRemoved
  | ParticipantBanned
  | ParticipantUnbanned
  | QualityChanged
  | RoleChanged
  | PermissionAsked
  | PermissionGranted
  | PermissionRevoked
  | HandRaised
  | HandLowered
  | ReactionSent
  | PollCreated
  | PollUpdated
  | PollDeleted
  | PollOpened
  | PollVoted
  | PollTallied
  | PollClosed
  | PollReopened
  | PollPublished
  | MessageSent
  | MessageEdited
  | MessageDeleted
  | MessageReacted
  | MessagePinned
  | MessageUnpinned
  | ChatLocked
  | ChatSlowed
  | QuestionAsked
  | QuestionUpvoted
  | QuestionApproved
  | QuestionAnswering
  | QuestionAnswered
  | QuestionReopened
  | QuestionPinned
  | QuestionUnpinned
  | QuestionDismissed
  | QuestionMerged
  | QuestionWithdrawn
  | QuestionVanished
  | StageShown;
export type Command =
  | StartSession
  | ActivateSession
  | AbortStart
  | PauseSession
  | ResumeSession
  | ExtendSession
  | UpdateSession
  | EndSession
  | CancelSession
  | Admit
  | Deny
  | Remove
  | Ban
  | Unban
  | SetRole
  | TakeOver
  | AskPermission
  | GrantPermission
  | RevokePermission
  | RaiseHand
  | LowerHand
  | SendReaction
  | CreatePoll
  | UpdatePoll
  | ImportPolls
  | CopyPoll
  | DeletePoll
  | OpenPoll
  | QuickPoll
  | Vote
  | ClosePoll
  | ReopenPoll
  | PublishPoll
  | SendMessage
  | EditMessage
  | DeleteMessage
  | React
  | PinMessage
  | LockChat
  | SlowChat
  | AskQuestion
  | UpvoteQuestion
  | ApproveQuestion
  | AnswerQuestion
  | DismissQuestion
  | ReopenQuestion
  | MergeQuestion
  | PinQuestion
  | WithdrawQuestion
  | ShowOnStage;

export interface Protocol {
  view: View;
  event: Event;
  command: Command;
}
/**
 * One field per feature. A view is the same shape with the hidden taken out; a slice that is None stays None.
 */
export interface View {
  at: string;
  chat?: Chat;
  hands?: Hands;
  lifecycle: Lifecycle;
  lobby?: Lobby;
  people?: People;
  polls?: Polls;
  questions?: Questions;
  rights?: Rights;
  seq: number;
  stage?: Stage;
}
/**
 * Keys of `channels`: `everyone`, `staff`, a breakout room's id, or the two people of a direct one (`a:b`, sorted).
 *
 * `slow_seconds` None: as the feature is configured (`slowSeconds`).
 */
export interface Chat {
  channels: {
    [k: string]: Channel;
  };
  ledger?: Ledger;
  locked: boolean;
  slowSeconds?: number;
}
export interface Channel {
  messages: {
    [k: string]: Message;
  };
  pins: Pin[];
}
/**
 * `deleted` leaves the slot: who and when, without words and reactions.
 */
export interface Message {
  at: string;
  channel: string;
  deleted: boolean;
  editedAt?: string;
  id: string;
  reactions: {
    [k: string]: string[];
  };
  replyTo?: string;
  sender: string;
  seq: number;
  text: string;
}
/**
 * A copy: what is pinned may be older than the messages that somebody has.
 */
export interface Pin {
  at: string;
  messageId: string;
  sender: string;
  seq: number;
  text: string;
}
/**
 * What only the rules need. Nobody is shown it: it would tell who writes to whom.
 */
export interface Ledger {
  places: {
    [k: string]: Place;
  };
  spokeAt: {
    [k: string]: string;
  };
}
/**
 * Where a message stands, and the rows of the log that hold its words.
 */
export interface Place {
  channel: string;
  rows: number[];
}
export interface Hands {
  raised: Hand[];
}
export interface Hand {
  since: string;
  toPoint: boolean;
  user: string;
}
export interface Lifecycle {
  actualEnd?: string;
  actualStart?: string;
  description?: string;
  features: SessionFeature[];
  instructorId?: string;
  interruptions: [string, string][];
  lobby: boolean;
  maxParticipants: number;
  moduleId?: string;
  reason?: string;
  scheduledEnd?: string;
  scheduledStart?: string;
  status: Status;
  title: string;
}
/**
 * W185-W187. `config` is free; a feature reads the keys it knows: chat slowSeconds, qa approval, whiteboard open.
 */
export interface SessionFeature {
  config: {
    [k: string]: JsonValue;
  };
  isEnabled: boolean;
  type: FeatureType;
}
export interface Lobby {
  denied: string[];
  waiting: Waiting[];
}
export interface Waiting {
  reason: WaitingFor;
  role: Role;
  since: string;
  user: string;
}
export interface People {
  banned: string[];
  persons: {
    [k: string]: Person;
  };
}
/**
 * Everybody who was ever let in, and the host from the first event on. `admitted` False: removed since.
 */
export interface Person {
  admitted: boolean;
  joinedAt?: string;
  leftAt?: string;
  present: boolean;
  quality?: string;
  role: Role;
  user: string;
}
export interface Polls {
  boxes?: {
    [k: string]: Box;
  };
  polls: {
    [k: string]: Poll;
  };
}
/**
 * The open ballots of an anonymous poll. `tally_armed`: the ballot whose timer will show the counts.
 */
export interface Box {
  ballots: {
    [k: string]: (number | string)[];
  };
  tally: Tally;
  tallyArmed?: number;
}
/**
 * `counts`: one per option. `words`: pairs in the order in which they were first said; none are zero.
 */
export interface Tally {
  answered: number;
  counts: number[];
  words: [string, number][];
}
/**
 * `seq`: of its creation, once opened of its first opening; polls are listed in this order.
 */
export interface Poll {
  anonymous: boolean;
  armed: number;
  author?: string;
  closedAt?: string;
  closesAfterS?: number;
  closesAt?: string;
  correct?: number[];
  id: string;
  kind: PollKind;
  live: boolean;
  many: boolean;
  openedAt?: string;
  options: string[];
  published: boolean;
  question: string;
  results: Results;
  seq: number;
  status: PollStatus;
  tally?: Tally;
  template?: string;
  votes: {
    [k: string]: (number | string)[];
  };
  who?: string[];
}
export interface Questions {
  ledger?: Ledger1;
  pins: string[];
  questions: {
    [k: string]: Question;
  };
}
/**
 * What only the rules need: the log's rows that hold words of a question, also of withdrawn ones, and who asked how many.
 */
export interface Ledger1 {
  asked: {
    [k: string]: number;
  };
  rows: {
    [k: string]: number[];
  };
}
/**
 * `voters` holds all of them in the state, in a view at most its reader. `hidden`: only its author and staff see it.
 */
export interface Question {
  anonymous: boolean;
  answer?: string;
  answeredAt?: string;
  answeredBy?: string;
  at: string;
  author?: string;
  hidden: boolean;
  id: string;
  mergedInto?: string;
  seq: number;
  state: QuestionState;
  text: string;
  voters: string[];
  votes: number;
}
/**
 * What people were given beyond their role.
 *
 * A personal revocation beats the role and what everyone has; a personal grant, lent for some minutes, beats that.
 */
export interface Rights {
  asked: Ask[];
  everyone: {
    [k: string]: Grant;
  };
  personal: {
    [k: string]: {
      [k: string]: Grant;
    };
  };
  revoked: {
    [k: string]: Permission[];
  };
}
export interface Ask {
  permission: Permission;
  since: string;
  user: string;
}
/**
 * `armed` is the seq of the granting event: the timer that ends a grant names it.
 */
export interface Grant {
  armed: number;
  until?: string;
}
/**
 * `target` is the id of the thing, None for nothing.
 */
export interface Stage {
  kind: "nothing" | "poll" | "question";
  since?: string;
  target?: string;
}
/**
 * The first event of every session; appended with the row of `live_sessions`.
 */
export interface SessionScheduled {
  description?: string;
  features: SessionFeature[];
  instructorId: string;
  lobby: boolean;
  maxParticipants: number;
  moduleId?: string;
  scheduledEnd: string;
  scheduledStart: string;
  title: string;
  type: "session.scheduled";
}
export interface SessionStarted {
  type: "session.started";
}
export interface SessionActivated {
  type: "session.activated";
}
export interface StartAborted {
  type: "session.aborted";
}
export interface SessionPaused {
  type: "session.paused";
}
export interface SessionResumed {
  type: "session.resumed";
}
export interface SessionExtended {
  scheduledEnd: string;
  type: "session.extended";
}
export interface SessionUpdated {
  description?: string;
  features?: SessionFeature[];
  lobby?: boolean;
  maxParticipants?: number;
  scheduledEnd?: string;
  scheduledStart?: string;
  title?: string;
  type: "session.updated";
}
export interface SessionEnded {
  reason?: string;
  type: "session.ended";
}
export interface SessionCancelled {
  reason?: string;
  type: "session.cancelled";
}
export interface SessionInterrupted {
  from: string;
  to: string;
  type: "session.interrupted";
}
/**
 * Again for somebody who waits already: for another reason, or in another role.
 */
export interface ParticipantWaiting {
  reason: WaitingFor;
  role: Role;
  type: "participant.waiting";
  userId: string;
}
/**
 * Let in from the lobby; from now on they are present.
 */
export interface ParticipantAdmitted {
  role: Role;
  type: "participant.admitted";
  userId: string;
}
/**
 * In without waiting, or back after having left.
 */
export interface ParticipantJoined {
  role: Role;
  type: "participant.joined";
  userId: string;
}
export interface ParticipantLeft {
  lastSeen: string;
  type: "participant.left";
  userId: string;
  waiting: boolean;
}
export interface ParticipantDenied {
  type: "participant.denied";
  userId: string;
}
export interface ParticipantRemoved {
  inside: boolean;
  type: "participant.removed";
  userId: string;
  waiting: boolean;
}
/**
 * Peers are shown a removal.
 */
export interface ParticipantBanned {
  inside: boolean;
  type: "participant.banned";
  userId: string;
  waiting: boolean;
}
export interface ParticipantUnbanned {
  type: "participant.unbanned";
  userId: string;
}
export interface QualityChanged {
  quality: "good" | "fair" | "poor";
  type: "participant.quality";
  userId: string;
}
export interface RoleChanged {
  role: Role;
  type: "role.changed";
  userId: string;
}
export interface PermissionAsked {
  permission: Permission;
  type: "permission.asked";
  userId: string;
}
export interface PermissionGranted {
  permission: Permission;
  type: "permission.granted";
  until?: string;
  userId?: string;
}
/**
 * `expired`: its time was over. `declined`: it was asked for, and is not given; nobody else is told.
 */
export interface PermissionRevoked {
  declined: boolean;
  expired: boolean;
  permission: Permission;
  type: "permission.revoked";
  userId?: string;
}
export interface HandRaised {
  toPoint: boolean;
  type: "hand.raised";
  userId: string;
}
export interface HandLowered {
  type: "hand.lowered";
  userId: string;
}
export interface ReactionSent {
  emoji: string;
  type: "reaction.sent";
}
export interface PollCreated {
  anonymous: boolean;
  author?: string;
  closesAfterS?: number;
  correct?: number[];
  kind: PollKind;
  many: boolean;
  options: string[];
  pollId: string;
  question: string;
  results: Results;
  template?: string;
  type: "poll.created";
}
export interface PollUpdated {
  anonymous: boolean;
  author?: string;
  closesAfterS?: number;
  correct?: number[];
  kind: PollKind;
  many: boolean;
  options: string[];
  pollId: string;
  question: string;
  results: Results;
  template?: string;
  type: "poll.updated";
}
export interface PollDeleted {
  author?: string;
  pollId: string;
  type: "poll.deleted";
}
/**
 * Carries the poll for those who could not see the draft. `show`: the stage turns to it.
 */
export interface PollOpened {
  anonymous: boolean;
  author?: string;
  closesAfterS?: number;
  closesAt?: string;
  kind: PollKind;
  many: boolean;
  options: string[];
  pollId: string;
  question: string;
  results: Results;
  show: boolean;
  template?: string;
  type: "poll.opened";
}
/**
 * A named vote (its voter is the actor), or a ballot: unsigned and visible to nobody.
 *
 * `was` is the answer it replaces, so that whoever sees only counts can take it out.
 */
export interface PollVoted {
  author?: string;
  ballot?: string;
  choices: (number | string)[];
  live: boolean;
  pollId: string;
  type: "poll.voted";
  was?: (number | string)[];
}
/**
 * The counts of an anonymous poll so far.
 */
export interface PollTallied {
  answered?: number;
  author?: string;
  counts?: number[];
  live: boolean;
  pollId: string;
  type: "poll.tallied";
  words?: [string, number][];
}
/**
 * `who` answered an anonymous poll, from 5 ballots on. Counts and right answers only for those who may see them.
 */
export interface PollClosed {
  answered?: number;
  author?: string;
  correct?: number[];
  counts?: number[];
  live: boolean;
  pollId: string;
  timedOut: boolean;
  type: "poll.closed";
  who?: string[];
  words?: [string, number][];
}
export interface PollReopened {
  closesAt?: string;
  pollId: string;
  type: "poll.reopened";
}
export interface PollPublished {
  answered?: number;
  correct?: number[];
  counts?: number[];
  pollId: string;
  type: "poll.published";
  words?: [string, number][];
}
/**
 * The actor is the sender. `room`: said in a breakout room.
 */
export interface MessageSent {
  messageId: string;
  replyTo?: string;
  room?: string;
  text: string;
  to?: "staff" | string;
  type: "chat.sent";
}
export interface MessageEdited {
  messageId: string;
  room?: string;
  sender: string;
  text: string;
  to?: "staff" | string;
  type: "chat.edited";
}
/**
 * `seqs` are the rows that held its words.
 */
export interface MessageDeleted {
  messageId: string;
  room?: string;
  sender: string;
  seqs: number[];
  to?: "staff" | string;
  type: "chat.deleted";
}
export interface MessageReacted {
  emoji: string;
  messageId: string;
  on: boolean;
  room?: string;
  sender: string;
  to?: "staff" | string;
  type: "chat.reacted";
}
/**
 * Carries the message, which may be older than what its reader has.
 */
export interface MessagePinned {
  messageId: string;
  room?: string;
  sender: string;
  sentAt: string;
  sentSeq: number;
  text: string;
  to?: "staff" | string;
  type: "chat.pinned";
}
export interface MessageUnpinned {
  messageId: string;
  room?: string;
  sender: string;
  to?: "staff" | string;
  type: "chat.unpinned";
}
export interface ChatLocked {
  locked: boolean;
  type: "chat.locked";
}
export interface ChatSlowed {
  seconds: number;
  type: "chat.slowed";
}
/**
 * The actor is the author, shown to others unless `anonymous`. `pending`: shown to them by `question.approved`.
 */
export interface QuestionAsked {
  anonymous: boolean;
  pending: boolean;
  questionId: string;
  text: string;
  type: "question.asked";
}
/**
 * `votes` is the count after it. Only the voter sees the actor.
 */
export interface QuestionUpvoted {
  on: boolean;
  questionId: string;
  type: "question.upvoted";
  votes: number;
}
export interface QuestionApproved {
  question: Question;
  questionId: string;
  type: "question.approved";
}
export interface QuestionAnswering {
  questionId: string;
  type: "question.answering";
}
export interface QuestionAnswered {
  questionId: string;
  text?: string;
  type: "question.answered";
}
/**
 * Carries the question when it was hidden.
 */
export interface QuestionReopened {
  question?: Question;
  questionId: string;
  type: "question.reopened";
}
export interface QuestionPinned {
  questionId: string;
  type: "question.pinned";
}
export interface QuestionUnpinned {
  questionId: string;
  type: "question.unpinned";
}
export interface QuestionDismissed {
  anonymous: boolean;
  author?: string;
  hidden: boolean;
  questionId: string;
  type: "question.dismissed";
}
/**
 * `votes` is the count of `into` after it.
 */
export interface QuestionMerged {
  anonymous: boolean;
  author?: string;
  hidden: boolean;
  into: string;
  questionId: string;
  type: "question.merged";
  votes: number;
}
/**
 * `seqs` are the rows that held its words.
 */
export interface QuestionWithdrawn {
  anonymous: boolean;
  author?: string;
  hidden: boolean;
  questionId: string;
  seqs: number[];
  type: "question.withdrawn";
}
/**
 * What others see of a dismissal or withdrawal; never in the log.
 */
export interface QuestionVanished {
  questionId: string;
  type: "question.vanished";
}
export interface StageShown {
  kind: "nothing" | "poll" | "question";
  target?: string;
  type: "stage.shown";
}
/**
 * W195: the instructor begins; the lobby opens.
 */
export interface StartSession {
  type: "session.start";
}
export interface ActivateSession {
  type: "session.activate";
}
/**
 * D39: back to scheduled when the start fails.
 */
export interface AbortStart {
  type: "session.abort";
}
export interface PauseSession {
  type: "session.pause";
}
export interface ResumeSession {
  type: "session.resume";
}
export interface ExtendSession {
  minutes: number;
  type: "session.extend";
}
/**
 * Only the given fields change. Times only before the start.
 */
export interface UpdateSession {
  description?: string | null;
  features?: SessionFeatureInput[] | null;
  lobby?: boolean | null;
  maxParticipants?: number | null;
  scheduledEnd?: string | null;
  scheduledStart?: string | null;
  title?: string | null;
  type: "session.update";
}
/**
 * W185-W187. `config` is free; a feature reads the keys it knows: chat slowSeconds, qa approval, whiteboard open.
 */
export interface SessionFeatureInput {
  config?: {
    [k: string]: JsonValue;
  };
  isEnabled?: boolean;
  type: FeatureType;
}
export interface EndSession {
  type: "session.end";
}
export interface CancelSession {
  reason?: string | null;
  type: "session.cancel";
}
/**
 * Let one person in, or without `userId` everybody who waits for the host.
 */
export interface Admit {
  type: "participant.admit";
  userId?: string | null;
}
/**
 * Turn one person away, or without `userId` everybody who waits for the host.
 */
export interface Deny {
  type: "participant.deny";
  userId?: string | null;
}
/**
 * They may come back through the lobby.
 */
export interface Remove {
  type: "participant.remove";
  userId: string;
}
export interface Ban {
  type: "participant.ban";
  userId: string;
}
export interface Unban {
  type: "participant.unban";
  userId: string;
}
/**
 * Only the host gives roles. Giving away `instructor` makes the giver an assistant.
 */
export interface SetRole {
  role: Role;
  type: "role.set";
  userId: string;
}
/**
 * An assistant becomes the instructor when there was none for 5 minutes.
 */
export interface TakeOver {
  type: "role.takeOver";
}
export interface AskPermission {
  permission: Permission;
  type: "permission.ask";
}
/**
 * To one person, or without `userId` to every participant, also those who come later; `minutes` lends it.
 */
export interface GrantPermission {
  minutes?: number | null;
  permission: Permission;
  type: "permission.grant";
  userId?: string | null;
}
/**
 * From one person, or without `userId` what was granted to all. Also declines somebody who asked.
 */
export interface RevokePermission {
  permission: Permission;
  type: "permission.revoke";
  userId?: string | null;
}
export interface RaiseHand {
  toPoint?: boolean;
  type: "hand.raise";
}
/**
 * One's own, or as a moderator anybody's.
 */
export interface LowerHand {
  type: "hand.lower";
  userId?: string | null;
}
export interface SendReaction {
  emoji: "👍" | "👏" | "❤️" | "😂" | "😮" | "🎉" | "🤔" | "✅" | "❌";
  type: "reaction.send";
}
export interface CreatePoll {
  anonymous?: boolean;
  closesAfterS?: number | null;
  correct?: number[] | null;
  kind?: PollKind;
  options?: string[];
  question: string;
  results?: Results | null;
  scale?: number | null;
  type: "poll.create";
}
/**
 * A draft, replaced as a whole.
 */
export interface UpdatePoll {
  anonymous?: boolean;
  closesAfterS?: number | null;
  correct?: number[] | null;
  kind?: PollKind;
  options?: string[];
  pollId: string;
  question: string;
  results?: Results | null;
  scale?: number | null;
  type: "poll.update";
}
/**
 * Drafts from plain text (poll_text.py): all of them or, with the line of the first mistake, none.
 */
export interface ImportPolls {
  text: string;
  type: "poll.import";
}
/**
 * A new draft that asks the same.
 */
export interface CopyPoll {
  pollId: string;
  type: "poll.copy";
}
/**
 * A draft.
 */
export interface DeletePoll {
  pollId: string;
  type: "poll.delete";
}
/**
 * `seconds` closes it by itself. Staff put it on the stage unless `show` is false.
 */
export interface OpenPoll {
  pollId: string;
  seconds?: number | null;
  show?: boolean;
  type: "poll.open";
}
/**
 * Created and opened with one click.
 */
export interface QuickPoll {
  anonymous?: boolean;
  question?: string | null;
  template: "yesno" | "abcd";
  type: "poll.quick";
}
/**
 * `choices`: indexes of options from 0, one step of a rating from 1, or up to 5 words.
 */
export interface Vote {
  choices: (number | string)[];
  pollId: string;
  type: "poll.vote";
}
export interface ClosePoll {
  pollId: string;
  type: "poll.close";
}
/**
 * Votes stand. Not an anonymous one, whose voters are forgotten, nor a quiz whose answers everybody has seen.
 */
export interface ReopenPoll {
  pollId: string;
  seconds?: number | null;
  type: "poll.reopen";
}
/**
 * Counts and right answers come to light; an open poll is closed first.
 */
export interface PublishPoll {
  pollId: string;
  type: "poll.publish";
}
/**
 * `to`: `staff`, or one person. A reply quotes a message of the same channel, or one that everybody has.
 */
export interface SendMessage {
  replyTo?: string | null;
  text: string;
  to?: "staff" | string | null;
  type: "chat.send";
}
export interface EditMessage {
  messageId: string;
  text: string;
  type: "chat.edit";
}
/**
 * One's own; moderators any that they see.
 */
export interface DeleteMessage {
  messageId: string;
  type: "chat.delete";
}
export interface React {
  emoji: "👍" | "👏" | "❤️" | "😂" | "😮" | "🎉" | "🤔" | "✅" | "❌";
  messageId: string;
  on?: boolean;
  type: "chat.react";
}
export interface PinMessage {
  messageId: string;
  pinned?: boolean;
  type: "chat.pin";
}
/**
 * Only moderators write and edit while it is locked.
 */
export interface LockChat {
  locked?: boolean;
  type: "chat.lock";
}
/**
 * Everybody but moderators waits this long after each message; 0 switches it off.
 */
export interface SlowChat {
  seconds: number;
  type: "chat.slow";
}
export interface AskQuestion {
  anonymous?: boolean;
  text: string;
  type: "question.ask";
}
/**
 * One vote a person; `on` false takes it back.
 */
export interface UpvoteQuestion {
  on?: boolean;
  questionId: string;
  type: "question.upvote";
}
export interface ApproveQuestion {
  questionId: string;
  type: "question.approve";
}
/**
 * `now`: it is being answered aloud. `done`: it was, or is with `text`. The one answered before becomes answered.
 */
export interface AnswerQuestion {
  questionId: string;
  state?: "now" | "done";
  text?: string | null;
  type: "question.answer";
}
/**
 * Its author and staff still see it; it can be reopened.
 */
export interface DismissQuestion {
  questionId: string;
  type: "question.dismiss";
}
export interface ReopenQuestion {
  questionId: string;
  type: "question.reopen";
}
/**
 * A duplicate points to the other question, which gains its voters.
 */
export interface MergeQuestion {
  into: string;
  questionId: string;
  type: "question.merge";
}
export interface PinQuestion {
  pinned?: boolean;
  questionId: string;
  type: "question.pin";
}
/**
 * By its author; its words are really gone.
 */
export interface WithdrawQuestion {
  questionId: string;
  type: "question.withdraw";
}
export interface ShowOnStage {
  kind: "nothing" | "poll" | "question";
  target?: string | null;
  type: "stage.show";
}
