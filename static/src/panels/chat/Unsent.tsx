// Messages the server refused: their words are kept here until they are changed or discarded.
import { Button } from "../../design/Button";
import { EVERYONE } from "../../session/fold/chat";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";
import { useDraft } from "../room/drafts";
import { channelOfOwn, isPlace } from "./channels";

export function Unsent({ channel }: { channel: string }) {
  const t = useTexts();
  const { state, session, me, here, staff } = useRoom();
  const [, write] = useDraft(`chat.${channel}`);
  const home = here ?? EVERYONE;
  /** Where its words are kept: those for a room that one is no longer in, where one is. */
  const keptIn = (command: { to?: string | null; room?: string | null }): string => {
    const own = channelOfOwn(command, me);
    return isPlace(own) && !staff ? home : own;
  };
  return (
    <div role="status">
      {state.refused.map(({ id, command, code }) => {
        if (command.type !== "chat.send" && command.type !== "chat.edit") return null;
        if (command.type === "chat.send" && keptIn(command) !== channel) return null;
        const again = () => {
          write(command.text);
          session.discard(id);
        };
        return (
          <div key={id} className="unsent">
            <p className="words">{command.text}</p>
            <p className="field-error">{t.refused.message(t.problem(code))}</p>
            <div className="row">
              <Button size="small" look="edged" onPress={again}>
                {t.common.edit}
              </Button>
              <Button size="small" onPress={() => session.discard(id)}>
                {t.common.discard}
              </Button>
            </div>
          </div>
        );
      })}
    </div>
  );
}
