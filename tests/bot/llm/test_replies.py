import pytest

from bot.llm.replies import BrokenReplyError, to_body, to_object, to_reply


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        'Here you are:\n```json\n{"a": 1}\n```\nAnything else?',
        '<think>Is {"a": 2} right? No.</think>{"a": 1}',
    ],
    ids=["alone", "in a fence", "after thoughts"],
)
def test_object_is_found_among_words(text: str) -> None:
    assert to_object(text) == {"a": 1}


@pytest.mark.parametrize("text", ["", "[1]", "no braces", '{"a": ', "{" * 100_000], ids=lambda text: text[:9])
def test_what_holds_no_object_is_broken(text: str) -> None:
    with pytest.raises(BrokenReplyError):
        to_object(text)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"null", b"[" * 200_000], ids=lambda text: text[:4])
def test_body_that_is_no_object_is_broken(content: bytes) -> None:
    with pytest.raises(BrokenReplyError):
        to_body(content)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"choices": None},
        {"choices": [{"message": "hello"}]},
        {"choices": [{"message": {"content": 5}}]},
        {"choices": [{"message": {"content": None, "tool_calls": [{"function": {"name": 3}}]}}]},
        {"choices": [{"message": {"content": "x" * 100_001}}]},
        {"choices": [{"message": {"content": "x"}, "finish_reason": "content_filter"}]},
    ],
    ids=["nothing", "no choices", "a bare word", "a number", "a nameless call", "endless", "filtered"],
)
def test_completion_that_is_none_is_broken(body: dict[str, object]) -> None:
    with pytest.raises(BrokenReplyError):
        to_reply(body)
