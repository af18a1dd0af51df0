// The panels below the timeline: the selected test, totals and lists.

const FIRST = 15, MORE = 200;

/** Makes a button that goes to a test. */
function link(test, name = test.name) {
  // Long names may break at their joints.
  const parts = name.split(/(?<=::|_)/).flatMap((part) => [part, element("wbr")]);
  return element("button", { type: "button", class: "test", onclick: () => goTo(test) }, ...parts);
}

function holders(list, wait) {
  if (!list.length) return element("span", { class: "soft" }, "an unknown holder");
  const all = list.slice(0, 3).map((holder) => {
    const test = holderOf(holder, wait);
    const name = `${holder.test} (pid ${holder.pid})`;
    return element("li", {}, test ? link(test, name) : name);
  });
  if (list.length > 3) all.push(element("li", { class: "soft" }, `and ${list.length - 3} more`));
  return element("ul", { class: "plain" }, ...all);
}

function overlapList(test) {
  const shown = element("ul", { class: "plain" });
  let done = 0;
  const more = element("button", { type: "button", class: "more", onclick: () => add(MORE) });
  function add(number) {
    for (const overlap of test.overlaps.slice(done, done + number)) {
      shown.append(element("li", {}, link(data.tests[overlap.test]), ` ${duration(overlap.time)}`));
    }
    done = Math.min(done + number, test.overlaps.length);
    more.textContent = `${test.overlaps.length - done} more`;
    more.hidden = done === test.overlaps.length;
  }
  add(5);
  const unlisted = test.overlapping - test.overlaps.length;
  return element("div", {}, shown, more,
    unlisted ? element("p", { class: "soft" }, `${unlisted} that overlapped it for a shorter time are not listed`) : null);
}

const details = document.getElementById("details");

function showDetails(test) {
  details.hidden = !test;
  if (!test) return;
  const rowsOf = describe(test).filter(([label]) => label !== "waited");
  for (const wait of test.waits) {
    rowsOf.push(["waited", element("span", {}, `${duration(wait.to - wait.from)} for ${lockName(wait.want)}`
      + `${wait.is_had ? "" : ", in vain"}, behind`, holders(wait.behind, wait))]);
  }
  const began = new Date((data.start + test.begin) / 1000);
  rowsOf.push(["began", began.toLocaleString()]);
  if (test.overlaps.length) rowsOf.push(["at the same time", overlapList(test)]);
  details.replaceChildren(element("h2", {}, test.name), describeAsList(rowsOf));
}

/** Makes a list that begins short and can be extended. */
function table(title, note, heads, items, cells, isWide) {
  const body = element("tbody");
  let done = 0;
  const more = element("button", { type: "button", class: "more", onclick: () => add(MORE) });
  function add(number) {
    for (const item of items.slice(done, done + number)) {
      body.append(element("tr", {}, ...cells(item).map((cell, at) =>
        element("td", heads[at][1] ? { class: heads[at][1] } : {}, cell))));
    }
    done = Math.min(done + number, items.length);
    more.textContent = `show ${Math.min(MORE, items.length - done)} more of ${items.length}`;
    more.hidden = done === items.length;
  }
  add(FIRST);
  const head = heads.map(([name, style]) => element("th", style ? { class: style, scope: "col" } : { scope: "col" }, name));
  return element("div", { class: isWide ? "card wide" : "card" },
    element("h2", {}, title, " ", element("small", {}, note)),
    items.length ? element("table", {}, element("thead", {}, element("tr", {}, ...head)), body) : null, more);
}

function bar(share, colour) {
  return element("i", { style: { width: `${Math.max(share * 100, 0)}%`, background: `var(--${colour})` } });
}

function phaseTable() {
  const phases = [["body", "body"], ["wait", "waiting for locks"], ["provision", "provisioning"], ["release", "releasing"],
    ["rest", "rest"]].map(([phase, name]) => ({ phase, name, time: data.phases[phase] })).filter(({ time }) => time);
  const all = phases.reduce((sum, { time }) => sum + time, 0);
  return table("Where the time went", "added up over all tests", [["phase"], ["time", "number"], ["", "share"]], phases,
    ({ phase, name, time }) => [name, duration(time), bar(time / all, phase === "rest" ? "idle" : phase)]);
}

function suggestionTable() {
  const note = data.suggestions.length ? "more than that it cannot save" : "nothing stands out";
  return table("What would save most", note, [["at most", "number"], ["change"]], data.suggestions,
    (suggestion) => [duration(suggestion.saves), suggestion.text]);
}

function keyTable() {
  const totals = data.totals.filter((total) => total.waits || total.key != null);
  const most = Math.max(1, ...totals.map((total) => total.time));
  const heads = [["key"], ["cost", "number"], ["", "share"], ["waits", "number"], ["held", "number"],
    ["longest", "number"], ["test that waited for it"], ["behind"]];
  const note = totals.length ? "the time that tests stood waiting, added up" : "no test asked for a key, and none waited";
  return table("Waiting by key", note, heads, totals, (total) => {
    const test = total.test == null ? null : data.tests[total.test];
    return [keyName(total.key), duration(total.time), total.time ? bar(total.time / most, "wait") : "", total.waits, total.holders,
      test ? duration(total.longest) : "", test ? link(test) : "",
      test ? holders(total.behind, { from: test.begin, to: test.end }) : ""];
  }, true);
}

function failedTable() {
  const failed = data.tests.filter((test) => test.isTest && isRed(test));
  const heads = [["test"], ["began", "number"], ["took", "number"], ["active at the same time, the longest first"]];
  return table("Failed tests", failed.length ? "and who was there" : "none", heads, failed, (test) => [
    element("span", {}, link(test), element("span", { class: "why" }, test.why || outcomeName(test))),
    duration(test.begin), duration(test.end - test.begin),
    test.overlaps.length ? overlapList(test) : element("span", { class: "soft" },
      test.active == null ? "it never had its locks" : "nobody"),
  ], true);
}

function waitingTable() {
  const waiting = data.tests.filter((test) => test.waited > 0 && test.role !== "host").sort((one, other) => other.waited - one.waited);
  const heads = [["test"], ["waited", "number"], ["for"], ["behind first"]];
  return table("Longest waiting", waiting.length ? "all locks of a test together" : "none waited", heads, waiting, (test) => {
    const waits = [...test.waits].sort((one, other) => (other.to - other.from) - (one.to - one.from));
    return [link(test), duration(test.waited), waits.map((wait) => lockName(wait.want)).join(", "),
      holders(waits[0].behind.slice(0, 1), waits[0])];
  });
}

function slowTable() {
  const work = (test) => test.end - test.begin - test.waited;
  const slow = data.tests.filter((test) => test.isTest).sort((one, other) => work(other) - work(one));
  const heads = [["test"], ["took", "number"], ["provision", "number"], ["body", "number"], ["release", "number"]];
  return table("Slowest tests", "waiting for locks left out", heads, slow, (test) => [link(test), duration(work(test)),
    ...["provision", "body", "release"].map((phase) => (sum(test, phase) ? duration(sum(test, phase)) : ""))]);
}
