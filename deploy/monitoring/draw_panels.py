#!/usr/bin/env python3
"""Draws the panels of the Run dashboard from a real Prometheus's answers over a real run: docs/images/run-dashboard.png.

  draw_panels.py --record [--recipe NAME] [--out FILE]
      trains the recipe (default: the embedded default) with build/bin/drover under a Prometheus on loopback, then draws
  draw_panels.py --prometheus URL --namespace N --run R --minutes M [--out FILE]
      draws from a Prometheus that is there

Queries, titles, units, legends and places are those of dashboards/run.json; the drawing is matplotlib's, not Grafana's.
Needs matplotlib and PyYAML; draw_panels.sh beside this file installs them and Prometheus.
"""
import argparse
import io
import json
import math
import re
import sys
import tempfile
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator  # noqa: E402
from PIL import Image  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests" / "monitoring")]

import live  # noqa: E402

INK, SOFT, GRID, BACK, PANEL = "#24292f", "#6b737c", "#e6e8eb", "#f4f5f7", "#ffffff"
COLORS = ["#2f7ed8", "#e07b00", "#2a9d55", "#c23b5a", "#7c5cc4", "#2aa5b5", "#9a7b2f"]
INCHES_A_CELL = 13.6 / 24  # of Grafana's grid, across
INCHES_A_ROW = 0.29  # and down
ROWS_DRAWN = 4  # headings of the dashboard that the picture has room for, with the row above them


def readable(value, unit, suffix=True):
    """A number as Grafana would write it; without `suffix`, as on an axis whose panel names the unit."""
    if value is None or math.isnan(value):
        return "-"
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    if unit == "s":
        return f"{value:.3g} s" if value < 90 else f"{value / 60:.3g} min"
    if unit == "sci":
        return f"{value:.2g}"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return text + (" " + unit.removeprefix("suffix: ") if suffix and unit.startswith("suffix: ") else "")


def clock(minutes):
    """Minutes since the start as m:ss."""
    seconds = round(60 * minutes)
    return f"{seconds // 60}:{seconds % 60:02d}"


def moments(minutes):
    """About six round moments of a span."""
    step = next(s for s in (1 / 6, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1e9) if minutes / s <= 7)
    return [step * index for index in range(int(minutes / step) + 1)]


class Answers:
    """A panel's queries, asked of Prometheus with the variables filled in."""

    def __init__(self, get_instant, get_range, namespace, run, start, stop):
        self.instant, self.range, self.start, self.stop = get_instant, get_range, start, stop
        self.variables = {"$namespace": namespace, "$run": run}
        self.step = max(1, round((stop - start) / 300))
        self.variables["$__rate_interval"] = f"{max(15, 4 * self.step)}s"

    def expression(self, target):
        expression = target["expr"]
        for name, value in self.variables.items():
            expression = expression.replace(name, value)
        return expression

    def legend(self, target, labels):
        text = re.sub(r"\{\{(\w+)\}\}", lambda m: labels.get(m[1], ""), target["legendFormat"])
        return re.sub(rf"^{re.escape(self.variables['$run'])}(: )?", "", text)

    def series(self, panel):
        return [(self.legend(target, labels), points) for target in panel["targets"]
                for labels, points in self.range(self.expression(target), self.start, self.stop, self.step)]

    def value(self, panel):
        target = panel["targets"][0]
        found = self.instant(self.expression(target), self.stop)
        return found[0][1] if found else None


def draw_stat(axes, panel, answers):
    defaults = panel["fieldConfig"]["defaults"]
    value = answers.value(panel)
    axes.set_axis_off()
    axes.text(0.5, 0.42, readable(value, defaults["unit"]), ha="center", va="center", fontsize=19, color=INK, fontweight="bold")
    axes.text(0.5, 0.93, panel["title"], ha="center", va="top", fontsize=8.5, color=SOFT)


def draw_graph(axes, panel, answers):
    defaults = panel["fieldConfig"]["defaults"]
    custom, unit = defaults["custom"], defaults["unit"]
    series = answers.series(panel)
    times = [[(at - answers.start) / 60 for at, _ in points] for _, points in series]
    stacked = custom["stacking"]["mode"]
    if stacked == "none":
        for index, ((legend, points), at) in enumerate(zip(series, times)):
            axes.plot(at, [value for _, value in points], color=COLORS[index % len(COLORS)], linewidth=1.3, label=legend)
    elif series:
        grid = sorted({moment for at in times for moment in at})
        rows = [[dict(zip(at, (value for _, value in points))).get(moment, 0) for moment in grid] for (_, points), at in zip(series, times)]
        rows = [[0 if math.isnan(value) else value for value in values] for values in rows]
        if stacked == "percent":
            totals = [sum(column) or 1 for column in zip(*rows)]
            rows = [[value / total for value, total in zip(values, totals)] for values in rows]
        keep = [index for index, values in enumerate(rows) if max(values) > 0.002 * max(map(max, rows))]
        axes.stackplot(grid, [rows[index] for index in keep], labels=[series[index][0] for index in keep], colors=COLORS, alpha=0.85, linewidth=0)
    if custom["scaleDistribution"]["type"] == "log":
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(4))
        low, high = axes.get_ylim()
        if not any(value for _, points in series for _, value in points):
            high = 1  # all zero
        axes.set_ylim(defaults.get("min", low), 1 if stacked == "percent" else high)
    if custom["thresholdsStyle"]["mode"] == "dashed":
        axes.axhline(defaults["thresholds"]["steps"][1]["value"], color="#d33", linestyle=(0, (4, 3)), linewidth=1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: readable(value, unit, suffix=False)))
    span = (answers.stop - answers.start) / 60
    axes.set_xlim(0, span)
    axes.set_xticks(moments(span), [clock(moment) for moment in moments(span)])
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=7, colors=SOFT, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(panel["title"], loc="left", fontsize=9, color=INK, fontweight="bold", pad=5)
    if unit.startswith("suffix: "):
        axes.set_title(unit.removeprefix("suffix: "), loc="right", fontsize=7.5, color=SOFT, pad=5)
    handles, labels = axes.get_legend_handles_labels()
    if any(labels):
        axes.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.5, -0.1), ncol=min(6, len(labels)), fontsize=7, frameon=False,
                    labelcolor=INK, handlelength=1.2, columnspacing=1.2, borderaxespad=0.2)


