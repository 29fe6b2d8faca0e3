"""The words with which a seed phrase or private key is asked for, and warned about, outside of English.

As `seed_phrases.fold` leaves a text: small letters, no accents. Commas part the phrases; `*` is any ending.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BORROWED = "seed-?phrase*, seed phrase*, seed, mnemonic*"


@dataclass(frozen=True, kw_only=True)
class Language:
    """How one language names the secret, asks for it, and forbids to give it away."""

    names: re.Pattern[str]
    asks: re.Pattern[str]
    calms: re.Pattern[str]
    """A no that forbids nothing: "don't worry and send ..."."""

    forbids: re.Pattern[str]
    """A no with the verb that it belongs to, where names are SECRET; the rest of a sentence may still ask."""


def _any_of(phrases: str, whole_words: bool) -> str:
    parts = [phrase.strip().replace(" ", r"\W+").replace("*", r"\w*") for phrase in phrases.split(",")]
    either = f"(?:{'|'.join(parts)})"
    return rf"\b{either}(?!\w)" if whole_words else either


def _language(
    *,
    names: str,
    asks: str,
    never: str,
    no: str,
    calming: str,
    after: str = "",
    inside: str = "",
    whole_words: bool = True,
) -> Language:
    """`never` reaches over commas, `no` doesn't; `after` follows its verb, `inside` is a verb with a no."""
    named, ask, never, no, calming = (
        _any_of(phrases, whole_words) for phrases in (f"{names}, {_BORROWED}", asks, never, no, calming)
    )
    to_the_name = r"(?:[^.,!?\n]{0,60}?SECRET)?"
    forbids = [
        rf"{never}[^.!?\n]{{0,60}}?{ask}{to_the_name}",
        rf"{no}[^.,!?\n]{{0,30}}?{ask}{to_the_name}",
    ]
    if after:
        forbids.append(rf"{ask}[^.,!?\n]{{0,60}}?{_any_of(after, whole_words)}")
    if inside:
        forbids.append(_any_of(inside, whole_words))
    return Language(
        names=re.compile(named),
        asks=re.compile(ask),
        calms=re.compile(rf"{no}\W*(?:\w+\W+){{0,2}}?{calming}(?:\W*{no})?"),
        forbids=re.compile("|".join(forbids)),
    )


