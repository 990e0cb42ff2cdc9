//! Receptive fields: what of each input a value of a net depends on.
//!
//! Behind transposed layers neighbours depend on differently many positions, until that repeats: all is known of a value
//! when it is known of one such period. Layers only reach through to what the values that they read depend on.

use std::collections::BTreeMap;

use super::ratio::Ratio;
use crate::ir::{Axis, Graph, Op, Piece};
use crate::numbers::gcd;

/// Elements after which what they depend on has to repeat.
const MOST: i64 = 512;

/// Most elements and taps of one axis that are looked at.
const MOST_PAIRS: i64 = 1 << 18;

/// More elements than any axis has.
const ENDLESS: i64 = 1 << 40;

/// What an element of a value depends on of one input of the net.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ReceptiveField {
    /// The input's name.
    pub input: String,
    /// One for each spatial axis; none where paths meet that move by different jumps, where what elements depend on does
    /// not repeat after 512 of them, and where numbers are too large.
    pub axes: Vec<Option<AxisField>>,
}

/// A [`ReceptiveField`] along one axis, as if the input had no ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct AxisField {
    /// Positions from the first to the last that an element depends on, of the element for which they are most; 0 if none
    /// depends on any.
    pub positions: i64,
    /// Positions of the input from what one element depends on to what the next one does, on average; a fraction behind
    /// transposed layers.
    pub jump: Ratio,
}

/// What the elements along an axis depend on of the positions of an input, which have no end.
#[derive(Clone, Debug, PartialEq)]
struct Reach {
    /// The first and the last position, for each element of a period; none if there is none.
    ends: Vec<Option<[i64; 2]>>,
    /// How far they move from one period to the next.
    jump: i64,
}

impl Reach {
    /// That of an input itself.
    fn own() -> Reach {
        Reach { ends: vec![Some([0, 0])], jump: 1 }
    }

    fn period(&self) -> i64 {
        self.ends.len() as i64
    }

    /// The ends for an element; the outer `None` when numbers are too large.
    fn at(&self, element: i64) -> Option<Option<[i64; 2]>> {
        let moved = element.div_euclid(self.period()).checked_mul(self.jump)?;
        let Some([first, last]) = self.ends[element.rem_euclid(self.period()) as usize] else { return Some(None) };
        Some(Some([first.checked_add(moved)?, last.checked_add(moved)?]))
    }

    /// What the outputs of a relation depend on, whose inputs depend on this.
    fn through(&self, axis: Axis) -> Option<Reach> {
        let whole = axis.up.checked_mul(self.period())?;
        let divisor = gcd(axis.stride, whole);
        let (period, periods) = (whole / divisor, axis.stride / divisor);
        if period > MOST || period * axis.taps.min(self.period()) > MOST_PAIRS {
            return None;
        }
        let phases = Axis { output: ENDLESS, ..axis }.phases();
        let count = phases.len() as i64;
        let of_output = |output: i64| self.over(&phases[(output % count) as usize], output / count);
        let ends = (0..period).map(of_output).collect::<Option<_>>()?;
        Some(Reach { ends, jump: self.jump.checked_mul(periods)? })
    }

    /// What an output of a phase depends on.
    fn over(&self, phase: &Piece, output: i64) -> Option<Option<[i64; 2]>> {
        let taps = phase.axis.taps;
        // All further taps lie whole periods inside of these.
        let near = taps.min(self.period());
        let mut ends = None;
        for tap in (0..near).chain(taps - near..taps) {
            ends = joined_ends(ends, self.at(phase.axis.position(output, tap))?);
        }
        Some(ends)
    }

    /// What depends on both.
    fn with(&self, other: &Reach) -> Option<Reach> {
        let period = self.period() / gcd(self.period(), other.period()) * other.period();
        let jump = |reach: &Reach| reach.jump.checked_mul(period / reach.period());
        let jump = jump(self).filter(|own| jump(other) == Some(*own))?;
        let both = |element| Some(joined_ends(self.at(element)?, other.at(element)?));
        let ends = (0..period.min(MOST + 1)).map(both).collect::<Option<_>>()?;
        (period <= MOST).then_some(Reach { ends, jump })
    }

    fn field(&self) -> Option<AxisField> {
        let positions = |&[first, last]: &[i64; 2]| last.checked_sub(first)?.checked_add(1);
        let all = self.ends.iter().flatten().map(positions).collect::<Option<Vec<i64>>>()?;
        let most = all.into_iter().max().unwrap_or(0);
        Some(AxisField { positions: most, jump: Ratio::new(self.jump, self.period()) })
    }
}

/// The ends of the smallest range that holds both.
fn joined_ends(a: Option<[i64; 2]>, b: Option<[i64; 2]>) -> Option<[i64; 2]> {
    match (a, b) {
        (Some([first, last]), Some([other_first, other_last])) => Some([first.min(other_first), last.max(other_last)]),
        (ends, None) | (None, ends) => ends,
    }
}

/// What a value depends on along its axes, by the input's node.
type Reaches = BTreeMap<usize, Vec<Option<Reach>>>;

/// What each node of a graph depends on, for a graph as it was lowered.
pub fn of_nodes(graph: &Graph) -> Vec<Vec<ReceptiveField>> {
    let mut reaches: Vec<Reaches> = Vec::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let of_node = match &node.op {
            Op::Input => [(index, vec![Some(Reach::own()); node.spatial().len()])].into(),
            Op::Parameter => Reaches::new(),
            op => of_op(op, node.reads.iter().map(|read| &reaches[read.0])),
        };
        reaches.push(of_node);
    }
    let field = |(input, axes): (usize, Vec<Option<Reach>>)| ReceptiveField {
        input: graph.nodes[input].name.clone(),
        axes: axes.into_iter().map(|reach| reach?.field()).collect(),
    };
    reaches.into_iter().map(|reaches| reaches.into_iter().map(field).collect()).collect()
}

fn of_op<'a>(op: &Op, mut reads: impl Iterator<Item = &'a Reaches>) -> Reaches {
    let mut through = |axes: Vec<Axis>| -> Reaches {
        let moved = |reaches: &Vec<Option<Reach>>| -> Vec<Option<Reach>> {
            reaches.iter().zip(&axes).map(|(reach, &axis)| reach.as_ref()?.through(axis)).collect()
        };
        reads.next().into_iter().flatten().map(|(&input, reaches)| (input, moved(reaches))).collect()
    };
    if let Some((_, relations)) = op.convolution() {
        return through(relations);
    }
    match op {
        // Copies at the ends are of positions inside; all others only move.
        Op::Pad { sides, .. } => through(sides.iter().map(|side| moved_by(side[0])).collect()),
        _ => reads.fold(Reaches::new(), joined),
    }
}

/// One tap with so much padding.
fn moved_by(pad: i64) -> Axis {
    Axis { input: 1, output: 1, taps: 1, up: 1, stride: 1, dilation: 1, pad }
}

fn joined(mut all: Reaches, others: &Reaches) -> Reaches {
    for (&input, others) in others {
        let with = |(a, b): (&Option<Reach>, &Option<Reach>)| a.as_ref()?.with(b.as_ref()?);
        let joined = match all.get(&input) {
            Some(reaches) => reaches.iter().zip(others).map(with).collect(),
            None => others.clone(),
        };
        all.insert(input, joined);
    }
    all
}
