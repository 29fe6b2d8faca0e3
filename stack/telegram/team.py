"""The world of a first start: the support team's group, its people and the relay bot."""

from __future__ import annotations

import time

from .model import Account, Chat, User
from .world import World

GROUP_ID = -1001900000001
NEWS_CHANNEL_ID = -1001900000009
FIRST_MESSAGE_ID = 101
"""Above 100, so that a message id in a log is not taken for a count."""

ALICE = User(id=5550001, first_name="Alice", last_name="Example", username="alice_team")
BOB = User(id=5550002, first_name="Bob", last_name="Example", username="bob_team")
MALLORY = User(id=5550003, first_name="Mallory", last_name="Example", username="mallory_x")
PEOPLE = (ALICE, BOB, MALLORY)
ROLES = {ALICE.id: "moderator", BOB.id: "moderator", MALLORY.id: "stranger"}
"""Who is on the support team's allow-list in the demo; to Telegram all three are members of the group."""

BOT_ID = 7000000001
BOT_USERNAME = "support_relay_bot"
BOT_TOKEN = f"{BOT_ID}:local-data-centre"


def create_team(world: World) -> None:
    """Fill an empty world."""
    world.account = Account(bot_id=BOT_ID, bot_token=BOT_TOKEN)
    world.save_account()
    world.save_user(User(id=BOT_ID, first_name="Support Relay", username=BOT_USERNAME, bot=True))
    for person in PEOPLE:
        world.save_user(User(**person.to_record()))
    created = int(time.time())
    group = Chat(
        id=GROUP_ID,
        title="Support team",
        created=created,
        members={BOT_ID, *(person.id for person in PEOPLE)},
        admins={BOT_ID, ALICE.id},
        next_message_id=FIRST_MESSAGE_ID,
    )
    news = Chat(
        id=NEWS_CHANNEL_ID, title="Company News", created=created, broadcast=True, username="company_news"
    )
    world.save_chat(group)
    world.save_chat(news)
    world.commit()
