"""Pictures and captions that the reader has: a folder with picture files and one table that says what is on them.

The table is ``captions.csv``, or ``captions.tsv`` with tabs, in UTF-8. Its first row is ``file,caption``; each row
after it has a picture's path within the folder and its caption, whose words stand between spaces. What is wrong with
the folder is named with its file and row.
"""

import csv
import random
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

TABLES = {"captions.csv": ",", "captions.tsv": "\t"}
COLUMNS = ["file", "caption"]


class Picture(NamedTuple):
    """A picture, (1, size, size), 0 (black) … 1 (white), its caption's tokens, and the file it came from."""

    image: Tensor
    caption: list[str]
    file: str


def pairs(folder: str | Path, size: int = 32, least: int = 10) -> list[Picture]:
    """The folder's pictures, in the order of its table, with their captions.

    A picture of any format that Pillow reads, such as PNG or JPEG, of up to 8 bits a channel, becomes grey;
    what is transparent becomes white. It is scaled to fit the square as a whole, and the rest is filled with black.

    Args:
        folder: where the table lies.
        size: side of the square, in pixels.
        least: with fewer pairs nothing can be learned.

    Raises:
        FileNotFoundError: the folder, its table or a picture is not there.
        ValueError: the table is no UTF-8, has not the two columns, or too few rows; a caption is empty, or a file is
            no picture. The message names file and row.
    """
    if size < 1:
        raise ValueError(f"size is {size}, but 1 pixel or more was expected")
    table, rows = _table(Path(folder))
    found = []
    for number, row in rows:
        where = f"{table}, row {number}"
        if len(row) != 2:
            raise ValueError(f"{where}: 2 columns, file and caption, were expected, not {len(row)}: {row}")
        file, caption = row[0].strip(), row[1].split()
        if not caption:
            raise ValueError(f"{where}: the caption of {file!r} is empty")
        found.append(Picture(_image(table.parent / file, size, where), caption, file))
    if len(found) < least:
        raise ValueError(f"{table} has {len(found)} pairs, but at least {least} are needed")
    return found


def split(pictures: list[Picture], share: float = 0.2, seed: int = 0) -> tuple[list[Picture], list[Picture]]:
    """Two lists, for training and for the test, in a random order.

    Args:
        pictures: as `pairs` gives them.
        share: of them, how many are for the test.
        seed: the same one gives the same lists.

    Raises:
        ValueError: share leaves one list empty, or a caption of the test has a word that no caption of the training
            has; the message names the file and the word.
    """
    held_out = round(share * len(pictures))
    if not 0 < held_out < len(pictures):
        raise ValueError(
            f"a share of {share} of {len(pictures)} pictures is {held_out} for the test; both sides need one or more"
        )
    mixed = random.Random(seed).sample(pictures, len(pictures))
    test, train = mixed[:held_out], mixed[held_out:]
    known = {word for picture in train for word in picture.caption}
    for picture in test:
        for word in picture.caption:
            if word not in known:
                raise ValueError(
                    f"{picture.file} is for the test, and its word {word!r} is in no caption of the training; take "
                    "another seed, or more pictures with this word"
                )
    return train, test


def _table(folder: Path) -> tuple[Path, list[tuple[int, list[str]]]]:
    """The table's path and its rows below the first, each with its line; blank lines are left out."""
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}; one with pictures and captions.csv was expected")
    there = [folder / name for name in TABLES if (folder / name).is_file()]
    if len(there) != 1:
        found = "both are there" if there else "neither is there"
        raise FileNotFoundError(f"{folder}: captions.csv or captions.tsv was expected, and {found}")
    (table,) = there
    try:
        text = table.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{table}: byte {error.object[error.start]:#04x} at {error.start} is not UTF-8") from error
    lines = csv.reader(text.splitlines(), delimiter=TABLES[table.name])
    first = next(lines, [])
    if first != COLUMNS:
        raise ValueError(f"{table}, row 1: the columns' names, {COLUMNS}, were expected, not {first}")
    return table, [(lines.line_num, row) for row in lines if any(map(str.strip, row))]


def _image(path: Path, size: int, where: str) -> Tensor:
    if not path.is_file():
        raise FileNotFoundError(f"{where}: there is no file {path}")
    try:
        with Image.open(path) as image:
            if image.mode[0] in "IF":
                raise ValueError(f"it has more than 8 bits a pixel, mode {image.mode}")
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{where}: {path} is not a picture that can be read: {error}") from error
    grey = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("L")
    return torch.from_numpy(np.asarray(ImageOps.pad(grey, (size, size)), dtype=np.float32)[None] / 255)
