// The runs of the page: read from its JSON block, and for a live page added to as the run goes on.
'use strict';

const data = (() => {
  const source = JSON.parse(document.getElementById('data').textContent);
  const live = source.live === true;
  const runs = (source.runs || []).map(complete);

  function complete(run) {
    return {name: '', recipe: {}, summary: null, metrics: {}, evaluations: {}, samples: [], notes: [], ...run};
  }

  // Adds the rows of `more` under those of `columns`; a field that only one of them has is null in the other.
  function append(columns, more) {
    const before = rows(columns), after = rows(more);
    for (const name of new Set([...Object.keys(columns), ...Object.keys(more)])) {
      columns[name] = (columns[name] || new Array(before).fill(null)).concat(more[name] || new Array(after).fill(null));
    }
  }

  const rows = (columns) => Object.values(columns).reduce((most, column) => Math.max(most, column.length), 0);
  const column = (run, table, name) => run[table][name] || [];
  const has = (name) => runs.some((run) => column(run, 'metrics', name).some((value) => value !== null));
  const last = (values) => values.length > 0 ? values[values.length - 1] : null;

  return {live, runs, complete, append, rows, column, has, last};
})();
