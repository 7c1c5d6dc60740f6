// The view of results and recipes: side by side for several runs, with the fields that differ first.
'use strict';

const compare = (() => {
  const interval = (pair) => Array.isArray(pair) ? ` [${dom.percent(pair[0])}, ${dom.percent(pair[1])}]` : '';
  const mean = (values) => values.length === 0 ? NaN : values.reduce((sum, value) => sum + (value ?? 0), 0) / values.length;

  function accuracy(run, which) {
    const of = (name) => data.column(run, 'evaluations', name), at = which === 'first' ? 0 : of('accuracy').length - 1;
    if (of('accuracy').length === 0) return '–';
    const range = [of('accuracy_interval_low')[at], of('accuracy_interval_high')[at]];
    return `${dom.percent(of('accuracy')[at])}${interval(range.every(Number.isFinite) ? range : null)} at step ${of('step')[at]}`;
  }

  const ROWS = [
    ['steps', (run) => `${data.last(data.column(run, 'metrics', 'step')) ?? 0} of ${data.last(data.column(run, 'metrics', 'steps')) ?? '?'}`],
    ['held-out accuracy first', (run) => accuracy(run, 'first')],
    ['held-out accuracy last', (run) => accuracy(run, 'last')],
    ['reward, first five steps', (run) => dom.number(mean(data.column(run, 'metrics', 'reward').slice(0, 5)), 3)],
    ['reward, last five steps', (run) => dom.number(mean(data.column(run, 'metrics', 'reward').slice(-5)), 3)],
    ['length of correct / incorrect, last step', (run) => ['response_length_correct', 'response_length_incorrect']
      .map((name) => dom.number(data.last(data.column(run, 'metrics', name)), 3)).join(' / ')],
    ['time', (run) => dom.duration(data.last(data.column(run, 'metrics', 'seconds')))],
    ['optimizer steps', (run) => dom.number(data.last(data.column(run, 'metrics', 'optimizer_steps')), 7)],
    ['starts of the learner', (run) => dom.number(data.last(data.column(run, 'metrics', 'incarnation')))],
    ['leases', (run) => run.summary && run.summary.groups ? Object.entries(run.summary.groups)
      .filter(([, n]) => n > 0).map(([name, n]) => `${name} ${n}`).join(', ') : 'known when the run is done'],
  ];

  function recipes() {
    const fields = [...new Set(data.runs.flatMap((run) => Object.keys(run.recipe)))];
    const differs = (field) => new Set(data.runs.map((run) => run.recipe[field])).size > 1;
    const row = (field) => [dom.make('code', {}, field),
      ...data.runs.map((run) => dom.make('code', {dir: 'auto'}, ...(field in run.recipe ? tokens.visible(run.recipe[field]) : ['not set'])))];
    const heads = ['Field', ...data.runs.map((run) => run.name)];
    if (fields.length === 0) return [dom.make('p', {class: 'nothing'}, 'There is no recipe that could be read.')];
    if (data.runs.length === 1) return [dom.make('div', {class: 'scroll'}, dom.table('Recipe', heads, fields.map(row)))];
    const different = fields.filter(differs), same = fields.filter((field) => !differs(field));
    return [
      different.length === 0 ? dom.make('p', {class: 'nothing'}, 'The recipes are the same.') :
        dom.make('div', {class: 'scroll'}, dom.table('Recipes: what differs', heads, different.map(row))),
      dom.make('details', {}, dom.make('summary', {}, `${same.length} fields are the same`),
        dom.make('div', {class: 'scroll'}, dom.table('Recipes: what is the same', heads, same.map(row)))),
    ];
  }

  let results = null, recipe = null;
  function refresh() {
    if (!results) return;
    results.replaceChildren(dom.table('Results', ['', ...data.runs.map((run) => run.name)],
      ROWS.map(([label, of]) => [label, ...data.runs.map(of)])));
  }

  function build() {
    results = dom.make('div', {class: 'scroll'});
    recipe = dom.make('div', {}, ...recipes());
    refresh();
    return dom.make('div', {}, results, recipe);
  }

  return {build, refresh};
})();
