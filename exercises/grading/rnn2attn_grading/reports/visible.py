"""Texts that somebody else wrote, so that nothing in them steers a terminal, a browser or a reader's eye."""

import html
import re

# Control characters but tab and line breaks; what turns the direction of writing; what takes no space. The joiners
# U+200C and U+200D stay: Persian and Hindi names have them.
STEERING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
RETURN = re.compile(r"\r(?!\n)")  # what stands behind it would be written over what stands before


def visible(text: str) -> str:
    """The text, with the signs that steer as their numbers."""
    return STEERING.sub(lambda found: found[0].encode("unicode-escape").decode(), text)


def escape(text: str) -> str:
    """The text as HTML has it, see `visible`."""
    return html.escape(visible(text))


def printed(data: bytes) -> bytes:
    """What a program printed, as a terminal may show it."""
    text = visible(data.decode("utf-8", "backslashreplace"))
    return RETURN.sub(r"\\r", text).encode()
