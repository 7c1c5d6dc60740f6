// The view of the samples: a list of groups, and of the chosen one the prompt and its responses beside each other.
'use strict';

const groups = (() => {
  const state = {run: 'all', kind: 'all', search: '', mode: 'logprob', chosen: null};
  let list = null, detail = null, count = null, legend = null, shown = [];

  const all = () => data.runs.flatMap((run) => run.samples.map((sample) => ({run, sample})));
  const rewards = (sample) => sample.responses.map((response) => response.reward ?? 0);
  const right = (sample) => rewards(sample).filter((reward) => reward > 0.5).length;

  const KINDS = {
    all: ['all groups', () => true],
    mixed: ['with a gradient (rewards differ)', (sample) => new Set(rewards(sample)).size > 1],
    right: ['all correct', (sample) => right(sample) === sample.responses.length],
    wrong: ['none correct', (sample) => right(sample) === 0],
    cut: ['with a response cut', (sample) => sample.responses.some((response) => response.finish_reason === 'length')],
  };

  function matches({run, sample}) {
    if (state.run !== 'all' && run.name !== state.run) return false;
    if (!KINDS[state.kind][1](sample)) return false;
    if (state.search === '') return true;
    const words = state.search.toLowerCase();
    return [sample.prompt, sample.trace_id, 'step ' + sample.step, ...sample.responses.map((response) => response.text)]
      .some((text) => (text || '').toLowerCase().includes(words));
  }

  const oneLine = (text) => (text || '').replace(/\s+/g, ' ').trim();

  function item(entry, index) {
    const {run, sample} = entry, good = right(sample);
    const bar = dom.make('span', {class: 'bar', 'aria-hidden': 'true'});
    sample.responses.slice(0, 16).forEach((response) => bar.append(dom.make('i', {class: response.reward > 0.5 ? 'good' : 'bad'})));
    return dom.make('li', {role: 'option', id: 'group-' + index, 'aria-selected': String(index === state.at),
      onclick: () => choose(index)},
    dom.make('span', {class: 'item-head'}, `step ${sample.step ?? '?'}`, data.runs.length > 1 ? ` · ${run.name}` : '',
      dom.make('span', {class: 'right'}, `${good}/${sample.responses.length} correct `, bar)),
    dom.make('span', {class: 'item-text', dir: 'auto'}, ...tokens.visible(oneLine(sample.prompt).slice(-90))));
  }

  function refresh() {
    if (!list) return;
    shown = all().filter(matches).reverse().sort((a, b) => b.sample.step - a.sample.step);  // the newest first
    const kept = shown.findIndex((entry) => entry.sample === state.chosen);
    state.at = kept >= 0 ? kept : 0;
    list.replaceChildren(...shown.map(item));
    count.textContent = `${shown.length} of ${all().length} groups`;
    if (kept < 0) show();
    mark();
  }

  function mark() {
    list.querySelectorAll('[aria-selected="true"]').forEach((each) => each.setAttribute('aria-selected', 'false'));
    const chosen = list.children[state.at];
    if (!chosen) { list.removeAttribute('aria-activedescendant'); return; }
    chosen.setAttribute('aria-selected', 'true');
    list.setAttribute('aria-activedescendant', chosen.id);
    if (list.offsetParent !== null) {  // within the list alone: the page stays where it is
      if (chosen.offsetTop < list.scrollTop) list.scrollTop = chosen.offsetTop;
      const below = chosen.offsetTop + chosen.offsetHeight - list.clientHeight;
      if (below > list.scrollTop) list.scrollTop = below;
    }
  }

  function choose(index) {
    if (shown.length === 0) return;
    state.at = Math.max(0, Math.min(shown.length - 1, index));
    mark();
    show();
  }

  const MOVES = {ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity};
  function listKey(event) {
    if (!(event.key in MOVES)) return;
    event.preventDefault();
    choose(state.at + MOVES[event.key]);
  }

  // The largest advantage of the group: what full colour means.
  const scaleOf = (sample) => Math.max(0, ...sample.responses.map((response) => Math.abs(response.advantage ?? 0)));

  function fact(term, ...value) {
    return dom.make('div', {}, dom.make('dt', {}, term), dom.make('dd', {}, ...value));
  }

  function response(sample, each, index, cards) {
    const told = dom.make('p', {class: 'told'});
    const good = each.reward > 0.5;
    const text = tokens.show(each, state.mode, scaleOf(sample), (words) => { told.textContent = words; });
    const card = dom.make('article', {class: 'response', tabindex: '0', 'aria-label': `response ${index + 1} of ${sample.responses.length}`,
      onkeydown: (event) => responseKey(event, cards, index)},
    dom.make('header', {},
      dom.make('strong', {class: good ? 'good' : 'bad'}, `${good ? '✓' : '✗'} reward ${dom.number(each.reward)}`),
      dom.make('span', {}, `advantage ${dom.number(each.advantage, 3)}`),
      dom.make('span', {}, `${each.tokens ?? '?'} tokens`),
      each.finish_reason === 'length' ? dom.make('span', {class: 'warn'}, 'cut at the limit') : null),
    dom.make('p', {class: 'grade'}, 'read ', each.extracted ? dom.make('code', {dir: 'auto'}, ...tokens.visible(each.extracted)) : 'nothing',
      each.reason ? dom.make('span', {class: 'reason'}, ` (${each.reason})`) : ''),
    text, told);
    card.text = text;
    card.cursor = -1;
    return card;
  }

  // Left and right go to the neighbour, with Shift to the next token.
  function responseKey(event, cards, index) {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (step === undefined || event.target !== cards[index]) return;
    event.preventDefault();
    const card = cards[index];
    if (!event.shiftKey) {
      cards[Math.max(0, Math.min(cards.length - 1, index + step))].focus();
    } else if (card.text.pieces) {
      card.cursor = Math.max(0, Math.min(card.text.pieces.length - 1, card.cursor + step));
      card.text.point(card.cursor);
    }
  }

  function meanText(sample) {
    const values = rewards(sample), mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    return `${dom.number(mean, 3)} over ${values.length} responses`;
  }

  function show() {
    const entry = shown[state.at];
    state.chosen = entry ? entry.sample : null;
    legend.replaceChildren(tokens.legend(state.mode));
    if (!entry) {
      detail.replaceChildren(dom.make('p', {class: 'nothing'}, all().length === 0 ? 'No samples yet.' : 'No group is like that.'));
      return;
    }
    const {run, sample} = entry, cards = [];
    sample.responses.forEach((each, index) => cards.push(response(sample, each, index, cards)));
    const behind = (sample.trained_at_version ?? 0) - (sample.weight_version ?? 0);
    detail.replaceChildren(
      dom.make('h2', {}, `Step ${sample.step}, group ${sample.group}`, data.runs.length > 1 ? ` of ${run.name}` : ''),
      dom.make('dl', {class: 'facts'}, fact('mean reward', meanText(sample)),
        fact('sampled at version', `${sample.weight_version ?? '?'} (${behind} behind)`),
        fact('gold', ...(sample.gold || []).map((gold) => dom.make('code', {dir: 'auto'}, ...tokens.visible(gold)))),
        fact('actor', sample.actor ?? '?'), fact('lease', String(sample.lease ?? '?')), fact('trace', sample.trace_id ?? '?')),
      dom.make('details', {open: true}, dom.make('summary', {}, 'Prompt'),
        dom.make('div', {class: 'text', dir: 'auto'}, ...tokens.visible(sample.prompt || ''))),
      sample.responses.some((each) => each.token_chars) ? '' : dom.make('p', {class: 'note'},
        'This group was kept without its tokens (samples.jsonl has them for the first groups of a step), so there are no colours by log-probability.'),
      dom.make('div', {class: 'responses'}, ...cards));
  }

  function controls() {
    const search = dom.make('input', {type: 'search', placeholder: 'text, step 12, trace', oninput: () => {
      state.search = search.value;
      refresh();
    }});
    const runNames = [['all', 'all'], ...data.runs.map((run) => [run.name, run.name])];
    return dom.make('div', {class: 'controls'},
      data.runs.length > 1 ? dom.select('Run', runNames, state.run, (value) => { state.run = value; refresh(); }) : null,
      dom.select('Show', Object.entries(KINDS).map(([kind, [text]]) => [kind, text]), state.kind,
        (value) => { state.kind = value; refresh(); }),
      dom.make('label', {class: 'control'}, 'Search ', search),
      dom.select('Colour by', Object.entries(tokens.MODES).map(([mode, {label}]) => [mode, label]), state.mode,
        (value) => { state.mode = value; show(); }),
      legend);
  }

  function build() {
    count = dom.make('p', {class: 'note', role: 'status'});
    legend = dom.make('span', {});
    list = dom.make('ul', {class: 'list', role: 'listbox', tabindex: '0', 'aria-label': 'Groups', onkeydown: listKey});
    detail = dom.make('div', {class: 'detail'});
    const view = dom.make('div', {}, controls(), dom.make('div', {class: 'split'},
      dom.make('div', {class: 'side'}, count, list,
        dom.make('p', {class: 'note keys'}, '↑ ↓ choose a group; in a response ← → go to its neighbours, with Shift from token to token.')),
      detail));
    refresh();
    return view;
  }

  return {build, refresh};
})();