def chosen(dashboard):
    """Panels of the first rows, and how many grid rows they take."""
    panels, headings = [], 0
    for panel in dashboard["panels"]:
        headings += panel["type"] == "row"
        if headings > ROWS_DRAWN:
            break
        if panel["type"] in ("row", "stat", "timeseries"):
            panels.append(panel)
    return panels, max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)


def draw(answers, out, caption):
    panels, height = chosen(json.loads((HERE / "dashboards" / "run.json").read_text()))
    width, tall = 24 * INCHES_A_CELL, (height + 1.2) * INCHES_A_ROW
    figure = plt.figure(figsize=(width, tall), facecolor=BACK)

    def box(panel, left=0.0, right=0.0, top=0.0, bottom=0.0):  # insets in inches
        at = panel["gridPos"]
        x, y = at["x"] * INCHES_A_CELL + 0.05 + left, (height - at["y"] - at["h"] + 0.9) * INCHES_A_ROW + 0.04 + bottom
        return [x / width, y / tall, (at["w"] * INCHES_A_CELL - 0.1 - left - right) / width,
                (at["h"] * INCHES_A_ROW - 0.08 - top - bottom) / tall]

    for panel in panels:
        if panel["type"] == "row":
            axes = figure.add_axes(box(panel))
            axes.set_axis_off()
            axes.text(0.004, 0.4, panel["title"], fontsize=10.5, color=INK, va="center", fontweight="bold")
            continue
        figure.add_axes(box(panel), facecolor=PANEL, xticks=[], yticks=[]).spines[:].set_color(GRID)
        if panel["type"] == "stat":
            draw_stat(figure.add_axes(box(panel)), panel, answers)
        else:
            draw_graph(figure.add_axes(box(panel, left=0.62, right=0.18, top=0.3, bottom=0.46)), panel, answers)
    figure.text(0.008, 0.35 * INCHES_A_ROW / tall, caption, fontsize=7.5, color=SOFT, va="center")
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=100, facecolor=BACK)
    Image.open(drawn).convert("RGB").quantize(160).save(out, optimize=True)
    print(f"{out}: {Path(out).stat().st_size / 1000:.0f} kB")


def ask(url):
    """(instant, range) queries of a Prometheus at `url`."""
    import urllib.parse
    import urllib.request

    def get(path, **parameters):
        with urllib.request.urlopen(f"{url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=60) as answer:
            return json.load(answer)["data"]["result"]

    def instant(expression, at):
        return [(sample["metric"], float(sample["value"][1])) for sample in get("query", query=expression, time=at)]

    def over(expression, start, stop, step):
        return [(series["metric"], [(at, float(value)) for at, value in series["values"]])
                for series in get("query_range", query=expression, start=start, end=stop, step=step)]

    return instant, over


def record(recipe, out):
    with tempfile.TemporaryDirectory(prefix="drover-panels-") as folder:
        prometheus = live.Prometheus(folder, interval="1s")
        try:
            start = time.time()
            run = live.Run(recipe, folder, {}, recipe)
            try:
                while run.process.poll() is None:
                    prometheus.targets(run.targets())
                    time.sleep(1)
            finally:
                run.stop()
            if run.process.returncode != 0:
                sys.exit(f"the run failed: {run.said()}")
            url = f"http://127.0.0.1:{prometheus.port}"
            found = ask(url)[1](f'drover_learner_step_timestamp_seconds{{run="{recipe}"}} > 0', start, time.time(), 1)
            stop = max(at for _, points in found for at, _ in points)  # the last scrape of the learner
            caption = (f"Drawn by deploy/monitoring/draw_panels.py from the answers of a Prometheus that scraped `drover train --recipe {recipe}` "
                       f"every second. The drawing is matplotlib's, not Grafana's.")
            draw(Answers(*ask(url), live.NAMESPACE, recipe, start, stop), out, caption)
        finally:
            prometheus.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--recipe", default="arithmetic")
    parser.add_argument("--prometheus")
    parser.add_argument("--namespace")
    parser.add_argument("--run")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--out", default=str(ROOT / "docs" / "images" / "run-dashboard.png"))
    options = parser.parse_args()
    if options.record:
        record(options.recipe, options.out)
    elif options.prometheus and options.namespace and options.run:
        stop = time.time()
        answers = Answers(*ask(options.prometheus.rstrip("/")), options.namespace, options.run, stop - 60 * options.minutes, stop)
        draw(answers, options.out, f"Drawn by deploy/monitoring/draw_panels.py from {options.prometheus}: run {options.run}.")
    else:
        parser.error("give --record, or --prometheus, --namespace and --run")


if __name__ == "__main__":
    main()
