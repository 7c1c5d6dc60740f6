// Numbers between the columns of a run and what a chart draws: smoothing, and thinning to what the screen can show. Pure.
'use strict';

const series = (() => {
  // The two-sided mean of a window of `width` values; null stays null and counts in no mean.
  function smooth(values, width) {
    if (width <= 1) return values;
    const half = Math.floor(width / 2), sums = [0], counts = [0];
    values.forEach((value, i) => {
      sums.push(sums[i] + (value === null ? 0 : value));
      counts.push(counts[i] + (value === null ? 0 : 1));
    });
    return values.map((value, i) => {
      const low = Math.max(0, i - half), high = Math.min(values.length, i + half + 1);
      return value === null ? null : (sums[high] - sums[low]) / (counts[high] - counts[low]);
    });
  }

  // The first index whose x is at least `value`; xs never fall.
  function lowerBound(xs, value) {
    let low = 0, high = xs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (xs[middle] < value) low = middle + 1; else high = middle;
    }
    return low;
  }

  // Points [x, y] of the window [from, to] and one beyond each end; with more than `most`, of each stretch of them the
  // lowest and the highest, so that no spike is lost.
  function thin(xs, ys, from, to, most) {
    const low = Math.max(0, lowerBound(xs, from) - 1), high = Math.min(xs.length, lowerBound(xs, to) + 2);
    const points = [];
    const push = (i) => points.push([xs[i], ys[i]]);
    if (high - low <= most) {
      for (let i = low; i < high; ++i) if (ys[i] !== null && ys[i] !== undefined) push(i);
      return points;
    }
    const stretch = (high - low) / (most / 2);
    for (let start = low; start < high; start += stretch) {
      let least = -1, greatest = -1;
      for (let i = Math.ceil(start); i < Math.min(high, start + stretch); ++i) {
        if (ys[i] === null || ys[i] === undefined) continue;
        if (least < 0 || ys[i] < ys[least]) least = i;
        if (greatest < 0 || ys[i] > ys[greatest]) greatest = i;
      }
      if (least < 0) continue;
      push(Math.min(least, greatest));
      if (least !== greatest) push(Math.max(least, greatest));
    }
    return points;
  }

  // Rows [x, y of line 0, y of line 1, ...] of the union of all lines' x; null where a line has none.
  function join(lines) {
    const rows = new Map();
    lines.forEach((points, i) => {
      for (const [x, y] of points) {
        if (!rows.has(x)) rows.set(x, [x, ...new Array(lines.length).fill(null)]);
        rows.get(x)[i + 1] = y;
      }
    });
    return [...rows.values()].sort((a, b) => a[0] - b[0]);
  }

  return {smooth, thin, join, lowerBound};
})();
