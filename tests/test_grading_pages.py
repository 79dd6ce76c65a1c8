"""The pages that grading writes, as a phone shows them."""

import pytest

from rnn2attn_grading.reports import feedback

ROW = {
    "student": "Ada_" + "0123456789" * 4, "exercise": "01-rnn-gradients", "question": "1.2 next_token_loss",
    "points": 0, "most": 4, "status": "graded", "hint": '`check("next_token_loss", next_token_loss)` says it.',
}  # fmt: skip
ALIKE = [(ROW["exercise"], ROW["student"], ROW["student"], 1.0)]


@pytest.mark.parametrize("page", [feedback.feedback(ROW["student"], [ROW]), feedback.summary([ROW], ALIKE)])
def test_no_page_is_wider_than_a_phone(page, tab):
    tab.set_viewport_size({"width": 360, "height": 700})
    tab.set_content(page.decode())
    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    words = "[...document.querySelectorAll('th')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
    assert tab.evaluate(words) == []
