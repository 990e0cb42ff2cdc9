"use strict";
// Shows the data of the page. What reads what is in the data, axis by axis; here the axes are only put together.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

// Of several axes, the last of their kinds holds.
const KINDS = ["input", "copy", "zero", "padding"];
const COLORS = Number(getComputedStyle(document.documentElement).getPropertyValue("--phases"));
const VIEWS = ["Zeros", "Phases"];
const DIRECTIONS = ["Layer", "Adjoint"];
const NOUNS = [["input", "inputs", "output", "outputs"], ["gradient of output", "gradients of outputs", "gradient of input", "gradients of inputs"]];
const MOST_TERMS = 12;
const SECONDS_PER_STEP = 0.9;

// An axis of one position, for layers of less than three axes.
const UNIT = {
  inputs: [{ kind: "input", input: 0, is_read: true }],
  outputs: [{ phase: 0, output: 0, is_output_padding: false, is_border: false, reads: [{ weight: 0, cell: 0 }] }],
  kernel: [0],
  phases: [{ kernel: [0] }],
  weights: 1,
};

const state = { layer: 0, direction: 0, view: 0, output: [0, 0, 0], probe: null, preview: null, timer: null };

// What is on the page now: cells by their index, and those that differ from how they were made.
const shown = { lines: [], readers: [], source: new Map(), result: new Map(), kernel: new Map(), slices: "", kernels: "", touched: [] };

// --- Data ---

const layer = () => data.layers[state.layer];
const direction = () => layer().directions[state.direction];
const view = () => direction().views[state.view];
const rank = () => view().lines.length;
const key = (index) => index.join();
const lengths = (what) => shown.lines.map((line) => line[what].length);

/** All combinations of one item of each list. */
function combinations(lists) {
  return lists.reduce((outer, list) => outer.flatMap((items) => list.map((item) => [...items, item])), [[]]);
}

/** The number of an index in the order row by row, and back. */
const flat = (index, sizes) => index.reduce((number, own, axis) => number * sizes[axis] + own, 0);
function unflat(number, sizes) {
  const index = [];
  for (const size of [...sizes].reverse()) {
    index.unshift(number % size);
    number = Math.floor(number / size);
  }
  return index;
}

const kindAt = (cells) => Math.max(...shown.lines.map((line, axis) => KINDS.indexOf(line.inputs[cells[axis]].kind)));
const inputAt = (cells) => shown.lines.map((line, axis) => line.inputs[cells[axis]].input);
const isRead = (cells) => shown.lines.every((line, axis) => line.inputs[cells[axis]].is_read);
const outputsAt = (output) => shown.lines.map((line, axis) => line.outputs[output[axis]]);
const resultAt = (output) => outputsAt(output).map((cell) => cell.output);
const phaseAt = (output) => flat(outputsAt(output).map((cell) => cell.phase), lengths("phases"));
const phaseCount = () => lengths("phases").reduce((count, own) => count * own, 1);

/** What an output reads: a tap, the cells that it meets, and what they are. */
function readsOf(output) {
  return combinations(outputsAt(output).map((cell) => cell.reads)).map((reads) => {
    const cells = reads.map((read) => read.cell);
    return { tap: reads.map((read) => read.weight), cells, kind: kindAt(cells), input: inputAt(cells) };
  });
}

/** For each axis and cell, the outputs that read it, and with which weight. */
function readersOf(lines) {
  return lines.map((line) => {
    const readers = line.inputs.map(() => []);
    line.outputs.forEach((cell, output) => cell.reads.forEach((read) => readers[read.cell].push({ output, weight: read.weight })));
    return readers;
  });
}

/** The outputs that read a cell. */
function feedsOf(cells) {
  return combinations(cells.map((cell, axis) => shown.readers[axis][cell])).map((readers) => ({
    output: readers.map((reader) => reader.output),
    tap: readers.map((reader) => reader.weight),
  }));
}

// --- Names ---

