// Made by `make types` from rooms/protocol.py: do not edit.

export type Assignment = "random" | "balanced" | "unseen" | "manual" | "self";
/**
 * What happens to somebody who comes when the rooms are open and who has none.
 */
export type Late = "main" | "ask" | "place";
export type Observing = "main" | "roam" | "assigned";
/**
 * Who has the result page of all rooms after their close; staff, and of a room who was there at its close, always.
 */
export type Results = "everyone" | "staff";
export type RoomStatus = "planned" | "open" | "closed";
export type SetStatus = "planned" | "opening" | "open" | "closed";
export type JsonValue = unknown;
export type FeatureType = "poll" | "qa" | "breakout" | "whiteboard" | "recording" | "chat";
export type Status = "scheduled" | "starting" | "active" | "paused" | "ended" | "cancelled";
export type WaitingFor = "start" | "host" | "seat";
export type Role = "instructor" | "assistant" | "participant" | "observer";
export type PollKind = "single" | "multiple" | "rating" | "text" | "quiz";
/**
 * When everybody sees the counts. Right answers come with the close of a live quiz, else with its publishing.
 */
export type Results1 = "live" | "onPublish";
export type PollStatus = "draft" | "open" | "closed";
export type QuestionState = "pending" | "open" | "answering" | "answered" | "dismissed" | "merged";
/**
 * What becomes of a run. `incomplete` comes at the end in place of `ready` when sound is missing.
 */
export type RunStage = "finalising" | "stored" | "transcribing" | "ready" | "incomplete" | "failed";
export type RunStatus = "recording" | "paused" | "stopped";
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
  | PersonErased
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
  | QuestionBlanked
  | QuestionVanished
  | StageShown
  | BreakoutCreated
  | BreakoutUpdated
  | BreakoutRenamed
  | BreakoutAssigned
  | BreakoutDiscarded
  | BreakoutOpening
  | BreakoutCancelled
  | BreakoutOpened
  | BreakoutMoved
  | BreakoutExtended
  | BreakoutClosing
  | BreakoutClosed
  | BreakoutBroadcasted
  | HelpAsked
  | HelpEnded
  | BoardChanged
  | BoardCleared
  | BoardRestored
  | BoardLocked
  | BoardShared
  | PageAdded
  | PageRenamed
  | PageRemoved
  | ImageAdded
  | AudioMuted
  | ParticipantMuted
  | ParticipantSpoke
  | CaptionsSwitched
  | RecordingStarted
  | RecordingPaused
  | RecordingResumed
  | RecordingStopped
  | RecordingConsented
  | RecordingWithdrawn
  | RecordingMarked
  | RecordingReported;
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
  | ShowOnStage
  | CreateBreakouts
  | UpdateBreakouts
  | RenameBreakoutRoom
  | AssignPeople
  | DiscardBreakouts
  | OpenBreakouts
  | ExtendBreakouts
  | CloseBreakouts
  | SayToAll
  | MovePeople
  | JoinBreakout
  | AskHelp
  | EndHelp
  | ChangeBoard
  | ClearBoard
  | RestoreBoard
  | LockBoard
  | ShareBoard
  | AddPage
  | RenamePage
  | RemovePage
  | MuteAudio
  | MuteParticipant
  | SwitchCaptions
  | StartRecording
  | PauseRecording
  | ResumeRecording
  | StopRecording
  | ConsentToRecording
  | MarkRecording;

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
  boards?: Boards;
  breakouts?: Breakouts;
  chat?: Chat;
  hands?: Hands;
  lifecycle: Lifecycle;
  lobby?: Lobby;
  people?: People;
  polls?: Polls;
  questions?: Questions;
  recording?: Recording;
  rights?: Rights;
  seq: number;
  sound?: Sound;
  stage?: Stage;
}
/**
 * `whole`: with the pages of every room, as staff see it; otherwise those of `room`.
 */
export interface Boards {
  images: {
    [k: string]: Image;
  };
  pages: {
    [k: string]: Page;
  };
  room?: string;
  whole: boolean;
}
/**
 * A picture that the store has under this id.
 */
