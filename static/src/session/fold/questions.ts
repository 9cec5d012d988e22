// Questions as a view has them, as rooms/questions.py applies it. `voters` holds at most the reader.
import type { Question, Questions } from "../protocol";
import { type Reducers, without } from "./slice";

function withQuestion(held: Questions, question: Question): Questions {
  return { ...held, questions: { ...held.questions, [question.id]: question } };
}

function change(held: Questions, id: string, changed: (question: Question) => Question): Questions {
  const question = held.questions[id];
  return question === undefined ? held : withQuestion(held, changed(question));
}

const unpinned = (held: Questions, id: string): Questions => ({
  ...held,
  pins: held.pins.filter((each) => each !== id),
});

const gone = (held: Questions, event: { questionId: string }): Questions =>
  unpinned({ ...held, questions: without(held.questions, event.questionId) }, event.questionId);

function unanswered({ answer: _answer, answeredBy: _by, answeredAt: _at, ...question }: Question): Question {
  return question;
}

export const questions: Reducers<Questions> = {
  "question.asked": (now, event) =>
    withQuestion(now, {
      id: event.questionId,
      seq: event.seq,
      at: event.at,
      text: event.text,
      anonymous: event.anonymous,
      hidden: event.pending,
      state: event.pending ? "pending" : "open",
      votes: 0,
      voters: [],
      ...(event.actor === undefined ? {} : { author: event.actor }),
      ...(event.room === undefined ? {} : { room: event.room }),
    }),
  "question.upvoted": (now, event) =>
    change(now, event.questionId, (question) => {
      const others = question.voters.filter((each) => each !== event.actor);
      const voters = event.on && event.actor !== undefined ? [...others, event.actor] : others;
      return { ...question, votes: event.votes, voters };
    }),
  "question.approved": (now, event) => withQuestion(now, event.question),
  "question.reopened": (now, event) =>
    event.question === undefined
      ? change(now, event.questionId, (question) => ({ ...unanswered(question), state: "open" }))
      : withQuestion(now, event.question),
  "question.answering": (now, event) =>
    change(now, event.questionId, (question) => ({ ...question, state: "answering" })),
  "question.answered": (now, event) =>
    change(now, event.questionId, (question) => ({
      ...unanswered(question),
      state: "answered",
      answeredAt: event.at,
      ...(event.text === undefined ? {} : { answer: event.text }),
      ...(event.actor === undefined ? {} : { answeredBy: event.actor }),
    })),
  "question.pinned": (now, event) => ({ ...now, pins: [...now.pins, event.questionId] }),
  "question.unpinned": (now, event) => unpinned(now, event.questionId),
  "question.dismissed": (now, event) =>
    unpinned(
      change(now, event.questionId, (question) => ({ ...question, state: "dismissed", hidden: true })),
      event.questionId,
    ),
  "question.merged": (now, event) => {
    const duplicate = now.questions[event.questionId];
    const into = now.questions[event.into];
    if (duplicate === undefined || into === undefined) return now;
    const voters = [...new Set([...into.voters, ...duplicate.voters])];
    const joined = withQuestion(now, { ...into, votes: event.votes, voters });
    return unpinned(
      change(joined, duplicate.id, (question) => ({ ...question, state: "merged", mergedInto: into.id })),
      duplicate.id,
    );
  },
  "question.blanked": (now, event) => change(now, event.questionId, (question) => ({ ...question, text: "" })),
  "person.erased": (now, event) => ({
    ...now,
    questions: Object.fromEntries(
      Object.entries(now.questions).map(([id, question]) => {
        const theirs = question.answeredBy === event.userId && question.answer !== undefined;
        return [id, theirs ? { ...question, answer: "" } : question];
      }),
    ),
  }),
  "question.withdrawn": gone,
  "question.vanished": gone,
};
