// The page's frame: title, the runs' legend, tabs, light and dark, notes.
'use strict';

const page = (() => {
  const VIEWS = [
    ['curves', 'Curves', () => curves.build()],
    ['groups', 'Samples', () => groups.build()],
    ['timing', 'Staleness and time', () => timing.build()],
    ['compare', data.runs.length > 1 ? 'Comparison' : 'Results and recipe', () => compare.build()],
  ];
  const by = (id) => document.getElementById(id);

  function title() {
    const names = data.runs.map((run) => run.name);
    by('title').textContent = names.length === 1 ? `Run ${names[0]}` : `${names.length} runs`;
    document.title = by('title').textContent;
    if (names.length === 1 && !data.live) say(summary());
  }

  function summary() {
    const newest = (table, name) => data.last(data.column(data.runs[0], table, name));
    if (data.has('tokens_seen')) {
      return `step ${newest('metrics', 'step') ?? 0} of ${newest('metrics', 'steps') ?? '?'}, loss ` +
        `${dom.number(newest('metrics', 'loss'), 3)}, held-out loss ${dom.number(newest('evaluations', 'heldout_loss') ?? NaN, 3)}`;
    }
    return `step ${newest('metrics', 'step') ?? 0} of ${newest('metrics', 'steps') ?? '?'}, reward ` +
      `${dom.number(newest('metrics', 'reward'), 3)}, held-out accuracy ${dom.percent(newest('evaluations', 'accuracy') ?? NaN)}`;
  }

  function say(text) {
    if (by('status').textContent !== text) by('status').textContent = text;
  }

  // Several runs: their colours, and a switch for each.
  function legend() {
    if (data.runs.length < 2) return;
    by('legend').replaceChildren(...data.runs.map((run, i) => {
      const swatch = dom.make('i', {class: 'swatch'});
      swatch.style.borderTop = `4px solid ${charts.color(i)}`;
      const box = dom.make('input', {type: 'checkbox', checked: !run.hidden, onchange: () => {
        run.hidden = !box.checked;
        charts.refresh();
      }});
      return dom.make('li', {}, dom.make('label', {}, box, swatch, run.name));
    }));
  }

  function tabs() {
    const buttons = VIEWS.map(([id, text]) => dom.make('button', {role: 'tab', type: 'button', id: 'tab-' + id,
      'aria-controls': 'panel-' + id, onclick: () => open(id), onkeydown: tabKey}, text));
    by('tabs').append(...buttons);
    by('panels').append(...VIEWS.map(([id]) => dom.make('section', {role: 'tabpanel', id: 'panel-' + id, 'aria-labelledby': 'tab-' + id})));
    window.addEventListener('hashchange', () => open(location.hash.slice(1)));
    open(location.hash.slice(1));
  }

  function tabKey(event) {
    const at = VIEWS.findIndex(([id]) => 'tab-' + id === event.target.id);
    const next = {ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: VIEWS.length - 1}[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const id = VIEWS[(next + VIEWS.length) % VIEWS.length][0];
    open(id);
    by('tab-' + id).focus();
  }

  // A view is built when it is opened first.
  function open(wanted) {
    const id = VIEWS.some(([each]) => each === wanted) ? wanted : VIEWS[0][0];
    for (const [each, , build] of VIEWS) {
      const chosen = each === id, panel = by('panel-' + each);
      by('tab-' + each).setAttribute('aria-selected', String(chosen));
      by('tab-' + each).tabIndex = chosen ? 0 : -1;
      panel.hidden = !chosen;
      if (chosen && panel.childElementCount === 0) panel.append(build());
    }
    if (location.hash.slice(1) !== id && wanted !== '') history.replaceState(null, '', '#' + id);
  }

  const THEMES = ['auto', 'light', 'dark'];
  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    by('theme').textContent = {auto: 'Colours: as the system', light: 'Colours: light', dark: 'Colours: dark'}[theme];
    legend();
    charts.refresh();
  }

  function theme() {
    const next = () => setTheme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % THEMES.length]);
    by('theme').addEventListener('click', next);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => setTheme(document.documentElement.dataset.theme));
    setTheme('auto');
  }

  function notes() {
    by('notes').replaceChildren(...data.runs.flatMap((run) => run.notes.map((note) =>
      dom.make('p', {}, data.runs.length > 1 ? `${run.name}: ${note}` : note))));
  }

  function refresh() {
    title();
    notes();
    charts.refresh();
    groups.refresh();
    timing.refresh();
    compare.refresh();
  }

  function start() {
    title();
    theme();
    tabs();
    notes();
  }

  return {start, refresh, say, summary};
})();

if (data.live) live.start(); else page.start();
