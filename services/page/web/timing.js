// The view of staleness and time: how far behind the trained tokens are, and where the seconds go.
'use strict';

const timing = (() => {
  const PARTS = [['collect_seconds', 'collecting'], ['train_seconds', 'training'], ['publish_seconds', 'publishing']];
  const line = (name, label) => ({name, label});

  // Of each step what is in none of the parts: evaluations, checkpoints, reports.
  function rest(run) {
    const seconds = data.column(run, 'metrics', 'seconds');
    return seconds.map((value, i) => {
      if (i === 0 || value === null) return null;
      const parts = PARTS.reduce((sum, [name]) => sum + (data.column(run, 'metrics', name)[i] || 0), 0);
      return Math.max(0, value - seconds[i - 1] - parts);
    });
  }

  const SPECS = [
    {title: 'Staleness', note: 'weight versions behind', lines: [line('staleness_mean', 'mean'), line('staleness_max', 'largest')]},
    {title: 'Response tokens per second', lines: [line('tokens_per_second', 'tokens/s')]},
  ];
  const perRun = (run) => ({title: data.runs.length > 1 ? `Seconds of a step: ${run.name}` : 'Seconds of a step', stacked: true,
    lines: PARTS.map(([name, label]) => ({label, of: (each) => each === run ? data.column(run, 'metrics', name) : []}))});

  function totals() {
    const heads = ['Time', ...data.runs.map((run) => run.name)];
    const sum = (values) => values.reduce((total, value) => total + (value || 0), 0);
    const whole = (run) => sum(rest(run)) + PARTS.reduce((total, [name]) => total + sum(data.column(run, 'metrics', name)), 0);
    const row = (label, of) => [label, ...data.runs.map((run) => `${dom.duration(of(run))} (${dom.percent(of(run) / whole(run))})`)];
    const rows = PARTS.map(([name, label]) => row(label, (run) => sum(data.column(run, 'metrics', name))));
    rows.push(row('evaluations, checkpoints and others', (run) => sum(rest(run))));
    rows.push(['whole run so far', ...data.runs.map((run) => dom.duration(data.last(data.column(run, 'metrics', 'seconds'))))]);
    rows.push(['response tokens', ...data.runs.map((run) => dom.number(data.last(data.column(run, 'metrics', 'tokens_generated')), 6))]);
    return dom.table('Where the time of the steps went', heads, rows);
  }

  let holder = null;
  function refresh() {
    if (holder) holder.replaceChildren(data.runs.some((run) => data.rows(run.metrics) > 0) ? totals() : '');
  }

  function build() {
    holder = dom.make('div', {class: 'scroll'});
    refresh();
    return dom.make('div', {}, curves.section('Staleness and speed', SPECS),
      curves.section('Where the time goes', data.runs.map(perRun)), holder);
  }

  return {build, refresh};
})();
