"""Pictures and captions that the reader has: a folder with picture files and one table that says what is on them.

The table is ``captions.csv``, where a caption with a comma stands in quotes, or ``captions.tsv``, where a tab parts
the columns and quotes are signs like others. Its first row is ``file,caption``; each row after it has a picture's
path within the folder and its caption, whose words stand between spaces. How a file is read, `words.lines` says. What
is wrong with the folder is named with its file and row, the line in which the row begins.
"""

import csv
import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from rnn2attn import words

TABLES = ("captions.csv", "captions.tsv")
COLUMNS = ["file", "caption"]
MOST = 1000  # words of a caption
LARGEST = 100_000_000  # pixels of a picture; each takes several bytes on the way
ORIENTATION, SHORT = 0x0112, 3  # the tag of EXIF that says how the camera was held, 1 … 8; and its type
UPRIGHT = [
    None, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90,
]  # fmt: skip


class Picture(NamedTuple):
    """A picture, (1, size, size), 0 (black) … 1 (white), its caption's tokens, and the file it came from."""

    image: Tensor
    caption: list[str]
    file: str


def pairs(folder: str | Path, size: int = 32, least: int = 10) -> list[Picture]:
    """The folder's pictures, in the order of its table, with their captions.

    A picture of any format that Pillow reads, such as PNG or JPEG, of up to 8 bits a channel, becomes grey;
    what is transparent becomes white. It is turned upright, as its EXIF says, and scaled to fit the square as a
    whole; the rest is filled with black. Of a file with several pictures the first is taken.

    Args:
        folder: where the table lies.
        size: side of the square, in pixels.
        least: with fewer pairs nothing can be learned.

    Raises:
        FileNotFoundError: the folder, its table or a picture is not there.
        ValueError: the table cannot be read, has not the two columns, or too few rows; a caption is empty or has more
            than 1,000 words, or a file lies outside of the folder, or is no picture that can be read as a whole. The
            message names file and row.
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
        if len(caption) > MOST:
            raise ValueError(
                f"{where}: the caption of {file!r} has {len(caption):,} words; up to {MOST:,} were expected"
            )
        found.append(Picture(_image(table.parent, file, size, where), caption, file))
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
    rows = _commas(table) if table.suffix == ".csv" else ((n, line.split("\t")) for n, line in words.lines(table))
    number, first = next(rows, (1, []))
    if [name.strip() for name in first] != COLUMNS:
        between = "a comma" if table.suffix == ".csv" else "a tab"
        raise ValueError(
            f"{table}, row {number}: the columns' names, {COLUMNS}, with {between} between were expected, not {first}"
        )
    return table, [(number, row) for number, row in rows if any(map(str.strip, row))]


def _commas(table: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with commas, each with the number of the line in which it begins."""
    read = csv.reader((f"{line}\n" for _, line in words.lines(table)), strict=True)
    while True:
        number = read.line_num + 1
        try:
            yield number, next(read)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(f"{table}, row {number}: it cannot be parted into columns: {error}") from error


def _image(folder: Path, file: str, size: int, where: str) -> Tensor:
    try:
        path = words.find(folder, file)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    if path is None:
        raise FileNotFoundError(f"{where}: there is no file {folder / file}")
    try:
        grey = _upright(path)
        scale = size / max(grey.size)
        fitted = grey.resize([max(1, round(side * scale)) for side in grey.size], Image.Resampling.BICUBIC)
    except Exception as error:  # Pillow has no one kind of error for what is wrong with a file
        raise ValueError(
            f"{where}: {path} is not a picture that can be read: {error or type(error).__name__}"
        ) from error
    square = Image.new("L", (size, size))
    square.paste(fitted, [round((size - side) * 0.5) for side in fitted.size])
    return torch.from_numpy(np.asarray(square, dtype=np.float32)[None] / 255)


def _upright(path: Path) -> Image.Image:
    """The picture in grey on white, turned as its EXIF says."""
    # Of a path, Pillow maps a TIFF into memory, and one that lies on its side comes out scrambled.
    with path.open("rb") as file, Image.open(file) as image:
        if image.mode[0] in "IF":
            raise ValueError(f"it has more than 8 bits a pixel, mode {image.mode}")
        if image.width * image.height > LARGEST:
            raise ValueError(f"it has {image.width} × {image.height} pixels, and {LARGEST:,} were expected at most")
        coloured = image.convert("RGBA")
        orientation = 1 if image.format == "TIFF" else _orientation(image)  # a TIFF is turned as it is read
    grey = Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured).convert("L")
    turn = UPRIGHT[orientation - 1] if orientation in range(1, 9) else None
    return grey if turn is None else grey.transpose(turn)


def _orientation(image: Image.Image) -> int:
    """How the camera was held. Pillow stops at the first odd tag of EXIF, before or after the one that says so."""
    tags = image.info.get("exif", b"").removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tags[:2])
    if order:
        (first,) = struct.unpack_from(f"{order}I", tags, 4)
        (count,) = struct.unpack_from(f"{order}H", tags, first)
        for place in range(first + 2, first + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tags, place)
            if (tag, kind) == (ORIENTATION, SHORT):
                return value
    return image.getexif().get(ORIENTATION, 1)
