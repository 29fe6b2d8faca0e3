"""Tells whether a team reply asks for a seed phrase or a private key, and not merely speaks of it or warns.

English is read as a row of signs, one a word: names of the secret become S, verbs of handing over V, a "not"
z, and so on. What forbids or protects is taken out of the row, and what is left is searched for a request.
So "we never ask for it, but please send it" asks, and "do not send it to anyone" doesn't. A held reply is
read by a person: in doubt it is held.
"""

from __future__ import annotations

import re

from .secret_vocabulary import LANGUAGES, Language
from .seed_phrases import fold

# Letters of other scripts, and digits and signs within a word, that pass for Latin letters.
_LETTERS = str.maketrans("авсеорхукмтнѕіјԁһԛԝɡαβεικνορτυχγ", "abceopxykmthsijdhqwgabeikvoptuxy")
_DIGITS = str.maketrans("013457@$", "oieastas")
_WORD = re.compile(r"[a-z\d@$]+")
_COUNTED = re.compile(r"[\d@$]+(?:words?)?|[a-z]+")
_SPACED = re.compile(r"(?<![^\W_])[a-z](?:[\s._*|-][a-z](?![^\W_])){2,}")


def _undisguised(text: str) -> str:
    text = _WORD.sub(_without_digits, text.translate(_LETTERS))
    return _SPACED.sub(lambda match: re.sub(r"[\W_]", "", match[0]), text)


def _without_digits(match: re.Match[str]) -> str:
    word = match[0]
    return word if _COUNTED.fullmatch(word) else word.translate(_DIGITS)


def _loose(word: str) -> str:
    return r"[\W\d_]{0,3}".join(word)


