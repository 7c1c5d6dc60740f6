// A live page: asks the learner every few seconds for what is new, and adds it.
//
//   /run.json?of=...&metrics=N&samples=N --answer--> run of data.js --> page.refresh
'use strict';

const live = (() => {
  const EVERY = 3000, HIDDEN = 15000;  // milliseconds between questions
  const MOST_GROUPS = 400;             // samples that the page holds; older ones go

  let run = null, next = null, of = null, left = 0, heard = 0, timer = null;

  function forget() {
    if (!run) {
      run = data.complete({});
      data.runs.push(run);
    }
    Object.assign(run, {metrics: {}, evaluations: {}, samples: [], notes: []});
    left = 0;
  }

  function take(answer) {
    if (answer.of !== of) forget();
    of = answer.of;
    next = answer.next;
    Object.assign(run, answer.head);
    data.append(run.metrics, answer.metrics);
    data.append(run.evaluations, answer.evaluations);
    run.samples.push(...answer.samples);
    left += Math.max(0, run.samples.length - MOST_GROUPS);
    run.samples = run.samples.slice(-MOST_GROUPS);
    run.notes = answer.skipped > 0 || left > 0 ?
      [`The page holds the newest ${run.samples.length} sampled groups; samples.jsonl has all.`] : [];
    return data.rows(answer.metrics) + data.rows(answer.evaluations) + answer.samples.length > 0;
  }

  // Everything that is new, in as many answers as it takes; whether there was anything.
  async function ask() {
    let news = run === null;
    for (let more = true; more;) {
      const query = new URLSearchParams(next ? {of, ...next} : {});
      const response = await fetch('run.json?' + query, {cache: 'no-store'});
      if (!response.ok) throw new Error(`${response.status} ${(await response.text()).slice(0, 200)}`);
      const answer = await response.json();
      news = take(answer) || news;
      more = answer.more;
    }
    heard = Date.now();
    return news;
  }

  const time = () => new Date(heard).toLocaleTimeString();

  async function round() {
    clearTimeout(timer);
    const first = run === null;
    try {
      if (await ask()) {
        if (first) page.start(); else page.refresh();
      }
      page.say(`${page.summary()}; live, as of ${time()}`);
    } catch (error) {
      page.say(first ? `The learner cannot be asked: ${error.message}` :
        `${page.summary()}; the learner has not answered since ${time()}`);
    }
    timer = setTimeout(round, document.hidden ? HIDDEN : EVERY);
  }

  document.addEventListener('visibilitychange', () => { if (data.live && run && !document.hidden) round(); });

  return {start: round};
})();
