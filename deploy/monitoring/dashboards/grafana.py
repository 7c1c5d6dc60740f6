"""The few pieces of Grafana's dashboard JSON that the dashboards here are built of.

A panel function returns a panel without id and place; `dashboard` lays rows out from left to right, top to bottom.
"""
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
SELECT = 'namespace="$namespace", run=~"$run"'  # of every metric in every query
WIDTH = 24  # of Grafana's grid

GREEN, YELLOW, RED = "green", "yellow", "red"


def select(metric, more=""):
    """metric{namespace="$namespace", run=~"$run", MORE}"""
    return f"{metric}{{{SELECT}{', ' if more else ''}{more}}}"


def rate(counter, by="run", more="", function="sum"):
    """Per second, added up over processes."""
    return f"{function} by ({by}) (rate({select(counter, more)}[$__rate_interval]))"


def newest(gauge):
    """A gauge of the newest rollout; it is 0 in a learner that has trained none since its start, which is left out."""
    return f"max by (run) ({select(gauge)} and {select('drover_learner_step_timestamp_seconds')} > 0)"


def quantile(q, histogram, by="run", more=""):
    return f"histogram_quantile({q}, sum by ({by}, le) (rate({select(histogram + '_bucket', more)}[$__rate_interval])))"


def mean(histogram, by="run", more=""):
    return f"{rate(histogram + '_sum', by, more)} / ({rate(histogram + '_count', by, more)} > 0)"


def spread(expression, by="run"):
    """Least, middle and largest of many processes, whatever their number: a legend of three and not of a thousand."""
    return [(f"min by ({by}) ({expression})", "{{run}}: least"),
            (f"quantile by ({by}) (0.5, {expression})", "{{run}}: median"),
            (f"max by ({by}) ({expression})", "{{run}}: most")]


def thresholds(*steps, base=GREEN):
    """steps: (value, color), increasing."""
    return {"mode": "absolute", "steps": [{"color": base, "value": None}]
            + [{"color": color, "value": value} for value, color in steps]}


def _targets(queries, instant=False, form="time_series"):
    targets = []
    for index, (expression, legend) in enumerate(queries):
        targets.append({"datasource": DATASOURCE, "editorMode": "code", "expr": expression, "format": form,
                        "instant": instant, "range": not instant, "legendFormat": legend, "refId": chr(ord("A") + index)})
    return targets


def _panel(kind, title, description, unit, targets, defaults, options, size, **more):
    return {"type": kind, "title": title, "description": description, "datasource": DATASOURCE, "targets": targets,
            "fieldConfig": {"defaults": {"unit": unit, **defaults}, "overrides": []}, "options": options,
            "gridPos": {"w": size[0], "h": size[1]}, **more}


def stat(title, description, expression, unit, limits=None, legend="{{run}}", decimals=None, size=(4, 4), maximum=None,
         text="auto", spark=True):
    defaults = {"thresholds": limits or thresholds(), "color": {"mode": "thresholds"}, "mappings": [], "noValue": "-"}
    if decimals is not None:
        defaults["decimals"] = decimals
    if maximum is not None:
        defaults.update(min=0, max=maximum)
    options = {"colorMode": "value" if limits else "none", "graphMode": "area" if spark else "none", "justifyMode": "auto",
               "orientation": "auto", "textMode": text, "wideLayout": True,
               "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    return _panel("stat", title, description, unit, _targets([(expression, legend)], instant=not spark), defaults, options, size)


def graph(title, description, queries, unit, low=None, high=None, stack=None, limit=None, size=(8, 8), log=False):
    """stack: None, "normal" or "percent". limit: a dashed line at an alert's limit."""
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if stack else 8, "showPoints": "never", "spanNulls": False,
              "lineInterpolation": "linear", "stacking": {"mode": stack or "none", "group": "A"},
              "thresholdsStyle": {"mode": "dashed" if limit is not None else "off"},
              "scaleDistribution": {"type": "log", "log": 10} if log else {"type": "linear"}}
    defaults = {"custom": custom, "color": {"mode": "palette-classic"},
                "thresholds": thresholds((limit, RED)) if limit is not None else thresholds()}
    if low is not None:
        defaults["min"] = low
    if high is not None:
        defaults["max"] = high
    options = {"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull", "min", "max"]},
               "tooltip": {"mode": "multi", "sort": "desc"}}
    return _panel("timeseries", title, description, unit, _targets(queries), defaults, options, size)


