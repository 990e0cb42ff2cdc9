// Makes the elements of the page: grids of cells, choices, phases and legend.

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
  return shown.lines.map((line, axis) =>
    VIEWS[state.view] === "Zeros" ? line.kernel : line.phases[line.outputs[output[axis]].phase].kernel,
  );
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
  radios(
    "direction",
    DIRECTIONS,
    layer().directions.map((one) => (one.views.every((each) => each.refusal) ? one.views[0].refusal : null)),
  );
  radios(
    "view",
    VIEWS,
    direction().views.map((one) => one.refusal),
  );
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
    Object.assign(input, {
      type: "radio",
      name: id,
      value: number,
      checked: state[id] === number,
      disabled: Boolean(refusals[number]),
    });
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
    button.append(
      make("span", `chip p${number % COLORS}`, number),
      make("code", "", taps.length ? limited(taps, (rest) => `+ ${rest}`).join(" ") : "no weight"),
    );
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
  items.push(
    entry(
      phased ? "output phased p0" : "output",
      phased ? "0" : "3",
      phased ? "result, with the number of its phase" : "result",
    ),
  );
  items.push(
    entry(phased ? "input read real phased p0" : "input read real", "w1", "value that is read, with its weight"),
  );
  if (kinds.has("zero") || kinds.has("padding")) items.push(entry("padding read", "w1", "weight that meets a zero"));
  const cells = shown.lines.flatMap((line) => line.outputs);
  if (cells.some((cell) => cell.is_output_padding)) items.push(entry("output extra", "", "output padding"));
  if (cells.some((cell) => cell.is_border))
    items.push(entry("output border", "", "adds to the result with its number"));
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
    const depth = (cell) =>
      depths[cell].input ?? { zero: "of inserted zeros", padding: "of padding" }[depths[cell].kind];
    part("source", `${state.direction ? "Gradients of outputs" : "Input"} ${source}`, sources, depth, (number) =>
      grid(`${source}${sliceName(depth(number))}`, number, ...sourceSize, shown.source, sourceCell),
    );
    part(
      "result",
      `${state.direction ? "Gradients of inputs" : "Output"} ${result}`,
      [output[0]],
      (number) => number,
      (number) =>
        grid(`${result}${sliceName(number)}`, number, ...lengths("outputs").slice(1), shown.result, resultCell),
    );
    [shown.source, shown.result].forEach(enterable);
  }
  const kernel = JSON.stringify([slices, kernels]);
  if (shown.kernels !== kernel) {
    shown.kernels = kernel;
    shown.kernel.clear();
    const depths = kernels.some((axis) => axis.length === 0)
      ? []
      : [...kernels[0].keys()].filter((number) => kernels[0][number] !== null);
    part(
      "kernel",
      depths.length ? "Weights w" : "No weights",
      depths,
      (number) => kernels[0][number],
      (number) =>
        grid(
          `Weights${sliceName(kernels[0][number])}`,
          number,
          kernels[1].length,
          kernels[2].length,
          shown.kernel,
          (index) => kernelCell(kernels, index),
        ),
    );
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
