// The view of the curves: groups of charts, and what they share.
'use strict';

const curves = (() => {
  const line = (name, label) => ({name, label});
  const GROUPS = [
    ['Supervised', [
      {title: 'Held-out loss', note: 'nats per token', table: 'evaluations',
        lines: [{...line('heldout_loss', 'held out'), points: true}]},
      {title: 'Epochs', lines: [line('epoch', 'epoch')]},
    ]],
    ['Reward and accuracy', [
      {title: 'Training reward', note: 'mean of the rollout', lines: [line('reward', 'reward')]},
      {title: 'Held-out accuracy', note: 'greedy', percent: true, table: 'evaluations',
        lines: [{...line('accuracy', 'accuracy'), points: true}]},
      {title: 'Groups without a gradient', note: 'all rewards equal', percent: true,
        lines: [line('zero_advantage_share', 'share')]},
    ]],
    ['Responses', [
      {title: 'Response length', note: 'tokens, mean', lines: [line('response_length', 'all'),
        line('response_length_correct', 'correct'), line('response_length_incorrect', 'incorrect')]},
      {title: 'Cut and formatted', note: 'share of responses', percent: true,
        lines: [line('truncated_share', 'cut at the limit'), line('formatted_share', 'answer could be read')]},
      {title: 'Identical siblings', note: 'groups whose responses are all the same', percent: true,
        lines: [line('identical_share', 'identical')]},
    ]],
    ['Policy', [
      {title: 'Entropy', note: 'nats per token', lines: [line('entropy', 'entropy')]},
      {title: 'KL', note: 'k3, per token', lines: [line('old_kl', 'from the old policy'), line('kl', 'to the reference')]},
      {title: 'Clipped and masked', note: 'share of tokens', percent: true, lines: [line('clip_fraction', 'clipped'), line('masked_fraction', 'masked')]},
      {title: 'Probability ratio', note: 'current to old policy', lines: [line('ratio_mean', 'mean'), line('ratio_max', 'largest'),
        line('importance_mean', 'importance weight')]},
      {title: 'Log-probability gap', note: 'actor to learner, nats',
        lines: [line('logprob_gap_mean', 'mean'), line('logprob_gap_max', 'largest')]},
    ]],
    ['Optimizer', [
      {title: 'Gradient norm', note: 'before clipping', lines: [line('grad_norm', 'norm')]},
      {title: 'Loss', lines: [line('loss', 'loss')]},
      {title: 'Spread of advantages', note: 'standard deviation', lines: [line('advantage_std', 'spread')]},
      {title: 'Value head', note: 'of PPO', lines: [line('explained_variance', 'explained variance'), line('value_loss', 'loss')]},
      {title: 'Learning rate', lines: [line('learning_rate', 'rate')]},
    ]],
  ];
  // In a view of their own (timing.js), or no curve.
  const ELSEWHERE = ['step', 'steps', 'reward_std_error', 'accuracy', 'staleness_mean', 'staleness_max', 'optimizer_steps',
    'weight_version', 'incarnation', 'examples', 'tokens', 'learned_tokens', 'tokens_seen', 'response_tokens', 'prompt_tokens', 'tokens_generated', 'tokens_per_second',
    'collect_seconds', 'train_seconds', 'publish_seconds', 'seconds'];

  // Fields that no chart above has: a newer Drover's, or skipped steps when there were any.
  function others() {
    const known = new Set(ELSEWHERE.concat(GROUPS.flatMap(([, specs]) => specs.flatMap((spec) => spec.lines.map((l) => l.name)))));
    const names = new Set(data.runs.flatMap((run) => Object.keys(run.metrics)));
    return [...names].filter((name) => !known.has(name) && data.has(name) &&
      data.runs.some((run) => data.column(run, 'metrics', name).some((value) => value)));
  }

  const anyValue = (spec) => spec.lines.some((l) => l.of ||
    data.runs.some((run) => data.column(run, l.table || spec.table || 'metrics', l.name).some((value) => value !== null)));

  function section(title, specs) {
    const shown = specs.filter((spec) => data.live || anyValue(spec));
    if (shown.length === 0) return null;
    return dom.make('section', {'aria-label': title}, dom.make('h2', {}, title),
      dom.make('div', {class: 'charts'}, ...shown.map((spec) => new charts.Chart(spec).figure)));
  }

  function smoothing() {
    const value = dom.make('output', {}, 'off');
    const range = dom.make('input', {type: 'range', min: 0, max: 8, step: 1, value: 0, oninput: () => {
      const width = range.value === '0' ? 1 : 2 ** Number(range.value) + 1;
      value.textContent = width === 1 ? 'off' : `over ${width} steps`;
      charts.setOption('smooth', width);
    }});
    return dom.make('label', {class: 'control'}, 'Smoothing ', range, ' ', value);
  }

  function controls() {
    return dom.make('div', {class: 'controls'},
      dom.select('Across', [['step', 'steps'], ['time', 'time'], ['tokens', 'tokens']], charts.options.x,
        (value) => charts.setOption('x', value)),
      smoothing(),
      dom.make('label', {class: 'control'},
        dom.make('input', {type: 'checkbox', onchange: (event) => charts.setOption('log', event.target.checked)}),
        ' Logarithmic'),
      dom.make('span', {class: 'note'}, 'Drag over a chart to zoom all, double-click to see all again.'));
  }

  function build() {
    const more = others().map((name) => ({title: name, lines: [line(name, name)]}));
    return dom.make('div', {}, controls(), ...GROUPS.map(([title, specs]) => section(title, specs)).filter(Boolean),
      ...(more.length > 0 ? [section('Other', more)] : []));
  }

  return {build, section};
})();
