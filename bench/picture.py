"""Draws docs/images/performance.webp from docs/performance.json. The same file gives the same picture."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from PIL import Image

from bench.figures import read
from bench.panels import PANELS, Bar, Panel, bars

WIDTH, ROW, HEAD = 7.2, 0.27, 0.55  # inches
DOTS_PER_INCH = 130
LABEL = 0.18  # of the longest bar

# On a light ground of its own, it is readable on dark pages too.
GROUND, INK, OURS, OTHERS, WANTED = "#f7f7f5", "#1f2328", "#2f6f9f", "#a9b4bd", "#b3261e"
_STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 9, "text.color": INK, "axes.labelcolor": INK}


def draw(results: Path, picture: Path) -> None:
    content = results.read_bytes()
    panels = [(panel, found) for panel in PANELS if (found := bars(read(content.decode()), panel))]
    source = sha256(content).hexdigest()  # as the file's XMP; see tests/bench
    with rc_context(_STYLE), BytesIO() as drawn:
        _drawing(panels).savefig(drawn, dpi=DOTS_PER_INCH, facecolor=GROUND)
        Image.open(drawn).convert("RGB").save(picture, lossless=True, xmp=source.encode())


def _drawing(panels: list[tuple[Panel, list[Bar]]]) -> Drawing:
    heights = [HEAD + ROW * len(found) for _, found in panels]
    drawing = Drawing(figsize=(WIDTH, sum(heights)), layout="constrained")
    every = drawing.subplots(len(panels), 1, squeeze=False, height_ratios=heights)
    for (panel, found), axes in zip(panels, every[:, 0], strict=True):
        _panel(axes, panel, found)
    return drawing


def _panel(axes: Axes, panel: Panel, found: list[Bar]) -> None:
    rows = range(len(found))
    axes.barh(rows, [bar.value for bar in found], color=[OURS if bar.is_ours else OTHERS for bar in found], height=0.62)
    axes.set_yticks(rows, [bar.name for bar in found])
    axes.invert_yaxis()
    axes.set_title(panel.title, loc="left", fontsize=10, fontweight="bold")
    axes.set_facecolor(GROUND)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params(colors=INK, left=False, bottom=False, labelbottom=False)
    furthest = max(max(bar.value, bar.target or 0) for bar in found)
    for row, bar in enumerate(found):
        line = bar.target or 0
        after = line if bar.value <= line < bar.value + LABEL * furthest else bar.value
        axes.annotate(bar.label, (after, row), xytext=(5, 0), textcoords="offset points", va="center")
        if bar.target is not None:
            axes.plot([bar.target] * 2, [row - 0.42, row + 0.42], color=WANTED, linewidth=2)
    axes.set_xlim(0, furthest * (1 + LABEL))


if __name__ == "__main__":
    DOCS = Path(__file__).parents[1] / "docs"
    draw(DOCS / "performance.json", DOCS / "images" / "performance.webp")
