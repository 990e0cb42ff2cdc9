"use strict";
// The data of the page, and names of what is in it. What reads what is in the data, axis by axis; here the axes are only
// put together.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

// Of several axes, the last of their kinds holds.
const KINDS = ["input", "copy", "zero", "padding"];
const COLORS = Number(getComputedStyle(document.documentElement).getPropertyValue("--phases"));
const VIEWS = ["Zeros", "Phases"];
const DIRECTIONS = ["Layer", "Adjoint"];
const NOUNS = [
  ["input", "inputs", "output", "outputs"],
  ["gradient of output", "gradients of outputs", "gradient of input", "gradients of inputs"],
];
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
const shown = {
  lines: [],
  readers: [],
  source: new Map(),
  result: new Map(),
  kernel: new Map(),
  slices: "",
  kernels: "",
  touched: [],
};

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
const phaseAt = (output) =>
  flat(
    outputsAt(output).map((cell) => cell.phase),
    lengths("phases"),
  );
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
    line.outputs.forEach((cell, output) =>
      cell.reads.forEach((read) => readers[read.cell].push({ output, weight: read.weight })),
    );
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
const joined = (words) =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;

function limited(list, more) {
  const rest = list.length - MOST_TERMS;
  return rest > 0 ? [...list.slice(0, MOST_TERMS), more(rest)] : list;
}
