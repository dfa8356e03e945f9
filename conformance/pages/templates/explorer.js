// The explorer's page. All that it shows of data is text: nothing here makes markup of a string.
const began = performance.now();
const data = unpacked(JSON.parse(document.getElementById("data").textContent));
const law = laws(data);
const at = (id) => document.getElementById(id);

const made = (tag, attributes = {}, ...inside) => {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  one.append(...inside);
  return one;
};
const link = (text, address) =>
  /^https?:\/\//.test(address) ? made("a", { href: address, rel: "noreferrer" }, text) : text;

const say = (text) => {
  at("message").textContent = text;
  at("message").hidden = !text;
};

// What is chosen, as it stands in the address.
const views = [...document.querySelectorAll("[data-view]")].map((one) => one.dataset.view);
const start = () => ({
  view: "layer",
  layer: { ...law.defaults },
  dimensions: { ...data.sizes },
  only: "",
  turn: "",
  gaps: false,
  words: "",
  cell: "",
  cases: "",
});
const texts = ["only", "words", "cell", "cases"];
let state = start();

const option = (name) => data.options.find((one) => one.name === name);
const read = (name, text) => {
  const one = option(name);
  if (!one || !one.values) {
    const least = name === "num_layers" ? 1 : 0;
    if (!/^\d{1,6}$/.test(text) || Number(text) < least) {
      throw new Error(`${name} is a whole number from ${least} to 999999, not ${text || "nothing"}`);
    }
    return Number(text);
  }
  const value = one.values.find((each) => String(each) === text);
  if (value === undefined) throw new Error(`${name} is one of ${one.values.join(", ")}, not ${text}`);
  return value;
};
const fromAddress = () => {
  const next = start();
  const wrong = [];
  for (const [name, text] of new URLSearchParams(location.hash.slice(1))) {
    try {
      if (name === "view") {
        if (!views.includes(text)) throw new Error(`there is no view ${text}`);
        next.view = text;
      } else if (name === "turn") {
        if (text && !Object.hasOwn(data.frameworks, text)) throw new Error(`there is no framework ${text}`);
        next.turn = text;
      } else if (texts.includes(name)) next[name] = text;
      else if (name === "gaps") next.gaps = text === "true";
      else if (Object.hasOwn(data.sizes, name)) next.dimensions[name] = read(name, text);
      else if (option(name)) next.layer[name] = read(name, text);
      else throw new Error(`there is no option ${name}`);
    } catch (problem) {
      wrong.push(`In the address: ${problem.message}.`);
    }
  }
  state = next;
  return wrong.join("\n");
};
const toAddress = () => {
  const told = new URLSearchParams();
  if (state.view !== "layer") told.set("view", state.view);
  for (const [name, value] of Object.entries(state.layer)) {
    if (value !== law.defaults[name]) told.set(name, String(value));
  }
  for (const [name, value] of Object.entries(state.dimensions)) {
    if (value !== data.sizes[name]) told.set(name, String(value));
  }
  for (const name of [...texts, "turn"]) if (state[name]) told.set(name, state[name]);
  if (state.gaps) told.set("gaps", "true");
  const address = `#${told}`;
  if (address !== (location.hash || "#")) history.replaceState(null, "", address);
};

// The form.
const controls = {};
const control = (name, value, one) => {
  const id = `choose-${name}`;
  let field;
  if (one && one.values && one.values.length === 2 && typeof one.default === "boolean") {
    field = made("input", { id, type: "checkbox" });
  } else if (one && one.values) {
    field = made("select", { id }, ...one.values.map((each) => made("option", { value: String(each) }, String(each))));
  } else field = made("input", { id, type: "number", min: name === "num_layers" ? "1" : "0", max: "999999" });
  if (one) field.title = one.about;
  controls[name] = field;
  return made("label", { for: id }, made("span", {}, name), field);
};
const show = (name, value) => {
  const field = controls[name];
  if (field.type === "checkbox") field.checked = value;
  else field.value = String(value);
};
at("sizes").append(...Object.keys(data.sizes).map((name) => control(name)));
at("options").append(...data.options.map((one) => control(one.name, one.default, one)));
at("turn").append(made("option", { value: "" }, "its own"), ...Object.keys(data.frameworks).map((name) => made("option", { value: name }, name)));

const shown = () => {
  for (const name of Object.keys(controls)) show(name, name in data.sizes ? state.dimensions[name] : state.layer[name]);
  at("only").value = state.only;
  at("turn").value = state.turn;
  at("gaps").checked = state.gaps;
  at("words").value = state.words;
  at("cases").value = state.cases;
};
const taken = () => {
  const wrong = [];
  for (const [name, field] of Object.entries(controls)) {
    try {
      const value = field.type === "checkbox" ? field.checked : read(name, field.value);
      (name in data.sizes ? state.dimensions : state.layer)[name] = value;
    } catch (problem) {
      wrong.push(`${problem.message}.`);
    }
  }
  state.only = at("only").value;
  state.turn = at("turn").value;
  state.gaps = at("gaps").checked;
  return wrong.join("\n");
};

