// What one sees of one's own command before the server answered: the events it will most likely become, folded over the
// view like any other. The echo goes away when the view has reached the acknowledged place, or with the refusal.
// A command without an entry here is shown when it has happened.
import { apply } from "./fold/room";
import { EVERYONE, MAIN, STAFF } from "./fold/chat";
import type { Pending } from "./outbox";
import type { Command, Event, Message, View } from "./protocol";
import { isStaff, placeOf } from "./standing";
import type { Recorded } from "./wire";

type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;

interface Foreseen {
  me: string;
  /** The command's id: what it makes is known by it until the server gave it an id of its own. */
  id: string;
  given: number;
  view: View;
}

type Echoes = { readonly [T in Command["type"]]?: (command: CommandOf<T>, foreseen: Foreseen) => Event[] };

const ECHOES: Echoes = {
  "hand.raise": ({ toPoint }, { me }) => [{ type: "hand.raised", userId: me, toPoint: toPoint ?? false }],
  "hand.lower": ({ userId }, { me }) => [{ type: "hand.lowered", userId: userId ?? me }],
  "permission.ask": ({ permission }, { me }) => [{ type: "permission.asked", userId: me, permission }],
  "permission.grant": ({ userId, permission, minutes }, { given }) => {
    const until = minutes ? { until: new Date(given + minutes * 60_000).toISOString() } : {};
    return [{ type: "permission.granted", permission, ...until, ...(userId ? { userId } : {}) }];
  },
  "permission.revoke": ({ userId, permission }, { view }) => {
    const asked = userId && view.rights?.asked.some((each) => each.user === userId && each.permission === permission);
    const whom = userId ? { userId } : {};
    return [{ type: "permission.revoked", permission, expired: false, declined: Boolean(asked), ...whom }];
  },
  "audio.mute": ({ muted }, { me }) => [{ type: "audio.muted", userId: me, muted }],
  "participant.mute": ({ userId }) => (userId ? [{ type: "participant.muted", userIds: [userId] }] : []),
  "captions.switch": ({ on }) => [{ type: "captions.switched", on }],
  "recording.consent": ({ given }, { me }) => [{ type: "recording.consented", userId: me, given }],
  "stage.show": ({ kind, target, room }, { me, view }) => [
    { type: "stage.shown", kind, ...(target ? { target } : {}), ...inPlace(room, placeOf(view, me)) },
  ],
  "chat.send": ({ text, replyTo, to, room }, { id, me, view }) => [
    {
      type: "chat.sent",
      messageId: id,
      text,
      ...(replyTo ? { replyTo } : {}),
      ...(to ? { to } : inPlace(room, placeOf(view, me))),
    },
  ],
  "chat.edit": ({ messageId, text }, { view }) =>
    about(view, messageId).map((message) => ({ type: "chat.edited", ...message, text })),
  "chat.delete": ({ messageId }, { view }) =>
    about(view, messageId).map((message) => ({ type: "chat.deleted", ...message, seqs: [] })),
  "chat.react": ({ messageId, emoji, on }, { view }) =>
    about(view, messageId).map((message) => ({ type: "chat.reacted", ...message, emoji, on: on ?? true })),
  "chat.lock": ({ locked }) => [{ type: "chat.locked", locked: locked ?? true }],
  "chat.slow": ({ seconds }) => [{ type: "chat.slowed", seconds }],
  "poll.vote": ({ pollId, choices }, { me, view }) => {
    const poll = view.polls?.polls[pollId];
    if (poll === undefined || poll.anonymous || poll.status !== "open") return [];
    const was = poll.votes[me];
    const sorted = [...choices].sort((one, other) => (one < other ? -1 : 1));
    return [{ type: "poll.voted", pollId, choices: sorted, live: poll.live, ...(was ? { was } : {}) }];
  },
  "question.ask": ({ text, anonymous }, { id, me, view }) => {
    const config = view.lifecycle.features.find((each) => each.type === "qa")?.config;
    const pending = config?.["approval"] === true && !isStaff(view, me);
    const where = inPlace(undefined, placeOf(view, me));
    return [{ type: "question.asked", questionId: id, text, anonymous: anonymous ?? false, pending, ...where }];
  },
  "question.upvote": ({ questionId, on }, { me, view }) => {
    const question = view.questions?.questions[questionId];
    if (question === undefined || question.voters.includes(me) === (on ?? true)) return [];
    const votes = question.votes + ((on ?? true) ? 1 : -1);
    return [{ type: "question.upvoted", questionId, on: on ?? true, votes }];
  },
  "question.answer": ({ questionId, state, text }) =>
    state === "now"
      ? [{ type: "question.answering", questionId }]
      : [{ type: "question.answered", questionId, ...(text ? { text } : {}) }],
  "breakout.assign": ({ setId, userIds, roomId, shuffle }, { view }) => {
    const set = view.breakouts?.sets[setId];
    if (set === undefined || userIds === undefined || shuffle) return [];
    const rooms = set.rooms.map(({ id, members }) => {
      const others = members.filter((user) => !userIds.includes(user));
      return { roomId: id, members: id === roomId ? [...others, ...userIds] : others };
    });
    return [{ type: "breakout.assigned", setId, assignment: set.assignment, repeats: set.repeats, rooms }];
  },
  "breakout.move": ({ userIds, roomId }, { view }) => {
    const set = Object.values(view.breakouts?.sets ?? {}).find((each) => each.status === "open");
    if (set === undefined) return [];
    const moves = userIds.map((userId) => ({ userId, ...(roomId ? { room: roomId } : {}) }));
    return [{ type: "breakout.moved", setId: set.id, moves, assigned: true }];
  },
  "breakout.rename": ({ roomId, name }, { view }) => {
    const sets = Object.values(view.breakouts?.sets ?? {});
    const set = sets.find(({ rooms }) => rooms.some(({ id }) => id === roomId));
    if (set === undefined) return [];
    return [{ type: "breakout.renamed", setId: set.id, roomId, name, planned: set.status === "planned" }];
  },
  "breakout.askHelp": ({ text }, { me, view }) => {
    const room = placeOf(view, me);
    return room === undefined ? [] : [{ type: "breakout.helpAsked", room, ...(text ? { text } : {}) }];
  },
  "breakout.endHelp": ({ roomId }) => [{ type: "breakout.helpEnded", room: roomId }],
  "question.reopen": ({ questionId }) => [{ type: "question.reopened", questionId }],
};

