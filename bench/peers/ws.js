// The peer without Socket.IO: the `ws` library, one frame made per broadcast, sent to everybody in the room.
import { WebSocketServer } from "ws";

const rooms = new Map();
const server = new WebSocketServer({ port: Number(process.argv[2]), host: "127.0.0.1", perMessageDeflate: false });
let seq = 0;
server.on("connection", (socket) => {
  let room;
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.join !== undefined) {
      if (!rooms.has(message.join)) rooms.set(message.join, new Set());
      room = rooms.get(message.join).add(socket);
      socket.send('{"joined":true}');
      return;
    }
    seq += 1;
    const events = [{ seq, at: new Date().toISOString(), command: message.id, type: "chat.sent", text: message.text }];
    const frame = Buffer.from(JSON.stringify({ after: seq - 1, upto: seq, events }));
    for (const each of room) each.send(frame, { binary: false });
    socket.send(JSON.stringify({ ok: true, seq }));
  });
});
server.on("listening", () => console.log("listening"));
