"""The picture of what builds on what: its places, its words, and that it stays complete."""

import re
import xml.etree.ElementTree as ET
from itertools import product
from pathlib import Path

import pytest
import yaml
from book_ext.teaching import BOX, MARGIN, Entry, picture, rows

ROOT = Path(__file__).resolve().parents[2]


def drawn():
    """The entries of the teachers' page."""
    text = (ROOT / "pages/teaching.md").read_text(encoding="utf-8")
    content = yaml.safe_load(re.search(r"```\{chapter-needs\}\n(.*?)```", text, re.S)[1])
    return {int(name[:2]): Entry(**entry) for name, entry in content.items()}


def test_a_chapter_stands_below_all_that_it_builds_on():
    entries = {1: Entry("a", 0, []), 2: Entry("b", 0, [1], row=3), 3: Entry("c", 1, [1, 2])}
    assert rows(entries) == {1: 0, 2: 3, 3: 4}
    svg = picture(entries)
    assert 'aria-label="Which chapter builds on which: 2 builds on 1; 3 builds on 1 and 2."' in svg
    assert svg.count("<path") == 3
    assert ">1 a<" in svg
    assert ">1 a &lt; b<" in picture({1: Entry("a < b", 0, [])})
    with pytest.raises(ValueError, match="chapter 1 needs 2, which does not come before it"):
        rows({1: Entry("a", 0, [2]), 2: Entry("b", 0, [])})


def test_each_box_and_line_is_where_its_row_and_column_say():
    """Boxes of 104 by 36, a column each 116 and a row each 64, 6 pixels around all."""
    assert picture({2: Entry("b", 1, [1], row=2), 1: Entry("a", 0, [])}) == (
        '<svg class="chapter-needs" role="img" '
        'aria-label="Which chapter builds on which: 2 builds on 1." '
        'viewBox="0 0 232 176" width="232" height="176"><path d="M58,42 L174,134"/>'
        '<rect x="6" y="6" width="104" height="36" rx="6"/><text x="58" y="29">1 a</text>'
        '<rect x="122" y="134" width="104" height="36" rx="6"/><text x="174" y="157">2 b</text>'
        "</svg>"
    )


def test_no_two_boxes_share_a_place_and_no_line_crosses_a_box():
    entries = drawn()
    row = rows(entries)
    assert len({(row[n], entry.column) for n, entry in entries.items()}) == len(entries)
    svg = ET.fromstring(picture(entries))
    boxes = [(float(r.get("x")), float(r.get("y"))) for r in svg.iter("rect")]
    ends = [min(y for _, y in boxes), max(y for _, y in boxes) + BOX[1]]
    assert ends == [MARGIN, float(svg.get("height")) - MARGIN]  # nothing cut off, no empty row
    for path, (x, y) in product(svg.iter("path"), boxes):
        (x0, y0), (x1, y1) = (
            map(float, point.split(",")) for point in path.get("d")[1:].split(" L")
        )
        points = [(x0 + t / 50 * (x1 - x0), y0 + t / 50 * (y1 - y0)) for t in range(1, 50)]
        inside = [x < px < x + BOX[0] and y < py < y + BOX[1] for px, py in points]
        assert not any(inside), (path.get("d"), x, y)


def test_what_a_chapter_leads_back_to_comes_before_it_in_the_picture():
    """Links to earlier chapters, in the text of a chapter: two or more mean that it uses them."""
    entries = drawn()
    above = {}
    for number, entry in sorted(entries.items()):
        above[number] = set(entry.needs).union(*(above[need] for need in entry.needs))
    for path in (ROOT / "chapters").glob("[0-9]*.ipynb"):
        number = int(path.name[:2])
        linked = re.findall(r"\]\((\d\d)_\w+\.ipynb\)", path.read_text(encoding="utf-8"))
        often = {n for n in set(map(int, linked)) if n < number - 1 and linked.count(f"{n:02}") > 1}
        assert often <= above[number], path.name