const own = (index) => index.slice(3 - rank());
const brackets = (index) => `[${own(index).join(",\u00a0")}]`;
const element = (letter, index) => letter + brackets(index);
const place = (index) => (rank() === 1 ? String(own(index)[0]) : brackets(index));
const tapLabel = (tap) => `w${own(tap).join()}`;
const joined = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`);

function limited(list, more) {
  const rest = list.length - MOST_TERMS;
  return rest > 0 ? [...list.slice(0, MOST_TERMS), more(rest)] : list;
}

// --- Making elements ---

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function label(cell, text) {
  cell.textContent = text;
  cell.classList.toggle("long", text.length > 3 && text.length <= 5);
  cell.classList.toggle("longer", text.length > 5);
}

const phaseClass = (phase) => (phaseCount() > 1 ? [`p${phase % COLORS}`, "phased"] : []);

/** A table of cells of one slice. `cell(index)` gives its classes, its text and its name. */
function grid(name, slice, rows, columns, cells, cell) {
  const made = make("div", columns > 20 ? "grid dense" : "grid");
  made.setAttribute("role", "grid");
  made.setAttribute("aria-label", name);
  made.style.setProperty("--columns", columns);
  for (let y = 0; y < rows; y += 1) {
    const row = make("div");
    row.setAttribute("role", "row");
    for (let x = 0; x < columns; x += 1) {
      const index = [slice, y, x];
      const { classes, text, spoken, corner } = cell(index);
      const square = make("div", ["cell", ...classes].join(" "));
      label(square, text);
      if (corner) square.dataset.index = corner;
      square.base = { className: square.className, text };
      square.index = index;
      square.tabIndex = -1;
      square.setAttribute("role", "gridcell");
      square.setAttribute("aria-label", spoken);
      cells.set(key(index), square);
      row.append(square);
    }
    made.append(row);
  }
  const frame = make("div", "frame");
  frame.style.setProperty("--columns", columns);
  frame.append(made);
  return frame;
}

function sourceCell(cells) {
  const kind = KINDS[kindAt(cells)];
  const input = kind === "input" || kind === "copy" ? inputAt(cells) : null;
  const classes = isRead(cells) ? [kind] : [kind, "unread"];
  const text = input ? own(input).join() : kind === "zero" ? "0" : "";
  const spoken = { input: "", copy: "copy of ", zero: "inserted zero", padding: "padding, zero" }[kind];
  const unread = isRead(cells) ? "" : ", read by no output";
  return { classes, text, spoken: `${spoken}${input ? element(direction().source, input) : ""}${unread}` };
}

function resultCell(output) {
  const parts = outputsAt(output);
  const classes = ["output", ...phaseClass(phaseAt(output))];
  if (parts.some((part) => part.is_border)) classes.push("border");
  if (parts.some((part) => part.is_output_padding)) classes.push("extra");
  const phase = phaseCount() > 1 ? `, phase ${phaseAt(output)}` : "";
  const text = phaseCount() > 1 ? String(phaseAt(output)) : own(resultAt(output)).join();
  const corner = phaseCount() > 1 && rank() < 3 ? own(resultAt(output)).join() : "";
  return { classes, text, corner, spoken: `${element(direction().result, resultAt(output))}${phase}` };
}

/** The kernel as a view shows it: all of it, or that of one phase. */
function kernelAxes(output) {
  return shown.lines.map((line, axis) => (VIEWS[state.view] === "Zeros" ? line.kernel : line.phases[line.outputs[output[axis]].phase].kernel));
}

// --- The page ---

/** Makes the parts of the page anew that depend on layer, direction and view. */
function build() {
  const lines = view().lines;
  shown.lines = [...Array(3 - lines.length).fill(UNIT), ...lines];
  shown.readers = readersOf(shown.lines);
  shown.slices = "";
  shown.kernels = "";
  byId("title").textContent = direction().title;
  byId("subtitle").textContent = view().subtitle;
  byId("stage").classList.toggle("line", rank() === 1);
  byId("stage").style.setProperty("--source-columns", lengths("inputs")[2]);
  byId("stage").style.setProperty("--result-columns", lengths("outputs")[2]);
  byId("layer").value = state.layer;
  byId("slider").max = lengths("outputs").reduce((count, size) => count * size, 1) - 1;
  byId("parameters").replaceChildren(...layer().parameters.map((line) => make("li", "", line)));
  radios("direction", DIRECTIONS, layer().directions.map((one) => (one.views.every((each) => each.refusal) ? one.views[0].refusal : null)));
  radios("view", VIEWS, direction().views.map((one) => one.refusal));
  buildPhases();
  buildLegend();
  show();
}

function radios(id, names, refusals) {
  const field = byId(id);
  field.querySelectorAll("label").forEach((old) => old.remove());
  names.forEach((name, number) => {
    const choice = make("label");
    const input = make("input");
    Object.assign(input, { type: "radio", name: id, value: number, checked: state[id] === number, disabled: Boolean(refusals[number]) });
    input.addEventListener("change", () => choose({ [id]: number }));
    choice.append(input, make("span", "", name));
    if (refusals[number]) choice.title = refusals[number];
    field.append(choice);
  });
}

function buildPhases() {
  byId("phases").hidden = phaseCount() < 2;
  const numbers = lengths("phases");
  const items = [...Array(phaseCount()).keys()].map((number) => {
    const phase = unflat(number, numbers);
    const first = shown.lines.map((line, axis) => line.phases[phase[axis]].first ?? 0);
    const kernels = shown.lines.map((line, axis) => line.phases[phase[axis]].kernel.filter((tap) => tap !== null));
    const taps = combinations(kernels).map(tapLabel);
    const button = make("button");
    button.type = "button";
    button.append(make("span", `chip p${number % COLORS}`, number), make("code", "", taps.length ? limited(taps, (rest) => `+ ${rest}`).join(" ") : "no weight"));
    button.setAttribute("aria-label", `Phase ${number}: ${taps.length ? taps.join(" ") : "no weight"}`);
    button.addEventListener("click", () => manualStep(first));
    const item = make("li");
    item.append(button);
    return item;
  });
  byId("phase-list").replaceChildren(...items);
}

function buildLegend() {
  const kinds = new Set(shown.lines.flatMap((line) => line.inputs.map((cell) => cell.kind)));
  const words = { input: "value", copy: "copy of a value, in the padding", zero: "inserted zero", padding: "padding" };
  const entry = (classes, text, meaning) => {
    const item = make("li");
    const cell = make("span", `cell ${classes}`, text);
    cell.setAttribute("aria-hidden", "true");
    item.append(cell, make("span", "", meaning));
    return item;
  };
  const texts = { input: "3", copy: "3", zero: "0", padding: "" };
  const items = KINDS.filter((kind) => kinds.has(kind)).map((kind) => entry(kind, texts[kind], words[kind]));
  const phased = phaseCount() > 1;
  items.push(entry(phased ? "output phased p0" : "output", phased ? "0" : "3", phased ? "result, with the number of its phase" : "result"));
  items.push(entry(phased ? "input read real phased p0" : "input read real", "w1", "value that is read, with its weight"));
  if (kinds.has("zero") || kinds.has("padding")) items.push(entry("padding read", "w1", "weight that meets a zero"));
  const cells = shown.lines.flatMap((line) => line.outputs);
  if (cells.some((cell) => cell.is_output_padding)) items.push(entry("output extra", "", "output padding"));
  if (cells.some((cell) => cell.is_border)) items.push(entry("output border", "", "adds to the result with its number"));
  byId("legend").replaceChildren(...items);
}

/** Makes the grids that an output needs: of three axes, its slice and those that it reads. */
function buildGrids(output) {
  const sources = rank() < 3 ? [0] : [...new Set(shown.lines[0].outputs[output[0]].reads.map((read) => read.cell))];
  const slices = JSON.stringify([sources, output[0]]);
  const kernels = kernelAxes(output);
  if (shown.slices !== slices) {
    shown.slices = slices;
    shown.touched = [];
    shown.source.clear();
    shown.result.clear();
    const { source, result } = direction();
    const [depths, ...sourceSize] = [shown.lines[0].inputs, ...lengths("inputs").slice(1)];
    const depth = (cell) => depths[cell].input ?? { zero: "of inserted zeros", padding: "of padding" }[depths[cell].kind];
    part("source", `${state.direction ? "Gradients of outputs" : "Input"} ${source}`, sources, depth, (number) =>
      grid(`${source}${sliceName(depth(number))}`, number, ...sourceSize, shown.source, sourceCell));
    part("result", `${state.direction ? "Gradients of inputs" : "Output"} ${result}`, [output[0]], (number) => number, (number) =>
      grid(`${result}${sliceName(number)}`, number, ...lengths("outputs").slice(1), shown.result, resultCell));
    [shown.source, shown.result].forEach(enterable);
  }
  const kernel = JSON.stringify([slices, kernels]);
  if (shown.kernels !== kernel) {
    shown.kernels = kernel;
    shown.kernel.clear();
    const depths = kernels.some((axis) => axis.length === 0) ? [] : [...kernels[0].keys()].filter((number) => kernels[0][number] !== null);
    part("kernel", depths.length ? "Weights w" : "No weights", depths, (number) => kernels[0][number], (number) =>
      grid(`Weights${sliceName(kernels[0][number])}`, number, kernels[1].length, kernels[2].length, shown.kernel, (index) => kernelCell(kernels, index)));
    enterable(shown.kernel);
  }
}

const sliceName = (number) => (rank() < 3 ? "" : `, slice ${number}`);

/** Lets the Tab key enter the grids at their first cell. */
function enterable(cells) {
  const first = cells.values().next().value;
  if (first) first.tabIndex = 0;
}

function kernelCell(kernels, index) {
  const tap = index.map((number, axis) => kernels[axis][number]);
  if (tap.includes(null)) return { classes: ["hole"], text: "", spoken: "hole of the dilation" };
  return { classes: ["tap"], text: tapLabel(tap), spoken: `weight ${place(tap)}` };
}

function part(id, title, slices, name, content) {
  const made = slices.map((number) => {
    const slice = make("div");
    if (rank() === 3) slice.append(make("p", "slice", `slice ${name(number)}`));
    slice.append(content(number));
    return slice;
  });
  const holder = make("div", "slices");
  holder.append(...made);
  byId(id).replaceChildren(make("h2", "", title), holder);
}

// --- Showing ---

function touch(cell, classes, text) {
  if (!cell) return;
  cell.classList.add(...classes);
  if (text !== undefined) label(cell, text);
  shown.touched.push(cell);
}

function restore() {
  for (const cell of shown.touched) {
    cell.className = cell.base.className;
    label(cell, cell.base.text);
    cell.removeAttribute("aria-selected");
  }
  shown.touched = [];
}

/** Shows the chosen output, the one that is pointed at, or what an input feeds. */
function show() {
  const output = state.preview ?? state.output;
  buildGrids(output);
  restore();
  const chosen = shown.result.get(key(state.output));
  touch(chosen, state.probe ? [] : ["chosen"]);
  chosen?.setAttribute("aria-selected", "true");
  byId("slider").value = flat(state.output, lengths("outputs"));
  byId("slider").setAttribute("aria-valuetext", element(direction().result, resultAt(state.output)));
  const phase = phaseAt(output);
  document.querySelector(".said").className = ["said", ...phaseClass(phase)].join(" ");
  document.querySelectorAll("#phase-list button").forEach((button, number) => button.setAttribute("aria-current", String(number === phase && !state.probe)));
  if (state.probe) showFeeds(state.probe);
  else showReads(output);
  wire(output);
}

function showReads(output) {
  const reads = readsOf(output);
  const phase = phaseClass(phaseAt(output));
  touch(shown.result.get(key(output)), ["chosen"]);
  const used = new Set();
  for (const { tap, cells, kind } of reads) {
    const real = kind < 2;
    touch(shown.source.get(key(cells)), real ? ["read", "real", ...phase] : ["read"], tapLabel(tap));
    if (real) used.add(tapLabel(tap));
  }
  for (const cell of shown.kernel.values()) if (used.has(cell.base.text)) touch(cell, ["real", ...phase]);
  const { source, result } = direction();
  const real = reads.filter((read) => read.kind < 2);
  const terms = limited(real.map((read) => `${element("w", read.tap)}·${element(source, read.input)}`), (rest) => `(${rest} more)`);
  const name = element(result, resultAt(output));
  const isBorder = outputsAt(output).some((cell) => cell.is_border);
  byId("equation").textContent = `${name} ${isBorder ? "+=" : "="} ${terms.length ? terms.join(" + ") : "0"}`;
  const [one, many, to] = NOUNS[state.direction];
  const phases = phaseCount() > 1 ? `, in phase ${phaseAt(output)},` : "";
  const items = limited(real.map((read) => `${place(read.input)} with weight ${place(read.tap)}${read.kind === 1 ? " by a copy" : ""}`), (rest) => `${rest} more`);
  const meets = (kind, what) => {
    const taps = reads.filter((read) => read.kind === kind).map((read) => place(read.tap));
    return taps.length ? ` ${taps.length === 1 ? "Weight" : "Weights"} ${joined(limited(taps, (rest) => `${rest} more`))} ${taps.length === 1 ? "meets" : "meet"} ${what}.` : "";
  };
  const border = isBorder ? " It stands in the padding, and is added to the one inside with this number." : "";
  say(`${to} ${place(resultAt(output))}${phases} reads ${real.length === 0 ? "nothing" : `${real.length === 1 ? one : many} ${joined(items)}`}.${meets(2, "inserted zeros")}${meets(3, "padding")}${border}`);
}

function showFeeds(cells) {
  const feeds = feedsOf(cells);
  const kind = kindAt(cells);
  touch(shown.source.get(key(cells)), ["probe"]);
  for (const { output, tap } of feeds) touch(shown.result.get(key(output)), ["read"], tapLabel(tap));
  const { source, result } = direction();
  const name = kind < 2 ? element(source, inputAt(cells)) : KINDS[kind] === "zero" ? "an inserted zero" : "padding";
  const terms = limited(feeds.map((feed) => element(result, resultAt(feed.output))), (rest) => `(${rest} more)`);
  byId("equation").textContent = `${kind === 1 ? "copy of " : ""}${name} → ${terms.length ? terms.join(" ") : "nothing"}`;
  const [from, , one, many] = NOUNS[state.direction];
  const items = limited(feeds.map((feed) => `${place(resultAt(feed.output))} with weight ${place(feed.tap)}`), (rest) => `${rest} more`);
  const subject = kind < 2 ? `${kind === 1 ? "A copy of " : ""}${from} ${place(inputAt(cells))}` : KINDS[kind] === "zero" ? "This inserted zero" : "This padding";
  say(`${subject} is read by ${feeds.length === 0 ? `no ${one}` : `${feeds.length === 1 ? one : many} ${joined(items)}`}.`);
}

function say(text) {
  byId("words").textContent = text.charAt(0).toUpperCase() + text.slice(1);
}

/** Lines between what is read and the output, for layers of one axis. */
function wire(output) {
  const paths = { "wires-thin": [], "wires-zero": [], "wires-real": [] };
  if (rank() === 1) {
    const stage = byId("stage").getBoundingClientRect();
    const line = (cells, to) => {
      const [from, below] = [shown.source.get(key(cells)), shown.result.get(key(to))].map((cell) => cell.getBoundingClientRect());
      const x = (box) => (box.left + box.width / 2 - stage.left).toFixed(1);
      return `M${x(from)} ${(from.bottom - stage.top + 2).toFixed(1)}L${x(below)} ${(below.top - stage.top - 2).toFixed(1)}`;
    };
    if (state.probe) {
      paths["wires-real"] = feedsOf(state.probe).map((feed) => line(state.probe, feed.output));
    } else {
      for (const read of readsOf(output)) paths[read.kind < 2 ? "wires-real" : "wires-zero"].push(line(read.cells, output));
    }
    const size = lengths("outputs")[2];
    if (size <= 20) {
      for (let x = 0; x < size; x += 1) for (const read of readsOf([0, 0, x])) if (read.kind < 2) paths["wires-thin"].push(line(read.cells, [0, 0, x]));
    }
  }
  for (const id of Object.keys(paths)) byId(id).setAttribute("d", paths[id].join(""));
}

// --- Choosing ---

/** Another layer, direction or view: the nearest that can be shown. */
function choose(change) {
  pause();
  const position = state.output;
  Object.assign(state, change, { probe: null, preview: null });
  const drawn = (one) => one.views.findIndex((each) => each.lines.length > 0);
  if (drawn(direction()) < 0) state.direction = layer().directions.findIndex((one) => drawn(one) >= 0);
  if (view().lines.length === 0) state.view = drawn(direction());
  const keepsPlace = "view" in change;
  const start = view().start;
  state.output = keepsPlace ? position : [...Array(3 - start.length).fill(0), ...start];
  build();
}

function step(output) {
  Object.assign(state, { output, probe: null, preview: null });
  show();
}

function stepBy(distance) {
  const sizes = lengths("outputs");
  const count = sizes.reduce((product, size) => product * size, 1);
  step(unflat((flat(state.output, sizes) + distance + count) % count, sizes));
}

function play() {
  if (state.timer !== null) return pause();
  // A voice that speaks at each step would never end.
  byId("words").setAttribute("aria-live", "off");
  state.timer = setInterval(() => stepBy(1), SECONDS_PER_STEP * 1000);
  playing(true);
}

function pause() {
  clearInterval(state.timer);
  state.timer = null;
  byId("words").setAttribute("aria-live", "polite");
  playing(false);
}

function playing(now) {
  byId("play").textContent = now ? "Pause" : "Play";
  byId("play").setAttribute("aria-pressed", String(now));
}

function manual(distance) {
  pause();
  stepBy(distance);
}

function manualStep(output) {
  pause();
  step(output);
}

// --- Events ---

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** A cell is pointed at (`isChosen` false), or pressed or focused. */
function inspect(cell, isChosen) {
  const id = cell.closest(".part").id;
  if (id === "result") {
    if (isChosen) return manualStep(cell.index);
    Object.assign(state, { preview: cell.index, probe: null });
  } else if (id === "source") {
    pause();
    Object.assign(state, { probe: cell.index, preview: null });
  } else return undefined;
  return show();
}

function moveFocus(cell, to) {
  cell.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

function gridKeys(event, cell) {
  const table = cell.closest("[role=grid]");
  const rows = [...table.children].map((row) => [...row.children]);
  const [, y, x] = cell.index;
  const steps = { ...ARROWS, Home: [0, -x], End: [0, rows[y].length - 1 - x] }[event.key];
  if (!steps) return;
  const to = rows[y + steps[0]]?.[x + steps[1]];
  event.preventDefault();
  if (to) moveFocus(cell, to);
}

byId("stage").addEventListener("pointerover", (event) => {
  const cell = event.target.closest(".cell");
  if (cell && event.pointerType === "mouse" && state.timer === null) inspect(cell, false);
});
byId("stage").addEventListener("pointerleave", () => {
  Object.assign(state, { preview: null, probe: null });
  show();
});
byId("stage").addEventListener("click", (event) => {
  const cell = event.target.closest(".cell");
  if (cell) inspect(cell, true);
});
byId("stage").addEventListener("focusin", (event) => {
  const cell = event.target.closest(".cell");
  if (cell && cell.matches(":focus-visible")) inspect(cell, true);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const cell = event.target.closest?.(".cell");
  if (event.key === "Escape") manualStep(state.output);
  else if (cell) gridKeys(event, cell);
  else if (event.target.matches?.("input, select")) return;
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") manual(ARROWS[event.key][1]);
});
byId("previous").addEventListener("click", () => manual(-1));
byId("next").addEventListener("click", () => manual(1));
byId("play").addEventListener("click", play);
byId("slider").addEventListener("input", (event) => {
  manualStep(unflat(Number(event.target.value), lengths("outputs")));
});
byId("layer").addEventListener("change", (event) => choose({ layer: Number(event.target.value) }));

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (prefersDark.matches ? "dark" : "light")) === "dark";
const nameTheme = () => (byId("theme").textContent = isDark() ? "Light" : "Dark");
byId("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
prefersDark.addEventListener("change", nameTheme);
new ResizeObserver(() => wire(state.preview ?? state.output)).observe(byId("stage"));

byId("layer").replaceChildren(...data.layers.map((one, number) => {
  const option = make("option", "", one.refusal ? `${one.name}: too large` : one.name);
  Object.assign(option, { value: number, disabled: Boolean(one.refusal) });
  return option;
}));
byId("layer-label").hidden = data.layers.length < 2;
nameTheme();
choose({ layer: data.layers.findIndex((one) => !one.refusal) });