LANGUAGES = (
    _language(  # Spanish
        names="""frase* semilla, frase* secreta*, frase de (?:recuperacion|respaldo), frase mnemonica,
            (?:clave|llave)* privada*, clave secreta, palabras (?:secretas|semilla),
            palabras de recuperacion, (?:las|tus|sus) (?:12|24|doce) palabras""",
        asks="""envi*, mand[aeo]*, compart*, proporcion*, facilit*, pas[ae](?:me|nos|la|lo)*,
            d[ai](?:me|nos|ganos|game|melas*), dar(?:me|nos)*, escrib*, introdu*, ingres*, necesit*,
            import[ae]*, valid*, verifi*, confirm*, pid*, pedi*, solicit*, peg[au]*, rellen*, cual es,
            cuales son, que palabras""",
        never="nunca, jamas, nadie, ningun*, evit*",
        no="no, sin, ni, tampoco",
        calming="preocup*, olvid*, dud*, hay, teng*",
    ),
    _language(  # Portuguese
        names="""frase* semente, frase* secreta*, frase de (?:recuperacao|seguranca), frase mnemonica,
            chave* privada*, chave secreta, palavras (?:secretas|semente), palavras de recuperacao,
            (?:as|suas|tuas) (?:12|24|doze) palavras""",
        asks="""envi*, mand[aeo]*, compartilh*, partilh*, forne*, pass[ae](?:-me|-nos)*, diga*,
            d[ea]r?(?:-me|-nos), me (?:de|da|passe), escrev*, digit*, insir*, inser*, coloqu*, precis*,
            import[ae]*, valid*, verifi*, confirm*, ped[aeiu]*, peca*, solicit*, cole, preench*, qual e,
            quais sao""",
        never="nunca, jamais, ninguem, nenhum*, evit*",
        no="nao, sem, nem, tampouco",
        calming="preocup*, esquec*, hesit*, ha, tenh*",
    ),
    _language(  # French
        names="""phrase* secrete*, phrase de (?:recuperation|recup|sauvegarde), phrase mnemonique,
            phrase seed, cle* (?:privee|secrete)*, mots secrets, mots de recuperation,
            (?:les|vos|tes) (?:12|24|douze) mots""",
        asks="""envo*, partag*, donn(?:e|ez|er|ons), communiqu*, fourni*, transmet*, saisi*,
            entr(?:e|ez|er), tap(?:e|ez|er), ecri(?:s|vez|re), indiqu*, besoin, import(?:e|ez|er),
            valid(?:e|ez|er), verifi(?:e|ez|er), confirm(?:e|ez|er), demand*, coll(?:e|ez|er), revel*,
            divulgu*, remplir*, quelle* est, quels* sont""",
        never="jamais, personne, aucun*, evit*",
        no="ne, n, sans, ni, pas",
        calming="inquiet*, hesit*, oubli*, souci*, probleme*",
        after="jamais, pas, a personne",
    ),
    _language(  # German
        names="""seed-?(?:worter|woerter), wiederherstellungs-?*,
            (?:private*|geheime*) (?:schlussel|schluessel|keys?),
            (?:die|deine|ihre|eure) (?:12|24|zwolf|zwoelf) (?:worter|woerter),
            geheim* (?:worter|woerter|phrase)""",
        asks="""send*, schick*, teil(?:e|en|t|st), gib, gib?[es]t, geben, nenn*, schreib*, tipp*, mitteil*,
            verrat*, ubermittel*, eingeb*, einzugeben, eintipp*, einfug*, brauch*, benotig*, importier*,
            validier*, verifizier*, bestatig*, frag(?:en|t|e), verlang*, bitte* um, wie laute[nt]*,
            was (?:ist|sind) (?:deine?|ihre?|die)""",
        never="nie, niemals, niemand*, keinesfalls, auf keinen fall",
        no="nicht, kein*, ohne",
        calming="zogern, vergessen, problem*, sorge*",
        after="nie, niemals, niemand*, nicht, keinesfalls, auf keinen fall, mit keine*",
    ),
    _language(  # Russian
        names="""(?:сид|seed|мнемоническ*|секретн*|резервн*)-?(?: |)(?:фраз|слов)*,
            (?:приватн|закрыт|секретн|личн)* ключ*, фраз* (?:для |)восстановлени*,
            (?:12|24|двенадцать) слов*""",
        asks="""отправ*, пришл*, присыла*, скин*, вышл*, подел*, дел(?:ит|ис)*, сообщ*, переда[виит]*, даи*,
            дать, укаж*, напиш*, введ*, ввод*, ввест*, нуж(?:н|ен)*, требу*, импорт*, подтверд*,
            провер*, запрашива*, спрашива*, попрос*, прос(?:им|ит|ить|ят|я), встав*, показыва*, покаж*,
            назов*, раскрыва*, какая у, какие у""",
        never="никогда, никому, никто, ни в коем",
        no="не, нельзя, без, ни",
        calming="волну*, беспок*, пережива*, забуд*, стесня*",
        after="никому, нельзя",
    ),
    _language(  # Turkish
        names="""(?:kurtarma|gizli|tohum|anahtar|yedek) (?:* )?(?:ifade|kelime|sozcuk|cumle)*,
            (?:ozel|gizli) anahtar*, (?:12|24|on iki) (?:* )?kelime*""",
        asks="""gonder*, paylas*, yolla*, ilet*, soyle*, yaz(?:in|iniz|ar|man)*, yaz,
            gir(?:in|iniz|er|men)*, gir, ver(?:in|iniz|ir|men)*, ver, ekle*, aktar*, dogrula*, onayla*,
            yapistir*, iste*, sor(?:ar|du|un)*, gerek*, lazim, ihtiya*, nedir, neler""",
        never="asla, hicbir, kimse*, sakin",
        no="degil, olmadan",
        calming="sorun",
        after="degil, yok",
        inside="""(?:gonder|ilet|soyle|gir|ver|ekle|iste)me(?:[yzm]*)?,
            (?:paylas|yolla|yaz|aktar|sor)ma(?:[yzm]*)?""",
    ),
    _language(  # Chinese, both scripts
        names="""[助注][记記][词詞], [私密][钥鑰], 恢[复復][词詞], [种種]子[词詞短], 秘密短[语語],
            (?:12|24|十二)[个個](?:[单單])?[词詞]""",
        asks="""[发發][给給送来來我到], 提供, 告[诉訴], [输輸]入, 分享, [给給][我们們], 填[写寫入], 提交,
            [导導]入, 粘[贴貼], 上[传傳], [验驗][证證], 需要, 索[取要], 要求, [询詢][问問], 是什[么麼],
            回[复復]我, 透露, 泄[露漏], [发發]""",
        never="[绝絕]不, 永[远遠]不, [从從]不, 切勿, [请請]勿, 任何人都不, [没沒]有人",
        no="不, 勿, [别別], [无無][须需]",
        calming="[担擔]心, [用要][担擔]心",
        whole_words=False,
    ),
    _language(  # Arabic
        names="""(?:ال)?(?:عبارة|جملة|كلمات) (?:ال)?(?:استرداد|استعادة|سرية|بذور|سر), مفتاح* ال?خاص*,
            ال?مفتاح ال?خاص*, المفاتيح الخاصة, (?:12|24) كلمة""",
        asks="""ارسل*, ارسال*, شارك*, مشارك*, اعط*, تزويد*, زودن*, ادخل*, ادخال*, اكتب*, نحتاج, احتاج, يرجى,
            تقديم, نطلب, يطلب*, تشارك*, ترسل*, تعط*, تكتب*, تدخل*, ما ه[يو], نسال*""",
        never="ابدا, لن, اياك, احد",
        no="لا, عدم, دون, بدون, ليس",
        calming="تقلق, تتردد, مشكلة, تنس*",
        after="ابدا",
    ),
)
