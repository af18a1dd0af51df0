// Formats values, and prepares the data for the scripts below.

const data = JSON.parse(document.getElementById("data").textContent);

/** Formats microseconds: 41.2s, 3.05ms, 12µs. */
function duration(microseconds) {
  if (microseconds < 1000) return `${Math.round(microseconds)}µs`;
  const [value, unit] = microseconds < 1e6 ? [microseconds / 1e3, "ms"] : [microseconds / 1e6, "s"];
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0) + unit;
}

/** Makes an element. A string becomes a text node, so the name of a test cannot become markup. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute.startsWith("on")) made.addEventListener(attribute.slice(2), value);
    else if (attribute === "style") Object.assign(made.style, value);
    else made.setAttribute(attribute, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

const count = (number, one, many = one + "s") => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

/** Formats a lock as in the attribute: serial "tcp". */
function lockName(want) {
  const space = want.indexOf(" ");
  if (space >= 0) return `${want.slice(0, space)} "${want.slice(space + 1)}"`;
  return want === "test" ? "a place among all tests" : want;
}

const keyName = (key) => (key == null ? "(all tests)" : key);

const sum = (test, phase) =>
  test.spans.reduce((all, span) => (span.phase === phase ? all + span.to - span.from : all), 0);

data.tests.forEach((test, index) => {
  test.index = index;
  test.lower = test.name.toLowerCase();
  test.waited = sum(test, "wait");
  test.isFailed = test.outcome === "failed";
  test.isTest = test.role === "test";
  test.isOpen = test.outcome === "unfinished" && test.isTest;
});

/** Finds the test that was recorded as the holder during a wait. */
function holderOf(holder, wait) {
  return data.tests.find((test) =>
    test.name === holder.test && (test.pid === holder.pid || test.child === holder.pid)
    && test.begin <= wait.to && test.end >= wait.from);
}

function outcomeName(test) {
  if (test.role === "guard") return "a guard outside of all tests";
  if (test.role === "host" && test.outcome === "unfinished") return "a host: killed, or still serving";
  if (test.isOpen) return "unfinished: killed, or still running";
  return test.outcome + (test.how && test.how !== "returned" ? ` (${test.how})` : "");
}

/** Describes a test in rows of a label and a value. */
function describe(test) {
  const rows = [["outcome", element("span", test.isFailed ? { class: "failed" } : {}, outcomeName(test))]];
  if (test.why) rows.push(["why", test.why, "why"]);
  const phases = [["wait", "waiting"], ["provision", "provisioning"], ["body", "body"], ["release", "releasing"]]
    .map(([phase, name]) => [name, sum(test, phase)])
    .filter(([, time]) => time > 0)
    .map(([name, time]) => `${duration(time)} ${name}`);
  rows.push(["time", `${duration(test.end - test.begin)} from ${duration(test.begin)}: ${phases.join(", ") || "nothing"}`]);
  for (const wait of test.waits) {
    const names = wait.behind.map((holder) => `${holder.test} (pid ${holder.pid})`);
    const behind = names.length ? `behind ${names.slice(0, 3).join(", ")}` : "behind an unknown holder";
    const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
    rows.push(["waited", `${duration(wait.to - wait.from)} for ${lockName(wait.want)} ${behind}${more}${wait.is_had ? "" : ", in vain"}`]);
  }
  const held = test.locks.filter((lock) => lock.want !== "test").map((lock) => lockName(lock.want));
  if (held.length) rows.push(["held", [...new Set(held)].join(", ")]);
  const child = test.child ? `, body in pid ${test.child}` : "";
  rows.push(["where", `${test.at ? test.at + ", " : ""}pid ${test.pid}${child}, thread ${test.number}`]);
  return rows;
}

function describeAsList(rows) {
  return element("dl", {}, ...rows.flatMap(([label, value, style]) =>
    [element("dt", {}, label), element("dd", style ? { class: style } : {}, value)]));
}
