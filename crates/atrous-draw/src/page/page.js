// Shows the chosen output, and does what the reader asks for.

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
  document
    .querySelectorAll("#phase-list button")
    .forEach((button, number) => button.setAttribute("aria-current", String(number === phase && !state.probe)));
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
  const terms = limited(
    real.map((read) => `${element("w", read.tap)}·${element(source, read.input)}`),
    (rest) => `(${rest} more)`,
  );
  const name = element(result, resultAt(output));
  const isBorder = outputsAt(output).some((cell) => cell.is_border);
  byId("equation").textContent = `${name} ${isBorder ? "+=" : "="} ${terms.length ? terms.join(" + ") : "0"}`;
  const [one, many, to] = NOUNS[state.direction];
  const phases = phaseCount() > 1 ? `, in phase ${phaseAt(output)},` : "";
  const items = limited(
    real.map((read) => `${place(read.input)} with weight ${place(read.tap)}${read.kind === 1 ? " by a copy" : ""}`),
    (rest) => `${rest} more`,
  );
  const meets = (kind, what) => {
    const taps = reads.filter((read) => read.kind === kind).map((read) => place(read.tap));
    return taps.length
      ? ` ${taps.length === 1 ? "Weight" : "Weights"} ${joined(limited(taps, (rest) => `${rest} more`))} ${taps.length === 1 ? "meets" : "meet"} ${what}.`
      : "";
  };
  const border = isBorder ? " That is the part of a copy in the padding, and is added to that of the input." : "";
  say(
    `${to} ${place(resultAt(output))}${phases} reads ${real.length === 0 ? "nothing" : `${real.length === 1 ? one : many} ${joined(items)}`}.${meets(2, "inserted zeros")}${meets(3, "padding")}${border}`,
  );
}

function showFeeds(cells) {
  const feeds = feedsOf(cells);
  const kind = kindAt(cells);
  touch(shown.source.get(key(cells)), ["probe"]);
  for (const { output, tap } of feeds) touch(shown.result.get(key(output)), ["read"], tapLabel(tap));
  const { source, result } = direction();
  const name = kind < 2 ? element(source, inputAt(cells)) : KINDS[kind] === "zero" ? "an inserted zero" : "padding";
  const terms = limited(
    feeds.map((feed) => element(result, resultAt(feed.output))),
    (rest) => `(${rest} more)`,
  );
  byId("equation").textContent =
    `${kind === 1 ? "copy of " : ""}${name} → ${terms.length ? terms.join(" ") : "nothing"}`;
  const [from, , one, many] = NOUNS[state.direction];
  const items = limited(
    feeds.map((feed) => `${place(resultAt(feed.output))} with weight ${place(feed.tap)}`),
    (rest) => `${rest} more`,
  );
  const subject =
    kind < 2
      ? `${kind === 1 ? "A copy of " : ""}${from} ${place(inputAt(cells))}`
      : KINDS[kind] === "zero"
        ? "This inserted zero"
        : "This padding";
  say(
    `${subject} is read by ${feeds.length === 0 ? `no ${one}` : `${feeds.length === 1 ? one : many} ${joined(items)}`}.`,
  );
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
      const [from, below] = [shown.source.get(key(cells)), shown.result.get(key(to))].map((cell) =>
        cell.getBoundingClientRect(),
      );
      const x = (box) => (box.left + box.width / 2 - stage.left).toFixed(1);
      return `M${x(from)} ${(from.bottom - stage.top + 2).toFixed(1)}L${x(below)} ${(below.top - stage.top - 2).toFixed(1)}`;
    };
    if (state.probe) {
      paths["wires-real"] = feedsOf(state.probe).map((feed) => line(state.probe, feed.output));
    } else {
      for (const read of readsOf(output))
        paths[read.kind < 2 ? "wires-real" : "wires-zero"].push(line(read.cells, output));
    }
    const size = lengths("outputs")[2];
    if (size <= 20) {
      for (let x = 0; x < size; x += 1)
        for (const read of readsOf([0, 0, x])) if (read.kind < 2) paths["wires-thin"].push(line(read.cells, [0, 0, x]));
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
  const keepsPlace = Object.keys(change).join() === "view";
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

byId("layer").replaceChildren(
  ...data.layers.map((one, number) => {
    const option = make("option", "", one.refusal ? `${one.name}: too large` : one.name);
    Object.assign(option, { value: number, disabled: Boolean(one.refusal) });
    return option;
  }),
);
byId("layer-label").hidden = data.layers.length < 2;
nameTheme();
choose({ layer: data.layers.findIndex((one) => !one.refusal) });
