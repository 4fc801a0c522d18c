"""An independent opinion on Bot API traffic: aiogram's models, generated from the documentation.

Importing them takes seconds: one ``Official`` serves a whole test session.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import aiogram.methods
import aiogram.types
from pydantic import BaseModel, ValidationError


class Official:
    """Says what is wrong with a request, an update or an answer; nothing when all is well."""

    def __init__(self) -> None:
        self._methods: dict[str, type[BaseModel]] = {
            name[0].lower() + name[1:]: found
            for name, found in vars(aiogram.methods).items()
            if inspect.isclass(found) and issubclass(found, BaseModel)
        }

    def objections_to_request(self, method: str, given: Mapping[str, Any]) -> list[str]:
        """Unknown methods and parameters, missing and malformed ones."""
        model = self._methods.get(method)
        if model is None:
            return [f"{method}: no such method"]
        return [f"{method}: {one}" for one in _objections(model, given)]

    def objections_to_update(self, update: Mapping[str, Any]) -> list[str]:
        return [f"update: {one}" for one in _objections(aiogram.types.Update, update)]

    def objections_to_answer(self, method: str, answer: object) -> list[str]:
        """Messages and users are looked at; the rest is True or a list of updates."""
        if not isinstance(answer, dict):
            return []
        model = _ANSWERS.get(method, aiogram.types.Message if "chat" in answer else None)
        if model is None:
            return [f"answer of {method}: of an unknown kind"]
        return [f"answer of {method}: {one}" for one in _objections(model, answer)]


_ANSWERS: dict[str, type[BaseModel]] = {
    "getMe": aiogram.types.User,
    "getWebhookInfo": aiogram.types.WebhookInfo,
    "getFile": aiogram.types.File,
    "createForumTopic": aiogram.types.ForumTopic,
}


def _objections(model: type[BaseModel], given: Mapping[str, Any]) -> list[str]:
    try:
        parsed = model.model_validate(given)
    except ValidationError as problem:
        return [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in problem.errors()]
    return [f"{path}: unknown" for path in _extras(parsed, "")]


def _extras(value: object, path: str) -> Iterator[str]:
    """Fields the documentation does not know, at any depth."""
    if isinstance(value, list):
        for at, one in enumerate(value):
            yield from _extras(one, f"{path}[{at}]")
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or {})
        for name in value.model_fields_set & set(type(value).model_fields):
            yield from _extras(getattr(value, name), f"{path}.{name}")
