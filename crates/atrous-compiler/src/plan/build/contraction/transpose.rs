//! Transposing vectors: from one register per row to registers with the elements of a column as neighbours.

use std::ops::Range;

use crate::plan::build::nest::TileBuilder;
use crate::plan::{Lanes, Part, Reg};

/// Elements of a quad: the unit that the later steps move.
pub const QUAD: usize = 4;

/// One lane of all rows, as neighbouring lanes of a register.
pub struct Column {
    /// The register.
    pub register: Reg,
    /// Which lane of the rows it was.
    pub lane: usize,
    /// Where it is now: one lane per row.
    pub lanes: Range<usize>,
}

impl Column {
    /// The lanes of the column along dimension 0 of an access.
    pub fn along(&self, lanes: usize) -> Lanes {
        Lanes { part: Part::of(self.lanes.clone(), lanes), ..Lanes::all(0, 1) }
    }
}

/// The columns of at least three rows, which have as many lanes or more, and a quad at least.
///
/// ```text
/// rows      a0 a1 a2 a3 …    b0 b1 b2 b3 …    c0 …    d0 …
/// by ones   a0 b0 a1 b1 …    a2 b2 a3 b3 …    c0 d0 c1 d1 …    c2 d2 c3 d3 …
/// by pairs  a0 b0 c0 d0 …    a1 b1 c1 d1 …    a2 b2 c2 d2 …    a3 b3 c3 d3 …
/// ```
///
/// The same happens in each quad of lanes. Then quads are put beside each other, four rows to a quad.
pub fn transpose(rows: &[Reg], tile: &mut TileBuilder) -> Vec<Column> {
    let lanes = tile.lanes(rows[0]);
    let padded = rows.len().next_power_of_two();
    let row = |number: usize| rows.get(number).copied();
    let ones: Vec<[Option<Reg>; 2]> = (0..padded / 2)
        .map(|pair| [Half::Low, Half::High].map(|half| zip(row(2 * pair), row(2 * pair + 1), 1, half, tile)))
        .collect();
    // By group of four rows and by lane in the quad.
    let mut groups: Vec<[Option<Reg>; 4]> = Vec::new();
    for group in 0..padded / 4 {
        let [first, second] = [ones[2 * group], ones[2 * group + 1]];
        let by_pairs = |half: usize, tile: &mut TileBuilder| {
            [Half::Low, Half::High].map(|side| zip(first[half], second[half], 2, side, tile))
        };
        let [low, high] = [by_pairs(0, tile), by_pairs(1, tile)];
        groups.push([low[0], low[1], high[0], high[1]]);
    }
    let mut columns = Vec::new();
    for in_quad in 0..QUAD {
        let of_groups: Vec<Option<Reg>> = groups.iter().map(|group| group[in_quad]).collect();
        for (register, quads) in join_quads(&of_groups, lanes / QUAD, tile) {
            // Each register holds the columns of some quads, in runs of one lane per row.
            columns.extend(quads.iter().enumerate().map(|(place, quad)| {
                let from = place * padded;
                Column { register, lane: quad * QUAD + in_quad, lanes: from..from + rows.len() }
            }));
        }
    }
    columns.sort_by_key(|column| column.lane);
    columns
}

#[derive(Clone, Copy)]
enum Half {
    Low,
    High,
}

/// Units of lanes of two registers in turns, within each quad, or within the whole vector for units of a quad.
fn zip(left: Option<Reg>, right: Option<Reg>, unit: usize, half: Half, tile: &mut TileBuilder) -> Option<Reg> {
    let left = left?;
    let lanes = tile.lanes(left);
    let block = if unit < QUAD { QUAD } else { lanes };
    let start = match half {
        Half::Low => 0,
        Half::High => block / 2,
    };
    let taken = |to: usize| {
        let (place, turn) = (to % block, to % block / unit);
        let source = to - place + start + turn / 2 * unit + place % unit;
        if turn % 2 == 0 { source } else { lanes + source }
    };
    Some(tile.shuffle(left, right.unwrap_or(left), (0..lanes).map(taken).collect()))
}

/// Registers with the quads of several groups of rows beside each other, and the quads that each holds.
fn join_quads(groups: &[Option<Reg>], quads: usize, tile: &mut TileBuilder) -> Vec<(Reg, Vec<usize>)> {
    match groups {
        [one] => one.iter().map(|&register| (register, (0..quads).collect())).collect(),
        _ => {
            let (left, right) = groups.split_at(groups.len() / 2);
            let left = join_quads(left, quads, tile);
            let right = join_quads(right, quads, tile);
            let unit = QUAD * groups.len() / 2;
            let mut joined = Vec::new();
            for (index, (register, held)) in left.iter().enumerate() {
                let other = right.get(index).map(|(register, _)| *register);
                let (low, high) = held.split_at(held.len() / 2);
                for (half, held) in [(Half::Low, low), (Half::High, high)] {
                    let register = zip(Some(*register), other, unit, half, tile);
                    joined.extend(register.map(|register| (register, held.to_vec())));
                }
            }
            joined
        }
    }
}
