// The resources of /api/v1 that the pages read and write, as JSON has them. The contents of a session are not here: they
// come with the log (session/protocol.ts).
import type { FeatureType, Role, SessionFeature, Status } from "../session/protocol";
import type { Renewal } from "../session/identity";
import type { Names } from "../session/wire";

export interface Listing<T> {
  items: T[];
  nextCursor?: string | null;
  people?: Names | null;
}

/** What the reader is to a session. */
export interface Relation {
  role?: Role | null;
  joinedAt?: string | null;
  participationScore?: number | null;
}

export interface LiveSession {
  id: string;
  title: string;
  description?: string | null;
  instructorId: string;
  scheduledStart: string;
  scheduledEnd: string;
  actualStart?: string | null;
  actualEnd?: string | null;
  maxParticipants: number;
  status: Status;
  features: SessionFeature[];
  metadata: { participantCount?: number; engagementScore?: number | null; summary?: string | null };
  you?: Relation | null;
}

export interface NewSession {
  title: string;
  description?: string;
  scheduledStart: string;
  scheduledEnd: string;
  maxParticipants: number;
  features: { type: FeatureType; isEnabled: boolean; config?: Record<string, unknown> }[];
  lobby: boolean;
}

export interface Me {
  id: string;
  fullName: string;
  email: string;
  isGuest: boolean;
  roles: string[];
}

export interface InvitationLook {
  sessionId: string;
  title: string;
  host: string;
  scheduledStart: string;
  role: Role;
}

export interface Redeemed extends Renewal {
  sessionId: string;
  userId: string;
  role: Role;
}

export interface Invitation {
  id: string;
  role: Role;
  expiresAt: string;
  token?: string | null;
  url?: string | null;
  usedCount?: number;
}

export interface DemoCast {
  cast: { name: string; role: Role; userId: string; token: string }[];
  sessions: { id: string; title: string; status: Status }[];
}

/** The people a listing or page names, when it does. */
export interface Participant {
  userId: string;
  joinedAt: string;
  leftAt?: string | null;
  role: Role;
  participationScore: number;
  metadata: {
    totalTimeMinutes: number;
    interactionCount: number;
    questionsAsked: number;
    pollsAnswered: number;
  };
}
