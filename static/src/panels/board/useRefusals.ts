// What the server refused of one's drawing: said in one sentence, and then forgotten, because the canvas shows it already.
import { useEffect } from "react";
import { useBoardTexts } from "../../texts/board";
import { useRoom } from "../room/RoomContext";

export function useRefusals(boardId: string, say: (words: string) => void): void {
  const b = useBoardTexts();
  const { session, state } = useRoom();
  const refused = state.refused.find(
    ({ command }) => command.type === "board.change" && command.boardId === boardId,
  );
  useEffect(() => {
    if (refused === undefined) return;
    say(b.takenBack[refused.code] ?? b.takenBack["other"] ?? "");
    session.discard(refused.id);
  }, [refused, session, say, b]);
}