// One layer in every framework.
const words = { agrees: "agrees", partly: "agrees in part", differs: "differs", gap: "no such layer", unseen: "no case shows it" };
const box = (place, lengths) => {
  const size = place.reduce((whole, name) => whole * lengths[name], 1);
  const kind = place.length === 1 ? place[0] : place.length ? "both" : "group";
  return made("span", { class: `box ${kind}` }, `${place.join("*") || "one"} ${size}`);
};
const copy = (text) => {
  const button = made("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = made("textarea", { "aria-label": "code" });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
  });
  return button;
};
const code = (title, text) =>
  made("details", {}, made("summary", {}, title), made("pre", { tabindex: "0" }, made("code", {}, text)), copy(text));

const card = (name, framework) => {
  const { layer, dimensions } = state;
  const found = law.standing(framework, layer, dimensions);
  const word = found.own ? "not run" : words[found.kind];
  const whole = made(
    "article",
    { class: "card", "data-framework": name },
    made("h3", {}, made("span", {}, name), made("span", { class: `badge ${found.kind}` }, word)),
  );
  if (found.reasons.length) {
    const reasons = found.reasons.map((one) => made("li", {}, `${one.why} `, link("source", one.source)));
    whole.append(made("ul", {}, ...reasons));
  }
  if (found.kind === "gap") return whole;
  const lengths = law.sizes(layer, dimensions);
  for (const one of law.shapes(framework, layer, dimensions)) {
    whole.append(
      made("div", { class: "result" }, made("code", {}, `${one.name} (${one.shape.join(", ")})`),
        made("div", { class: "boxes" }, ...one.places.map((place) => box(place, lengths)))),
    );
  }
  whole.append(made("p", {}, `${law.parameters(framework, layer, dimensions).toLocaleString("en")} parameters`));
  const written = law.snippet(framework, layer, dimensions);
  if (written) whole.append(code("What its user writes", written));
  if (state.turn && state.turn !== name) {
    const other = data.frameworks[state.turn];
    const lines = law.gap(other, layer) < 0 ? law.turned(framework, other, layer, dimensions) : null;
    whole.append(lines ? code(`As those of ${state.turn}`, lines) : made("p", { class: "quiet" }, `Its results do not become those of ${state.turn} by their axes alone.`));
  }
  whole.append(made("p", { class: "quiet" }, Object.entries(framework.versions).map((one) => one.join(" ")).join(", "), " ", link("source", framework.convention.source)));
  return whole;
};
const drawLayer = () => {
  const wrong = law.contradictions(state.layer, state.dimensions);
  if (wrong.length) say(`No layer is this: ${wrong.join("; ")}.`);
  const cards = [];
  let lacking = 0;
  for (const [name, framework] of wrong.length ? [] : Object.entries(data.frameworks)) {
    if (!name.includes(state.only.trim().toLowerCase())) continue;
    const lacks = law.gap(framework, state.layer) >= 0;
    lacking += lacks;
    if (!lacks || state.gaps) cards.push(card(name, framework));
  }
  at("told").textContent = wrong.length ? "" : `${cards.length} shown; ${lacking} do not run this layer.`;
  at("cards").replaceChildren(...cards);
};

