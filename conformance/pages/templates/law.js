// The laws of shapes, as conformance/lstm and conformance/convention have them: a test compares the
// two on thousands of layers. Functions of data alone; nothing here touches the page.
const laws = (data) => {
  const defaults = Object.fromEntries(data.options.map((one) => [one.name, one.default]));
  const names = (axes) => axes.match(/\w+/g) || [];
  const product = (numbers) => numbers.reduce((whole, one) => whole * one, 1);

  const directions = (layer) => (layer.bidirectional ? 2 : 1);
  const outputs = (layer) =>
    layer.merge === "concat" || layer.merge === "none" ? directions(layer) : 1;

  const sizes = (layer, dimensions) => ({
    group: data.group,
    batch: dimensions.batch_size,
    time: dimensions.time_steps,
    input: dimensions.embedding_dim,
    hidden: layer.projection_size || dimensions.hidden_units,
    cell: dimensions.hidden_units,
    layer: dimensions.num_layers,
    direction: directions(layer),
    gate: 4,
    peephole: 3,
  });

  // What no layer can be, in the order of the engine's rules, whose texts stand in the data.
  const broken = [
    (l) => l.reverse && l.bidirectional,
    (l) => l.keep_order && !l.reverse,
    (l) => l.merge !== "concat" && !l.bidirectional,
    (l, d) => l.layout === "unbatched" && d.batch_size !== 1,
    (l, d) =>
      l.lengths === "given" &&
      l.reverse &&
      !l.keep_order &&
      (l.return_sequences || d.num_layers > 1),
    (l) => l.mask === "given" && l.lengths === "given",
    (l) =>
      l.residual &&
      (!l.return_sequences || l.merge === "none" || (l.reverse && !l.keep_order)),
    (l, d) => l.residual && d.num_layers > 1,
    (l, d) =>
      l.residual &&
      d.num_layers === 1 &&
      d.embedding_dim !== outputs(l) * (l.projection_size || d.hidden_units),
  ];
  const contradictions = (layer, dimensions) =>
    data.rules.filter((_, place) => broken[place](layer, dimensions));

  const laidOut = (axes, layer) => {
    const found = names(axes);
    if (!found.includes("batch")) return axes;
    if (layer.layout === "unbatched") return axes.replace(/\bbatch\b/g, "").trim().replace(/\s+/g, " ");
    if (layer.layout === "extra_batch") return axes.replace(/\bbatch\b/g, "group batch");
    if (layer.layout === "time_major" && found.slice(found.indexOf("batch")).includes("time")) {
      const swap = { batch: "time", time: "batch" };
      return axes.replace(/\w+/g, (name) => swap[name] || name);
    }
    return axes;
  };

  const native = (name, declared, layer) => {
    const form = { ...declared, axes: laidOut(declared.axes, layer) };
    const joins = (name === "output" || name === "last") && layer.merge !== "concat";
    if (!joins || !form.axes.includes("(direction hidden)")) return form;
    form.axes = form.axes.replace("(direction hidden)", "hidden");
    if (layer.merge === "none") form.name += "{direction}";
    return form;
  };

  const results = (convention, layer) => {
    const declared = {};
    for (const [name, form] of Object.entries(convention.results)) {
      declared[name] = native(name, form, layer);
    }
    if (layer.return_sequences) delete declared.last;
    else if (declared.last.name === declared.output.name) delete declared.output;
    if (!layer.return_state) {
      delete declared.h_n;
      delete declared.c_n;
    }
    return declared;
  };

  const indices = (form) =>
    ["layer", "direction", "gate"].filter((name) => form.name.includes(`{${name}}`));

  // Each member of a family: its name, and where it stands on the axes that the name spells out.
  const members = (convention, form, axes) => {
    const labels = {
      layer: Array.from({ length: axes.layer }, (_, number) => String(number)),
      direction: convention.directions[axes.direction - 1],
      gate: form.gates || [...convention.gates],
    };
    let found = [{ name: form.name, index: {} }];
    for (const axis of indices(form)) {
      found = found.flatMap((one) =>
        labels[axis].slice(0, axes[axis]).map((label, number) => ({
          name: one.name.replaceAll(`{${axis}}`, label),
          index: { ...one.index, [axis]: number },
        })),
      );
    }
    return found;
  };

  // The places of a pattern: the names in each.
  const places = (axes) =>
    [...axes.matchAll(/\(([^)]*)\)|(\w+)/g)].map((one) => names(one[1] === undefined ? one[2] : one[1]));
  const shape = (axes, lengths) =>
    places(axes).map((place) => product(place.map((name) => lengths[name])));

  const shapes = (framework, layer, dimensions) => {
    const axes = sizes(layer, dimensions);
    return Object.entries(results(framework.convention, layer)).flatMap(([canonical, form]) =>
      members(framework.convention, form, axes).map((one) => ({
        canonical,
        name: one.name,
        places: places(form.axes),
        shape: shape(form.axes, axes),
      })),
    );
  };

  const parameters = (framework, layer, dimensions) => {
    const axes = sizes(layer, dimensions);
    let count = 0;
    for (const [name, form] of Object.entries(framework.convention.weights)) {
      if (!layer.bias && name.includes("bias")) continue;
      if (!layer.projection_size && name === "projection_weights") continue;
      if (layer.cell !== "peepholes" && name === "peephole_weights") continue;
      for (const one of members(framework.convention, form, axes)) {
        const width = one.index.layer ? outputs(layer) * axes.hidden : axes.input;
        count += product(shape(form.axes, { ...axes, input: width }));
      }
    }
    return count;
  };

  const allows = (name, given, value) => {
    if (given === "*") return value !== defaults[name];
    return Array.isArray(given) ? given.includes(value) : given === value;
  };
  const gap = (framework, layer) =>
    framework.gaps.findIndex((one) =>
      Object.entries(one.options).every(([name, given]) => allows(name, given, layer[name])),
    );

  const usual = { ...defaults, num_layers: 1 };
  const meets = (pin, layer, dimensions) => {
    const has = { ...layer, num_layers: dimensions.num_layers };
    if (pin.layers) {
      const number = numberOf(layer, dimensions);
      return number === undefined ? undefined : pin.layers[number];
    }
    if (!pin.kind) return undefined;
    const kind = Object.entries(pin.kind);
    const named = kind.filter(([name]) => name in has);
    const all = named.every(
      ([name, may]) => may.includes(has[name]) || (may.includes("any") && has[name] !== usual[name]),
    );
    if (!all) return undefined;
    const hangs = kind.some(([name, may]) => !(name in has) && (name !== "run" || may.includes(false)));
    return hangs ? "partly" : "always";
  };

  const key = (chosen) => JSON.stringify(Object.entries(chosen).sort());
  const chosen = (layer, dimensions) => {
    const own = {};
    for (const [name, value] of Object.entries(layer)) if (value !== defaults[name]) own[name] = value;
    if (dimensions.num_layers > 1) own.num_layers = 2;
    return own;
  };
  const layers = data.layers.map((numbers) => Object.fromEntries(numbers.map((one) => data.chosen[one])));
  const known = new Map(layers.map((one, number) => [key(one), number]));
  const numberOf = (layer, dimensions) => known.get(key(chosen(layer, dimensions)));

  const standing = (framework, layer, dimensions) => {
    const lacks = gap(framework, layer);
    if (lacks >= 0) return { kind: "gap", reasons: [framework.gaps[lacks]], own: framework.gaps[lacks].own };
    const met = framework.pins.map((pin) => [meets(pin, layer, dimensions), pin]).filter(([how]) => how);
    const always = met.filter(([how]) => how === "always").map(([, pin]) => pin);
    const partly = met.filter(([how]) => how === "partly").map(([, pin]) => pin);
    if (always.length) return { kind: "differs", reasons: [...always, ...partly] };
    if (partly.length) return { kind: "partly", reasons: partly };
    const want = Object.entries(chosen(layer, dimensions));
    const shown = framework.agreed.some((number) =>
      want.every(([name, value]) => layers[number][name] === value),
    );
    return { kind: shown ? "agrees" : "unseen", reasons: [] };
  };

  // The cases of a behaviour. The id of one of a covering array is told by its layer and sizes.
  const cases = (behaviour) =>
    data.behaviours[behaviour].cases.map(([number, lengths, kind, id, about = ""]) => {
      const { num_layers: _, ...own } = layers[number];
      const layer = { ...defaults, ...own };
      const dimensions = Object.fromEntries(Object.keys(data.sizes).map((name, place) => [name, lengths[place]]));
      return { id: id || `${behaviour}-${identity(layer, lengths)}`, about, kind, layer, dimensions };
    });
  const identity = (layer, lengths) => {
    const words = data.options
      .map((one) => ({ name: one.name, value: layer[one.name], default: one.default }))
      .filter((one) => one.value !== one.default)
      .map(({ name, value }) => (typeof value !== "boolean" ? `${name}_${value}` : value ? name : `no_${name}`));
    return [...words, ...lengths.map((size, place) => "btehl"[place] + size)].join("-").replaceAll("_", "-");
  };

  // What became of each case of a behaviour, in one framework.
  const observed = (name, behaviour) => {
    const cell = data.cells[name][Object.keys(data.behaviours).indexOf(behaviour)];
    const framework = data.frameworks[name];
    const found = cases(behaviour).map((one, place) => {
      const end = cell.ends[place];
      const spoken = cell.kinds[end.charCodeAt(0) - data.first];
      if (Array.isArray(spoken)) return { ...one, end: "pinned", pins: spoken.map((number) => framework.pins[number]), seen: [] };
      if (end !== data.agrees) return { ...one, end: "gap", gap: framework.gaps[spoken], seen: [] };
      const shaped = one.kind === "ran" || one.kind === "inferred";
      return { ...one, end: "agrees", shapes: shaped ? shapes(framework, one.layer, one.dimensions) : [], seen: [] };
    });
    for (const [place, kind, value] of cell.seen) found[place].seen.push([kind, value]);
    return found;
  };
  const counted = (name, behaviour) => {
    const { ends, kinds } = data.cells[name][Object.keys(data.behaviours).indexOf(behaviour)];
    const agree = ends.split(data.agrees).length - 1;
    const pinned = [...ends].filter((end) => Array.isArray(kinds[end.charCodeAt(0) - data.first])).length;
    return { agree, pinned, not: ends.length - agree - pinned };
  };

  // What its user would write; null where the snippet does not speak of such a layer.
  const snippet = (framework, layer, dimensions) => {
    if (!framework.snippet) return null;
    const { lines, options } = framework.snippet;
    if (Object.keys(chosen(layer, dimensions)).some((name) => !options.includes(name))) return null;
    const has = { ...layer, ...dimensions };
    const meetsAll = (when) =>
      Object.entries(when).every(([name, given]) =>
        given === "*" ? has[name] !== usual[name] : Array.isArray(given) ? given.includes(has[name]) : given === has[name],
      );
    const values = {
      ...has,
      rows: dimensions.num_layers * directions(layer),
      state_units: layer.projection_size || dimensions.hidden_units,
    };
    const told = (value) => (value === true ? "True" : value === false ? "False" : String(value));
    return lines
      .filter((line) => typeof line === "string" || meetsAll(line[1]))
      .map((line) => (typeof line === "string" ? line : line[0]))
      .join("\n")
      .replace(/\$(\w+)/g, (_, name) => told(values[name]));
  };

  // Lines of einops that make of one framework's results those of another; null where they do not
  // follow from the patterns.
  const turned = (from, to, layer, dimensions) => {
    const axes = sizes(layer, dimensions);
    const source = results(from.convention, layer);
    const target = results(to.convention, layer);
    const lines = [];
    for (const [canonical, wanted] of Object.entries(target)) {
      const have = source[canonical];
      if (canonical === "output" && !layer.return_sequences) continue; // nobody reads it there
      if (!have) return null;
      const given = members(from.convention, have, axes).map((one) => `results["${one.name}"]`);
      const lead = indices(have);
      const ask = indices(wanted);
      let pattern = [...lead, have.axes].join(" ");
      let value = lead.length ? `np.stack([${given.join(", ")}])` : given[0];
      if (lead.length > 1) pattern = pattern.replace(lead.join(" "), `(${lead.join(" ")})`);
      const goal = [...ask, wanted.axes].join(" ");
      // What stands in one of them alone: the last step, or the last layer, is meant.
      const extra = names(pattern).filter((name) => !names(goal).includes(name));
      if (extra.some((name) => name !== "time" && name !== "layer")) return null;
      if (names(goal).some((name) => !names(pattern).includes(name))) return null;
      const all = [...extra, goal].join(" ");
      const grouped = (pattern.match(/\(.*?\)/g) || []).flatMap(names);
      const told = [...new Set(grouped)].map((name) => `, ${name}=${axes[name]}`).join("");
      if (pattern !== all) value = `rearrange(${value}, "${pattern} -> ${all}"${told})`;
      if (extra.length) value += `[${extra.map(() => "-1").join(", ")}]`;
      const made = members(to.convention, wanted, axes);
      if (!ask.length) lines.push(`made["${made[0].name}"] = ${value}`);
      else {
        lines.push(`${canonical} = ${value}`);
        for (const one of made) {
          const at = ask.map((axis) => one.index[axis]).join(", ");
          lines.push(`made["${one.name}"] = ${canonical}[${at}]`);
        }
      }
    }
    return ["import numpy as np", "from einops import rearrange", "", "made = {}", ...lines].join("\n");
  };

  return { defaults, contradictions, shapes, parameters, gap, standing, snippet, turned, sizes, chosen, cases, observed, counted };
};
if (typeof module !== "undefined") module.exports = { laws };
