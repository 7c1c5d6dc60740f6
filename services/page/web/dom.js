// Small helpers to build the page's elements. Text goes in as text nodes and nothing else: what a model wrote is never
// parsed as HTML.
'use strict';

const dom = (() => {
  // make('p', {class: 'x', onclick: f, 'aria-label': 't'}, child or text, ...)
  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
      else if (key === 'class') element.className = value;
      else element.setAttribute(key, value === true ? '' : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  // <label>TEXT <select>; calls onchange with the chosen value. options: [[value, text]]
  function select(text, options, chosen, onchange) {
    const box = make('select', {onchange: () => onchange(box.value)},
      ...options.map(([value, shown]) => make('option', {value, selected: value === chosen}, shown)));
    return make('label', {class: 'control'}, text + ' ', box);
  }

  function number(value, digits = 4) {
    if (value === null || value === undefined || !Number.isFinite(value)) return '–';
    if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e7)) return value.toExponential(digits - 2);
    return String(Number(value.toPrecision(digits)));
  }

  function percent(value) {
    return Number.isFinite(value) ? (100 * value).toFixed(1) + ' %' : '–';
  }

  function duration(seconds) {
    if (!Number.isFinite(seconds)) return '–';
    if (seconds < 120) return number(seconds, 3) + ' s';
    if (seconds < 7200) return number(seconds / 60, 3) + ' min';
    return number(seconds / 3600, 3) + ' h';
  }

  // A table whose first row is of headings and whose first column too.
  function table(caption, heads, rows) {
    return make('table', {}, make('caption', {}, caption),
      make('thead', {}, make('tr', {}, ...heads.map((head) => make('th', {scope: 'col'}, head)))),
      make('tbody', {}, ...rows.map((row) => make('tr', {},
        ...row.map((cell, i) => make(i === 0 ? 'th' : 'td', i === 0 ? {scope: 'row'} : {}, cell))))));
  }

  return {make, select, number, percent, duration, table};
})();
