// A page more: its id is known once its event is here.
import type { Session } from "../../session/session";

/** `code` of the server, or of what was wrong with a document. */
export class PageFailed extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export async function added(
  session: Session,
  page: { imageId?: string; after: string; name?: string },
): Promise<string> {
  const ack = await session.submit({ type: "board.addPage", ...page });
  if (!ack.ok) throw new PageFailed(ack.code);
  await session.reached(ack.seq);
  const made = Object.values(session.state.view?.boards?.pages ?? {}).find((each) => each.seq === ack.seq);
  if (made === undefined) throw new PageFailed("internal");
  return made.id;
}
