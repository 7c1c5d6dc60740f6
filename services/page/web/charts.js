// One chart: a figure with its title, a line of values under it and dygraphs' canvas, drawn when it is seen or the browser
// has time, and again when data, options or colours change.
//
//   {title, note, table, lines: [{name, label}], stacked, percent, log}  --Chart--> <figure>
'use strict';

const charts = (() => {
  // Okabe and Ito's colours, told apart with any colour vision; the dark ones lighter.
  const LIGHT = ['#0072b2', '#d55e00', '#007a5a', '#a8437f', '#8a6d00', '#3a7ca5', '#555555', '#b00020'];
  const DARK = ['#56b4e9', '#ff9a4d', '#35c79a', '#e79ac8', '#f0e442', '#9fd3f5', '#bbbbbb', '#ff8a80'];
  const DASHES = [null, [6, 3], [2, 2], [8, 3, 2, 3], [1, 3]];
  const MOST_POINTS = 1500;  // of a line on the screen

  // What of dygraphs the page uses: its legend, labels and annotations would write HTML.
  Dygraph.PLUGINS = [Dygraph.Plugins.Axes, Dygraph.Plugins.Grid];

  const options = {x: 'step', smooth: 1, log: false};
  const all = new Set();
  let redraws = 0;

  const dark = () => getComputedStyle(document.documentElement).getPropertyValue('--dark').trim() === '1';
  const color = (index) => (dark() ? DARK : LIGHT)[index % LIGHT.length];
  const faded = (hex) => hex + '55';

  // The x values of a run: [values, unit].
  function xs(run, table) {
    const steps = data.column(run, table, 'step');
    if (options.x === 'step') return steps;
    const at = new Map(data.column(run, 'metrics', 'step').map((step, i) => [step, i]));
    const values = data.column(run, 'metrics', options.x === 'time' ? 'seconds' : 'tokens_generated');
    const scale = options.x === 'time' ? 60 : 1e6;
    return steps.map((step) => step === 0 ? 0 : at.has(step) ? values[at.get(step)] / scale : null);
  }

  const xName = () => ({step: 'step', time: 'minutes', tokens: 'million response tokens'})[options.x];

  // The lines of a chart over all runs: {label, xs, ys, color, dash}. A single run has a colour a line, several have a colour
  // a run and a dash a line.
  function linesOf(spec) {
    const lines = [];
    const shown = data.runs.filter((run) => !run.hidden);
    shown.forEach((run) => spec.lines.forEach((line, k) => {
      const ys = line.of ? line.of(run) : data.column(run, line.table || spec.table || 'metrics', line.name);
      if (!ys.some((y) => y !== null && y !== undefined)) return;
      const single = data.runs.length === 1 || spec.stacked;
      const x = xs(run, line.table || spec.table || 'metrics');
      const usable = x.map((value, i) => i).filter((i) => x[i] !== null && x[i] !== undefined);
      lines.push({
        label: single ? line.label : spec.lines.length > 1 ? `${run.name}: ${line.label}` : run.name,
        xs: usable.map((i) => x[i]), ys: usable.map((i) => ys[i] === undefined ? null : ys[i]),
        color: color(single ? k : data.runs.indexOf(run)), dash: DASHES[single ? 0 : k % DASHES.length],
        points: line.points,
      });
    }));
    return lines;
  }

  class Chart {
    constructor(spec) {
      this.spec = spec;
      this.window = null;
      this.readout = dom.make('p', {class: 'readout', 'aria-live': 'off'});
      this.plot = dom.make('div', {class: 'plot', tabindex: '0', role: 'img', onkeydown: (event) => this.key(event)});
      this.figure = dom.make('figure', {}, dom.make('figcaption', {}, dom.make('strong', {}, spec.title),
        spec.note ? dom.make('span', {class: 'note'}, ' ' + spec.note) : null), this.plot, this.readout);
      all.add(this);
      seen.observe(this.plot);
    }

    // Draws now if it can be seen, else when it is.
    refresh() {
      this.stale = true;
      if (this.visible) this.draw();
      else drawIdly();
    }

    // [rows, labels, colours, options of each line] of the window.
    rows() {
      const from = this.window ? this.window[0] : -Infinity, to = this.window ? this.window[1] : Infinity;
      const lines = linesOf(this.spec), drawn = [];
      for (const line of lines) {
        const smooth = this.spec.stacked ? 1 : options.smooth;
        if (smooth > 1 && line.ys.length > 2) {
          drawn.push({...line, label: line.label + ' (each step)', color: faded(line.color), thin: true});
          drawn.push({...line, ys: series.smooth(line.ys, smooth)});
        } else {
          drawn.push(line);
        }
      }
      return {drawn, rows: series.join(drawn.map((line) => series.thin(line.xs, line.ys, from, to, MOST_POINTS)))};
    }

    draw() {
      this.stale = false;
      ++redraws;
      const {drawn, rows} = this.rows();
      this.drawn = drawn;
      this.cursor = null;
      if (this.graph) this.graph.destroy();
      this.graph = null;
      this.figure.classList.toggle('empty', rows.length === 0);
      if (rows.length === 0) {
        this.plot.replaceChildren();
        this.readout.textContent = 'no values yet';
        this.plot.setAttribute('aria-label', this.spec.title + ': no values yet');
        return;
      }
      const style = getComputedStyle(document.documentElement);
      const perLine = {};
      drawn.forEach((line, i) => {
        perLine['y' + i] = {strokePattern: line.dash, strokeWidth: line.thin ? 1 : 1.7,
          drawPoints: Boolean(line.points) || line.ys.length < 2, pointSize: 3};
      });
      const format = (value) => this.spec.percent ? dom.percent(value) : dom.number(value, 4);
      this.graph = new Dygraph(this.plot, rows, {
        labels: ['x', ...drawn.map((line, i) => 'y' + i)], colors: drawn.map((line) => line.color), series: perLine,
        connectSeparatedPoints: true, stackedGraph: Boolean(this.spec.stacked), animatedZooms: false,
        logscale: options.log && !this.spec.stacked && rows.every((row) => row.slice(1).every((y) => y === null || y > 0)),
        dateWindow: this.window, axisLineColor: style.getPropertyValue('--line').trim(),
        gridLineColor: style.getPropertyValue('--grid').trim(), axisLabelFontSize: 11, highlightCircleSize: 3,
        includeZero: Boolean(this.spec.stacked),
        xRangePad: drawn.some((line) => line.ys.length < 2) ? 20 : 4, yRangePad: 6,
        axes: {x: {pixelsPerLabel: 60, axisLabelFormatter: (x) => dom.number(x, 6)},
          y: {axisLabelWidth: 52, axisLabelFormatter: (y) => this.spec.percent ? dom.number(100 * y, 3) + ' %' : dom.number(y, 3)}},
        highlightCallback: (event, x, points) => this.show(x, points.map((point) => [Number(point.name.slice(1)), point.yval])),
        unhighlightCallback: () => this.showLast(),
        // Later: dygraphs is still busy with the graph that this replaces.
        zoomCallback: (from, to) => requestAnimationFrame(() => this.zoom(from, to)),
        interactionModel: {...Dygraph.defaultInteractionModel,
          dblclick: () => requestAnimationFrame(() => this.zoom(-Infinity, Infinity))},
      });
      this.format = format;
      this.showLast();
    }

    // Values under the cursor. pairs: [index of a drawn line, y]
    show(x, pairs) {
      const parts = [dom.make('span', {}, `${xName()} ${dom.number(x, 6)}`)];
      const shown = this.spec.stacked ? pairs.slice().sort((a, b) => a[0] - b[0]) : pairs;
      for (const [index, y] of shown) {
        const line = this.drawn[index];
        if (line.thin || y === null || y === undefined) continue;
        const swatch = dom.make('i', {class: 'swatch'});
        swatch.style.borderTop = `3px ${line.dash ? 'dashed' : 'solid'} ${line.color}`;
        parts.push(dom.make('span', {class: 'value'}, swatch, `${line.label} ${this.format(y)}`));
      }
      this.readout.replaceChildren(...parts);
    }

    showLast() {
      const pairs = [];
      let x = null;
      this.drawn.forEach((line, i) => {
        const at = line.ys.findLastIndex((y) => y !== null);
        if (at < 0) return;
        pairs.push([i, line.ys[at]]);
        x = x === null ? line.xs[at] : Math.max(x, line.xs[at]);
      });
      this.show(x, pairs);
      this.plot.setAttribute('aria-label', `${this.spec.title}. Newest: ${this.readout.textContent}. Arrow keys go ` +
        'through the points, plus and minus zoom, Escape shows all.');
    }

    // One window for all charts.
    zoom(from, to) {
      const [low, high] = this.extent();
      const whole = from <= low && to >= high;
      for (const chart of all) {
        chart.window = whole ? null : [from, to];
        chart.refresh();
      }
    }

    extent() {
      let low = Infinity, high = -Infinity;
      for (const line of linesOf(this.spec)) {
        if (line.xs.length === 0) continue;
        low = Math.min(low, line.xs[0]);
        high = Math.max(high, line.xs[line.xs.length - 1]);
      }
      return [low, high];
    }

    key(event) {
      if (!this.graph) return;
      const rows = this.graph.numRows(), moves = {ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10};
      const at = this.cursor === null ? rows - 1 : this.cursor;
      let next = null;
      if (event.key in moves) next = this.cursor === null ? at : at + moves[event.key];
      else if (event.key === 'Home') next = 0;
      else if (event.key === 'End') next = rows - 1;
      else if (event.key === '+' || event.key === '=') this.zoomAround(at, 0.5);
      else if (event.key === '-') this.zoomAround(at, 2);
      else if (event.key === 'Escape') this.zoom(-Infinity, Infinity);
      else return;
      event.preventDefault();
      if (next === null) return;
      this.cursor = Math.max(0, Math.min(rows - 1, next));
      this.readout.setAttribute('aria-live', 'polite');
      this.graph.setSelection(this.cursor);
      this.show(this.graph.getValue(this.cursor, 0), this.drawn.map((line, i) => [i, this.graph.getValue(this.cursor, i + 1)]));
    }

    zoomAround(row, factor) {
      const [low, high] = this.window || this.extent(), middle = this.graph.getValue(row, 0);
      const half = (high - low) * factor / 2, [least, most] = this.extent();
      this.zoom(Math.max(least, middle - half), Math.min(most, middle + half));
    }
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const chart = [...all].find((each) => each.plot === entry.target);
      if (!chart) continue;
      chart.visible = entry.isIntersecting;
      if (chart.visible && (chart.stale || !chart.drawn)) chart.draw();
    }
    drawIdly();
  }, {rootMargin: '200px'});

  // The other charts of the open view are drawn while the browser has nothing else to do, so that paper has them too.
  const owed = (chart) => chart.plot.offsetParent !== null && (chart.stale || !chart.drawn);
  let waiting = false;
  function drawIdly() {
    if (waiting) return;
    waiting = true;
    requestIdleCallback(() => {
      waiting = false;
      const chart = [...all].find(owed);
      if (!chart) return;
      chart.draw();
      drawIdly();
    });
  }

  function refresh() {
    for (const chart of all) chart.refresh();
  }

  function setOption(name, value) {
    if (name === 'x') for (const chart of all) chart.window = null;
    options[name] = value;
    refresh();
  }

  // Paper shows all charts of the view as they stand on the screen, made smaller: a canvas does not follow a new width.
  const PAPER = 690;  // CSS pixels between the margins of A4
  function forPaper(paper) {
    const width = document.body.clientWidth;
    document.body.style.width = paper ? width + 'px' : '';
    document.body.style.zoom = paper ? Math.min(1, PAPER / width) : '';
    for (const chart of all) if (paper && owed(chart)) chart.draw();
  }
  window.addEventListener('beforeprint', () => forPaper(true));
  window.addEventListener('afterprint', () => forPaper(false));

  return {Chart, options, setOption, refresh, color, redraws: () => redraws};
})();
