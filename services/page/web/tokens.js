// A response's text on the screen, token by token in colour.
//
//   text, token_chars, token_logprobs, advantage --split--> pieces --spans--> <span class="token lp3">...
'use strict';

const tokens = (() => {
  const FIRST = 1500, MORE = 4000;  // tokens of a response on the screen, and with each wish for more
  const CHARACTERS = 5;             // of a text without tokens so many times as many characters

  // What cannot be seen or turns the text around it: controls, marks of direction, zero width; a line end and a tab stay.
  const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
  const name = (ch) => '⟨U+' + ch.codePointAt(0).toString(16).toUpperCase().padStart(4, '0') + '⟩';

  // Nodes of a text in which hidden characters are shown by their numbers.
  function visible(text) {
    const nodes = [];
    let at = 0;
    for (const match of text.matchAll(HIDDEN)) {
      if (match.index > at) nodes.push(text.slice(at, match.index));
      nodes.push(dom.make('span', {class: 'hidden-char'}, name(match[0])));
      at = match.index + match[0].length;
    }
    if (at < text.length) nodes.push(text.slice(at));
    return nodes;
  }

  // [{text, logprob}] or null when the sample has no tokens.
  function split(response) {
    const counts = response.token_chars, logprobs = response.token_logprobs || [];
    if (!Array.isArray(counts)) return null;
    const characters = Array.from(response.text || ''), pieces = [];
    let at = 0;
    for (let i = 0; i < counts.length && at <= characters.length; ++i) {
      pieces.push({text: characters.slice(at, at + counts[i]).join(''), logprob: logprobs[i] ?? null});
      at += counts[i];
    }
    return pieces;
  }

  // How a token is coloured: a class of page.css, by what is looked at.
  const MODES = {
    none: {label: 'no colours', legend: [], of: () => ''},
    logprob: {
      label: 'log-probability',
      legend: [['lp1', 'p < 0.9'], ['lp2', '< 0.5'], ['lp3', '< 0.2'], ['lp4', '< 0.05'], ['lp5', '< 0.01']],
      of: (piece) => piece.logprob === null ? '' :
        'lp' + [0.9, 0.5, 0.2, 0.05, 0.01].filter((bound) => Math.exp(piece.logprob) < bound).length,
    },
    advantage: {
      label: 'advantage',
      legend: [['up3', 'above its group'], ['down3', 'below']],
      of: (piece, response, scale) => level(response.advantage, scale),
    },
    push: {
      label: 'push: advantage × (1 − p)',
      legend: [['up3', 'made more likely'], ['down3', 'less likely']],
      of: (piece, response, scale) => piece.logprob === null ? '' :
        level((response.advantage || 0) * (1 - Math.exp(piece.logprob)), scale),
    },
  };

  function level(value, scale) {
    if (!value || !scale) return '';
    const size = Math.min(4, Math.max(1, Math.ceil(4 * Math.abs(value) / scale)));
    return (value > 0 ? 'up' : 'down') + size;
  }

  // Describes the token under the pointer or the cursor.
  function describe(piece, index, response) {
    const parts = [`token ${index + 1} ${JSON.stringify(piece.text)}`];
    if (piece.logprob !== null) parts.push(`log p ${dom.number(piece.logprob, 3)} (p ${dom.number(Math.exp(piece.logprob), 3)})`);
    if (Number.isFinite(response.advantage)) parts.push(`advantage ${dom.number(response.advantage, 3)}`);
    return parts.join(', ');
  }

  function legend(mode) {
    return dom.make('span', {class: 'token-legend'}, ...MODES[mode].legend.map(([cls, text]) =>
      dom.make('span', {class: 'token ' + cls}, text)));
  }

  // The text of a response. `told(text)` hears about the token that is pointed at.
  function show(response, mode, scale, told) {
    const box = dom.make('div', {class: 'text', dir: 'auto'});
    const pieces = split(response), text = response.text || '';
    const total = pieces ? pieces.length : text.length, scaled = pieces ? 1 : CHARACTERS;
    let shown = 0;
    box.more = (count) => {
      box.querySelector('.more')?.remove();
      const until = Math.min(total, shown + count);
      box.append(...(pieces ? spans(pieces, shown, until, response, mode, scale) : visible(text.slice(shown, until))));
      shown = until;
      if (shown < total) {
        box.append(dom.make('button', {type: 'button', class: 'more', onclick: () => box.more(MORE * scaled)},
          `show more: ${shown} of ${total} ${pieces ? 'tokens' : 'characters'}`));
      } else if (response.text_bytes) {
        box.append(dom.make('span', {class: 'left-out'}, ` … the response has ${response.text_bytes} bytes; the page has its beginning`));
      }
    };
    box.pieces = pieces;
    box.point = (index) => {
      box.querySelector('.at')?.classList.remove('at');
      const span = box.querySelector(`[data-i="${index}"]`);
      if (!span) return;
      span.classList.add('at');
      told(describe(pieces[index], index, response));
    };
    box.addEventListener('mouseover', (event) => {
      const index = event.target.closest('[data-i]')?.dataset.i;
      if (index !== undefined) told(describe(pieces[index], Number(index), response));
    });
    box.more(FIRST * scaled);
    return box;
  }

  function spans(pieces, from, to, response, mode, scale) {
    return pieces.slice(from, to).map((piece, k) => {
      const i = from + k;
      const span = dom.make('span', {class: 'token ' + MODES[mode].of(piece, response, scale)},
        ...(piece.text === '' ? [i === pieces.length - 1 ? '∎' : ''] : visible(piece.text)));
      span.dataset.i = i;
      return span;
    });
  }

  return {MODES, show, legend, visible, split};
})();
