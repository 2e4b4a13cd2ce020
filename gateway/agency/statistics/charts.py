"""Charts as SVG, drawn here, with title and description; the table beside a chart says the same in numbers.

The pages' policy forbids styles within them (``default-src 'self'``): ``leather`` writes presentation attributes only.
Source: WAI-ARIA Graphics Module.
"""

from __future__ import annotations

from xml.etree import ElementTree

import leather
from leather import theme

from gateway.agency.statistics.layout import ShownTable

WIDTH, HEIGHT = 760, 260
INK, BAR = "#1a1a1c", "#0017c1"
SVG = "http://www.w3.org/2000/svg"

theme.background_color = "#ffffff"
theme.label_color = INK
theme.tick_color = "#d8d8db"
theme.tick_font_size = 12
theme.tick_font_family = theme.title_font_family = "sans-serif"
ElementTree.register_namespace("", SVG)


def chart_of(table: ShownTable) -> str:
    """The months of this table as columns; empty where there is nothing to draw."""
    if not any(count for _, count in table.totals):
        return ""
    chart = leather.Chart()
    chart.add_columns([(_short(label), count) for label, count in table.totals], fill_color=BAR)
    highest = max(count for _, count in table.totals)
    chart.add_y_scale(0, max(4, -(-highest // 4) * 4))
    return _described(chart.to_svg(width=WIDTH, height=HEIGHT), table)


def _short(label: str) -> str:
    return label.rpartition("年")[2]


def _described(svg: str, table: ShownTable) -> str:
    """The drawing as an image with a name and a description, as wide as its place."""
    root = ElementTree.fromstring(svg)
    del root.attrib["width"], root.attrib["height"]
    root.attrib |= {
        "viewBox": f"0 0 {WIDTH} {HEIGHT}",
        "class": "chart",
        "role": "img",
        "aria-labelledby": f"chart-{table.key} chart-{table.key}-text",
    }
    title = ElementTree.Element(f"{{{SVG}}}title", {"id": f"chart-{table.key}"})
    title.text = f"{table.title}: 月ごとの計"
    description = ElementTree.Element(f"{{{SVG}}}desc", {"id": f"chart-{table.key}-text"})
    description.text = "、".join(f"{label} {count}{table.unit}" for label, count in table.totals)
    root[:0] = [title, description]
    return ElementTree.tostring(root, encoding="unicode")
