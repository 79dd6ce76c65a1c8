"""The drawings in a browser: in the widest font, on a phone and on a large screen, no text is lost or too small."""

import pytest

from looking import WIDE_STYLE
from rnn2attn.plots import drawn

TEXTS = """(which) => [...document.querySelectorAll("figure")].flatMap((figure, number) => {
  const svg = figure.querySelector(which);
  if (!svg.checkVisibility()) return [`drawing ${number}: its layout ${which} is not shown`];
  const room = svg.getBoundingClientRect(), scale = room.width / svg.viewBox.baseVal.width, found = [];
  const texts = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
  for (const [words, box] of texts)
    if (Math.min(box.left - room.left, room.right - box.right, box.top - room.top, room.bottom - box.bottom) < -2)
      found.push(`${words} leaves the drawing`);
  texts.forEach(([words, box], i) => texts.slice(0, i).forEach(([others, other]) => {
    const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
    const down = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
    if (across > 1 && down > 0.35 * Math.min(box.height, other.height)) found.push(`${words} lies on ${others}`);
  }));
  for (const part of svg.querySelectorAll("[font-size]"))
    if (part.getAttribute("font-size") * scale < 9) found.push(`${part.textContent} is too small`);
  return found.map((fault) => `${figure.querySelector("[role=img]").ariaLabel.split(".")[0]}: ${fault}`);
})"""


@pytest.fixture(scope="module")
def gallery(chromium):
    """All drawings on one page, in the widest font."""
    page = chromium.new_page()
    body = "".join(drawn.show(name)._repr_html_() for name in drawn.FIGURES)
    page.set_content(f"<!doctype html>{WIDE_STYLE}<body style='margin: 0 16px'>{body}")
    page.wait_for_function("document.fonts.status === 'loaded'")
    page.evaluate(
        "document.querySelectorAll('label:last-of-type [type=radio]').forEach((last) => last.checked = true)"
    )
    yield page
    page.close()


@pytest.mark.parametrize(("width", "layout"), [(360, ".narrow"), (1280, ".wide")])
def test_every_word_has_room_and_size(gallery, width, layout):
    gallery.set_viewport_size({"width": width, "height": 780})
    assert (
        gallery.evaluate("document.querySelector('text').computedStyleMap().get('font-family').toString()") == "Wide"
    )
    faults = gallery.evaluate(TEXTS, layout)
    assert not faults, "\n".join(faults)


def test_motion_stops_where_a_reader_or_a_machine_asks_for_that(gallery):
    moving = ".rnn2attn-drawn:has(.moves) .m"
    running = "(which) => getComputedStyle(document.querySelector(which)).animationName"
    assert gallery.evaluate(running, moving) == "rnn2attn-arrives"
    gallery.emulate_media(reduced_motion="reduce")
    assert gallery.evaluate(running, moving) == "none" and not gallery.get_by_label("It moves").first.is_visible()
    gallery.emulate_media(reduced_motion="no-preference")
    gallery.get_by_label("It moves").first.uncheck()
    assert gallery.evaluate(running, moving) == "none"


def test_steps_are_chosen_by_key_and_printed_at_once(gallery):
    figure = gallery.locator("figure:has(legend)").first
    sentences = figure.locator("li")
    first = figure.get_by_role("radio").first
    first.check()
    first.press("ArrowRight")
    seen = [one.is_visible() for one in sentences.all()]
    assert seen == [n == 1 for n in range(len(seen))]
    later = figure.locator("svg:visible .s3 text").first
    assert not later.is_visible() and figure.locator("svg:visible .s2 text").first.is_visible()
    gallery.emulate_media(media="print")
    assert all(one.is_visible() for one in sentences.all()) and later.is_visible()
    gallery.emulate_media(media="screen")
