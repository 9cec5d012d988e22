// A page of the board as a picture: its elements are asked for when it comes into sight, the drawing program is loaded then.
import { useEffect, useRef, useState } from "react";
import { Waiting } from "../../design/Bits";
import { useTexts } from "../../texts";
import { useRoom } from "../room/RoomContext";

export function BoardPreview({ boardId, name }: { boardId: string; name: string }) {
  const t = useTexts();
  const { session } = useRoom();
  const place = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<"waiting" | "shown" | "failed">("waiting");
  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    let gone = false;
    const draw = async () => {
      try {
        const { pictureOf } = await import("./boardPicture");
        const picture = await pictureOf(session.sessionId, boardId);
        if (gone) return;
        box.replaceChildren(picture);
        setState("shown");
      } catch {
        if (!gone) setState("failed");
      }
    };
    const watcher = new IntersectionObserver((seen) => {
      if (!seen.some((each) => each.isIntersecting)) return;
      watcher.disconnect();
      void draw();
    });
    watcher.observe(box);
    return () => {
      gone = true;
      watcher.disconnect();
    };
  }, [session.sessionId, boardId]);
  return (
    <figure className="results-board">
      <div ref={place} className="results-picture" role="img" aria-label={name} />
      {state === "waiting" && <Waiting text={t.common.loading} />}
      {state === "failed" && <p className="soft">{t.breakouts.noBoard}</p>}
      <figcaption className="soft small">{name}</figcaption>
    </figure>
  );
}
