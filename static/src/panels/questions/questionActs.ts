// What the menu of a question offers to whom.
import type { Act } from "../../design/Menu";
import type { Question } from "../../session/protocol";
import { stageAt } from "../../session/standing";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import type { QuestionDialog } from "./QuestionDialogs";

export function useQuestionActs(question: Question, open: (dialog: QuestionDialog) => void): Act[] {
  const t = useTexts();
  const { view, me, may, submit, takesPart, here } = useRoom();
  if (!takesPart) return [];
  const { id, state } = question;
  const active = state === "open" || state === "answering";
  const shown = active || state === "answered";
  const stage = stageAt(view, here);
  const onStage = stage.kind === "question" && stage.target === id;
  const pinned = view.questions?.pins.includes(id) ?? false;
  const acts: (Act | false)[] = [];
  if (may("can_moderate"))
    acts.push(
      state === "open" && {
        id: "now",
        label: t.questions.answerNow,
        icon: "speaker",
        run: () => {
          void submit({ type: "question.answer", questionId: id, state: "now" });
          void submit({ type: "stage.show", kind: "question", target: id });
        },
      },
      active && {
        id: "done",
        label: t.questions.done,
        icon: "check",
        run: () => void submit({ type: "question.answer", questionId: id, state: "done" }),
      },
      shown && { id: "text", label: t.questions.answerText, icon: "edit", run: () => open("answer") },
      shown && {
        id: "pin",
        label: pinned ? t.questions.unpin : t.questions.pin,
        icon: "pin",
        run: () => void submit({ type: "question.pin", questionId: id, pinned: !pinned }),
      },
      shown &&
        !onStage && {
          id: "show",
          label: t.questions.show,
          icon: "stage",
          run: () => void submit({ type: "stage.show", kind: "question", target: id }),
        },
      (active || state === "pending") && {
        id: "merge",
        label: t.questions.merge,
        icon: "merge",
        run: () => open("merge"),
      },
      active && {
        id: "dismiss",
        label: t.questions.dismiss,
        icon: "close",
        run: () => void submit({ type: "question.dismiss", questionId: id }),
      },
      (state === "answered" || state === "dismissed" || state === "answering") && {
        id: "reopen",
        label: t.questions.reopen,
        icon: "reply",
        run: () => void submit({ type: "question.reopen", questionId: id }),
      },
    );
  acts.push(
    question.author === me && {
      id: "withdraw",
      label: t.questions.withdraw,
      icon: "trash",
      danger: true,
      run: () => open("withdraw"),
    },
  );
  return acts.filter((act): act is Act => act !== false);
}
