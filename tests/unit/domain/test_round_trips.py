"""What is put together can be read back as what it was, whatever it was made of."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from plugin.chain.ethereum import open_ethereum
from plugin.domain.commands import VOCABULARY, Command, parse_command
from plugin.domain.durations import format_duration
from plugin.domain.siwe import NONCE_LASTS, Wanted, check, compose, parse
from plugin.domain.text import MAX_TEXT, normalise, one_line, split, utf16_units

FORMS = st.sampled_from(["/{}", "!{}", "/{}@support_bot"])
REASONS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=30).filter(
    lambda text: text.strip() and not text.lstrip("+-")[:1].isdigit() and text.lower() != "forever"
)
LENGTHS = st.integers(1, 10**8).map(lambda seconds: timedelta(seconds=seconds))
HOSTS = st.from_regex(
    r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z0-9]{1,8}){0,3}(:[1-9][0-9]{0,4})?", fullmatch=True
)
NOW = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001
CHECKSUM = open_ethereum(None).checksum  # type: ignore[arg-type, union-attr]


@given(
    FORMS,
    st.sampled_from([word for word, verb in VOCABULARY.items() if verb in ("block", "timeout")]),
    st.none() | LENGTHS,
    st.none() | REASONS,
)
def test_a_block_is_read_as_it_was_written(
    form: str, word: str, length: timedelta | None, reason: str | None
) -> None:
    words = [form.format(word.upper()), format_duration(length) if length else None, reason]
    read = parse_command(" ".join(filter(None, words)))
    assert read == Command(verb=VOCABULARY[word], length=length, text=reason)


@given(
    st.sampled_from(["https", "http"]),
    HOSTS,
    st.binary(min_size=20, max_size=20),
    st.integers(1, 2**53),
    st.binary(min_size=16, max_size=16),
    NOW,
    st.floats(0, 299),
)
def test_a_text_to_sign_says_what_it_was_made_for_and_breaks_no_rule(
    scheme: str, host: str, address: bytes, chain_id: int, nonce: bytes, now: datetime, later: float
) -> None:
    wanted = Wanted(
        origin=f"{scheme}://{host}",
        address=CHECKSUM("0x" + address.hex()),
        chain_id=chain_id,
        nonce=nonce.hex(),
    )
    text = parse(compose(wanted, now), CHECKSUM)
    said = Wanted(origin=text.uri, address=text.address, chain_id=text.chain_id, nonce=text.nonce)
    assert said == wanted
    assert text.domain == host
    assert check(text, wanted, now + timedelta(seconds=later)) is None
    assert check(text, wanted, now + NONCE_LASTS) is not None


@given(st.text(max_size=3 * MAX_TEXT), st.integers(2, 200))
def test_what_was_cut_to_fit_is_not_cut_again(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert one_line(line, limit) == line
    pieces = split(normalise(text), limit)
    assert [piece for whole in pieces for piece in split(whole, limit)] == pieces
    assert all(utf16_units(piece) <= limit for piece in pieces)