_NUMBER = r"(?:12|15|18|21|24|twelve|fifteen|eighteen|twenty\W?four)"
_SECRET = re.compile(
    "|".join(
        (
            r"\b(?:seed|recovery|secret|back\W?up|mnemonic|wallet|security)(?:\W(?:recovery|backup|seed|secret))?"
            r"[\s_*'\"-]{0,3}(?:phrase|word|sentence)s?\b",
            r"\b(?:private|privat|priv|secret|wallet|recovery|signing)[\W_]{0,3}keys?\b",
            rf"\b(?:your|the|all|those|these|ur)\W(?:\w+\W)?{_NUMBER}\W?(?:\w+\W)?words?\b",
            rf"(?:^|\n){_NUMBER}\W?words\b",
            rf"\b{_NUMBER}\W?(?:seed|secret|recovery|backup)\Wwords",
            rf"\b{_NUMBER}\W?words?\W(?:phrase|seed|key|secret|backup)s?\b",
            r"\b(?:your|the|ur)\Wseeds?\b(?!\W{0,3}(?:phrase|word|key))",
            r"\b(?:your|ur)\W(?:wallet\W)?(?:keys|phrase)\b",
            r"\bmnemonics?\b|\bkey\W?store\b|\bpass\W?phrase\b|\bxprv\b",
            r"\bwallet(?:\Ws)?\W(?:password|passcode|pin)\b",
            *map(_loose, ("seedphrase", "recoveryphrase", "secretphrase", "privatekey")),
        )
    )
)
_LINK = re.compile(
    r"https?://\S+|\bwww\.\S+|\b[a-z\d-]{1,63}\.(?:app|com|dev|io|link|me|net|org|site|xyz)\b\S*"
)
_REWRITTEN = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\W+under (?:any|no) circumstances?\b\W*", " "),
        (r"\bdid(?: not|n\W?t)\b", "missed"),
        (r"\b(?:ca|wo|do|does|must|should|would|could|need|is|are)n\W?t\b|\bcannot\b", "not"),
        (r"\bshow (?=me\b|us\b)", "send"),
        (r"\bno(?: |-)?(?:one|body)\b", "nobody"),
        (r"\b(?:take|make) (?:a )?(?:photo|picture|pic|screen ?shot)s?\b", "photograph"),
        (r"\b(?:but|however|although|except|yet)\b", "."),
    )
)
_WORDS = {
    "V": """send share give gimme tell provide forward submit post paste drop dm pm message text email
        mail upload reveal disclose hand read dictate confirm verify validate authenticate sync
        synchronize synchronise rectify reply respond supply spell photograph type enter reenter input
        insert fill import""",
    "G": """sending sharing giving telling providing forwarding submitting posting pasting dropping
        uploading revealing disclosing showing confirming verifying validating typing entering
        importing inserting""",
    "D": """sent shared given provided submitted pasted uploaded entered typed imported verified validated
        confirmed authenticated checked synchronized synchronised synced rectified inserted filled
        disclosed revealed""",
    "a": "ask asks asking asked request requests requested requesting demand demands demanding",
    "Q": "need needs want wants require requires",
    "q": "needed required necessary mandatory missing",
    "t": "tells told tricks steal steals claims",
    "K": "keep store protect guard hide save secure backup back safeguard treat memorize memorise write",
    "R": "restore recover use connect link add put leave copy",
    "N": "never",
    "z": "not no nor neither without avoid stop refrain against",
    "B": "nobody none",
    "A": """anyone anybody someone somebody everyone everybody whoever people others strangers stranger
        anywhere scammers thieves fraudsters phishers attackers hackers criminals impostors
        imposters impersonators messages emails dms""",
    "T": """moderator moderators mod mods admin admins member members staff employee employees agent
        agents person""",
    "H": """we i team support system developer developers dev devs engineer engineers validator node
        server department""",
    "M": "me us",
    "Y": "you u",
    "I": "if when whenever case",
    "X": "unless until because since why",
    "W": "what which whats",
    "j": "can could may might let",
    "h": "have get see know check view",
    "i": "did has had",
    "e": "be",
    "P": "it them those these that this",
    "d": "your the our my ur",
    "n": "a an any",
    "C": "please pls plz kindly asap",
    "b": "by mind start try appreciate consider for",
    "p": "in into on inside with open using at",
    "c": "from of",
    "E": "wallet app device metamask ledger trezor phantom rabby phone extension keypad",
    "L": """LINK here below chat form page pages site sites website websites bot tool portal dapp
        validation synchronization synchronisation verification""",
    "O": """hash hashes address addresses id ids screenshot screenshots receipt receipts transaction
        transactions tx txid number numbers logs error errors file files report reports name names
        question questions ticket tickets amount date""",
    "s": "stays remains belongs stay remain",
    "u": "used",
    "f": "scam scams scammer fraud fraudulent phishing fake thief",
    "x": "and or",
    # Without a sign: they may stand between any two others.
    "": """to do does will would shall must should is are was were am just simply also even ever really s
        ll ve re d m""",
}
_SIGN_OF = {word: sign for sign, words in _WORDS.items() for word in words.split()}
_SIGN_OF |= {"SECRET": "S", ",": ",", ":": ","}
_PIECE = re.compile(r"SECRET|LINK|[a-z\d]+|[.!?;:\n](?=\s|$)|\n|,")


def _signs(text: str) -> str:
    text = _LINK.sub(" LINK ", _undisguised(text))
    for pattern, plain in _REWRITTEN:
        text = pattern.sub(f" {plain} ", text)
    pieces = _PIECE.findall(_SECRET.sub(" SECRET ", text))
    return "".join(_SIGN_OF.get(piece, "." if piece in ".!?;\n" else "o") for piece in pieces)