/** The view with everything on it that one has asked for and that is not in the log yet. */
export function withEchoes(view: View, pending: readonly Pending[], me: string): View {
  return pending.reduce((seen, each) => echoed(seen, each, me), view);
}

function echoed(view: View, { id, command, given }: Pending, me: string): View {
  if (!Object.hasOwn(ECHOES, command.type)) return view;
  const foresee = ECHOES[command.type] as (command: Command, foreseen: Foreseen) => Event[];
  return foresee(command, { me, id, given, view }).reduce((seen, event) => {
    const at = new Date(given).toISOString();
    return apply(seen, { ...event, seq: seen.seq + 1, at, actor: me, command: id } as Recorded);
  }, view);
}

/** Where a command acts: in the place it names, else where one is; the main room has no name in an event. */
function inPlace(named: string | null | undefined, here: string | undefined): { room?: string } {
  const room = named ?? here;
  return room === undefined || room === MAIN ? {} : { room };
}

/** What an event says of the message it changes; nothing where this view does not have it. */
function about(view: View, messageId: string): { messageId: string; sender: string; to?: string; room?: string }[] {
  const channels = Object.values(view.chat?.channels ?? {});
  const message = channels.map((channel) => channel.messages[messageId]).find((each) => each !== undefined);
  return message === undefined ? [] : [{ messageId, sender: message.sender, ...audienceOf(message) }];
}

function audienceOf({ channel, sender }: Message): { to?: string; room?: string } {
  if (channel === EVERYONE) return {};
  if (channel === STAFF) return { to: STAFF };
  const other = channel.includes(":") ? channel.split(":").find((user) => user !== sender) : undefined;
  return other === undefined ? { room: channel } : { to: other };
}