export interface Image {
  author?: string;
  bytes: number;
  height: number;
  id: string;
  mimeType: string;
  room?: string;
  seq: number;
  width: number;
}
/**
 * One board. `room` None: the main room's. `everyone` there may draw; `locked`: only moderators do.
 *
 * `changed` is the seq of the event that touched it last. `live` counts the elements that are not deleted, `size` is
 * roughly their bytes. `cleared`: the clearing that can be undone. `elements` None: not loaded.
 */
export interface Page {
  background?: Background;
  changed: number;
  cleared?: number;
  elements?: {
    [k: string]: Element;
  };
  everyone: boolean;
  id: string;
  live: number;
  locked: boolean;
  name: string;
  order: number;
  room?: string;
  seq: number;
  size: number;
}
export interface Background {
  height: number;
  imageId: string;
  width: number;
}
/**
 * `creator` drew it first, `author` changed it last, by the event `seq`. `cleared`: deleted by that clearing, the last.
 *
 * `body`: Excalidraw's other fields; of a deleted element only its type, unless a clearing can still be undone.
 */
export interface Element {
  author?: string;
  body: {
    [k: string]: unknown;
  };
  cleared?: number;
  creator?: string;
  deleted: boolean;
  id: string;
  seq: number;
  version: number;
  versionNonce: number;
}
/**
 * `places`: user to the id of the open room they are in; whoever is not there is in the main room.
 *
 * `met`: everybody who was ever in a room, by its id. For the rules, never part of a view.
 */
export interface Breakouts {
  broadcasts: Broadcast[];
  met?: {
    [k: string]: string[];
  };
  opening?: Opening;
  places: {
    [k: string]: string;
  };
  sets: {
    [k: string]: BreakoutSet;
  };
}
export interface Broadcast {
  at: string;
  id: string;
  sender?: string;
  seq: number;
  text: string;
}
/**
 * The countdown that everybody sees.
 */
export interface Opening {
  name: string;
  opensAt: string;
  setId: string;
}
/**
 * `seq`: of its creation, once opened of its opening. `repeats`: pairs in a room who shared one before.
 */
export interface BreakoutSet {
  armed?: number;
  assignment: Assignment;
  closedAt?: string;
  id: string;
  late: Late;
  mayReturn: boolean;
  minutes?: number;
  name: string;
  observers: Observing;
  openedAt?: string;
  repeats: number;
  results: Results;
  rooms: BreakoutRoom[];
  seq: number;
  status: SetStatus;
}
/**
 * `members` belong here, wherever they are now. `closing`: called back, not only out of time.
 *
 * `armed` is the seq of the event that armed the closing. Bell and closing of another room are not shown.
 * `stayed`: who was there when it closed, and so may read what it left.
 */
export interface BreakoutRoom {
  armed?: number;
  capacity?: number;
  closesAt?: string;
  closing: boolean;
  help?: Help;
  id: string;
  members: string[];
  name: string;
  status: RoomStatus;
  stayed: string[];
}
export interface Help {
  at: string;
  text?: string;
  user?: string;
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
 * `seq`: of its creation, once opened of its first opening; polls are listed in this order. `room` None: main.
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
  results: Results1;
  room?: string;
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
  room?: string;
  seq: number;
  state: QuestionState;
  text: string;
  voters: string[];
  votes: number;
}
/**
 * `runs` in their order. Who is not in `consents` was never asked, or has not answered; staff see all of them.
 */
export interface Recording {
  consents: {
    [k: string]: Consent;
  };
  marks: Mark[];
  runs: Run[];
}
/**
 * `runs`: those that it has covered since it was given; whoever withdraws it leaves these.
 */
export interface Consent {
  given: boolean;
  runs: string[];
}
/**
 * A chapter begins.
 */
export interface Mark {
  at: string;
  recordingId: string;
  seq: number;
  text: string;
}
/**
 * `resumes`: the session's pause paused it, and it goes on with the session.
 *
 * `rung`: how far it ever came; whatever failed goes on from there. `code` says why it failed or is incomplete.
 */
