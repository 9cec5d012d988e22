"""The peer: python-socketio as it comes, on aiohttp, with the msgpack parser; a memory-only chat. Usage: stock.py PORT."""

import sys
from datetime import UTC, datetime
from typing import Any

import socketio
from aiohttp import web

server = socketio.AsyncServer(
    async_mode="aiohttp", serializer="msgpack", namespaces=["/live"], transports=["websocket"]
)
application = web.Application()
server.attach(application)
rooms: dict[str, str] = {}
seq = 0


async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
    """Everybody may come in."""


async def join(sid: str, request: dict[str, Any]) -> dict[str, Any]:
    rooms[sid] = request["sessionId"]
    await server.enter_room(sid, rooms[sid], namespace="/live")
    return {"ok": True, "seq": seq}


async def submit(sid: str, command: dict[str, Any]) -> dict[str, Any]:
    global seq
    seq += 1
    event = {
        "seq": seq,
        "at": datetime.now(UTC).isoformat(),
        "command": command["id"],
        "type": "chat.sent",
        "text": command["text"],
    }
    document = {"sessionId": rooms[sid], "after": seq - 1, "upto": seq, "events": [event]}
    await server.emit("events", document, room=rooms[sid], namespace="/live")
    return {"ok": True, "seq": seq}


for handler in (connect, join, submit):
    server.on(handler.__name__, handler, namespace="/live")


async def ready(_application: web.Application) -> None:
    print("listening", flush=True)


application.on_startup.append(ready)
web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=lambda *_: None)
