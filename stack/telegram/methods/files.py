"""upload.*: parts of a file up, slices of a file down."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

from telethon.tl import types as t

from ..media import Media
from ..rpc import Caller, RefusalError, answers
from ..store import Store


class FileMethods:
    """Methods that carry the bytes of media."""

    def __init__(self, store: Store, media: Media) -> None:
        self._store = store
        self._media = media
        self._uploads: defaultdict[int, dict[int, bytes]] = defaultdict(dict)

    @answers("upload.SaveFilePart")
    def save_file_part(self, caller: Caller, request: Any) -> bool:
        self._uploads[request.file_id][request.file_part] = request.bytes
        return True

    @answers("upload.SaveBigFilePart")
    def save_big_file_part(self, caller: Caller, request: Any) -> bool:
        return self.save_file_part(caller, request)

    @answers("upload.GetFile")
    def get_file(self, caller: Caller, request: Any) -> t.upload.File:
        data = self._store.load_file(getattr(request.location, "id", 0))
        if data is None:
            raise RefusalError(400, "LOCATION_INVALID")
        part = data[request.offset : request.offset + request.limit]
        return t.upload.File(type=t.storage.FileUnknown(), mtime=int(time.time()), bytes=part)

    @answers("messages.GetCustomEmojiDocuments")
    def get_custom_emoji_documents(self, caller: Caller, request: Any) -> list[t.TypeDocument]:
        return []

    def take_media(self, media: t.TypeInputMedia) -> t.TypeMessageMedia:
        """Turn what was uploaded into media of a message, or refuse."""
        if isinstance(media, t.InputMediaUploadedPhoto):
            return self._media.make_photo(self._take_upload(media.file.id))
        if isinstance(media, t.InputMediaUploadedDocument):
            return self._media.make_document(
                self._take_upload(media.file.id), media.mime_type, media.attributes
            )
        raise RefusalError(400, "MEDIA_INVALID")

    def _take_upload(self, file_id: int) -> bytes:
        parts = self._uploads.pop(file_id, {})
        return b"".join(part for _, part in sorted(parts.items()))