export interface Run {
  code?: string;
  done?: number;
  endedAt?: string;
  id: string;
  of?: number;
  resumes: boolean;
  rung: number;
  seq: number;
  stage?: RunStage;
  startedAt: string;
  status: RunStatus;
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
 * Who is not muted is live as soon as their browser offers sound. `spoken` is for staff; None in anybody else's view.
 * `captions`: what is said is written along, for everybody where they are.
 */
export interface Sound {
  captions: boolean;
  muted: {
    [k: string]: Muted;
  };
  spoken?: {
    [k: string]: Spoken;
  };
}
/**
 * `by` themselves, a moderator, or the server (None).
 */
export interface Muted {
  by?: string;
  since: string;
}
/**
 * How long somebody has spoken in all, and until when that was told.
 */
export interface Spoken {
  ms: number;
  until: string;
}
/**
 * `kind`, `target` and `since` are the main room's; `rooms` the stages of breakout rooms that ever showed something.
 */
export interface Stage {
  kind: "nothing" | "poll" | "question" | "board" | "breakouts";
  rooms: {
    [k: string]: Shown;
  };
  since?: string;
  target?: string;
}
/**
 * `target` is the id of the thing, None for nothing and for all breakout rooms together.
 */
export interface Shown {
  kind: "nothing" | "poll" | "question" | "board" | "breakouts";
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
/**
 * Somebody's words are gone from here (erasure.py); whoever holds some forgets them.
 */
export interface PersonErased {
  type: "person.erased";
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
  room?: string;
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
  results: Results1;
  room?: string;
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
  results: Results1;
  room?: string;
  template?: string;
  type: "poll.updated";
}
export interface PollDeleted {
  author?: string;
  pollId: string;
  room?: string;
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
  results: Results1;
  room?: string;
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
  room?: string;
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
  room?: string;
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
  room?: string;
  timedOut: boolean;
  type: "poll.closed";
  who?: string[];
  words?: [string, number][];
}
export interface PollReopened {
  closesAt?: string;
  pollId: string;
  room?: string;
  type: "poll.reopened";
}
export interface PollPublished {
  answered?: number;
  correct?: number[];
  counts?: number[];
  pollId: string;
  room?: string;
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
  room?: string;
  text: string;
  type: "question.asked";
}
/**
 * `votes` is the count after it. Only the voter sees the actor.
 */
export interface QuestionUpvoted {
  on: boolean;
  questionId: string;
  room?: string;
  type: "question.upvoted";
  votes: number;
}
export interface QuestionApproved {
  question: Question;
  questionId: string;
  room?: string;
  type: "question.approved";
}
export interface QuestionAnswering {
  questionId: string;
  room?: string;
  type: "question.answering";
}
export interface QuestionAnswered {
  questionId: string;
  room?: string;
  text?: string;
  type: "question.answered";
}
/**
 * Carries the question when it was hidden.
 */
export interface QuestionReopened {
  question?: Question;
  questionId: string;
  room?: string;
  type: "question.reopened";
}
export interface QuestionPinned {
  questionId: string;
  room?: string;
  type: "question.pinned";
}
export interface QuestionUnpinned {
  questionId: string;
  room?: string;
  type: "question.unpinned";
}
export interface QuestionDismissed {
  anonymous: boolean;
  author?: string;
  hidden: boolean;
  questionId: string;
  room?: string;
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
  room?: string;
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
  room?: string;
  seqs: number[];
  type: "question.withdrawn";
}
/**
 * Its author is erased: it stays in its place without words. Does not tell who that was where that was not known.
 */
export interface QuestionBlanked {
  anonymous: boolean;
  author?: string;
  hidden: boolean;
  questionId: string;
  room?: string;
  type: "question.blanked";
}
/**
 * What others see of a dismissal or withdrawal; never in the log.
 */
export interface QuestionVanished {
  questionId: string;
  room?: string;
  type: "question.vanished";
}
export interface StageShown {
  kind: "nothing" | "poll" | "question" | "board" | "breakouts";
  room?: string;
  target?: "main" | string;
  type: "stage.shown";
}
export interface BreakoutCreated {
  assignment: Assignment;
  late: Late;
  mayReturn: boolean;
  name: string;
  observers: Observing;
  repeats: number;
  results: Results;
  rooms: RoomPlan[];
  setId: string;
  type: "breakout.created";
}
export interface RoomPlan {
  capacity?: number;
  id: string;
  members: string[];
  name: string;
}
/**
 * Only what changed. `planned`: nobody but staff knows of the set yet.
 */
export interface BreakoutUpdated {
  late?: Late;
  mayReturn?: boolean;
  name?: string;
  observers?: Observing;
  planned: boolean;
  results?: Results;
  setId: string;
  type: "breakout.updated";
}
export interface BreakoutRenamed {
  name: string;
  planned: boolean;
  roomId: string;
  setId: string;
  type: "breakout.renamed";
}
/**
 * The members of the rooms whose members changed.
 */
export interface BreakoutAssigned {
  assignment: Assignment;
  repeats: number;
  rooms: Seating[];
  setId: string;
  type: "breakout.assigned";
}
export interface Seating {
  members: string[];
  roomId: string;
}
export interface BreakoutDiscarded {
  setId: string;
  type: "breakout.discarded";
}
/**
 * The countdown runs.
 */
export interface BreakoutOpening {
  minutes?: number;
  name: string;
  opensAt: string;
  setId: string;
  type: "breakout.opening";
}
/**
 * The countdown was called off; the set is planned again.
 */
export interface BreakoutCancelled {
  setId: string;
  type: "breakout.cancelled";
}
/**
 * Carries the set for those who could not see the plan. One reads the closing of one's own room only.
 */
export interface BreakoutOpened {
  assignment: Assignment;
  closings: Closing[];
  late: Late;
  mayReturn: boolean;
  moves: Move[];
  name: string;
  observers: Observing;
  repeats: number;
  results: Results;
  rooms: RoomPlan[];
  setId: string;
  type: "breakout.opened";
}
export interface Closing {
  closesAt: string;
  roomId: string;
}
/**
 * `room` absent: to the main room.
 */
export interface Move {
  room?: string;
  userId: string;
}
/**
 * `assigned`: from now on they belong there; otherwise they only go there.
 */
export interface BreakoutMoved {
  assigned: boolean;
  moves: Move[];
  setId: string;
  type: "breakout.moved";
}
/**
 * One reads the closing of one's own room only.
 */
export interface BreakoutExtended {
  closings: Closing[];
  setId: string;
  type: "breakout.extended";
}
/**
 * Called back. One reads the closing of one's own room only.
 */
export interface BreakoutClosing {
  closings: Closing[];
  setId: string;
  type: "breakout.closing";
}
/**
 * Everybody in these rooms is back in the main room; with its last room the set is closed.
 */
export interface BreakoutClosed {
  moves: Move[];
  roomIds: string[];
  setId: string;
  type: "breakout.closed";
}
/**
 * Said to all rooms, the main room included. The actor is the sender.
 */
export interface BreakoutBroadcasted {
  broadcastId: string;
  text: string;
  type: "breakout.broadcasted";
}
/**
 * The actor asks a moderator to come.
 */
export interface HelpAsked {
  room?: string;
  text?: string;
  type: "breakout.helpAsked";
}
export interface HelpEnded {
  room?: string;
  type: "breakout.helpEnded";
}
/**
 * Elements that won over what was there, whole. `creators` of those that somebody else than the actor drew.
 *
 * `live` and `size` of the page afterwards. A larger act is several events of one `group`.
 */
export interface BoardChanged {
  boardId: "main" | string;
  creators?: {
    [k: string]: string;
  };
  elements: {
    [k: string]: unknown;
  }[];
  group?: string;
  live: number;
  room?: string;
  size: number;
  type: "board.changed";
}
export interface BoardCleared {
  boardId: "main" | string;
  room?: string;
  type: "board.cleared";
}
/**
 * What the clearing `cleared` deleted is back, but for what was drawn anew since.
 */
export interface BoardRestored {
  boardId: "main" | string;
  cleared: number;
  live: number;
  room?: string;
  size: number;
  type: "board.restored";
}
export interface BoardLocked {
  boardId: "main" | string;
  locked: boolean;
  room?: string;
  type: "board.locked";
}
export interface BoardShared {
  boardId: "main" | string;
  everyone: boolean;
  room?: string;
  type: "board.shared";
}
/**
 * Pages of its room from `order` on move up by one.
 */
export interface PageAdded {
  background?: Background;
  boardId: string;
  everyone: boolean;
  name: string;
  order: number;
  room?: string;
  type: "board.pageAdded";
}
export interface PageRenamed {
  boardId: "main" | string;
  name: string;
  room?: string;
  type: "board.pageRenamed";
}
export interface PageRemoved {
  boardId: string;
  room?: string;
  type: "board.pageRemoved";
}
export interface ImageAdded {
  bytes: number;
  height: number;
  imageId: string;
  mimeType: string;
  room?: string;
  type: "board.imageAdded";
  width: number;
}
export interface AudioMuted {
  muted: boolean;
  type: "audio.muted";
  userId: string;
}
/**
 * By a moderator.
 */
export interface ParticipantMuted {
  type: "participant.muted";
  userIds: string[];
}
/**
 * At most one per speaker and 10 s; to the millisecond.
 */
export interface ParticipantSpoke {
  from: string;
  room?: string;
  to: string;
  type: "participant.spoke";
  userId: string;
}
export interface CaptionsSwitched {
  on: boolean;
  type: "captions.switched";
}
/**
 * Its sound begins at the time of this event.
 */
export interface RecordingStarted {
  recordingId: string;
  type: "recording.started";
}
export interface RecordingPaused {
  recordingId: string;
  type: "recording.paused";
}
export interface RecordingResumed {
  recordingId: string;
  type: "recording.resumed";
}
export interface RecordingStopped {
  recordingId: string;
  type: "recording.stopped";
}
/**
 * Or not; told to staff and to oneself.
 */
export interface RecordingConsented {
  given: boolean;
  type: "recording.consented";
  userId: string;
}
/**
 * Somebody who may be in these recordings is taken out of them. Told to staff and to oneself.
 */
export interface RecordingWithdrawn {
  recordingIds: string[];
  type: "recording.withdrawn";
  userId: string;
}
export interface RecordingMarked {
  recordingId: string;
  text: string;
  type: "recording.marked";
}
export interface RecordingReported {
  code?: string;
  done?: number;
  of?: number;
  recordingId: string;
  stage: RunStage;
  type: "recording.reported";
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
/**
 * In one's own place; staff may name another (`room`).
 */
export interface CreatePoll {
  anonymous?: boolean;
  closesAfterS?: number | null;
  correct?: number[] | null;
  kind?: PollKind;
  options?: string[];
  question: string;
  results?: Results1 | null;
  room?: "main" | string | null;
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
  results?: Results1 | null;
  scale?: number | null;
  type: "poll.update";
}
/**
 * Drafts from plain text (poll_text.py): all of them or, with the line of the first mistake, none.
 */
export interface ImportPolls {
  room?: "main" | string | null;
  text: string;
  type: "poll.import";
}
/**
 * A new draft that asks the same, in one's own place unless staff name another.
 */
export interface CopyPoll {
  pollId: string;
  room?: "main" | string | null;
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
  room?: "main" | string | null;
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
 * `to`: `staff`, or one person; without it everyone in the place where one is, for staff also in another (`room`).
 *
 * A reply quotes a message of the same channel; among few also one of the main room.
 */
export interface SendMessage {
  replyTo?: string | null;
  room?: "main" | string | null;
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
/**
 * On the stage of one's own place, or of the one named.
 */
export interface ShowOnStage {
  kind: "nothing" | "poll" | "question" | "board" | "breakouts";
  room?: "main" | string | null;
  target?: "main" | string | null;
  type: "stage.show";
}
/**
 * A set of rooms: how many, or their names, or names with members and capacity; or `from` an earlier set.
 *
 * Who is given stays, and `assignment` deals the others: without it as in the earlier set, `manual` where members are
 * given, else `random`. With it, an earlier set lends only its rooms unless it is `manual`.
 */
export interface CreateBreakouts {
  assignment?: Assignment | null;
  from?: string | null;
  late?: Late | null;
  mayReturn?: boolean | null;
  name?: string | null;
  observers?: Observing | null;
  results?: Results | null;
  rooms?: number | (string | RoomGiven)[] | null;
  type: "breakout.create";
}
/**
 * Members need not have come yet.
 */
export interface RoomGiven {
  capacity?: number | null;
  members?: string[];
  name?: string | null;
}
/**
 * Only the given fields change.
 */
export interface UpdateBreakouts {
  late?: Late | null;
  mayReturn?: boolean | null;
  name?: string | null;
  observers?: Observing | null;
  results?: Results | null;
  setId: string;
  type: "breakout.update";
}
export interface RenameBreakoutRoom {
  name: string;
  roomId: string;
  type: "breakout.rename";
}
/**
 * In the plan: people to a room, or out of all of them without `roomId`; or all dealt anew by `shuffle`.
 */
export interface AssignPeople {
  roomId?: string | null;
  setId: string;
  shuffle?: Assignment | null;
  type: "breakout.assign";
  userIds?: string[];
}
/**
 * A set that was never opened.
 */
export interface DiscardBreakouts {
  setId: string;
  type: "breakout.discard";
}
/**
 * `minutes` closes the rooms by itself; `countdown` is in seconds.
 */
export interface OpenBreakouts {
  countdown?: number;
  minutes?: number | null;
  setId: string;
  type: "breakout.open";
}
/**
 * All rooms, or one. A room without a closing time gets one.
 */
export interface ExtendBreakouts {
  minutes: number;
  roomId?: string | null;
  type: "breakout.extend";
}
/**
 * Calls everybody back, or those of one room, in `seconds`; calls off a countdown.
 */
export interface CloseBreakouts {
  roomId?: string | null;
  seconds?: number;
  setId?: string | null;
  type: "breakout.close";
}
export interface SayToAll {
  text: string;
  type: "breakout.broadcast";
}
/**
 * To an open room, or without `roomId` to the main room; they belong there from now on.
 */
export interface MovePeople {
  roomId?: string | null;
  type: "breakout.move";
  userIds: string[];
}
/**
 * Oneself; without `roomId` back to the main room. Staff go anywhere, others as the set allows.
 */
export interface JoinBreakout {
  roomId?: string | null;
  type: "breakout.join";
}
/**
 * From the room one is in.
 */
export interface AskHelp {
  text?: string | null;
  type: "breakout.askHelp";
}
/**
 * By staff, or by somebody in the room. A moderator who comes ends it too.
 */
export interface EndHelp {
  roomId: string;
  type: "breakout.endHelp";
}
/**
 * Elements as Excalidraw has them, whole. Those that lose against what is there are left out; a deletion is a change too.
 *
 * `group` holds together what one act needs several commands for.
 */
export interface ChangeBoard {
  boardId: "main" | string;
  elements: {
    [k: string]: unknown;
  }[];
  group?: string | null;
  type: "board.change";
}
export interface ClearBoard {
  boardId: "main" | string;
  type: "board.clear";
}
/**
 * What the last clearing took comes back.
 */
export interface RestoreBoard {
  boardId: "main" | string;
  type: "board.restore";
}
export interface LockBoard {
  boardId: "main" | string;
  locked?: boolean;
  type: "board.lock";
}
/**
 * Whether everybody in its room who takes part may draw on it.
 */
export interface ShareBoard {
  boardId: "main" | string;
  everyone?: boolean;
  type: "board.share";
}
/**
 * After the page `after` and in its room, else last of the main room; `imageId` is its background, as of a slide.
 */
export interface AddPage {
  after?: "main" | string | null;
  everyone?: boolean | null;
  imageId?: string | null;
  name?: string | null;
  type: "board.addPage";
}
export interface RenamePage {
  boardId: "main" | string;
  name: string;
  type: "board.renamePage";
}
/**
 * Not the page that a room has from its beginning.
 */
export interface RemovePage {
  boardId: "main" | string;
  type: "board.removePage";
}
/**
 * Oneself; unmuting needs `can_speak`.
 */
export interface MuteAudio {
  muted: boolean;
  type: "audio.mute";
}
/**
 * One person, or without `userId` everybody in one's own place who is no staff. They may unmute themselves.
 */
export interface MuteParticipant {
  type: "participant.mute";
  userId?: string | null;
}
/**
 * For the whole session, until they are switched off. Nothing of what they say is kept.
 */
export interface SwitchCaptions {
  on: boolean;
  type: "captions.switch";
}
/**
 * Of the main room, and of those only who consent.
 */
export interface StartRecording {
  type: "recording.start";
}
export interface PauseRecording {
  type: "recording.pause";
}
export interface ResumeRecording {
  type: "recording.resume";
}
export interface StopRecording {
  type: "recording.stop";
}
/**
 * At any time, also before a recording and after the end, for the whole session; withdrawn, it removes one's voice.
 */
export interface ConsentToRecording {
  given: boolean;
  type: "recording.consent";
}
/**
 * A chapter begins here.
 */
export interface MarkRecording {
  text: string;
  type: "recording.mark";
}
