"""Text as it is stored, and as it may be posted where others would read orders into it."""

from __future__ import annotations

import re
import unicodedata

from .errors import TextEmpty, TextTooLong

MAX_TEXT = 4000
"""Characters a customer may write in one message."""

TELEGRAM_UNITS = 4096
"""UTF-16 code units of one Telegram message; the bridge cuts what is longer."""

_WORD_JOINER = "\u2060"

_REGIONAL = "".join(map(chr, range(0x1F1E6, 0x1F200)))
"""The letters that flags are made of."""

# Bidi controls, zero-width and tag characters can hide or reorder text. U+200C and U+200D stay:
# emoji, Persian and Indic text need them.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# What stays because words need it, and the Hangul fillers: alone they show nothing.
_BLANK = re.compile("[\\s\u034f\u115f\u1160\u17b4\u17b5\u200c\u200d\u2800\u3164\ufe00-\ufe0f\uffa0]*")
# All of Unicode's controls but newline and tab, and halves of surrogate pairs.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029|\x85")

# Telegram turns @name into a mention and /word into a command of a bot; the bridge turns matrix.to
# links into mentions. An invisible joiner after the sign leaves the text readable and inert.
_MENTION = re.compile(r"(?<!\w)@(?=\w)")
_COMMAND = re.compile(r"(?<![\w/])/(?=\w)")
_MATRIX_TO = re.compile(r"matrix\.(?=to\b)", re.IGNORECASE)
_MATRIX_URI = re.compile(r"\bmatrix(?=:\w)", re.IGNORECASE)

# Inside a link Telegram sees neither mention nor command, and a joiner there would break the link. Only
# what is a link for certain counts: where Telegram ends it sooner, the rest must have been made inert.
_IN_PATH = r"[A-Za-z0-9_~:/?#@!$&*+;=%.,-]"
_LINK = re.compile(
    r"(?<!\w)https?://(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?::\d+)?"
    rf"(?:[/?#](?:{_IN_PATH}|\({_IN_PATH}*\))*)?",
    re.IGNORECASE | re.ASCII,
)


def normalise(text: str) -> str:
    """Return `text` in NFC with plain line ends and without control, bidi or invisible characters.

    Where nothing is left to see it is empty.
    """
    text = _LINE_ENDS.sub("\n", text)
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", _CONTROL.sub("", text))).strip()
    return "" if _BLANK.fullmatch(text) else text


def checked_text(text: str) -> str:
    """Return a message's text normalised. Raises TextEmpty, TextTooLong."""
    text = normalise(text)
    if not text:
        raise TextEmpty
    refuse_too_long(text)
    return text


def refuse_too_long(text: str) -> None:
    """Raise TextTooLong where a text is longer than a message may be."""
    if len(text) > MAX_TEXT:
        raise TextTooLong(f"The text has {len(text)} characters, {MAX_TEXT} are allowed.", limit=MAX_TEXT)


def one_line(text: str, limit: int) -> str:
    """Return `text` normalised, on one line, at most `limit` characters with an ellipsis if cut."""
    line = " ".join(normalise(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def neutralise(text: str) -> str:
    """Return `text` so that neither Telegram nor the bridge makes a mention or a command of it."""
    pieces, end = [], 0
    for link in _LINK.finditer(text):
        if _MATRIX_TO.search(link[0]) is None:
            pieces += [_make_inert(text[end : link.start()]), link[0]]
            end = link.end()
    return "".join([*pieces, _make_inert(text[end:])])


def _make_inert(text: str) -> str:
    text = _MENTION.sub("@" + _WORD_JOINER, text)
    text = _COMMAND.sub("/" + _WORD_JOINER, text)
    text = _MATRIX_URI.sub(r"\g<0>" + _WORD_JOINER, text)
    return _MATRIX_TO.sub(r"\g<0>" + _WORD_JOINER, text)


def utf16_units(text: str) -> int:
    """Return the length of `text` in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, units: int) -> list[str]:
    """Cut `text` into pieces of at most `units` UTF-16 units, at a line or a word where one is near."""
    pieces = []
    while utf16_units(text) > units:
        cut = _cut_position(text, units)
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    if text or not pieces:
        pieces.append(text)
    return pieces


def _cut_position(text: str, units: int) -> int:
    room, hard = units, 0
    for char in text:
        room -= 2 if ord(char) > 0xFFFF else 1
        if room < 0:
            break
        hard += 1
    for separator in ("\n", " "):
        at = text.rfind(separator, hard // 2, hard)
        if at > 0:
            return at + 1
    return _before_cluster(text, hard)


def _before_cluster(text: str, cut: int) -> int:
    """Step back so that a joined emoji or an accent is not torn from what it belongs to."""
    at = cut
    while at > cut - 16 and at > 1 and _continues(text, at):
        at -= 1
    return at if at > cut - 16 and at > 1 else cut


def _continues(text: str, at: int) -> bool:
    """Tell whether the character at `at` belongs to the one before it."""
    if text[at] == "\u200d" or text[at - 1] == "\u200d":
        return True
    if text[at] in _REGIONAL:
        # Two of them are a flag: an odd number of them before this one waits for its other half.
        before = len(text[:at]) - len(text[:at].rstrip(_REGIONAL))
        return before % 2 == 1
    return unicodedata.category(text[at]) in ("Mn", "Mc", "Me", "Sk")
