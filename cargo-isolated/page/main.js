// Connects selection, search, legend, and the size of the canvas.

const query = document.getElementById("query");
const found = document.getElementById("found");
let matches = [];
let nextMatch = 0;

/** Highlights everything that belongs to the selected test, or else the search results. */
function emphasize() {
  const test = view.selected;
  if (test && (test.overlaps.length || test.waits.length)) {
    const holding = test.waits.flatMap((wait) => wait.behind.map((holder) => holderOf(holder, wait)));
    view.shown = new Set([test.index, ...test.overlaps.map((overlap) => overlap.test),
      ...holding.filter(Boolean).map((holder) => holder.index)]);
  } else view.shown = query.value.trim() ? new Set(matches.map((match) => match.index)) : null;
  redraw();
}

function select(test, isMoving) {
  view.selected = test;
  showDetails(test);
  emphasize();
  if (test && isMoving) lookAt(test);
}

function goTo(test) {
  select(test);
  lookAt(test);
  canvas.scrollIntoView({ block: "nearest" });
}

query.addEventListener("input", () => {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  matches = words.length ? data.tests.filter((test) => words.every((word) => test.lower.includes(word))) : [];
  nextMatch = 0;
  found.textContent = words.length ? count(matches.length, "test") : "";
  view.selected = null;
  showDetails(null);
  emphasize();
});

document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!matches.length) return;
  const test = matches[nextMatch % matches.length];
  nextMatch += 1;
  found.textContent = `${((nextMatch - 1) % matches.length) + 1} of ${count(matches.length, "test")}`;
  goTo(test);
});

const LEGEND = [["wait", "waiting for a lock"], ["provision", "provisioning"], ["body", "body"],
  ["failed", "body of a failed or unfinished test"], ["release", "releasing"], ["guard", "key held by a guard"]];

function legend() {
  const used = new Set(data.tests.flatMap((test) => test.spans.map((span) => span.phase)));
  used.add("body");
  if (data.tests.some(isRed)) used.add("failed");
  document.getElementById("legend").replaceChildren(...LEGEND.filter(([name]) => used.has(name)).map(([name, text]) => {
    const stripe = "repeating-linear-gradient(135deg, var(--wait) 0 4px, var(--wait-stripe) 4px 6px)";
    return element("li", {}, element("i", { style: { background: name === "wait" ? stripe : `var(--${name})` } }), text);
  }));
}

function summarize() {
  const tests = data.tests.filter((test) => test.isTest);
  const waited = data.totals.reduce((all, total) => all + total.time, 0);
  const parts = [count(tests.length, "test"), count(data.processes, "process", "processes"),
    ...(data.hosts ? [count(data.hosts, "host")] : []),
    `${tests.filter((test) => test.isFailed).length} failed`];
  const open = tests.filter((test) => test.isOpen).length;
  if (open) parts.push(`${open} unfinished`);
  parts.push(`${duration(data.tested)} in all`, `${duration(waited)} of waiting`, new Date(data.start / 1000).toLocaleString());
  if (data.broken) parts.push(`${count(data.broken, "broken line")} skipped`);
  document.getElementById("summary").textContent = parts.join(" · ");
}

function resize() {
  const frame = canvas.parentElement;
  const scale = window.devicePixelRatio || 1;
  [view.width, view.height] = [frame.clientWidth, frame.clientHeight];
  [canvas.width, canvas.height] = [Math.round(view.width * scale), Math.round(view.height * scale)];
  look(view.from, view.to);
}

summarize();
legend();
takeColours();
const frame = document.getElementById("frame");
// A few lanes need little height.
frame.style.height = `min(55vh, ${allHeight + AXIS + 12}px)`;
resize();
lookAtAll();
new ResizeObserver(resize).observe(frame);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  takeColours();
  redraw();
});
document.getElementById("panels").append(suggestionTable(), phaseTable(), keyTable(), failedTable(), waitingTable(), slowTable());
