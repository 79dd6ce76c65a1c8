"""One's own folder of pictures and captions: what is read, what is wrong with it, and a model that learns from it."""

import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from rnn2attn.attention import Concat
from rnn2attn.captioning import CNN, Captioner, Pictures
from rnn2attn.seq2seq import AttentionDecoder
from rnn2attn.tasks import pictures
from rnn2attn.text import Vocabulary
from rnn2attn.training import evaluate, fit, set_seed, token_loss


@pytest.fixture
def folder(tmp_path):
    def write(text, name="captions.csv"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return tmp_path

    Image.fromarray(np.full((40, 20), 51, dtype=np.uint8)).save(tmp_path / "tall.png")
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (64, 64), (255, 255, 255)).save(tmp_path / "photos" / "white.jpg")
    return write


def test_pictures_and_captions_are_read(folder):
    path = folder('\ufefffile,caption\ntall.png,a tall one\n\nphotos/white.jpg,"white, all of it"\n')
    tall, white = pictures.pairs(str(path), size=16, least=2)
    assert tall.caption == ["a", "tall", "one"] and white.caption == ["white,", "all", "of", "it"]
    assert (tall.file, white.file) == ("tall.png", "photos/white.jpg")
    assert tall.image.shape == white.image.shape == (1, 16, 16) and tall.image.dtype == torch.float32
    assert torch.equal(white.image, torch.ones(1, 16, 16))
    strip = torch.zeros(1, 16, 16)
    strip[:, :, 4:12] = 51 / 255
    assert torch.equal(tall.image, strip), "scaled as a whole, black beside it"


def test_tabs_do_as_well_as_commas(folder):
    path = folder("file\tcaption\r\ntall.png\ta, b\r\n", "captions.tsv")
    assert [p.caption for p in pictures.pairs(path, least=1)] == [["a,", "b"]]


def test_colour_transparency_and_a_turned_camera(folder):
    path = folder("file,caption\nclear.png,a\nred.png,b\nturned.jpg,c\n")
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(path / "clear.png")
    Image.new("RGB", (8, 8), (255, 0, 0)).save(path / "red.png")
    half = np.zeros((8, 8), dtype=np.uint8)
    half[:4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90° clockwise
    Image.fromarray(half).save(path / "turned.jpg", exif=exif, quality=100)
    clear, red, turned = (p.image for p in pictures.pairs(path, size=8, least=3))
    assert torch.equal(clear, torch.ones(1, 8, 8)), "transparent is white"
    assert torch.equal(red, torch.full((1, 8, 8), 76 / 255)), "grey is .299 R + .587 G + .114 B"
    assert turned[0, :, 4:].min() > 0.9 and turned[0, :, :4].max() < 0.1, "what was above is to the right"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "file,caption\ntall.png,a\ngone.png,b\n",
            FileNotFoundError,
            r"captions.csv, row 3: there is no file .*gone.png",
        ),
        ("file,caption\nphotos,a\n", FileNotFoundError, r"row 2: there is no file .*photos"),
        ("file,caption\ncaptions.csv,a\n", ValueError, r"row 2: .*captions.csv is not a picture that can be read"),
        ("file,caption\ncut.png,a\n", ValueError, r"row 2: .*cut.png is not a picture that can be read"),
        ("file,caption\ndeep.png,a\n", ValueError, r"deep.png is not .* more than 8 bits a pixel, mode I"),
        ("file,caption\n\ntall.png,  \n", ValueError, r"row 3: the caption of 'tall.png' is empty"),
        ("file,caption\ntall.png\n", ValueError, r"row 2: 2 columns, file and caption, were expected, not 1"),
        (
            "file,caption\ntall.png,a, b\n",
            ValueError,
            r"row 2: 2 columns, file and caption, were expected, not 3: \['tall.png', 'a', ' b'\]",
        ),
        (
            "tall.png,a\n",
            ValueError,
            r"captions.csv, row 1: the columns' names, \['file', 'caption'\], with a comma between were expected",
        ),
        ("", ValueError, r"row 1: the columns' names"),
        ("file,caption\n", ValueError, r"captions.csv has 0 pairs, but at least 2 are needed"),
        ("file,caption\ntall.png,a\n", ValueError, r"has 1 pairs, but at least 2 are needed"),
        (
            b"file,caption\ntall.png,Gr\xfc\xdfe\n",
            ValueError,
            r"captions.csv, line 2: byte 0xfc at column 11 is not UTF-8",
        ),
    ],
)
def test_what_is_wrong_with_a_folder_is_named(folder, text, error, message):
    path = folder(text)
    (path / "cut.png").write_bytes((path / "tall.png").read_bytes()[:60])
    Image.fromarray(np.zeros((4, 4), dtype=np.uint16)).save(path / "deep.png")
    with pytest.raises(error, match=message):
        pictures.pairs(path, least=2)


