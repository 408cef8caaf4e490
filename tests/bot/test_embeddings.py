"""Passages by meaning, with an endpoint in memory whose like words lie near each other."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.commands.script import ScriptedEndpoint
from bot.embeddings import Embeddings
from bot.knowledge import Knowledge
from bot.knowledge import Settings as KnowledgeSettings
from bot.llm import Model, Settings, Usage
from bot.store.vectors import Vectors
from tests.bot.world import NOW, NewWorld, World, write_articles

SETTINGS = Settings(model="scripted", embeddings="near", tries=1)


class Counting(ScriptedEndpoint):
    """Remembers what was embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    async def embed(self, body: Mapping[str, Any]) -> bytes:
        found = await super().embed(body)
        self.texts += body["input"]
        return found


@pytest.fixture
def endpoint() -> Counting:
    return Counting()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_articles(tmp_path / "knowledge")


@pytest.fixture
def knowledge(folder: Path) -> Iterator[Knowledge]:
    with closing(Knowledge.open(folder, database=None, settings=KnowledgeSettings())) as opened:
        yield opened


@pytest.fixture
def kept() -> Iterator[Vectors]:
    with closing(Vectors.open(None)) as opened:
        yield opened


def embeddings(knowledge: Knowledge, endpoint: Counting, kept: Vectors, **tables: Any) -> Embeddings:
    settings = Settings(**{"model": "scripted", "embeddings": "near", **tables})
    model = Model(settings, endpoint, clock=lambda: NOW, monotonic=lambda: 0.0)
    return Embeddings(knowledge, model.embedder(), kept)


async def found(made: Embeddings, text: str, *, internal: bool = False, bill: list[Usage] | None = None) -> list[str]:
    passages = await made.nearest(text, internal=internal, seconds=5.0, bill=[] if bill is None else bill)
    return [passage.article for passage in passages]


async def test_passage_is_found_by_a_word_that_means_the_same(
    knowledge: Knowledge, endpoint: Counting, kept: Vectors
) -> None:
    made = embeddings(knowledge, endpoint, kept)
    await made.refresh()
    assert (await found(made, "When do I get my cash?"))[0] == "returns.md"


async def test_nothing_is_found_before_the_folder_is_embedded(
    knowledge: Knowledge, endpoint: Counting, kept: Vectors
) -> None:
    assert await found(embeddings(knowledge, endpoint, kept), "When do I get my cash?") == []
    assert endpoint.texts == []


async def test_internal_pages_are_found_only_where_asked_for(
    knowledge: Knowledge, endpoint: Counting, kept: Vectors
) -> None:
    made = embeddings(knowledge, endpoint, kept)
    await made.refresh()
    assert "internal/goodwill.md" not in await found(made, "voucher for a late parcel")
    assert (await found(made, "voucher for a late parcel", internal=True))[0] == "internal/goodwill.md"


async def test_only_what_changed_is_embedded_anew(
    knowledge: Knowledge, folder: Path, endpoint: Counting, kept: Vectors
) -> None:
    made = embeddings(knowledge, endpoint, kept)
    await made.refresh()
    endpoint.texts.clear()
    await made.refresh()
    (folder / "about.md").write_text("# About us\n\n## Where\n\nOur workshop moved to Braga.\n", "utf-8")
    knowledge.refresh()
    await made.refresh()
    assert [text for text in endpoint.texts if "Braga" not in text] == []
    assert len(endpoint.texts) == 1


async def test_what_was_embedded_survives_a_start(knowledge: Knowledge, endpoint: Counting, tmp_path: Path) -> None:
    path = tmp_path / "vectors.db"
    for _ in range(2):
        with closing(Vectors.open(path)) as kept:
            made = embeddings(knowledge, endpoint, kept)
            await made.refresh()
            assert await found(made, "When do I get my cash?")
    texts = [text for text in endpoint.texts if "cash" not in text]
    assert len(texts) == len(set(texts))


async def test_another_model_embeds_everything_anew_and_the_old_goes(
    knowledge: Knowledge, endpoint: Counting, kept: Vectors
) -> None:
    await embeddings(knowledge, endpoint, kept).refresh()
    await embeddings(knowledge, endpoint, kept, embeddings="other").refresh()
    assert kept.known("near") == {}
    assert kept.known("other")


