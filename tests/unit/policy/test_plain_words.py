"""Sentences of their own, told from short answers."""

import pytest

from bot.policy.plain_words import is_order, is_question, is_sentence


@pytest.mark.parametrize(
    "text",
    ["should I buy SEI?", "what about 14:35", "How is it", "is this risky", "SEI or ETH now?"],
)
def test_questions(text: str):
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    ["New York?", "25?", "?", "", "what", "island", "22:00-07:00", "SEI above 0.25"],
)
def test_answers_in_doubt(text: str):
    assert not is_question(text)


def test_sentences_have_words_besides_figures():
    assert is_sentence("I have no wallet at all")
    assert not is_sentence("10 000 000 000")
    assert not is_sentence("25 bananas")
    assert not is_sentence("from 9 to 9")


def test_orders():
    assert is_order("please Sell 5 SEI")
    assert not is_order("the seller is tradeable")