// Frameworks by behaviours.
const MOST = 200; // rows that are shown at once
let loaded = []; // reports, each a column
const told = (one) => {
  if (one.end === "gap") return one.gap ? [`not put: ${one.gap.why} `, link("source", one.gap.source)] : ["not put"];
  if (one.end === "pinned") return one.pins.flatMap((pin) => [`${pin.instead}. ${pin.why} `, link("source", pin.source), " "]);
  if (one.kind === "refused") return ["refused, as it must be"];
  const shapes = one.shapes.map((each) => `${each.name} (${each.shape.join(", ")})`).join(", ");
  return [`agrees${one.kind === "inferred" ? " by inference, not run" : ""}${shapes ? `: ${shapes}` : ""}`];
};
const order = ["pinned", "agrees", "gap"];
const drawDetail = () => {
  const [name, behaviour] = state.cell.split(" ");
  if (!Object.hasOwn(data.cells, name) || !Object.hasOwn(data.behaviours, behaviour)) {
    if (state.cell) say(`There is no cell ${state.cell}.`);
    at("detail").hidden = true;
    return;
  }
  const wanted = state.cases.toLowerCase().split(/\s+/).filter(Boolean);
  const all = law.observed(name, behaviour).map((one) => ({ ...one, told: made("span", {}, ...told(one)) }));
  const found = all.filter((one) => {
    const text = `${one.id} ${one.end} ${one.about} ${one.told.textContent} ${one.seen.flat().join(" ")}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  found.sort((one, other) => order.indexOf(one.end) - order.indexOf(other.end));
  const { agree, pinned, not } = law.counted(name, behaviour);
  at("detail-title").textContent = `${name} on ${behaviour}: ${agree} agree, ${pinned} pinned, ${not} not put`;
  at("detail-source").replaceChildren(link("source of the behaviour", data.behaviours[behaviour].source));
  at("detail-count").textContent = `${found.length} of ${all.length} cases${found.length > MOST ? `, the first ${MOST} shown` : ""}.`;
  const head = ["case", "seen", ...loaded.map((one) => `in ${one.name}`)].map((text) => made("th", { scope: "col" }, text));
  const rows = found.slice(0, MOST).map((one) => {
    const id = made("th", { scope: "row" }, made("code", {}, one.id));
    if (one.about) id.append(made("div", { class: "quiet" }, one.about));
    const seen = made("td", { class: one.end }, one.told);
    for (const [kind, value] of one.seen) seen.append(made("div", {}, `${kind}: `, made("code", {}, value)));
    return made("tr", {}, id, seen, ...loaded.map((report) => reported(report, `${name} on ${one.id}`)));
  });
  at("observed").replaceChildren(made("thead", {}, made("tr", {}, ...head)), made("tbody", {}, ...rows));
  at("detail").hidden = false;
};
const drawMatrix = () => {
  if (!at("matrix").rows.length) {
    const head = made("tr", {}, made("th", { scope: "col" }, "behaviour"), ...Object.keys(data.frameworks).map((name) => made("th", { scope: "col" }, name)));
    const rows = Object.keys(data.behaviours).map((behaviour) =>
      made("tr", {}, made("th", { scope: "row" }, behaviour), ...Object.keys(data.frameworks).map((name) => {
        const cell = law.counted(name, behaviour);
        const text = [cell.agree || "", cell.pinned ? `${cell.pinned}p` : "", cell.not ? `${cell.not}u` : ""].join(" ").trim();
        const button = made("button", { type: "button", "aria-label": `${name} on ${behaviour}: ${text}` }, text || "-");
        button.addEventListener("click", () => {
          state.cell = `${name} ${behaviour}`;
          state.cases = at("cases").value = "";
          draw();
          at("detail").focus();
        });
        return made("td", { class: cell.pinned ? "pinned" : cell.agree ? "agrees" : "gap" }, button);
      })));
    at("matrix").replaceChildren(made("thead", {}, head), made("tbody", {}, ...rows));
  }
  drawDetail();
};

// Search.
let entries;
const searched = () => [
  ...Object.entries(data.behaviours).flatMap(([name, { source }]) =>
    law.cases(name).filter((one) => one.about).map((one) => ({ kind: "case", head: one.id, text: one.about, source }))),
  ...Object.entries(data.frameworks).flatMap(([name, framework]) => [
    ...framework.pins.map((pin) => ({ kind: "pin", head: `${name}: ${pin.where}`, text: `${pin.instead}. ${pin.why}`, source: pin.source })),
    ...framework.gaps.map((gap) => ({ kind: "gap", head: `${name}: ${JSON.stringify(gap.options)}`, text: gap.why, source: gap.source })),
  ]),
].map((one) => ({ ...one, all: `${one.kind} ${one.head} ${one.text}`.toLowerCase() }));
const drawSearch = () => {
  const wanted = state.words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length) entries = entries || searched();
  const found = wanted.length ? entries.filter((one) => wanted.every((word) => one.all.includes(word))) : [];
  at("count").textContent = wanted.length ? `${found.length} found${found.length > MOST ? `, the first ${MOST} shown` : ""}.` : "";
  at("found").replaceChildren(...found.slice(0, MOST).map((one) =>
    made("li", {}, made("strong", {}, `${one.kind} `), made("code", {}, one.head), ` ${one.text} `, link("source", one.source))));
};

// Reports, read here. Versions of one framework in one report are columns of their own.
const settled = ["fails", "pinned", "agrees", "unsupported"];
const parsed = (name, text) => {
  const lines = text.trimEnd().split("\n");
  let number = 0;
  try {
    const header = JSON.parse(lines[0]);
    if (header.report_schema !== "lstm-conformance-report/1") throw new Error(`its schema is ${header.report_schema}`);
    const columns = [];
    const places = new Map();
    for (const label of Object.keys(header.frameworks)) {
      const base = label.split("@")[0];
      const place = [...places.keys()].filter((one) => one.split("@")[0] === base).length;
      places.set(label, place);
      columns[place] = columns[place] || { name, labels: [], complete: header.complete, rows: new Map() };
      const versions = Object.entries(header.frameworks[label].versions).map((pair) => pair.join(" "));
      columns[place].labels.push(`${label} (${versions.join(", ")})`);
    }
    for (number = 1; number < lines.length; number++) {
      const entry = JSON.parse(lines[number]);
      const all = Object.values(entry.claims).map((one) => one.settled);
      const worst = settled.find((word) => all.includes(word));
      if (!places.has(entry.framework)) throw new Error("its framework is not in the first line");
      if (!worst || all.some((word) => !settled.includes(word))) throw new Error("no line of a report");
      const shapes = Object.entries(entry.native || {}).map(([key, one]) => `${key} (${one.shape.join(", ")})`);
      const { rows } = columns[places.get(entry.framework)];
      rows.set(`${entry.framework.split("@")[0]} on ${entry.case}`, { worst, outcome: entry.outcome, shapes: shapes.join(", ") });
    }
    if (columns.length > 1) for (const one of columns) one.name = `${name}: ${one.labels.join(", ")}`;
    return columns;
  } catch (problem) {
    const why = problem instanceof TypeError ? "no line of a report" : problem.message;
    throw new Error(`${name}:${number + 1}: no report: ${why}`);
  }
};
const counts = (report) => settled.map((word) => `${[...report.rows.values()].filter((one) => one.worst === word).length} ${word}`).join(", ");
const reported = (report, key) => {
  const one = report.rows.get(key);
  return one ? made("td", { class: one.worst }, `${one.worst}, ${one.outcome} ${one.shapes}`) : made("td", {}, "not there");
};
const drawReports = (reports) => {
  const told = reports.map((one) => made("p", {}, `${one.name}: ${counts(one)}; ${one.labels.join("; ")}${one.complete ? "" : "; cut short"}`));
  const keys = [...new Set(reports.flatMap((one) => [...one.rows.keys()]))].sort();
  const differ = keys.filter((key) => {
    const all = reports.map((report) => JSON.stringify(report.rows.get(key)));
    return reports.length === 1 ? reports[0].rows.get(key).worst !== "agrees" : new Set(all).size > 1;
  });
  const head = made("tr", {}, made("th", { scope: "col" }, reports.length === 1 ? "what does not agree" : "what differs"), ...reports.map((one) => made("th", { scope: "col" }, one.name)));
  const rows = differ.slice(0, 1000).map((key) => made("tr", {}, made("th", { scope: "row" }, key), ...reports.map((one) => reported(one, key))));
  at("compared").replaceChildren(...told, made("p", { role: "status" }, `${differ.length} of ${keys.length} rows${differ.length > 1000 ? ", the first 1000 shown" : ""}.`),
    made("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Rows" }, made("table", {}, made("thead", {}, head), made("tbody", {}, ...rows))));
};
at("files").addEventListener("change", async () => {
  say("");
  try {
    const files = [...at("files").files];
    if (files.length > 2) throw new Error("Two reports at most stand side by side.");
    loaded = (await Promise.all(files.map(async (file) => parsed(file.name, await file.text())))).flat();
    drawReports(loaded);
  } catch (problem) {
    loaded = [];
    at("compared").replaceChildren();
    say(problem.message);
  }
});

const draw = () => {
  for (const one of document.querySelectorAll("[data-view]")) one.setAttribute("aria-current", String(one.dataset.view === state.view));
  for (const one of document.querySelectorAll("[data-of]")) one.hidden = one.dataset.of !== state.view;
  ({ layer: drawLayer, matrix: drawMatrix, search: drawSearch, reports: () => {} })[state.view]();
  toAddress();
};
const changed = () => {
  const before = performance.now();
  say(taken());
  draw();
  window.explorer.change = performance.now() - before;
};
const opened = () => {
  say(fromAddress());
  shown();
  draw();
};
at("choice").addEventListener("input", changed);
at("choice").addEventListener("submit", (event) => event.preventDefault());
at("choice").addEventListener("reset", (event) => {
  event.preventDefault();
  state = { ...start(), view: state.view };
  say("");
  shown();
  draw();
});
for (const name of ["words", "cases"]) {
  at(name).addEventListener("input", () => {
    state[name] = at(name).value;
    draw();
  });
}
for (const one of document.querySelectorAll("[data-view]")) {
  one.addEventListener("click", () => {
    say("");
    state.view = one.dataset.view;
    draw();
  });
}
window.addEventListener("hashchange", opened);
window.explorer = { law, data };
opened();
window.explorer.first = performance.now() - began;
