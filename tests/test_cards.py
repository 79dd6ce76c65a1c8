"""The cards of `check` in a browser, as they stand on the grounds of JupyterLab's themes, on a phone."""

import pytest

from looking import WIDE_STYLE, faults, too_wide
from rnn2attn import check
from rnn2attn.check.questions import chapters

THEMES = {"light": ("#ffffff", "#212121"), "dark": ("#111111", "#e0e0e0")}  # ground and ink


def nothing(*inputs):
    """An answer whose card says that it returns nothing."""


def misspelt(*inputs):
    """An answer whose card quotes it."""
    return inputs[0].a_method_with_a_name_that_is_longer_than_a_telephone_is_wide_and_that_nothing_has()


@pytest.fixture(scope="module")
def cards():
    """A card of each kind for each question, and each chapter's summary with every state that a question can have."""
    cards = []
    for chapter, parts in chapters().items():
        known = {}
        for number, part in enumerate(parts):
            points, version = [(part.points, part.version), (0, part.version), (0, "older")][number % 3]
            known[part.name] = {"points": points, "of": part.points, "version": version}
            cards += [check.examine(part, answer) for answer in (nothing, misspelt, len)]
        known.popitem()  # not tried
        cards.append(check._summary(chapter, known, [check.COLAB]))
    cards.append(
        check._summary(1, {part.name: {"points": part.points, "version": part.version} for part in chapters()[1]}, [])
    )
    return cards


@pytest.mark.parametrize("theme", THEMES)
def test_cards_are_readable_in_both_themes_and_no_wider_than_a_phone(cards, tab, theme):
    """Axe finds nothing, the contrast of text with its ground included; tables may scroll in their boxes."""
    ground, ink = THEMES[theme]
    tab.emulate_media(color_scheme=theme)
    tab.set_viewport_size({"width": 360, "height": 700})
    tab.set_content(
        f'<!doctype html><html lang="en"><title>cards</title>{WIDE_STYLE}'
        f'<body style="background:{ground};color:{ink};font-size:14px">'
        f"<main><h1>Cards</h1>{''.join(card._repr_html_() for card in cards)}</main></body></html>"
    )
    assert tab.locator("[role=status]").count() == len(cards)
    found, boxes = too_wide(tab)
    assert not found, "\n".join(found)
    assert boxes
    assert not faults(tab)
