// The canvas: the visible part of the timeline, and how it is drawn. Nothing else is drawn.

const LANE = 18, HEADING = 24, AXIS = 22, GUTTER = 34, LEAST = 1;

const canvas = document.getElementById("canvas");
const context = canvas.getContext("2d");
const view = { from: 0, to: 1, top: 0, width: 1, height: 1, selected: null, hovered: null, shown: null };

/** Headings and lanes from top to bottom. Tests of a lane are sorted and do not overlap. */
const rows = [];
let allHeight = 0;
data.groups.forEach((group, index) => {
  const lanes = Array.from({ length: group.lanes }, () => []);
  for (const test of data.tests) if (test.group === index) lanes[test.lane].push(test);
  rows.push({ heading: group.name, y: allHeight, height: HEADING });
  allHeight += HEADING;
  lanes.forEach((tests, lane) => {
    for (const test of tests) test.row = rows.length;
    rows.push({ tests, lane, y: allHeight, height: LANE });
    allHeight += LANE;
  });
});

const everything = Math.max(data.length, 1);
const x = (time) => GUTTER + ((time - view.from) / (view.to - view.from)) * (view.width - GUTTER);
const time = (at) => view.from + ((at - GUTTER) / (view.width - GUTTER)) * (view.to - view.from);

let colours, stripes;

function takeColours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["card", "text", "soft", "line", "band", "mark", "wait", "wait-stripe", "provision", "body",
    "failed", "release", "guard", "idle", "ink", "ink-failed"];
  colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  const tile = element("canvas", { width: 8, height: 8 });
  const paint = tile.getContext("2d");
  paint.fillStyle = colours.wait;
  paint.fillRect(0, 0, 8, 8);
  paint.strokeStyle = colours["wait-stripe"];
  paint.lineWidth = 2;
  for (const at of [-4, 4, 12]) {
    paint.beginPath();
    paint.moveTo(at - 5, 9);
    paint.lineTo(at + 5, -1);
    paint.stroke();
  }
  stripes = context.createPattern(tile, "repeat");
}

/** Returns the first test of a lane that ends at `from` or later. */
function firstFrom(tests, from) {
  let [low, high] = [0, tests.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tests[middle].end < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

const isRed = (test) => test.isFailed || test.isOpen;

function colourOf(test, phase) {
  if (phase === "wait") return stripes;
  return phase === "body" && isRed(test) ? colours.failed : colours[phase];
}

/** The rank and colour of a test that is as narrow as a pixel; a higher rank matters more. */
function summaryOf(test) {
  if (isRed(test)) return [3, colours.failed];
  if (test.waited * 2 > test.end - test.begin) return [2, colours.wait];
  return [1, test.role === "guard" ? colours.guard : colours.body];
}

function drawLane(row, y) {
  const { tests } = row;
  let [lastX, lastRank] = [-1, 0];
  for (let at = firstFrom(tests, view.from); at < tests.length && tests[at].begin <= view.to; at += 1) {
    const test = tests[at];
    const [left, right] = [x(test.begin), x(test.end)];
    const isDim = view.shown && !view.shown.has(test.index);
    context.globalAlpha = isDim ? 0.15 : 1;
    if (right - left < 2) {
      const [rank, colour] = summaryOf(test);
      const pixel = Math.round(left);
      const weight = isDim ? 0 : rank;
      if (pixel === lastX && weight <= lastRank) continue;
      [lastX, lastRank] = [pixel, weight];
      context.fillStyle = colour;
      context.fillRect(pixel, y + 2, isRed(test) ? 3 : LEAST, LANE - 4);
    } else {
      drawTest(test, left, right, y);
    }
  }
  context.globalAlpha = 1;
}

function drawTest(test, left, right, y) {
  context.fillStyle = colours.idle;
  context.fillRect(left, y + LANE / 2 - 1, right - left, 2);
  let room = null;
  for (const span of test.spans) {
    const from = Math.max(x(span.from), GUTTER - 2);
    const to = Math.min(Math.max(x(span.to), from + LEAST), view.width + 2);
    if (to < GUTTER || from > view.width) continue;
    // Phases within a body are drawn over it and leave its edge visible.
    const inset = span.phase === "wait" ? 3 : 2;
    context.fillStyle = colourOf(test, span.phase);
    context.fillRect(from, y + inset, to - from, LANE - 2 * inset);
    if (!room || to - from > room.to - room.from) room = { from, to, phase: span.phase };
  }
  if (isRed(test)) {
    context.fillStyle = colours.failed;
    context.fillRect(left, y + LANE - 3, Math.max(right - left, 3), 2);
    if (test.isOpen) context.fillRect(right - 1, y + 1, 3, LANE - 2);
  }
  if (room && room.to - room.from > 40 && context.globalAlpha === 1) {
    const isOnRed = room.phase === "body" && isRed(test);
    write(test.name.split("::").slice(1).join("::") || test.name, room, y, isOnRed ? "ink-failed" : "ink", room.phase);
  }
}

/** Writes the end of a name that does not fit, because names of one module begin alike. */
function write(name, room, y, colour, phase) {
  const [from, width] = [Math.max(room.from, GUTTER) + 4, room.to - Math.max(room.from, GUTTER) - 8];
  const most = Math.floor(width / charWidth);
  if (most < 5) return;
  const text = name.length > most ? "…" + name.slice(1 - most) : name;
  if (phase === "wait") {
    context.fillStyle = colours.card;
    context.fillRect(from - 2, y + 4, Math.min(text.length * charWidth, width) + 4, LANE - 8);
  }
  context.fillStyle = phase === "wait" ? colours.text : colours[colour];
  context.fillText(text, from, y + LANE / 2 + 0.5);
}

let charWidth = 7;

function outline(test, colour, dash) {
  const row = rows[test.row];
  const y = row.y - view.top + AXIS;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.setLineDash(dash);
  const left = Math.max(x(test.begin), GUTTER - 10);
  context.strokeRect(left - 1, y + 1, Math.max(Math.min(x(test.end), view.width + 10) - left, 3) + 2, LANE - 2);
  context.setLineDash([]);
}

function drawAxis() {
  context.fillStyle = colours.card;
  context.fillRect(0, 0, view.width, AXIS);
  const range = view.to - view.from;
  const rough = (range * 110) / Math.max(view.width - GUTTER, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((by) => by * power).find((by) => by >= rough);
  context.fillStyle = colours.soft;
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    const left = Math.round(x(at));
    context.fillStyle = colours.line;
    context.fillRect(left, AXIS - 6, 1, view.height);
    context.fillStyle = colours.soft;
    context.fillText(at === 0 ? "0" : axisName(at, step), left + 4, AXIS / 2);
  }
}

/** Formats a time on the axis with enough decimals to distinguish it from its neighbours. */
function axisName(at, step) {
  const [unit, name] = view.to >= 1e6 ? [1e6, "s"] : view.to >= 1e3 ? [1e3, "ms"] : [1, "µs"];
  return (at / unit).toFixed(Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9))) + name;
}

