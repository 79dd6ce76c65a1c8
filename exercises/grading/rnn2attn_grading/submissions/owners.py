"""What a file's name says: whose it is, which exercise, and which copy of it."""

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

ENDINGS = re.compile(r"(\.(ipynb|json|txt|py|html?|pdf|docx?|md|zip|rar|7z|tar|t?gz))+$", re.IGNORECASE)
# What Colab, Drive and the desktops write before or behind the name of a copy, by language.
COPY_OF = (
    "copy of|copie de|kopie von|kopie van|copia de|copia di|cópia de|kopia notatnika|kopia av|kopia|kopi af|kopi av"
    "|копия блокнота|копия|salinan dari|salinan|bản sao của|สำเนาของ|نسخة من|עותק של"
).replace(" ", "[ _]+")
COPY = "copy|copie|kopie|copia|cópia|kopia|копия|복사본|사본|의 사본|のコピー|コピー|的副本|副本".replace(
    " ", "[ _]*"
)
BEFORE = re.compile(rf"^(?:{COPY_OF})[ _-]+", re.IGNORECASE)
BEHIND = re.compile(rf"(?:^|[ _-]+)(?:{COPY_OF})[ _-]*$", re.IGNORECASE)
AGAIN = re.compile(
    rf"[ _–-]*(?:{COPY})?[ _-]*\(?(?P<number>\d{{1,3}})\)?", re.IGNORECASE
)  # "… (1)", "…-2", "…-Copy1"
EDGES = " _-–“”「」'\""


@dataclass(frozen=True)
class Owner:
    """Who handed something in.

    Attributes:
        student: the name, with the platform's number at its end, because
            names repeat; "" if it is not said.
        user: the platform's number of the student, or "".
        late: whether the platform marked it so.
        file: the platform's number of the file; it grows.
        platform: which one composed the name, see `platforms`; "" if none.
        email: as the platform says it, or "".
        time: when it was handed in, as the platform says it, or "".
        doubt: why it cannot be told whose it is.
    """

    student: str
    user: str = ""
    late: bool = False
    file: int = 0
    platform: str = ""
    email: str = ""
    time: str = ""
    doubt: str = ""


class Name(NamedTuple):
    """What the name of a file says.

    Attributes:
        before: what stands before the exercise's name, or all if there is
            none; without the words that mark a copy.
        exercise: "" if none.
        copy: which copy of it.
    """

    before: str
    exercise: str
    copy: int


def clean(name: str) -> str:
    """One spelling of a name: a letter and its accent are one sign (NFC)."""
    return unicodedata.normalize("NFC", name)


def stem(name: str) -> str:
    """A name without its endings, also where words of a copy stand behind: ``x.ipynb의 사본``."""
    return re.sub(r"\.ipynb(?=\W)", "", ENDINGS.sub("", clean(name)), flags=re.IGNORECASE)


def read_name(name: str, exercises: list[str]) -> Name:
    """What the name of a file says.

    Args:
        name: with its ending.
        exercises: the names that are known.
    """
    plain = stem(name)
    for known in exercises:
        if found := re.search(known.replace("-", "[ _-]+"), plain, re.IGNORECASE):
            again = AGAIN.fullmatch(plain[found.end() :])
            return Name(_without_copy(plain[: found.start()]), known, int(again["number"]) if again else 0)
    return Name(_without_copy(plain), "", 0)


def _without_copy(text: str) -> str:
    while (shorter := BEHIND.sub("", BEFORE.sub("", text)).strip(EDGES)) != text:
        text = shorter
    return text
