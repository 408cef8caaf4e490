"""Buttons, forms and the command: stored within Discord's three seconds, then answered."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import discord
import structlog

from channels.base import Action, Address, DeliveryError, Host, Message, Person
from channels.discord.drawing import Json, Pressed, from_custom_id, to_form
from channels.discord.events import Spot, to_action, to_agent, to_answers, to_customer, to_value
from channels.discord.failures import TRANSPORT
from channels.discord.hearing import Hearing, Receive
from channels.discord.places import NAME, Places, bookmark
from channels.discord.texts import say
from channels.discord.tokens import Token, Tokens
from channels.discord.ways import ASK, Ways
from channels.discord.wire import DEFERRED_MESSAGE, DEFERRED_UPDATE, EPHEMERAL, FORM, MESSAGE, Wire

log = structlog.get_logger()

FILL_IN_SECONDS = 1.5
PRIVATE = "private"  # the name of the button that goes on in private
Interaction: TypeAlias = discord.Interaction[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What presses work with."""

    host: Host
    hearing: Hearing
    places: Places
    tokens: Tokens
    ways: Ways
    wire: Wire
    desks: frozenset[int]
    command: str


class Presses:
    """Takes interactions. What could not be stored is told to whoever pressed: they can press again."""

    def __init__(self, parts: Parts, receive: Receive) -> None:
        self._parts = parts
        self._receive = receive

    async def on_interaction(self, interaction: Interaction) -> None:
        """A button, a form or a command of ours; others' are let pass."""
        data: Any = interaction.data or {}
        match interaction.type:
            case discord.InteractionType.application_command if data.get("name") == self._parts.command:
                await self._ask(interaction, data)
            case discord.InteractionType.component | discord.InteractionType.modal_submit:
                pressed = from_custom_id(str(data.get("custom_id")))
                spot = await self._parts.hearing.locate(interaction.channel)
                if pressed is not None and spot is not None:
                    await self._press(interaction, pressed, spot, data)
            case _:
                pass

    async def _press(self, interaction: Interaction, pressed: Pressed, spot: Spot, data: Json) -> None:
        token, address = _token(interaction), self._address(interaction, pressed, spot)
        at_desk = spot.room in self._parts.desks
        if at_desk and pressed.name in self._parts.host.forms and not pressed.form:
            await self._ask_first(interaction, token, pressed)
            return
        answers = to_answers(data.get("components") or []) if pressed.form else None
        value = pressed.value if answers is None else to_value(pressed.value, answers)
        actor = to_agent(interaction.user) if at_desk else to_customer(interaction.user)
        self._parts.tokens.put(actor.id, address, token)
        target = _picked(interaction, data, str((answers or {}).get("person", ""))) if answers else None
        action = to_action(interaction, address, actor, pressed.name, value, target)
        if not await self._stored(interaction, token, action):
            return
        if pressed.name == PRIVATE and not at_desk and actor.id == pressed.value:
            await self._go_private(interaction, token, address)
        else:
            await self._answer(interaction, token, DEFERRED_UPDATE)

    async def _ask(self, interaction: Interaction, data: Json) -> None:
        """The command: answered in private, as a conversation of its own."""
        spot = await self._parts.hearing.locate(interaction.channel)
        if spot is None:
            return
        token, user = _token(interaction), interaction.user
        thread = "" if spot.direct else f"{ASK}{interaction.id}"
        address = Address(channel=NAME, room=str(spot.room), thread=thread)
        place = self._parts.places.change(address, asker=user.id)
        self._parts.tokens.put(str(user.id), address, token)
        question = next((str(one.get("value")) for one in data.get("options") or [] if one.get("value")), "")
        message = Message(
            external_id=f"ask:{interaction.id}",
            address=address,
            sender=to_customer(user),
            text=question.strip(),
            sent_at=interaction.created_at,
            bookmark=bookmark(address, place),
        )
        if await self._stored(interaction, token, message):
            await self._answer(interaction, token, DEFERRED_MESSAGE, {"flags": EPHEMERAL})

    async def _stored(self, interaction: Interaction, token: Token, event: Message | Action) -> bool:
        (problem,) = await asyncio.gather(self._receive(event), return_exceptions=True)
        if problem is None:
            return True
        log.warning("discord_press_not_taken", reason=type(problem).__name__)
        text = say("not_stored", str(interaction.locale))
        await self._answer(interaction, token, MESSAGE, {"content": text, "flags": EPHEMERAL})
        return False

    async def _ask_first(self, interaction: Interaction, token: Token, pressed: Pressed) -> None:
        """Open the form that belongs to a button."""
        title = pressed.name.replace("_", " ").capitalize()
        begins: Mapping[str, str] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(FILL_IN_SECONDS):
                begins = await self._parts.host.filled_in(pressed.name, pressed.value)
        form = to_form(pressed, title, self._parts.host.forms[pressed.name], begins)
        await self._answer(interaction, token, FORM, form)

    async def _go_private(self, interaction: Interaction, token: Token, address: Address) -> None:
        language = str(interaction.locale)
        await self._answer(interaction, token, DEFERRED_MESSAGE, {"flags": EPHEMERAL})
        try:
            channel = await self._parts.ways.in_private(address, language=language)
            text = f"➡️ <#{channel}>"
        except DeliveryError as error:
            log.warning("discord_not_private", address=str(address), reason=error.reason)
            text = say("not_private", language)
        await self._parts.wire.edit_answer(token, text)

    async def _answer(self, interaction: Interaction, token: Token, kind: int, data: Json | None = None) -> None:
        try:
            await self._parts.wire.answer(interaction.id, token, kind, data)
        except (discord.DiscordException, *TRANSPORT) as error:  # stored it is: what is to be said finds another way
            log.warning("discord_press_not_answered", reason=str(error))
            self._parts.tokens.forget(token)

    def _address(self, interaction: Interaction, pressed: Pressed, spot: Spot) -> Address:
        """The conversation of a button: where it stands, or the command that it was an answer to."""
        gone = self._parts.places.gone_to(spot.channel)
        if gone is not None:
            return gone
        if pressed.ask:
            return Address(channel=NAME, room=str(spot.room), thread=pressed.ask)
        if spot.direct:
            return Address(channel=NAME, room=str(spot.room))
        message = interaction.message
        return Address(channel=NAME, room=str(spot.room), thread=str(spot.thread or (message.id if message else "")))


def _token(interaction: Interaction) -> Token:
    return Token(application=interaction.application_id, token=interaction.token)


def _picked(interaction: Interaction, data: Json, id: str) -> Person | None:
    """The person who was picked in a form, with the roles that Discord sends along."""
    resolved = data.get("resolved") or {}
    user, member = (resolved.get("users") or {}).get(id), (resolved.get("members") or {}).get(id)
    if not id or not isinstance(user, dict):
        return None
    roles = tuple(str(role) for role in member.get("roles") or ()) if isinstance(member, dict) else ()
    why = "are a bot" if user.get("bot") else "" if isinstance(member, dict) else "are not a member of the server"
    name = (member or {}).get("nick") or user.get("global_name") or user.get("username") or ""
    return Person(id=id, name=str(name), groups=roles, outsider=bool(why), why_outside=why)
