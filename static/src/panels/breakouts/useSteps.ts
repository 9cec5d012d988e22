// What somebody does in breakout rooms, as commands: go, come back, ask for help, and the tour through the rooms.
import { usePlace } from "../room/place";
import { useRoom } from "../room/RoomContext";
import { nextRoom, openRooms, runningSet } from "./reading";

export interface Steps {
  go(room: string | null): void;
  askHelp(): void;
  endHelp(room: string): void;
  /** The name of where the tour goes next; undefined: there is nowhere to go. */
  next: { name: string; go(): void } | undefined;
}

export function useSteps(): Steps {
  const { submit, view, here } = useRoom();
  const { look } = usePlace();
  const go = (roomId: string | null): void => {
    look(null);
    void submit({ type: "breakout.join", ...(roomId === null ? {} : { roomId }) });
  };
  const next = nextRoom(openRooms(runningSet(view.breakouts)), here);
  return {
    go,
    askHelp: () => void submit({ type: "breakout.askHelp" }),
    endHelp: (roomId) => void submit({ type: "breakout.endHelp", roomId }),
    next: next === undefined ? undefined : { name: next.name, go: () => go(next.id) },
  };
}
