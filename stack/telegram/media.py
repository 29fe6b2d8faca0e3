"""Pictures, voice messages and files: sample content for people, stored content for the bot's uploads."""

from __future__ import annotations

import io
import os
import random

from PIL import Image, UnidentifiedImageError
from telethon.tl import types as t

from .model import now
from .store import Store

DC_ID = 2
DEFAULT_PHOTO_SIZE = (90, 60)


class Media:
    """Makes TL media whose bytes can be fetched by upload.getFile."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make_photo(self, data: bytes) -> t.MessageMediaPhoto:
        width, height = _picture_size(data)
        photo = t.Photo(
            id=self._keep(data),
            access_hash=1,
            file_reference=b"ref",
            date=now(),
            dc_id=DC_ID,
            sizes=[t.PhotoSize("x", width, height, len(data))],
        )
        return t.MessageMediaPhoto(photo=photo)

    def make_document(
        self, data: bytes, mime_type: str, attributes: list[t.TypeDocumentAttribute]
    ) -> t.MessageMediaDocument:
        document = t.Document(
            id=self._keep(data),
            access_hash=1,
            file_reference=b"ref",
            date=now(),
            mime_type=mime_type,
            size=len(data),
            dc_id=DC_ID,
            attributes=attributes,
        )
        return t.MessageMediaDocument(document=document)

    def make_sample(self, kind: str) -> t.TypeMessageMedia:
        """Return something of a kind in SAMPLE_KINDS, as a person might post it."""
        if kind == "photo":
            return self.make_photo(_draw_picture("JPEG", DEFAULT_PHOTO_SIZE))
        if kind == "sticker":
            return self.make_document(_draw_picture("WEBP", (128, 128)), "image/webp", _sticker_attributes())
        if kind == "voice":
            recording = t.DocumentAttributeAudio(duration=3, voice=True, waveform=bytes(range(20)))
            return self.make_document(b"OggS" + os.urandom(600), "audio/ogg", [recording])
        if kind == "document":
            return self.make_document(
                b"hello file\n", "text/plain", [t.DocumentAttributeFilename("notes.txt")]
            )
        if kind == "location":
            return t.MessageMediaGeo(t.GeoPoint(long=2.35, lat=48.85, access_hash=1))
        return t.MessageMediaContact("15550100", "Ann", "Example", "", 0)

    def _keep(self, data: bytes) -> int:
        file_id = random.getrandbits(60)
        self._store.save_file(file_id, data)
        return file_id


SAMPLE_KINDS = ("photo", "sticker", "voice", "document", "location", "contact")


def kind_of(media: t.TypeMessageMedia | None) -> str:
    """Return "text" or the kind of media, in the words of SAMPLE_KINDS."""
    if media is None or isinstance(media, t.MessageMediaWebPage):
        return "text"
    if isinstance(media, t.MessageMediaDocument):
        return _document_kind(media.document.attributes)
    names = {t.MessageMediaPhoto: "photo", t.MessageMediaGeo: "location", t.MessageMediaContact: "contact"}
    return names.get(type(media), "document")


def _document_kind(attributes: list[t.TypeDocumentAttribute]) -> str:
    for attribute in attributes:
        if isinstance(attribute, t.DocumentAttributeSticker):
            return "sticker"
        if isinstance(attribute, t.DocumentAttributeAudio) and attribute.voice:
            return "voice"
    return "document"


def _sticker_attributes() -> list[t.TypeDocumentAttribute]:
    return [
        t.DocumentAttributeImageSize(128, 128),
        t.DocumentAttributeSticker(alt="\U0001f44d", stickerset=t.InputStickerSetEmpty()),
        t.DocumentAttributeFilename("sticker.webp"),
    ]


def _draw_picture(picture_format: str, size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 60, 60)).save(buffer, picture_format)
    return buffer.getvalue()


def _picture_size(data: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.width, picture.height
    except UnidentifiedImageError:
        return DEFAULT_PHOTO_SIZE