_HARMLESS = tuple(
    re.compile(pattern)
    for pattern in (
        # never share, send or type it with anyone, or post it; not: if you don't send it, why not send it
        r"(?<![IX]Y)(?<!X)(?:N,*|z)q?[VGQKRDa](?:,?x?[VGQKRa])*(?:[^,]{0,12}?S|[^,]{0,4}?P)"
        r"(?:o?[AM])?(?:x[VGQKR][SP]?[AM]?)*",
        r"S[^,]{0,3}[Nz]e?D",
        r"(?:B|z[no]?T)[^,]{0,8}[VGQa][^,]{0,8}S",  # nobody from our team needs
        r"I(?:[^,]{0,6}a|(?!Y)[^,]{0,6}Q)[^,]{0,8}S",  # if anybody asks for it
        # whoever, or a site, that asks for it
        r"A(?![pc]dT)[^,]{0,6}[atQ][^,]{0,8}S|(?:L|[nd]V)[^,]{0,4}a[^,]{0,8}S",
        r"a[^,]{0,8}S[^,]{0,5}f",  # asking for it is fraud
        r"[ih][YA][^,]{0,4}V[^,]{0,8}S[^,]{0,5}[AL]",  # did you send it to anyone?
        r"K[^,]{0,5}S(?![^,]{0,6}[LM])",  # write it down; not: write it here
        r"[Nz][dnpc]{0,2}S",  # the address, never the key
        r"S[^,]{0,3}s",  # it stays with you
        # into your own wallet
        r"^(?!.*[LMT]).*(?:V[^,]{0,8}[SP].{0,4}p[dno]{0,4}E|p[dno]{0,4}E.{0,8}V[^,]{0,5}[SP]).*",
    )
)
_REQUESTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![dn])V(?!Y).{0,16}S",  # send me; not: I send you, your message
        r"b[oMYHd]?G.{0,12}S",  # by sending
        r"[HTM]o{0,3}[Qa].{0,10}S",  # we need
        r"(?<![pc])Wd?o?S(?!u)",  # what are; not: what a ... is, from which
        r"j[HM]C?h.{0,6}S",  # may I have
        r"S.{0,8}e.?D|S[^Nz]{0,2}q",  # must be entered, is required
        r"S,?C|C,?d?S",  # your words, please
        r"[RK].{0,8}S.{0,10}[LM]|L.{0,10}R.{0,8}S",  # restore it here
    )
)
_SEND_IT = re.compile(r"(?<![dn])V(?!Y)[MpT]{0,3}[PL]")
# Walls of signs that a pattern would walk through again and again.
_LONG_GAP = re.compile(r"\W{4,}")


def asks_for_secret(text: str) -> bool:
    """Return whether `text` asks its reader for a seed phrase, a private key or the like."""
    folded = _LONG_GAP.sub(_short_gap, fold(text))
    return _asks_in_english(_signs(folded)) or _asks_in_another_language(folded)


def _short_gap(match: re.Match[str]) -> str:
    return "\n" if "\n" in match[0] else match[0][:2]


def _asks_in_english(signs: str) -> bool:
    spoken_of = False
    for sentence in signs.split("."):
        left = sentence
        for pattern in _HARMLESS:
            left = pattern.sub("", left)
        if any(pattern.search(left) for pattern in _REQUESTS):
            return True
        # "Send it to me": what it is, the sentence says or the last one that named anything.
        other = "O" in sentence
        spoken_of = "S" in sentence or (spoken_of and not other)
        if spoken_of and not other and _SEND_IT.search(left):
            return True
    return False


_SENTENCE_END = re.compile(r"[.!?;\n。]+")
_ENGLISH = re.compile(r"\b(?:the|your|you|to|with|and|is|of|we|our)\b")


def _asks_in_another_language(text: str) -> bool:
    # "Seed phrase" is said in every language, and English verbs look like others' stems.
    sentences = [part for part in _SENTENCE_END.split(text) if not _ENGLISH.search(part)]
    return any(_asks_in(language, sentence) for sentence in sentences for language in LANGUAGES)


def _asks_in(language: Language, sentence: str) -> bool:
    sentence, times = language.names.subn("SECRET", sentence)
    left = language.forbids.sub(" ", language.calms.sub(" ", sentence))
    return times > 0 and language.asks.search(left) is not None
