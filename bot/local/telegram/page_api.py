"""The chat page and its own API under /chat/; load drivers use the same."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.staticfiles import StaticFiles

from bot.local.telegram.errors import BotApiError, Json
from bot.local.telegram.faults import CallLog, Fault, Faults
from bot.local.telegram.group_hands import GroupHands
from bot.local.telegram.methods.profile import scope_key
from bot.local.telegram.persons import NotPossible, Persons
from bot.local.telegram.world import Chat, Person, World

_STATIC = Path(__file__).parent / "static"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
Action = Callable[[Json], Any]


@dataclass(frozen=True)
class PageHands:
    """What the page does for persons, in chats and with groups."""

    persons: Persons
    groups: GroupHands

    def actions(self) -> dict[str, Action]:
        """By the names that the page calls them."""
        persons, groups = self.persons, self.groups
        return {
            "sticker": lambda b: persons.send_sticker(b["person_id"], b["emoji"], *_place(b)),
            "forward": lambda b: persons.forward(b["person_id"], b["message_id"], *_place(b)),
            "edit": lambda b: persons.edit(b["person_id"], b["message_id"], b["text"]),
            "delete": lambda b: persons.delete(b["person_id"], b["message_id"]),
            "press": lambda b: persons.press(b["person_id"], b["message_id"], b["button"]),
            "press_data": lambda b: persons.press_data(b["person_id"], b["message_id"], b["data"]),
            "block": lambda b: persons.set_blocked(b["person_id"], blocked=b["blocked"]),
            "channel": lambda b: persons.post_in_channel(b["text"]),
            "group": lambda b: groups.create_group(b["person_id"], b["title"]),
            "bot": lambda b: groups.set_bot(b["person_id"], b["chat_id"], b["status"]),
            "add": lambda b: groups.add_by_link(b["person_id"], b["chat_id"], b["payload"]),
            "member": lambda b: groups.set_member(
                b["person_id"], b["chat_id"], b["member_id"], b["status"]
            ),
            "topic": lambda b: groups.create_topic(b["person_id"], b["chat_id"], b["title"]),
            "delete_topic": lambda b: groups.delete_topic(
                b["person_id"], b["chat_id"], b["thread_id"]
            ),
            "upgrade": lambda b: groups.upgrade(b["person_id"], b["chat_id"]),
        }


class PageApi:
    """Routes of the page; `router` is the ASGI app."""

    def __init__(self, world: World, hands: PageHands, faults: Faults, log: CallLog) -> None:
        self._world = world
        self._persons = hands.persons
        self._faults = faults
        self._log = log
        self._closed = False
        self.router = Router(self._routes())
        self._actions: dict[str, Action] = {
            "send": self._send,
            "batch": lambda body: [self._send(item) for item in body["messages"]],
            "persons": self._add_person,
            "faults": self._plan_fault,
            "redeliver": lambda b: world.updates.redeliver(b["update_id"]),
            **hands.actions(),
        }

    def _routes(self) -> list[BaseRoute]:
        return [
            Route("/", self._page),
            Mount("/static", StaticFiles(directory=_STATIC)),
            Route("/chat/state", self._state),
            Route("/chat/messages", self._messages),
            Route("/chat/commands", self._commands),
            Route("/chat/events", self._events),
            Route("/chat/calls", self._calls),
            Route("/chat/updates", self._updates),
            Route("/chat/files/{file_id}", self._file),
            Route("/chat/upload", self._upload, methods=["POST"]),
            Route("/chat/{action}", self._act, methods=["POST"]),
        ]

    def close(self) -> None:
        """End the open event streams; the last event they carry is "closed"."""
        self._closed = True
        self._world.changes.publish("closed", 0)

    async def _page(self, request: Request) -> Response:
        del request
        headers = {"content-security-policy": _POLICY, "cache-control": "no-cache"}
        return FileResponse(_STATIC / "index.html", headers=headers)

    async def _state(self, request: Request) -> Response:
        del request
        world = self._world
        bot = {**world.bot.as_user(), "description": world.bot.description}
        bot["short_description"] = world.bot.short_description
        return JSONResponse(
            {
                "bot": bot,
                "persons": [world.person_as_json(person) for person in world.persons.values()],
                "chats": [_chat_summary(c) for c in world.chats.values() if not c.moved_to],
            }
        )

    async def _messages(self, request: Request) -> Response:
        chat = self._world.chats.get(int(request.query_params.get("chat_id", 0)))
        if chat is None:
            return _problem("no such chat", 404)
        limit = int(request.query_params.get("limit", 200))
        return JSONResponse(list(chat.messages.values())[-limit:])

    async def _commands(self, request: Request) -> Response:
        person_id = int(request.query_params["person_id"])
        chat = self._world.chats[int(request.query_params["chat_id"])]
        person = self._world.persons[person_id]
        button = self._world.bot.menu_buttons
        menu = button.get(str(chat.id)) or button.get("") or {"type": "commands"}
        return JSONResponse({"commands": self._visible_commands(person, chat), "menu": menu})

    def _visible_commands(self, person: Person, chat: Chat) -> list[Json]:
        """The list of the narrowest scope that has one, as Telegram's clients choose it."""
        scopes: list[tuple[str | int, ...]] = [("chat", chat.id), ("all_private_chats",)]
        if not chat.is_private:
            admin = chat.members.get(person.id) in ("creator", "administrator")
            scopes = [("chat_member", chat.id, person.id)]
            scopes += [("chat_administrators", chat.id)] if admin else []
            scopes += [("chat", chat.id)]
            scopes += [("all_chat_administrators",)] if admin else []
            scopes += [("all_group_chats",)]
        for kind, *ids in [*scopes, ("default",)]:
            for language in (person.language_code, ""):
                key = scope_key(str(kind), *ids, language=language)
                if commands := self._world.bot.commands.get(key):
                    return commands
        return []

    async def _file(self, request: Request) -> Response:
        stored = self._world.files.get(request.path_params["file_id"])
        if stored is None:
            return _problem("no such file", 404)
        kind = "inline" if stored.width else "attachment"
        headers = {"content-disposition": kind, "x-content-type-options": "nosniff"}
        return Response(stored.content, media_type=stored.mime, headers=headers)

    async def _events(self, request: Request) -> Response:
        del request
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def _stream(self) -> AsyncIterator[str]:
        with self._world.changes.subscribed() as queue:
            yield "retry: 500\n\n"
            while not self._closed:
                event = await queue.get()
                yield f"data: {json.dumps(event, ensure_ascii=False)}\n\n"

    async def _calls(self, request: Request) -> Response:
        """Calls of the bot after a number; waits until there are `wait` of them."""
        query = request.query_params
        after = int(query.get("after", 0))
        timeout_s = float(query.get("timeout_s", 0))
        if timeout_s > 0:
            await self._log.wait_total(after + int(query.get("wait", 1)), timeout_s)
        calls = [
            {
                "number": call.number,
                "method": call.method,
                "chat_id": call.chat_id,
                "message_id": call.message_id,
                "status": call.status,
                "received_s": call.received_s,
            }
            for call in self._log.after(after)
        ]
        return JSONResponse({"total": self._log.total, "calls": calls})

    async def _updates(self, request: Request) -> Response:
        """When each update was queued and handed to the bot, in monotonic seconds."""
        after = int(request.query_params.get("after", 0))
        updates = [
            {"update_id": u.update_id, "queued_s": u.queued_s, "delivered_s": u.delivered_s}
            for u in self._world.updates.log
            if u.update_id > after
        ]
        return JSONResponse(updates)

    async def _upload(self, request: Request) -> Response:
        query = request.query_params
        if request.headers.get("content-type") != "application/octet-stream":
            return _problem("application/octet-stream is expected", 415)
        place = _place(
            {name: int(query[name]) for name in ("chat_id", "thread_id") if query.get(name)}
        )
        return self._answer(
            self._persons.send_file,
            int(query["person_id"]),
            query.get("name", "file"),
            await request.body(),
            *place,
        )

    async def _act(self, request: Request) -> Response:
        # Pages of other sites cannot send JSON here without the browser asking first.
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _problem("application/json is expected", 415)
        action = self._actions.get(request.path_params["action"])
        if action is None:
            return _problem("no such action", 404)
        return self._answer(action, await request.json())

    @staticmethod
    def _answer(action: Callable[..., Any], *arguments: object) -> Response:
        try:
            return JSONResponse({"ok": True, "result": action(*arguments)})
        except (NotPossible, BotApiError, LookupError) as problem:
            return _problem(str(problem), 400)

    def _send(self, body: Json) -> Json:
        reply_to = body.get("reply_to")
        return self._persons.send(body["person_id"], body["text"], *_place(body), reply_to)

    def _add_person(self, body: Json) -> bool:
        self._world.add_person(Person(**body))
        return True

    def _plan_fault(self, body: Json) -> bool:
        self._faults.plan(
            body["method"],
            Fault(body["fault"]),
            times=body.get("times", 1),
            retry_after_s=body.get("retry_after_s", 1),
        )
        return True


def _place(body: Json) -> tuple[int | None, int | None]:
    return body.get("chat_id"), body.get("thread_id")


def _chat_summary(chat: Chat) -> Json:
    last = next(reversed(chat.messages.values()), None)
    topics = [{"thread_id": key, "title": title} for key, title in chat.topics.items()]
    members = [{"id": key, "status": status} for key, status in chat.members.items()]
    return {
        **chat.as_json(),
        "topics": topics,
        "members": members,
        "last_message": last,
        "pinned": chat.pinned[-1:],
    }


def _problem(text: str, status: int) -> Response:
    return JSONResponse({"ok": False, "problem": text}, status)
