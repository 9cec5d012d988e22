// A link over Socket.IO: path /socket.io, namespace /live, WebSocket only, msgpack. Reconnecting is the session's
// affair, so that it follows one rule; the token travels in CONNECT, never in an address.
// Bytes must be sent as ArrayBuffer: the msgpack parser sends a Uint8Array as a map.
import { io, type Socket } from "socket.io-client";
import parser from "socket.io-msgpack-parser";
import type { Connect, Down, Link, LinkListener } from "./link";
import type { Ack, JoinAck } from "./wire";

const OPEN_WITHIN_MS = 5_000;
const ANSWER_WITHIN_MS = 10_000;

interface RefusedConnect extends Error {
  data?: Down;
}

/** `origin` is empty for the page's own. */
export function connectTo(origin: string): Connect {
  return (token, listener) => {
    const socket = io(`${origin}/live`, {
      path: "/socket.io",
      transports: ["websocket"],
      parser,
      auth: { token },
      reconnection: false,
      forceNew: true,
      timeout: OPEN_WITHIN_MS,
    });
    listen(socket, listener);
    return linkOver(socket);
  };
}

function listen(socket: Socket, listener: LinkListener): void {
  let over = false;
  const down = (reason: Down): void => {
    if (over) return;
    over = true;
    clearTimeout(deadline);
    socket.removeAllListeners();
    socket.disconnect();
    listener.down(reason);
  };
  // The client's own timeout ends with the handshake of the transport; this one covers the namespace too.
  const deadline = setTimeout(() => down({}), OPEN_WITHIN_MS);
  socket.on("connect", () => {
    clearTimeout(deadline);
    listener.open();
  });
  socket.on("connect_error", (error: RefusedConnect) => down(refusal(error)));
  socket.on("disconnect", () => down({}));
  socket.on("events", (frame) => listener.events(frame));
  socket.on("snapshot", (frame) => listener.snapshot(frame));
  socket.on("signal", (frame) => listener.signal(frame));
  socket.on("bye", (frame) => listener.bye(frame));
}

/** A refusal of the namespace carries data with a code; a broken transport does not. */
function refusal(error: RefusedConnect): Down {
  return typeof error.data === "object" && error.data !== null ? error.data : {};
}

function linkOver(socket: Socket): Link {
  const ask = async (name: string, body: object) => socket.timeout(ANSWER_WITHIN_MS).emitWithAck(name, body);
  return {
    join: (sessionId, position) => ask("join", { sessionId, ...position }) as Promise<JoinAck>,
    submit: (id, command, resent) =>
      ask("submit", { id, ...command, ...(resent === undefined ? {} : { resent }) }) as Promise<Ack>,
    signal: (signal) => void socket.volatile.emit("signal", signal),
    leave: () => void socket.emit("leave"),
    close: () => {
      socket.removeAllListeners();
      socket.disconnect();
    },
  };
}
