// The peer: Node's socket.io, doing what a memory-only chat does. Rooms, an ack, a broadcast to everybody in the room.
import { createServer } from "node:http";
import { Server } from "socket.io";
import * as msgpackParser from "socket.io-msgpack-parser";

const [port, parser] = [Number(process.argv[2]), process.argv[3]];
const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  ...(parser === "msgpack" ? { parser: msgpackParser } : {}),
});
let seq = 0;
io.of("/live").on("connection", (socket) => {
  let room;
  socket.on("join", (request, ack) => {
    room = request.sessionId;
    socket.join(room);
    ack({ ok: true, seq });
  });
  socket.on("submit", (command, ack) => {
    seq += 1;
    io.of("/live").to(room).emit("events", {
      sessionId: room,
      after: seq - 1,
      upto: seq,
      events: [{ seq, at: new Date().toISOString(), command: command.id, type: "chat.sent", text: command.text }],
    });
    ack({ ok: true, seq });
  });
});
http.listen(port, "127.0.0.1", () => console.log("listening"));
