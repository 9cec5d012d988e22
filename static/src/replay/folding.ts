// Many events folded at once. The fold of the room copies what it changes; of the one thing that grows with every second
// event, the messages, that would be most of the work, so they are copied once for each folding and added to from then on.
import type { Chat, View } from "../session/protocol";
import { apply } from "../session/fold/room";
import type { Recorded } from "../session/wire";

export class Folding {
  #view: View;
  readonly #own = new WeakSet<object>();

  constructor(view: View) {
    this.#view = view;
  }

  step(event: Recorded): void {
    const { chat } = this.#view;
    this.#view = event.type === "chat.sent" && chat !== undefined ? this.#said(chat, event) : apply(this.#view, event);
  }

  /** Ends it: what was handed out does not change any more. */
  end(): View {
    return this.#view;
  }

  /** The fold makes the message, as if it were the only one. */
  #said(chat: Chat, event: Recorded): View {
    const alone = apply({ ...this.#view, chat: { ...chat, channels: {} } }, event);
    const channels = { ...chat.channels };
    for (const [key, made] of Object.entries(alone.chat?.channels ?? {})) {
      const channel = channels[key] ?? made;
      const messages = this.#own.has(channel.messages) ? channel.messages : { ...channel.messages };
      this.#own.add(Object.assign(messages, made.messages));
      channels[key] = { ...channel, messages };
    }
    return { ...alone, chat: { ...chat, channels } };
  }
}