def test_a_picture_damaged_in_the_middle_is_named(folder):
    path = folder("file,caption\nspoilt.png,a\n")
    whole = (path / "tall.png").read_bytes()
    at = whole.index(b"IDAT")
    part = b"IDAT" + whole[at + 4 : at + 10]
    ends = struct.pack(">I", 6) + part + struct.pack(">I", zlib.crc32(part))
    (path / "spoilt.png").write_bytes(whole[: at - 4] + ends + struct.pack(">I", 4) + b"\x01\x02\x03\x04" + bytes(8))
    with pytest.raises(ValueError, match=r"row 2: .*spoilt.png is not a picture that can be read: broken PNG"):
        pictures.pairs(path, least=1)


def test_one_table_in_one_folder(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"captions.csv or captions.tsv was expected, and neither is there"):
        pictures.pairs(tmp_path)
    folder("file,caption\n")
    folder("file\tcaption\n", "captions.tsv")
    with pytest.raises(FileNotFoundError, match="and both are there"):
        pictures.pairs(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        pictures.pairs(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="size is 0"):
        pictures.pairs(tmp_path, size=0)


PHOTO = np.zeros((12, 8), dtype=np.uint8)  # dark, but for the upper left
PHOTO[:6, :4] = 200
MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV"]


def shown(folder, size=12):
    (one,) = pictures.pairs(folder, size=size, least=1)
    return one.image


def similar(image):
    """Whether the picture is the photo, upright and whole."""
    bright = image[0, 1:5, 3:5].mean() - image[0, 7:11, 3:9].mean()
    return bright > 0.5 and not image[..., :2].any() and not image[..., 10:].any()


@pytest.mark.parametrize("mode", MODES)
def test_pictures_of_every_mode_are_the_same_picture(folder, mode):
    path = folder("file,caption\na.tiff,x\n")
    grey = Image.fromarray(PHOTO)
    through = {"LA": "LA", "PA": "P", "HSV": "RGB", "RGBX": "RGB"}.get(mode, mode)
    picture = grey.convert("RGB").convert(through)
    if mode == "PA":
        picture = Image.merge("LA", [grey, Image.new("L", grey.size, 255)]).convert("PA")
    if mode in ("YCbCr", "HSV", "PA"):  # no file holds these: as Pillow has them after reading one
        with pytest.MonkeyPatch.context() as patch:
            made = picture.convert(mode)
            (path / "a.tiff").touch()
            patch.setattr(pictures.Image, "open", lambda _: made)
            assert similar(shown(path))
        return
    picture.save(path / "a.tiff")
    assert similar(shown(path))


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "webp", "bmp", "tiff", "ppm", "jp2", "ico"])
def test_formats_are_read_and_cut_files_are_named(folder, kind):
    path = folder(f"file,caption\na.{kind},x\n")
    file = path / f"a.{kind}"
    large = Image.fromarray(PHOTO).resize((64, 96)).convert("RGB")
    if kind == "ico":
        large = large.resize((64, 64))
    try:
        large.save(file, **({"sizes": [(64, 64)]} if kind == "ico" else {}))
    except (KeyError, OSError):  # this Pillow was built without it
        file.write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n")
    else:
        assert shown(path).max() > 0.7
    whole = file.read_bytes()
    for length in (0, 1, 7, 30, len(whole) // 2):
        file.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=rf"row 2: .*a\.{kind} is not a picture that can be read: .+"):
            shown(path)


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tiff"])
@pytest.mark.parametrize("orientation", [*range(10), 65535])
def test_a_camera_held_in_any_way_is_turned_upright(folder, orientation, kind):
    path = folder(f"file,caption\na.{kind},x\n")
    known = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that undoes what Pillow will do
    held = Image.fromarray(PHOTO)
    if orientation in known:
        held = held.transpose(Image.Transpose(known[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    held.save(path / f"a.{kind}", exif=exif)
    assert similar(shown(path))


ODD = {
    "a tag of a wrong type": b"\x01\x0e\x00\x0c\x00\x00\x00\x01\x00\x00\x00\x00",
    "a rational without its bytes": b"\x01\x1a\x00\x05\x00\x00\x00\x01\x7f\xff\xff\xff",
    "an unknown tag of an unknown type": b"\xde\xad\x77\x77\x00\x00\x00\x04abcd",
    "an IFD that leads nowhere": b"\x87\x69\x00\x04\x00\x00\x00\x01\xff\xff\xff\xf0",
    "a text of a negative length": b"\x01\x0f\x00\x02\xff\xff\xff\xff\x00\x00\x00\x10",
}


@pytest.mark.parametrize("tag", ODD.values(), ids=ODD)
def test_an_odd_tag_beside_the_orientation_does_no_harm(folder, tag):
    path = folder("file,caption\na.jpg,x\n")
    orientation = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
    exif = b"Exif\0\0MM\x00\x2a\x00\x00\x00\x08\x00\x02" + b"".join(sorted([tag, orientation])) + bytes(4)
    held = Image.fromarray(PHOTO).transpose(Image.Transpose.ROTATE_90)
    held.save(path / "a.jpg", exif=exif, quality=100)
    assert similar(shown(path))


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM\x00", b"Exif\0\0garbage" * 9, b"Exif\0\0MM\x00\x2a\xff\xff\xff\xff"]
)
def test_damaged_exif_is_upright_as_it_lies_or_named(folder, exif):
    path = folder("file,caption\na.jpg,x\n")
    Image.fromarray(PHOTO).save(path / "a.jpg", exif=exif, quality=100)
    try:
        assert similar(shown(path))
    except ValueError as error:
        assert "row 2" in str(error) and "a.jpg" in str(error)


@pytest.mark.parametrize("shape", [(1, 1), (1, 1000), (1000, 1), (3, 2000), (33, 32)])
def test_the_smallest_and_the_longest_are_shown_whole(folder, shape):
    path = folder("file,caption\na.png,x\n")
    Image.fromarray(np.full(shape, 255, dtype=np.uint8)).save(path / "a.png")
    image = shown(path, size=32)[0]
    assert image.max() == 1, "not lost on the way"
    rows, columns = (image > 0.5).any(dim=1).sum(), (image > 0.5).any(dim=0).sum()
    assert max(rows, columns) == 32
    assert min(rows, columns) == max(1, round(32 * min(shape) / max(shape)))


DEEP = [("I;16", np.uint16), ("I", np.int32), ("F", np.float32)]


@pytest.mark.parametrize(("mode", "kind"), DEEP)
def test_more_than_8_bits_are_refused_and_not_shown_black(folder, mode, kind):
    path = folder("file,caption\na.tiff,x\n")
    Image.fromarray((np.ones((4, 4)) * 300).astype(kind)).save(path / "a.tiff")
    with pytest.raises(ValueError, match=r"row 2: .* more than 8 bits a pixel, mode [IF]"):
        shown(path)


def test_whatever_pillow_raises_is_named(folder, monkeypatch):
    path = folder("file,caption\ntall.png,x\n")
    for error in (
        TypeError("odd"),
        struct.error("odd"),
        KeyError("odd"),
        ZeroDivisionError("odd"),
        RuntimeError("odd"),
    ):
        for step in ("getexif", "convert", "resize"):
            with monkeypatch.context() as patch:

                def fails(*_, error=error, **__):
                    raise error

                patch.setattr(Image.Image, step, fails)
                with pytest.raises(ValueError, match=r"row 2: .*tall\.png is not a picture that can be read: .*odd"):
                    shown(path)


def test_a_picture_that_memory_has_no_room_for_is_named(folder):
    path = folder("file,caption\na.png,x\n")
    Image.new("1", (11_000, 10_000)).save(path / "a.png")
    with pytest.raises(ValueError, match=r"row 2: .* 11000 × 10000 pixels, and 100,000,000 were expected at most"):
        shown(path)


def some(captions):
    return [pictures.Picture(torch.zeros(1, 8, 8), words.split(), f"{n}.png") for n, words in enumerate(captions)]


def test_a_split_keeps_every_picture_once():
    known = some(["a b", "b a"] * 10)
    train, test = pictures.split(known, share=0.3, seed=1)
    assert len(test) == 6 and sorted(p.file for p in train + test) == sorted(p.file for p in known)
    again, other = (pictures.split(known, 0.3, seed)[1] for seed in (1, 2))
    assert [p.file for p in again] == [p.file for p in test] != [p.file for p in other]


def test_a_word_that_only_the_test_has_is_named_with_its_file():
    with pytest.raises(ValueError, match=r"[01].png is for the test, and its word '(cat|dog)' is in no caption"):
        pictures.split(some(["a cat", "a dog"]), share=0.5)
    for share, held_out in ((0.0, 0), (0.1, 0), (1.0, 2)):
        with pytest.raises(ValueError, match=rf"of 2 pictures is {held_out} for the test"):
            pictures.split(some(["a", "a"]), share)


def test_a_folder_trains_the_same_model(folder):
    rows, words, generator = ["file,caption"], ["left", "right"], np.random.default_rng(0)
    path = folder("")
    for n in range(40):
        drawn = generator.integers(0, 40, (48, 48), dtype=np.uint8)
        top, side = generator.integers(0, 32), n % 2
        drawn[top : top + 16, 28 * side : 28 * side + 20] = 255
        Image.fromarray(drawn).save(path / f"{n}.png")
        rows.append(f"{n}.png,on the {words[side]}")
    folder("\n".join(rows))
    train, test = pictures.split(pictures.pairs(path), seed=0)
    set_seed(0)
    vocabulary = Vocabulary.of(picture.caption for picture in train)
    encoder = CNN(d=16)
    model = Captioner(vocabulary, encoder, AttentionDecoder(encoder, len(vocabulary), Concat(16, 16, 16)))
    fit(model, Pictures.of(train, vocabulary).minibatches(16, 60, seed=0), 1e-2, loss=token_loss)
    assert evaluate(model, test).exact == 1