function draw() {
  const scale = window.devicePixelRatio || 1;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.font = "11px ui-monospace, 'DejaVu Sans Mono', monospace";
  context.textBaseline = "middle";
  charWidth = context.measureText("n").width;
  context.fillStyle = colours.card;
  context.fillRect(0, 0, view.width, view.height);
  drawAxis();
  context.save();
  context.beginPath();
  context.rect(0, AXIS, view.width, view.height - AXIS);
  context.clip();
  for (const row of rows) {
    const y = row.y - view.top + AXIS;
    if (y + row.height < AXIS || y > view.height) continue;
    if (row.heading != null) {
      context.fillStyle = colours.band;
      context.fillRect(0, y + 3, view.width, HEADING - 5);
      context.fillStyle = colours.text;
      context.fillText(row.heading, 6, y + HEADING / 2 + 1);
    } else {
      drawLane(row, y);
      context.fillStyle = colours.card;
      context.fillRect(0, y, GUTTER - 2, LANE);
      context.fillStyle = colours.soft;
      context.fillText(String(row.lane + 1), 6, y + LANE / 2 + 0.5);
    }
  }
  if (view.hovered) outline(view.hovered, colours.soft, []);
  if (view.selected) outline(view.selected, colours.mark, []);
  context.restore();
  drawScrollbar();
}

function drawScrollbar() {
  const seen = view.height - AXIS;
  if (allHeight <= seen) return;
  context.fillStyle = colours.soft;
  context.globalAlpha = 0.5;
  const height = Math.max((seen / allHeight) * seen, 20);
  const at = (view.top / (allHeight - seen)) * (seen - height);
  context.fillRect(view.width - 6, AXIS + at, 5, height);
  context.globalAlpha = 1;
}

let isAsked = false;

/** Schedules one drawing before the next frame, however often it is called. */
function redraw() {
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(() => {
    isAsked = false;
    draw();
  });
}

/** Shows this range, clamped to the data. */
function look(from, to, top = view.top) {
  const range = Math.min(Math.max(to - from, 10), everything * 1.02);
  const edge = everything * 0.01;
  view.from = Math.min(Math.max(from, -edge), everything + edge - range);
  view.to = view.from + range;
  view.top = Math.max(0, Math.min(top, allHeight - (view.height - AXIS)));
  redraw();
}

function zoom(by, around = (view.from + view.to) / 2) {
  look(around - (around - view.from) * by, around + (view.to - around) * by);
}

const lookAtAll = () => look(-everything * 0.01, everything * 1.01);

/** Brings a test into view: the whole test if asked to, or if it would hardly be visible. */
function lookAt(test, isWhole) {
  const row = rows[test.row];
  const isBelow = row.y + LANE > view.top + view.height - AXIS;
  const top = row.y < view.top || isBelow ? row.y - (view.height - AXIS) / 2 : view.top;
  const [length, range] = [test.end - test.begin, view.to - view.from];
  const isSmall = length / range < 0.02 || length > range;
  if (isWhole || isSmall) look(test.begin - length * 0.5 - 1, test.end + length * 0.5 + 1, top);
  else if (test.begin < view.from || test.end > view.to) {
    look(test.begin - range / 2, test.begin + range / 2, top);
  } else look(view.from, view.to, top);
}
