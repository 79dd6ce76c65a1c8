"""From figures to the few kilobytes of text that a static page needs to show each of them.

Frames of one explorable differ in little but their points, and points of a curve differ little from their neighbours;
`pack` keeps those differences.
"""

import base64
import json
import re
import zlib
from collections.abc import Sequence

PLACE = "\x7f"  # stands in a packed line where a number was; no SVG holds this character
# A number with one decimal, in the one way of writing it that `toFixed(1)` has.
PACKED = re.compile(r"(?<![\d.])(?!-0\.0)-?(?:0|[1-9]\d*)\.\d(?!\d)", re.ASCII)


def pack(frames: Sequence[str], texts: Sequence[str]) -> str:
    """Frames and their descriptions as base64 of deflated JSON, which ``page.js`` undoes without a library.

    Every different line is kept once. A frame is the list of its lines, as (first, count), and
    its numbers in tenths, each as the difference from the last but one: a curve's x from the x before it, its y from
    the y before.
    """
    lines: dict[str, int] = {}
    runs, numbers = [], []
    for frame in frames:
        tenths = [int(number.replace(".", "")) for number in PACKED.findall(frame)]
        numbers.append(tenths[:2] + [here - before for before, here in zip(tenths, tenths[2:], strict=False)])
        runs.append([])
        for line in PACKED.sub(PLACE, frame).split("\n"):
            at = lines.setdefault(line, len(lines))
            if runs[-1] and sum(runs[-1][-1]) == at:
                runs[-1][-1][1] += 1
            else:
                runs[-1].append([at, 1])
    packed = {"lines": list(lines), "runs": runs, "numbers": numbers, "texts": list(texts)}
    text = json.dumps(packed, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()
