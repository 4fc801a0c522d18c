"""Photos, papers and voices people send on Telegram, over real HTTP."""

from __future__ import annotations

import threading

from bot.channels.files import LARGEST, File
from bot.channels.speech import Unheard
from tests.channels.conftest import Connect, Desk, Running
from tests.channels.telegram_emulator import Emulator


class Shelf:
    """Keeps what it gets; satisfies ``Attachments``."""

    def __init__(self) -> None:
        self.files: list[File] = []
        self.threads: set[int] = set()

    def receive(self, file: File) -> None:
        self.threads.add(threading.get_ident())
        self.files.append(file)


class Ear:
    """Hears what it is told to hear."""

    def __init__(self, words: str | None) -> None:
        self.words = words
        self.voices: list[bytes] = []

    async def transcribe(self, voice: bytes, name: str) -> str:
        self.voices.append(voice)
        assert name == "voice.ogg"
        if self.words is None:
            raise Unheard("没有听出话来")
        return self.words


async def test_photos_and_papers_go_to_the_request_and_nothing_else_is_said(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    shelf, woken = Shelf(), []
    telegram = connect(attachments=shelf, wake=lambda: woken.append(1))
    wang = telegram_emulator.person(7)
    async with running(telegram, desk):
        ids = [wang.sends_photo(b"photo"), wang.sends_paper(b"%PDF-1")]
        wang.says("发好了")
        await desk.hears(1)
    assert desk.texts == ["发好了"]
    assert [(one.id, one.name, one.data) for one in shelf.files] == [
        (f"{ids[0]}-file", "照片.jpg", b"photo"),
        (f"{ids[1]}-file", "证明.pdf", b"%PDF-1"),
    ]
    assert str(shelf.files[0].contact) == "telegram:7"
    assert len(woken) == 2
    assert threading.get_ident() not in shelf.threads


async def test_the_words_under_a_photo_are_answered_too(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    shelf = Shelf()
    async with running(connect(attachments=shelf), desk):
        telegram_emulator.person(7).sends_photo(b"photo", caption="这张证还有效吗")
        [update] = await desk.hears(1)
    assert (update.text, update.unsupported) == ("这张证还有效吗", None)
    assert len(shelf.files) == 1


async def test_an_album_says_that_its_photos_belong_together(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    shelf = Shelf()
    async with running(connect(attachments=shelf), desk):
        for number in range(3):
            telegram_emulator.person(7).sends_photo(b"%d" % number, album="a1")
        await telegram_emulator.until(lambda: len(shelf.files) == 3)
    assert {one.album for one in shelf.files} == {"a1"}


async def test_what_is_too_large_or_gone_is_not_fetched_and_said(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    shelf = Shelf()
    wang = telegram_emulator.person(7)
    async with running(connect(attachments=shelf), desk):
        wang.sends_paper(b"x" * (LARGEST + 1))
        wang.sends(document={"file_id": "nowhere", "file_unique_id": "u"})
        await telegram_emulator.until(lambda: len(shelf.files) == 2)
    assert [one.data for one in shelf.files] == [None, None]
    assert [call["file_id"] for call in telegram_emulator.called("getFile")] == ["nowhere"]


async def test_a_download_that_breaks_is_tried_again(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    shelf = Shelf()
    telegram_emulator.inbox.spin = 0
    telegram_emulator.breaks("getFile", status=500)
    telegram_emulator.breaks("download", "reset")
    async with running(connect(attachments=shelf), desk):
        telegram_emulator.person(7).sends_photo(b"photo")
        await telegram_emulator.until(lambda: not telegram_emulator.pending)
    assert [one.data for one in shelf.files] == [b"photo"]


async def test_a_voice_message_is_heard_where_there_is_an_ear(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    ear = Ear("优待证丢了怎么办")
    async with running(connect(transcriber=ear), desk):
        telegram_emulator.person(7).speaks(b"ogg")
        [update] = await desk.hears(1)
    assert (update.text, update.spoken, update.unsupported) == ("优待证丢了怎么办", True, None)
    assert ear.voices == [b"ogg"]


async def test_what_is_not_heard_or_too_long_is_a_voice_message_we_cannot_read(
    telegram_emulator: Emulator, connect: Connect, running: Running, desk: Desk
) -> None:
    ear = Ear(None)
    wang = telegram_emulator.person(7)
    async with running(connect(transcriber=ear), desk):
        wang.speaks(b"ogg")
        wang.speaks(b"an hour", seconds=3600)
        updates = await desk.hears(2)
    assert [one.unsupported for one in updates] == ["语音", "语音"]
    assert ear.voices == [b"ogg"]
