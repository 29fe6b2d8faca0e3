"""Signing in: whom a session speaks for, and how blocks come along."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from plugin.domain.errors import Forbidden, Unauthorized
from plugin.domain.model import Challenge
from plugin.services.accounts import hash_account
from plugin.services.identity import Proof
from tests.integration.services.doors import ANN, CONTRACT, OTHER_CHAIN, WALLET, Doors


@pytest.mark.parametrize("proof", [WALLET, ANN])
@pytest.mark.parametrize("joins", [False, True])
async def test_a_new_token_takes_the_place_of_the_old_one(doors, proof, joins) -> None:
    old = await doors.come()
    new = await doors.sign_in(old, proof, joins=joins)
    with pytest.raises(Unauthorized):
        await doors.who(old)
    customer = await doors.who(new)
    assert (customer.identity, customer.account) == (proof.identity, proof.account)
    assert (customer.name, customer.email) == (proof.name, proof.email)
    assert doors.woken == 1


async def test_the_new_session_is_of_the_same_page(doors, desk) -> None:
    await doors.sign_in(await doors.come(), WALLET)
    assert (
        await desk.store.look("SELECT locale, page_url FROM session ORDER BY created_at, id")
        == [("de", "https://app.example.org/")] * 2
    )


async def test_open_streams_of_the_old_session_are_woken_to_end(doors, host) -> None:
    old = await doors.come()
    customer, woken = (await doors.who(old)).id, []
    host.hub.listen(woken.append)
    await doors.sign_in(old, WALLET)
    assert customer in woken


async def test_a_second_browser_sees_the_same_conversation(doors) -> None:
    first = await doors.sign_in(await doors.come(), WALLET)
    await doors.write(first, "from the first")
    second = await doors.sign_in(await doors.come(), WALLET)
    assert await doors.read(second) == ["from the first"]
    assert (await doors.who(first)).id == (await doors.who(second)).id


async def test_a_key_is_the_same_customer_on_every_chain_and_a_contract_on_its_own(doors) -> None:
    on_one = await doors.sign_in(await doors.come(), WALLET)
    on_ten = await doors.sign_in(await doors.come(), OTHER_CHAIN)
    contract = await doors.sign_in(await doors.come(), CONTRACT)
    assert (await doors.who(on_ten)).id == (await doors.who(on_one)).id
    assert (await doors.who(on_ten)).account == WALLET.account
    assert (await doors.who(contract)).id != (await doors.who(on_one)).id


async def test_a_user_may_come_proven_from_the_start(doors) -> None:
    token, visit = await doors.identities.open_session(ANN, "de", None, "192.0.2.1")
    again, _ = await doors.identities.open_session(ANN, None, None, "")
    assert visit.customer == await doors.who(token) == await doors.who(again)
    assert visit.customer.name == "Ann"


async def test_the_host_sites_newest_word_counts_and_silence_changes_nothing(doors) -> None:
    await doors.sign_in(await doors.come(), ANN)
    quiet = Proof(identity="user", account="user:7")
    assert (await doors.who(await doors.sign_in(await doors.come(), quiet))).name == "Ann"
    married = Proof(identity="user", account="user:7", name="Ann B.", email="b@example.org")
    customer = await doors.who(await doors.sign_in(await doors.come(), married))
    assert (customer.name, customer.email) == ("Ann B.", "b@example.org")


@pytest.mark.parametrize("joins", [False, True])
async def test_to_sign_in_again_as_the_same_changes_only_the_token(doors, joins) -> None:
    first = await doors.sign_in(await doors.come(), WALLET)
    await doors.write(first, "one", "two")
    before, events = await doors.who(first), await doors.events(first)
    again = await doors.sign_in(first, WALLET, joins=joins)
    assert await doors.who(again) == before
    assert await doors.events(again) == events
    assert await doors.read(again) == ["one", "two"]


@pytest.mark.parametrize("joins", [False, True])
async def test_two_proven_identities_are_never_made_one(doors, joins) -> None:
    wallet = await doors.sign_in(await doors.come(), WALLET)
    await doors.write(wallet, "of the wallet")
    device = await doors.sign_in(await doors.come(), WALLET)
    user = await doors.sign_in(wallet, ANN, joins=joins)
    assert await doors.read(user) == []
    assert await doors.read(device) == ["of the wallet"]
    assert (await doors.who(device)).account == WALLET.account


async def test_without_being_asked_nothing_is_joined(doors) -> None:
    anonymous = await doors.come()
    await doors.write(anonymous, "before")
    former = await doors.who(anonymous)
    wallet = await doors.sign_in(anonymous, WALLET)
    assert await doors.read(wallet) == []
    assert (await doors.who(wallet)).id != former.id


async def test_the_team_sees_whom_it_talks_to(doors, desk, host) -> None:
    for proof, lines in (
        (WALLET, [f"account {WALLET.account}"]),
        (ANN, ["account user:7", "mail ann@example.org"]),
    ):
        token = await doors.sign_in(await doors.come(), proof)
        event = await doors.post(token)
        answer = (await desk.order(host, event, "/info")).splitlines()
        assert [line for line in answer if line.startswith(("account", "mail"))] == lines


# Blocks


@pytest.mark.parametrize("joins", [False, True])
@pytest.mark.parametrize("is_known", [False, True])
async def test_a_block_comes_along(doors, desk, host, joins, is_known) -> None:
    if is_known:
        device = await doors.sign_in(await doors.come(), WALLET)
    anonymous = await doors.come()
    event = await doors.post(anonymous)
    await desk.order(host, event, "/block 2d spam")
    wallet = await doors.sign_in(anonymous, WALLET, joins=joins)
    assert await doors.is_held(wallet)
    if is_known:
        assert await doors.is_held(device)
    desk.clock.advance(timedelta(days=2))
    assert not await doors.is_held(wallet)


async def test_what_was_held_stays_held_and_what_waits_is_held(doors, desk, host) -> None:
    anonymous = await doors.come()
    event = await doors.post(anonymous)
    desk.clock.advance(1)
    await desk.order(host, event, "/block")
    desk.clock.advance(1)
    await doors.write(anonymous, "held")
    await doors.sign_in(anonymous, WALLET)
    batches = (await desk.take(host))[0]
    assert [batch.held for batch in batches if batch.lane not in ("answers",)] == [True]


async def test_a_block_follows_from_one_proven_identity_to_the_next_and_holds_both(doors, desk, host) -> None:
    first = await doors.sign_in(await doors.come(), WALLET)
    device = await doors.sign_in(await doors.come(), WALLET)
    event = await doors.post(first)
    await desk.order(host, event, "/block")
    second = await doors.sign_in(first, ANN)
    assert await doors.is_held(second)
    assert await doors.is_held(device)
    # To and fro makes no more of them.
    third = await doors.sign_in(second, WALLET)
    await doors.sign_in(third, ANN)
    assert await desk.store.look("SELECT COUNT(*) FROM block") == [(2,)]
    assert await desk.order(host, event, "/blocked") == "#1001 until 04 Mar 12:00 UTC · Alice"


async def test_who_is_unblocked_or_blocked_anew_is_so_under_all_identities(doors, desk, host) -> None:
    anonymous = await doors.come()
    event = await doors.post(anonymous)
    await desk.order(host, event, "/block 1d")
    wallet = await doors.sign_in(anonymous, WALLET)
    desk.clock.advance(1)
    await desk.order(host, event, "/block 3d")
    desk.clock.advance(timedelta(days=2))
    assert await doors.is_held(wallet)
    assert await desk.order(host, event, "/unblock") == "✓ #1001 unblocked"
    assert not await doors.is_held(wallet)
    await desk.order(host, event, "/block")
    assert not await doors.is_held(wallet)


async def test_an_account_that_was_erased_comes_back_as_blocked_as_it_was(doors, desk, host) -> None:
    wallet = await doors.sign_in(await doors.come(), WALLET)
    await desk.order(host, await doors.post(wallet), "/block")
    async with host.database.transaction() as tx:
        # What erasing leaves.
        known_as = await hash_account(tx, WALLET.account)
        await tx._conn.execute("UPDATE block SET account_hash = $1", known_as)
        await tx._conn.execute("UPDATE customer SET account = NULL WHERE account IS NOT NULL")
    assert await doors.is_held(await doors.sign_in(await doors.come(), OTHER_CHAIN))
    assert not await doors.is_held(await doors.sign_in(await doors.come(), ANN))


async def test_a_covered_address_holds_nobody_who_has_proven_an_identity(doors, desk, host) -> None:
    habits = desk.settings.block_habits
    desk.configure(
        block_habits=type(habits)(announce_in_room=True, cover_address=True, keep_ended=habits.keep_ended)
    )
    await desk.order(host, await doors.post(await doors.come()), "/block")
    desk.clock.advance(1)
    neighbour = await doors.come()
    assert await doors.is_held(neighbour)
    assert not await doors.is_held(await doors.sign_in(neighbour, WALLET))


# One at a time


async def challenge(doors: Doors, token: str, nonce: str, lasts: float = 300) -> Proof:
    session = await doors.sessions.find_session(token)
    async with doors.host.database.transaction() as tx:
        await tx.identities.add_challenge(
            Challenge(
                nonce=nonce,
                session_id=session.id,
                origin="https://app.example.org",
                account=WALLET.account,
                message=nonce,
                expires_at=doors.desk.clock.now() + timedelta(seconds=lasts),
            )
        )
    return Proof(identity="wallet", account=WALLET.account, nonce=nonce)


async def test_of_two_with_one_nonce_at_once_one_signs_in(doors) -> None:
    token = await doors.come()
    await doors.write(token, "before")
    session = await doors.sessions.find_session(token)
    proof = await challenge(doors, token, "n")
    attempts = [doors.identities.sign_in(session, proof, join_conversation=True) for _ in range(4)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    (won,) = [outcome for outcome in outcomes if isinstance(outcome, tuple)]
    assert await doors.read(won[0]) == ["before"]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Forbidden)]
    assert [error.members["rule"] for error in refused] == ["used"] * 3


async def test_of_two_sign_ins_of_one_session_at_once_one_goes_through(doors) -> None:
    session = await doors.sessions.find_session(await doors.come())
    attempts = [doors.identities.sign_in(session, proof, join_conversation=False) for proof in (WALLET, ANN)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(type(outcome) is Unauthorized for outcome in outcomes) == [False, True]


async def test_a_nonce_ends_to_the_millisecond(doors, desk) -> None:
    token = await doors.come()
    early, late = await challenge(doors, token, "a", 300), await challenge(doors, token, "b", 300)
    desk.clock.advance(299.999)
    token = await doors.sign_in(token, early)
    desk.clock.advance(0.001)
    with pytest.raises(Forbidden):
        await doors.sign_in(token, late)


async def test_a_refused_proof_leaves_the_session_as_it_was(doors, desk) -> None:
    token = await doors.come()
    proof = await challenge(doors, token, "n", lasts=-1)
    with pytest.raises(Forbidden):
        await doors.sign_in(token, proof)
    assert (await doors.who(token)).identity == "anonymous"


async def test_one_account_is_one_customer_however_many_come_at_once(doors, desk) -> None:
    sessions = [await doors.sessions.find_session(await doors.come()) for _ in range(6)]
    attempts = [
        doors.identities.sign_in(session, proof, join_conversation=bool(number % 2))
        for number, (session, proof) in enumerate(zip(sessions, [WALLET, OTHER_CHAIN] * 3, strict=True))
    ]
    outcomes = await asyncio.gather(*attempts)
    assert len({visit.customer.id for _, visit in outcomes}) == 1
    assert await desk.store.look("SELECT COUNT(*) FROM customer WHERE account IS NOT NULL") == [(1,)]


async def test_a_user_who_comes_in_several_browsers_at_once_is_one_customer(doors, desk) -> None:
    opened = await asyncio.gather(*(doors.identities.open_session(ANN, None, None, "") for _ in range(6)))
    assert len({visit.customer.id for _, visit in opened}) == 1
