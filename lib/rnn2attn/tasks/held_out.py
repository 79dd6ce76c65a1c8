"""What is held out for the test is decided by the example itself, so that no two draws can ever mix the two."""

from zlib import crc32


def is_held_out(text: str) -> bool:
    """True for about one text in ten, always and everywhere the same."""
    return crc32(text.encode()) % 10 == 0