async def test_file_that_is_no_database_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "vectors.db"
    path.write_bytes(b"no database at all, but long enough to be one" * 100)
    with closing(Vectors.open(path)) as kept:
        kept.keep("near", {"a": b"1234"})
        assert kept.known("near") == {"a": b"1234"}


async def test_endpoint_that_is_down_finds_nothing_and_is_tried_again(
    knowledge: Knowledge, endpoint: Counting, kept: Vectors
) -> None:
    made = embeddings(knowledge, endpoint, kept, break_after=50)
    endpoint.script.way = "down"
    await made.refresh()
    assert await found(made, "cash") == []
    endpoint.script.way = "perfect"
    await made.refresh()
    assert await found(made, "cash")
    endpoint.script.way = "down"
    bill: list[Usage] = []
    assert await found(made, "cash", bill=bill) == []
    assert [(usage.purpose, usage.problem) for usage in bill] == [("embed", "down")]


class Watched(Vectors):
    """Counts how often all numbers were read."""

    reads = 0

    def known(self, model: str) -> dict[str, bytes]:
        self.reads += 1
        return super().known(model)


def add_a_page(folder: Path) -> None:
    (folder / "kayaks.md").write_text("# Kayaks\n\nA kayak is rented by the day.\n", "utf-8")


def drop_a_page(folder: Path) -> None:
    min(folder.rglob("*.md")).unlink()


async def test_outage_costs_no_new_reading_of_what_is_known(knowledge: Knowledge, endpoint: Counting) -> None:
    with closing(Watched.open(None)) as kept:
        assert isinstance(kept, Watched)
        made = embeddings(knowledge, endpoint, kept)
        endpoint.script.way = "down"
        for _ in range(3):
            await made.refresh()
        assert kept.reads == 1


async def test_page_that_is_gone_is_forgotten(
    knowledge: Knowledge, folder: Path, endpoint: Counting, kept: Vectors
) -> None:
    made = embeddings(knowledge, endpoint, kept)
    await made.refresh()
    before = len(kept.known("near"))
    drop_a_page(folder)
    knowledge.refresh()
    await made.refresh()
    assert 0 < len(kept.known("near")) < before


async def test_refresh_that_was_cut_short_is_taken_up_again(
    knowledge: Knowledge, folder: Path, endpoint: Counting, kept: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_short(body: Mapping[str, Any]) -> bytes:
        raise asyncio.CancelledError

    made = embeddings(knowledge, endpoint, kept)
    await made.refresh()
    add_a_page(folder)
    knowledge.refresh()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(endpoint, "embed", cut_short)
        with pytest.raises(asyncio.CancelledError):
            await made.refresh()
    await made.refresh()
    assert any("kayak" in text for text in endpoint.texts)


async def test_cap_of_the_day_forbids_embeddings_too(knowledge: Knowledge, endpoint: Counting, kept: Vectors) -> None:
    made = embeddings(knowledge, endpoint, kept, daily_tokens=1)
    await made.refresh()
    assert endpoint.texts == []


@pytest.fixture
async def near(new_world: NewWorld, knowledge: Knowledge, endpoint: Counting, kept: Vectors) -> World:
    made = embeddings(knowledge, endpoint, kept)
    await made.refresh()
    return new_world(knowledge=knowledge, endpoint=endpoint, embeddings=made, llm=SETTINGS)


ASK = "When is my cash back on the card?"


async def test_model_reads_what_only_meaning_finds(near: World, endpoint: Counting) -> None:
    endpoint.script.writes = ("Refunds arrive within 5 working days. [1]", "Refunds arrive within 5 working days. [2]")
    await near.say(ASK)
    assert "Refunds arrive within 5 working days." in near.said()[0]
    purposes = [event.facts["purpose"] for event in await near.events("model_asked")]
    assert purposes == ["embed", "answer"]


async def test_question_is_answered_by_words_alone_while_embeddings_are_down(near: World, endpoint: Counting) -> None:
    async def broken(body: Mapping[str, Any]) -> bytes:
        raise TimeoutError

    endpoint.embed = broken  # type: ignore[method-assign] # this one only
    await near.say("How many days do I have to send something back?")
    assert "within 60 days" in near.said()[0]