def heatmap(title, description, histogram, unit, size=(12, 8), more=""):
    expression = f"sum by (le) (increase({select(histogram + '_bucket', more)}[$__rate_interval]))"
    options = {"calculate": False, "cellGap": 1, "color": {"mode": "scheme", "scheme": "Oranges", "exponent": 0.5, "steps": 64,
                                                           "fill": "dark-orange", "reverse": False},
               "yAxis": {"axisPlacement": "left", "unit": unit}, "rowsFrame": {"layout": "auto"}, "showValue": "never",
               "legend": {"show": True}, "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": True},
               "exemplars": {"color": "rgba(255,0,255,0.7)"}, "filterValues": {"le": 1e-9}}
    return _panel("heatmap", title, description, unit, _targets([(expression, "{{le}}")], form="heatmap"), {}, options, size)


def table(title, description, columns, key, size=(24, 10)):
    """columns: (expression, heading, unit); each expression gives one value a `key`, a label."""
    targets = _targets([(expression, "") for expression, _, _ in columns], instant=True, form="table")
    names = {f"Value #{target['refId']}": heading for target, (_, heading, _) in zip(targets, columns)}
    overrides = [{"matcher": {"id": "byName", "options": heading}, "properties": [{"id": "unit", "value": unit}]}
                 for _, heading, unit in columns]
    transformations = [{"id": "merge", "options": {}},
                       {"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": names,
                                                      "indexByName": {key: 0, "run": 1}}}]
    panel = _panel("table", title, description, "short", targets,
                   {"custom": {"align": "auto", "filterable": True}, "thresholds": thresholds()},
                   {"showHeader": True, "cellHeight": "sm", "sortBy": [{"displayName": columns[0][1], "desc": True}]}, size,
                   transformations=transformations)
    panel["fieldConfig"]["overrides"] = overrides
    return panel


def row(title, *panels):
    return title, panels


def _variables():
    def query(name, label, definition):
        return {"name": name, "label": label, "type": "query", "datasource": DATASOURCE, "definition": definition,
                "query": {"query": definition, "refId": name}, "refresh": 2, "sort": 1, "multi": name == "run", "includeAll": False,
                "options": [], "current": {}, "hide": 0, "regex": "", "skipUrlSync": False}
    source = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "regex": "", "hide": 0,
              "multi": False, "includeAll": False, "options": [], "current": {}, "refresh": 1, "skipUrlSync": False}
    return [source, query("namespace", "Namespace", "label_values(drover_build_info, namespace)"),
            query("run", "Run", 'label_values(drover_build_info{namespace="$namespace"}, run)')]


def _annotations():
    def mark(name, color, expression, text):
        return {"name": name, "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": color, "expr": expression,
                "titleFormat": name, "textFormat": text, "step": "60s", "useValueForTime": False}
    return [mark("Learner started", "blue", f"changes({select('drover_learner_incarnation')}[1m]) > 0", "{{run}}"),
            mark("Alert", RED, select("ALERTS", 'alertstate="firing", alertname=~"Drover.*"'), "{{alertname}} {{run}} {{pod}}")]


def dashboard(uid, title, description, rows, since="now-6h"):
    """rows: of row(); the first has no heading."""
    panels, y, number = [], 0, 0

    def place(panel, x, y):
        nonlocal number
        number += 1
        panels.append({"id": number, **panel, "gridPos": {**panel["gridPos"], "x": x, "y": y}})

    for heading, members in rows:
        if heading:
            place({"type": "row", "title": heading, "collapsed": False, "panels": [], "gridPos": {"w": WIDTH, "h": 1}}, 0, y)
            y += 1
        x = height = 0
        for panel in members:
            size = panel["gridPos"]
            if x + size["w"] > WIDTH:
                x, y, height = 0, y + height, 0
            place(panel, x, y)
            x, height = x + size["w"], max(height, size["h"])
        y += height
    return {"uid": uid, "title": title, "description": description, "tags": ["drover"], "editable": False, "graphTooltip": 1,
            "schemaVersion": 39, "version": 1, "refresh": "30s", "time": {"from": since, "to": "now"}, "timezone": "browser",
            "links": [{"type": "dashboards", "title": "Drover", "tags": ["drover"], "asDropdown": False, "includeVars": True,
                       "keepTime": True, "targetBlank": False, "icon": "external link", "tooltip": "", "url": ""}],
            "annotations": {"list": _annotations()}, "templating": {"list": _variables()}, "panels": panels}
