//! Where the rows of a tile are along all axes but the last, and which input rows they read.

use std::collections::BTreeMap;

use crate::plan::build::nest::{Header, Vars, index};
use crate::plan::build::regions::{Position, open_positions};
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
    /// A position along each axis whose taps are walked by a loop.
    rolled: Vec<Position>,
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
        let taps = self.rolled.iter().zip(names);
        let taps: Vec<Affine> =
            taps.map(|(position, name)| index(vars, &format!("k{name}"), position.taps, &mut add)).collect();
        let along = self.rolled.iter().zip(&taps).zip(tables);
        let input: Vec<Affine> =
            along.map(|((position, tap), table)| position.input.plus(&tap.times(table.dilation))).collect();
        let tap: Vec<Affine> = self.rolled.iter().zip(&taps).map(|(position, tap)| position.tap.plus(tap)).collect();
        let output: Vec<Affine> = self.rolled.iter().map(|position| position.output.clone()).collect();
        match &self.written {
            None => {
                let inputs = vec![InputRow { index: input, readers: vec![(0, tap)] }];
                Rows { outputs: vec![output], inputs, loops }
            }
            Some(written) => {
                let outputs = (0..written.reads.len())
                    .map(|row| extended(&output, written.output.clone().plus_constant(row as i64)));
                Rows { outputs: outputs.collect(), inputs: written.inputs(&input, &tap), loops }
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

fn extended(index: &[Affine], last: Affine) -> Vec<Affine> {
    index.iter().cloned().chain([last]).collect()
}

/// Opens the rows of all axes but the last: places, each inside of headers of its own.
///
/// With `together`, so many rows go into a tile, and the taps along their axis are written out.
pub fn open(
    tables: &[AxisTable],
    names: &[&str],
    together: Option<usize>,
    vars: &mut Vars,
) -> Vec<(Vec<Header>, Place)> {
    let mut headers = Vec::new();
    let (Some(together), Some((table, above))) = (together, tables.split_last()) else {
        let positions = open_positions(tables, names, vars, &mut headers);
        return vec![(headers, Place { rolled: positions, written: None })];
    };
    let reads = reads::of(table);
    let runs = reads::join(&reads, &reads::sizes(reads.len(), together, table.output_step as usize));
    let place = |runs: &Runs| {
        let mut headers = Vec::new();
        let rolled = open_positions(above, names, vars, &mut headers);
        let name = names[above.len()];
        let run =
            index(vars, name, Count::Fixed(runs.count as i64), |var, count| headers.push(Header::Par(var, count)));
        let written = Written {
            output: run.times(runs.size as i64).plus_constant(runs.first as i64),
            input: run.times(runs.input_step),
            reads: reads[runs.first..runs.first + runs.size].to_vec(),
            dilation: table.dilation,
        };
        (headers, Place { rolled, written: Some(written) })
    };
    runs.iter().map(place).collect()
}
