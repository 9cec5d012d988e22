// The slide under a page: a picture that lies still beneath the drawing and moves with it. It is no element: nobody can
// catch, erase or undo it.
import { forwardRef, useEffect, useImperativeHandle, useRef, useState } from "react";
import type { Background } from "../../session/protocol";
import { useRoom } from "../room/RoomContext";
import { fetchImage } from "./images";
import { SLIDE_WIDTH } from "./seeing";

export interface SlidePlace {
  move(seen: { scrollX: number; scrollY: number; zoom: { value: number } }): void;
}

export const Slide = forwardRef<SlidePlace, { background: Background }>(function Slide({ background }, ref) {
  const { session } = useRoom();
  const picture = useRef<HTMLImageElement>(null);
  const [address, setAddress] = useState<string | null>(null);
  const { imageId } = background;
  useEffect(() => {
    let made: string | null = null;
    let gone = false;
    fetchImage(session.sessionId, imageId).then(
      (blob) => {
        if (!gone) setAddress((made = URL.createObjectURL(blob)));
      },
      () => undefined,
    );
    return () => {
      gone = true;
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [session.sessionId, imageId]);
  useImperativeHandle(ref, () => ({
    move: ({ scrollX, scrollY, zoom }) => {
      const style = picture.current?.style;
      if (style) style.transform = `scale(${zoom.value}) translate(${scrollX}px, ${scrollY}px)`;
    },
  }));
  return <img ref={picture} className="board-slide" src={address ?? undefined} alt="" width={SLIDE_WIDTH} draggable={false} />;
});
