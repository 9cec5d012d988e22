// The resources of /api/v1 that the workbook and the courses read and write, as JSON has them, and the few manners of asking
// for them. The server leaves out what is null. What is in a JSON column has the names of the documents (snake_case).
import type { Names } from "../session/wire";
import { api } from "./client";
import type { Listing } from "./resources";

// -- the workbook --

export interface Note {
  id: string;
  userId: string;
  title: string;
  /** HTML, cleaned by the server. */
  content: string;
  moduleId?: string;
  lessonId?: string;
  audioRecordingId?: string;
  sessionId?: string;
  /** Whole seconds into what it is about. */
  timestamp?: number;
  tags: string[];
  isPrivate: boolean;
  isPinned: boolean;
  createdAt: string;
  updatedAt: string;
}

export type ProgressStatus = "not_started" | "in_progress" | "completed" | "locked";

export interface ModuleStanding {
  id: string;
  title: string;
  description?: string;
  moduleOrder: number;
  durationMinutes: number;
  prerequisites: string[];
  isPublished: boolean;
  /** Percent. */
  userProgress: number;
  progressStatus: ProgressStatus;
  isAccessible: boolean;
}

export interface WorkshopLesson {
  id: string;
  title: string;
  content: {
    text?: string;
    videoUrl?: string;
    exercises?: { id: string; title: string; body: string }[];
  };
  type: "video" | "text" | "interactive" | "exercise" | "discussion";
  estimatedMinutes: number;
  sortOrder: number;
}

export interface WorkshopModule {
  id: string;
  title: string;
  description?: string;
  durationMinutes: number;
  content: {
    overview: string;
    learningObjectives: string[];
    lessons: WorkshopLesson[];
    resources: { id: string; title: string; url: string }[];
  };
}

export interface Progress {
  lessonId?: string;
  progressPercent: number;
  status: ProgressStatus;
}

export interface Dashboard {
  overallProgress: number;
  modulesStarted: number;
  recordingsCount: number;
  notesCount: number;
}

export interface Sound {
  id: string;
  sessionId?: string;
  part?: number;
  fromS?: number;
  fileName: string;
  fileUrl: string;
  durationSeconds: number;
  createdAt: string;
}

// -- the courses --

export type CourseType = "core" | "elective" | "workshop" | "capstone";
export type Difficulty = "beginner" | "intermediate" | "advanced";

export interface Course {
  id: string;
  title: string;
  slug: string;
  description: string;
  shortDescription?: string;
  learningOutcomes: string[];
  prerequisites: string[];
  difficultyLevel: Difficulty;
  estimatedDurationHours: number;
  courseType: CourseType;
  published: boolean;
  createdBy?: string;
}

export interface CourseModule {
  id: string;
  courseId: string;
  title: string;
  description?: string;
  moduleOrder: number;
}

export interface Question {
  id: string;
  prompt: string;
  options?: string[];
}

export interface Lesson {
  id: string;
  moduleId: string;
  title: string;
  description?: string;
  lessonOrder: number;
  contentType: "video" | "text" | "interactive" | "quiz" | "assignment";
  contentUrl?: string;
  contentDurationMinutes?: number;
  readingTimeMinutes?: number;
  interactiveElements: { questions: Question[] };
  resources: { title: string; url: string }[];
  isPreview: boolean;
}

export interface Enrollment {
  id: string;
  userId: string;
  courseId: string;
  enrollmentStatus: "enrolled" | "in_progress" | "completed" | "dropped" | "suspended";
  progressPercentage: number;
  lastAccessedAt?: string;
  certificateIssued: boolean;
}

export interface LessonProgress {
  id: string;
  lessonId: string;
  status: "not_started" | "in_progress" | "completed";
  attemptsCount: number;
  bestScore?: number;
}

export interface Assignment {
  id: string;
  lessonId: string;
  title: string;
  description: string;
  instructions?: string;
  maxScore: number;
  passingScore?: number;
  dueDate?: string;
  rubric: Record<string, unknown>;
}

export type SubmissionStatus = "draft" | "submitted" | "under_review" | "graded" | "revision_requested";

export interface Submission {
  id: string;
  assignmentId: string;
  userId: string;
  submissionContent: { text?: string; links: string[]; files: { name: string; url: string }[]; late: boolean };
  submittedAt?: string;
  status: SubmissionStatus;
  score?: number;
  feedback?: string;
}

export interface Feedback {
  id: string;
  instructorId: string;
  feedbackType: "initial_review" | "revision_feedback" | "final_assessment";
  rubricScores: Record<string, unknown>;
  overallGrade?: string;
  detailedFeedback?: string;
  createdAt: string;
}

export interface PeerReview {
  id: string;
  submissionId: string;
  reviewerId?: string;
  overallScore?: number;
  strengths: string[];
  improvements: string[];
  detailedFeedback?: string;
  isAnonymous: boolean;
}

export interface Certificate {
  id: string;
  userId: string;
  courseId: string;
  certificateNumber: string;
  issueDate: string;
  expiryDate?: string;
  isRevoked: boolean;
  revokedReason?: string;
  metadata: { course_title: string; distinction?: string };
  showsHolder: boolean;
}

export interface Verification {
  certificateNumber: string;
  status: "valid" | "revoked" | "expired";
  courseTitle: string;
  issuer: string;
  holder?: string;
  issueDate: string;
  expiryDate?: string;
  revokedAt?: string;
}

/** Something asked about one's own data. `beginsAt`: of a deletion, until when it can be taken back. */
export interface DataRequest {
  status: "pending" | "processing" | "completed" | "failed" | "cancelled";
  createdAt: string;
  beginsAt: string;
  /** Of a copy: until when it is there, and how large it is. */
  expiresAt?: string;
  bytes?: number;
}

// -- asking --

const AT_ONCE = 200;
const PAGES_MAX = 5;

export interface All<T> {
  items: T[];
  people: Names;
  /** There are more than were asked for. */
  cut: boolean;
}

/** All pages of a listing, up to a thousand things. */
export async function all<T>(path: string): Promise<All<T>> {
  const found: All<T> = { items: [], people: {}, cut: false };
  let cursor: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const next: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const listing: Listing<T> = await api.get(`${path}${path.includes("?") ? "&" : "?"}limit=${AT_ONCE}${next}`);
    found.items.push(...listing.items);
    Object.assign(found.people, listing.people ?? {});
    cursor = listing.nextCursor ?? null;
    if (cursor === null) return found;
  }
  return { ...found, cut: true };
}

/** Changes a thing as it is now: for a switch, not for what somebody wrote for a while. */
export async function changeNow<T>(path: string, body: unknown): Promise<T> {
  const { etag } = await api.ask(path);
  return (await api.ask<T>(path, { method: "PATCH", body, ...(etag === null ? {} : { etag }) })).value;
}
