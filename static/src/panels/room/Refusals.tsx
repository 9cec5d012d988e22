// What the server refused, said where it cannot be missed and nothing is covered. Refused messages and questions are not
// here: they stand in their own panel with their words.
import { Button } from "../../design/Button";
import { useTexts } from "../../texts";
import { useRoom } from "./RoomContext";

const SHOWN_MAX = 2;
const ELSEWHERE = new Set(["chat.send", "chat.edit", "question.ask", "poll.import", "board.change"]);

export function Refusals() {
  const t = useTexts();
  const { state, session } = useRoom();
  const shown = state.refused.filter((each) => !ELSEWHERE.has(each.command.type)).slice(-SHOWN_MAX);
  return (
    <div role="status" className={shown.length > 0 ? "refusals" : ""}>
      {shown.map(({ id, code }) => (
        <div key={id} className="refusal">
          <span className="grow">{t.refused.title(t.problem(code))}</span>
          <Button size="small" onPress={() => session.discard(id)}>
            {t.refused.dismiss}
          </Button>
        </div>
      ))}
    </div>
  );
}
