//! Where the rows of a tile are along all axes but the last, and which input rows they read.

use std::collections::BTreeMap;

use crate::plan::build::nest::{Header, Vars, index, walk};
use crate::plan::build::regions::{Columns, Position, open_positions};
use crate::plan::schedule::AxisTable;
use crate::plan::schedule::reads::{self, Reads, Runs};
use crate::plan::{Affine, Count, Var};

/// Rows of outputs, and the input rows that they read.
pub struct Rows {
    /// For each row, its index along all axes but the last.
    pub outputs: Vec<Vec<Affine>>,
    /// The input rows.
    pub inputs: Vec<InputRow>,
    /// Loops around the reading of all input rows.
    pub loops: Vec<(Var, Count)>,
    /// The numbers of these loops, along each axis whose taps are walked by one.
    pub taps: Vec<Affine>,
}

/// An input row, and the rows of outputs that read it.
pub struct InputRow {
    /// Its index along all axes but the last.
    pub index: Vec<Affine>,
    /// Rows by number, each with the place of its tap along all axes but the last.
    pub readers: Vec<(usize, Vec<Affine>)>,
}

/// Where rows are, before the tile that computes them has its own loops.
pub struct Place {
    /// For each of some rows with the same taps, a position along each axis whose taps are walked by a loop.
    rolled: Vec<Vec<Position>>,
    /// The last of all axes but the last of the contraction, if its taps are written out.
    written: Option<Written>,
}

/// Neighbouring rows whose taps are written out.
struct Written {
    /// The index of the first row.
    output: Affine,
    /// What is added to the inputs of `reads`.
    input: Affine,
    /// What each row reads.
    reads: Vec<Reads>,
    dilation: i64,
}

impl Place {
    /// The rows for a tile that is written next.
    pub fn open(&self, tables: &[AxisTable], names: &[&str], vars: &mut Vars) -> Rows {
        let mut loops = Vec::new();
        let mut add = |var, count| loops.push((var, count));
        let first = &self.rolled[0];
        let taps = first.iter().zip(names);
        let taps: Vec<Affine> =
            taps.map(|(position, name)| index(vars, &format!("k{name}"), position.taps, &mut add)).collect();
        let tap: Vec<Affine> = first.iter().zip(&taps).map(|(position, tap)| position.tap.plus(tap)).collect();
        let input = |row: &[Position]| -> Vec<Affine> {
            let along = row.iter().zip(&taps).zip(tables);
            along.map(|((position, tap), table)| position.input.plus(&tap.times(table.dilation))).collect()
        };
        let output = |row: &[Position]| -> Vec<Affine> { row.iter().map(|position| position.output.clone()).collect() };
        match &self.written {
            None => {
                let of_row = |(number, row): (usize, &Vec<Position>)| InputRow {
                    index: input(row),
                    readers: vec![(number, tap.clone())],
                };
                let inputs = self.rolled.iter().enumerate().map(of_row).collect();
                Rows { outputs: self.rolled.iter().map(|row| output(row)).collect(), inputs, loops, taps }
            }
            Some(written) => {
                let outputs = (0..written.reads.len())
                    .map(|row| extended(&output(first), written.output.clone().plus_constant(row as i64)));
                Rows { outputs: outputs.collect(), inputs: written.inputs(&input(first), &tap), loops, taps }
            }
        }
    }
}

impl Written {
    /// The input rows in their order, each with all rows that read it.
    fn inputs(&self, above: &[Affine], taps: &[Affine]) -> Vec<InputRow> {
        let mut rows: BTreeMap<i64, Vec<(usize, Vec<Affine>)>> = BTreeMap::new();
        for (row, read) in self.reads.iter().enumerate() {
            for (tap, input) in read.pairs(self.dilation) {
                rows.entry(input).or_default().push((row, extended(taps, Affine::constant(tap))));
            }
        }
        let row =
            |(input, readers)| InputRow { index: extended(above, self.input.clone().plus_constant(input)), readers };
        rows.into_iter().map(row).collect()
    }
}

fn extended<T: Clone>(index: &[T], last: T) -> Vec<T> {
    index.iter().cloned().chain([last]).collect()
}

/// Which rows go into a tile.
#[derive(Clone, Copy)]
pub enum Together {
    /// So many neighbours, with the taps along their axis written out.
    Written(usize),
    /// So many that read with the same taps, and what is left of those.
    Alike(usize),
}

/// Rows that are computed by the same tile, one after the other.
enum Group {
    /// What the rows of the first run read.
    Written { runs: Runs, reads: Vec<Reads>, dilation: i64 },
    /// So many for each output of the table.
    Alike(usize, AxisTable, Columns),
    /// The one row that there is.
    Single,
}

/// Rows that are open but for the loop over them.
pub struct Opened<'a> {
    /// What stands around that loop.
    pub headers: Vec<Header>,
    name: &'a str,
    /// A position along each axis above.
    above: Vec<Position>,
    group: Group,
}

/// Opens the rows of all axes but the last.
pub fn open<'a>(tables: &[AxisTable], names: &[&'a str], together: Together, vars: &mut Vars) -> Vec<Opened<'a>> {
    let Some((table, above)) = tables.split_last() else {
        return vec![Opened { headers: Vec::new(), name: "", above: Vec::new(), group: Group::Single }];
    };
    let name = names[above.len()];
    let mut opened = |make: &dyn Fn(&mut Vars, &mut Vec<Header>) -> Group| {
        let mut headers = Vec::new();
        let above = open_positions(above, names, vars, &mut headers);
        let group = make(vars, &mut headers);
        Opened { headers, name, above, group }
    };
    match together {
        Together::Written(most) => {
            let reads = reads::of(table);
            let sizes = reads::sizes(reads.len(), most, table.output_step as usize);
            let of_runs = |runs: Runs| {
                let reads = &reads[runs.first..runs.first + runs.size];
                opened(&|_, _| Group::Written { runs, reads: reads.to_vec(), dilation: table.dilation })
            };
            reads::join(&reads, &sizes).into_iter().map(of_runs).collect()
        }
        Together::Alike(most) => {
            let of_size = |(size, table): (usize, AxisTable)| {
                opened(&|vars, headers| Group::Alike(size, table.clone(), table.open(name, &[1], vars, headers)))
            };
            table.together(most).into_iter().map(of_size).collect()
        }
    }
}

impl Opened<'_> {
    /// Opens the loop over the rows.
    pub fn walk(&self, vars: &mut Vars, headers: &mut Vec<Header>) -> Place {
        let above = &self.above;
        match &self.group {
            Group::Single => Place { rolled: vec![Vec::new()], written: None },
            Group::Written { runs, reads, dilation } => {
                let count = Count::Fixed(runs.count as i64);
                let run = walk(vars, self.name, count, headers);
                let written = Written {
                    output: run.times(runs.size as i64).plus_constant(runs.first as i64),
                    input: run.times(runs.input_step),
                    reads: reads.clone(),
                    dilation: *dilation,
                };
                Place { rolled: vec![above.clone()], written: Some(written) }
            }
            Group::Alike(size, table, columns) => {
                let run = columns.walk(self.name, vars, headers);
                let row = |number: usize| {
                    let q = run.times(*size as i64).plus_constant(number as i64);
                    extended(above, table.position(columns, &q))
                };
                Place { rolled: (0..*size).map(row).collect(), written: None }
            }
        }
    }
}
