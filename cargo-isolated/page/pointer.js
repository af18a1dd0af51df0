// Pointer and keyboard input on the timeline.

const tip = document.getElementById("tip");

/** Finds the test at a point of the canvas, with some tolerance for narrow ones. */
function testAt(left, y) {
  if (y < AXIS || left < GUTTER) return null;
  const row = rows.find((one) => one.tests && y - AXIS + view.top >= one.y && y - AXIS + view.top < one.y + LANE);
  if (!row) return null;
  const [at, near] = [time(left), time(left + 4) - time(left)];
  const from = firstFrom(row.tests, at - near);
  const close = row.tests.slice(from, from + 50).filter((test) => test.begin <= at + near);
  const distance = (test) => Math.max(test.begin - at, at - test.end, 0);
  // Of several tests in one pixel, prefers a red one, because a reader looks for it.
  const rank = (test) => (isRed(test) ? 0 : 1);
  return close.sort((one, other) => distance(one) - distance(other) || rank(one) - rank(other))[0] ?? null;
}

function showTip(test, event) {
  tip.hidden = !test;
  if (!test) return;
  tip.replaceChildren(element("strong", {}, test.name), describeAsList(describe(test)));
  const [width, height] = [tip.offsetWidth, tip.offsetHeight];
  const left = event.clientX + 14 + width > innerWidth ? event.clientX - width - 14 : event.clientX + 14;
  const top = event.clientY + 14 + height > innerHeight ? event.clientY - height - 14 : event.clientY + 14;
  Object.assign(tip.style, { left: `${Math.max(left, 4)}px`, top: `${Math.max(top, 4)}px` });
}

let drag = null;

canvas.addEventListener("pointerdown", (event) => {
  drag = { x: event.offsetX, y: event.offsetY, from: view.from, to: view.to, top: view.top, hasMoved: false };
  canvas.setPointerCapture(event.pointerId);
});

canvas.addEventListener("pointermove", (event) => {
  if (drag) {
    const [right, down] = [event.offsetX - drag.x, event.offsetY - drag.y];
    drag.hasMoved ||= Math.abs(right) + Math.abs(down) > 4;
    if (!drag.hasMoved) return;
    canvas.classList.add("moving");
    showTip(null);
    const by = (right / (view.width - GUTTER)) * (drag.to - drag.from);
    look(drag.from - by, drag.to - by, drag.top - down);
    return;
  }
  const test = testAt(event.offsetX, event.offsetY);
  if (test !== view.hovered) {
    view.hovered = test;
    redraw();
  }
  showTip(test, event);
});

function endDrag(event, isClick) {
  if (drag && !drag.hasMoved && isClick) select(testAt(event.offsetX, event.offsetY));
  drag = null;
  canvas.classList.remove("moving");
}

canvas.addEventListener("pointerup", (event) => endDrag(event, true));
canvas.addEventListener("pointercancel", (event) => endDrag(event, false));
canvas.addEventListener("pointerleave", () => {
  view.hovered = null;
  showTip(null);
  redraw();
});

canvas.addEventListener("dblclick", (event) => {
  const test = testAt(event.offsetX, event.offsetY);
  if (test) lookAt(test, true);
});

canvas.addEventListener("wheel", (event) => {
  const pixels = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? view.height : 1;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    zoom(Math.exp(Math.max(-1, Math.min(1, (event.deltaY * pixels) / 200))), time(event.offsetX));
    return;
  }
  const right = (event.shiftKey ? event.deltaY : event.deltaX) * pixels;
  const down = event.shiftKey ? 0 : event.deltaY * pixels;
  const by = (right / (view.width - GUTTER)) * (view.to - view.from);
  const before = view.top;
  look(view.from + by, view.to + by, view.top + down);
  // At the end of the lanes, the page scrolls instead.
  if (right || view.top !== before) event.preventDefault();
}, { passive: false });

/** Finds the neighbour of the selected test: in its lane, or in the next lane that has one. */
function neighbour(key) {
  const test = view.selected;
  if (!test) return data.tests[0];
  const { tests } = rows[test.row];
  if (key === "ArrowLeft") return tests[tests.indexOf(test) - 1];
  if (key === "ArrowRight") return tests[tests.indexOf(test) + 1];
  const by = key === "ArrowUp" ? -1 : 1;
  for (let at = test.row + by; rows[at]; at += by) {
    const lane = rows[at].tests;
    if (lane?.length) return lane[Math.min(firstFrom(lane, test.begin), lane.length - 1)];
  }
  return null;
}

canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key.startsWith("Arrow")) {
    const next = neighbour(event.key);
    if (next) select(next, true);
  } else if (event.key === "+" || event.key === "=") zoom(0.5);
  else if (event.key === "-") zoom(2);
  else if (event.key === "0") lookAtAll();
  else if (event.key === "Enter" && view.selected) lookAt(view.selected, true);
  else if (event.key === "Escape") select(null);
  else return;
  event.preventDefault();
});

for (const button of document.querySelectorAll("[data-zoom]")) {
  const by = Number(button.dataset.zoom);
  button.addEventListener("click", () => (by ? zoom(by) : lookAtAll()));
}
