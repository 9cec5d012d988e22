// Made by `make types` from rooms/protocol.py: do not edit.

export type JsonValue = unknown;
export type FeatureType = "poll" | "qa" | "breakout" | "whiteboard" | "recording" | "chat";
export type Status = "scheduled" | "starting" | "active" | "paused" | "ended" | "cancelled";
export type WaitingFor = "start" | "host" | "seat";
export type Role = "instructor" | "assistant" | "participant" | "observer";
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
  | ReactionSent;
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
  | SendReaction;

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
  hands?: Hands;
  lifecycle: Lifecycle;
  lobby?: Lobby;
  people?: People;
  rights?: Rights;
  seq: number;
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
/**
 * What people were given beyond their role. A personal revocation beats every grant.
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
  type: "participant.removed";
  userId: string;
}
/**
 * Peers are shown a removal.
 */
export interface ParticipantBanned {
  type: "participant.banned";
  userId: string;
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
 * `expired`: its time was over.
 */
export interface PermissionRevoked {
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
