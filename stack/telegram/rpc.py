"""Calling the API's methods: wrappers, faults made on purpose, errors, and a record of every call."""

from __future__ import annotations

import asyncio
import inspect
import logging
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from telethon.tl import TLObject, functions, types

log = logging.getLogger(__name__)

RECORDED_CALLS = 2000
MINUTE = 60.0
VECTOR, BOOL_TRUE, BOOL_FALSE = 0x1CB5C415, 0x997275B5, 0xBC799737
WRAPPERS = (
    functions.InvokeWithLayerRequest,
    functions.InitConnectionRequest,
    functions.InvokeWithoutUpdatesRequest,
    functions.InvokeAfterMsgRequest,
)
WITHOUT_LOGIN = ("help.GetConfig", "auth.")
"""Methods, or beginnings of their names, that need no authorisation."""


class RefusalError(Exception):
    """A method's refusal, which the client gets as rpc_error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Caller(Protocol):
    """The connection that calls a method."""

    @property
    def authorised(self) -> bool: ...

    def authorise(self) -> None: ...

    def mute_updates(self) -> None: ...

    def forget_missed_updates(self) -> None: ...


Method = Callable[[Caller, Any], Any]
Answering = TypeVar("Answering", bound=Callable[..., Any])


def answers(name: str) -> Callable[[Answering], Answering]:
    """Mark the function that answers an API method, such as "messages.SendMessage"."""

    def mark(function: Answering) -> Answering:
        function.rpc_name = name  # type: ignore[attr-defined]
        return function

    return mark


def collect_methods(groups: Iterable[object]) -> dict[str, Method]:
    """Return the marked functions of some objects by the name they answer."""
    members = [member for group in groups for _, member in inspect.getmembers(group, callable)]
    return {member.rpc_name: member for member in members if hasattr(member, "rpc_name")}


@dataclass(kw_only=True)
class Fault:
    """Trouble ordered for the next calls of one method."""

    method: str
    code: int = 400
    error: str = ""
    """Empty: the call is only delayed."""
    count: int = 1
    delay: float = 0
    contains: str = ""
    """Only calls whose message has this text in it."""
    per_minute: int = 0
    """Only calls beyond so many in any minute; 0: all."""
    _passed: deque[float] = field(default_factory=deque)
    """When the calls came that passed in the last minute."""

    def applies_to(self, method: str, request: TLObject, now: float) -> bool:
        """Tell whether a call is struck; one that passes counts towards its minute."""
        if self.count <= 0 or self.method != method:
            return False
        if self.contains not in (getattr(request, "message", None) or ""):
            return False
        while self._passed and self._passed[0] <= now - MINUTE:
            self._passed.popleft()
        if len(self._passed) < self.per_minute:
            self._passed.append(now)
            return False
        return True


class RpcServer:
    """Looks up and calls methods for authorised clients."""

    def __init__(self, methods: dict[str, Method]) -> None:
        self._methods = methods
        self._faults: list[Fault] = []
        self._calls: deque[dict[str, Any]] = deque(maxlen=RECORDED_CALLS)
        self.call_count = 0

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The last calls: time, method, arguments, and the fault if one struck."""
        return list(self._calls)

    def add_fault(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear_faults(self) -> None:
        self._faults.clear()

    async def call(self, caller: Caller, request: TLObject) -> Any:
        """Return a method's result, or the rpc_error that stands for its failure."""
        while isinstance(request, WRAPPERS):
            if isinstance(request, functions.InvokeWithoutUpdatesRequest):
                caller.mute_updates()
            if isinstance(request, functions.InitConnectionRequest):
                # A client that starts anew asks for the difference; one that only reconnects does not.
                caller.forget_missed_updates()
            request = request.query
        name = method_name(request)
        try:
            return await self._call(caller, name, request)
        except RefusalError as failure:
            log.info("%s refused: %s", name, failure.message)
            return types.RpcError(failure.code, failure.message)
        except Exception as error:
            log.exception("%s failed", name)
            return types.RpcError(500, f"INTERNAL_{type(error).__name__}")

    async def _call(self, caller: Caller, name: str, request: TLObject) -> Any:
        record = {"t": time.time(), "method": name, "args": request.to_dict()}
        self._calls.append(record)
        self.call_count += 1
        await self._suffer_faults(name, request, record)
        if not caller.authorised and not name.startswith(WITHOUT_LOGIN):
            raise RefusalError(401, "AUTH_KEY_UNREGISTERED")
        method = self._methods.get(name)
        if method is None:
            log.warning("no such method here: %s %s", name, str(request)[:400])
            raise RefusalError(400, "METHOD_NOT_IMPLEMENTED")
        result = method(caller, request)
        log.debug("%s -> %s", name, type(result).__name__)
        return result

    async def _suffer_faults(self, name: str, request: TLObject, record: dict[str, Any]) -> None:
        self._faults = [fault for fault in self._faults if fault.count > 0]
        for fault in [fault for fault in self._faults if fault.applies_to(name, request, time.monotonic())]:
            fault.count -= 1
            record["fault"] = fault.error
            if fault.delay:
                await asyncio.sleep(fault.delay)
            if fault.error:
                raise RefusalError(fault.code, fault.error)


def method_name(request: TLObject) -> str:
    """Return a request's name as the API's documentation has it, with Telethon's capital letter."""
    module = type(request).__module__.rsplit(".", 1)[-1]
    name = type(request).__name__.removesuffix("Request")
    return name if module == "functions" else f"{module}.{name}"


def encode_result(result: Any) -> bytes:
    """Return a result as TL: a vector, a Bool or an object."""
    if isinstance(result, list):
        return struct.pack("<Ii", VECTOR, len(result)) + b"".join(bytes(item) for item in result)
    if isinstance(result, bool):
        return struct.pack("<I", BOOL_TRUE if result else BOOL_FALSE)
    return bytes(result)
