"""Search in English and Korean, from the book's own index, over http and from a disk.

Sphinx finds a part of a word only where three letters or more are typed, and most Korean terms have two syllables. So
each run of Hangul is indexed with all its parts, and a query loses the particle at its end: 상호 finds 상호작용, and
기억을 finds 기억. English words are stemmed as ever.
"""

import re
from collections.abc import Iterator

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

LONGEST_PART = 8  # syllables
WORD = re.compile(r"[가-힣]+|[^\W가-힣]+")
HANGUL = re.compile(r"[가-힣]+")
PARTICLES = "에서는|에서|에게|으로|까지|부터|처럼|보다|이나|라는|을|를|이|가|은|는|에|의|로|와|과|도|만"
# Sphinx puts this into a script as it stands, and looks for the name at its beginning.
SPLIT_QUERY = r"""
var splitQuery = (query) =>
  (query.replace(/(\w)(?:PARTICLES)(?![가-힣])/g, "$1 ").match(/[가-힣]+|(?:(?![가-힣])[\p{L}\p{N}_])+/gu) || [])
    .map((word) => word.replace(/^([가-힣]{2,}?)(?:PARTICLES)$/, "$1"));
""".replace("PARTICLES", PARTICLES)
# A page on a disk may not fetch the pages it has found, so there are no summaries there.
NO_SUMMARY_ON_DISK = 'if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;'


class SearchEnglishAndKorean(SearchEnglish):
    """Sphinx's English search, which leaves Hangul alone, with Korean words in all their parts."""

    lang = "ko"
    language_name = "English and Korean"
    js_splitter_code = SPLIT_QUERY

    def split(self, text: str) -> Iterator[str]:
        """The words of a text: of a Korean one, every part of 2 to 8 syllables and the whole."""
        for word in WORD.findall(text):
            if HANGUL.fullmatch(word):
                ends = ((i, j) for i in range(len(word)) for j in range(i + 2, min(len(word), i + LONGEST_PART) + 1))
                yield from {word, *(word[i:j] for i, j in ends)}
            else:
                yield word

    def stem(self, word: str) -> str:
        """The stem of an English word; a Korean one as it is."""
        return word if HANGUL.fullmatch(word) else super().stem(word)

    def word_filter(self, word: str) -> bool:
        """Whether a word belongs into the index."""
        return bool(HANGUL.fullmatch(word)) or super().word_filter(word)


def _prepare_page(app: Sphinx, pagename: str, template: str, context: dict, doctree: object) -> None:
    if pagename == "search":
        app.add_js_file(None, body=NO_SUMMARY_ON_DISK)


def setup(app: Sphinx) -> dict:
    """Offer the language, which `html_search_language: ko` chooses, and prepare the page of results."""
    app.add_search_language(SearchEnglishAndKorean)
    app.connect("html-page-context", _prepare_page)
    return {"version": "1", "parallel_read_safe": True}
