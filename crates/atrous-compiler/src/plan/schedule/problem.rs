//! What matters of a contraction for the choice of a schedule.

use super::reads::{self, Reads};
use super::{AxisTable, FEW, LINE, SECOND_LEVEL};
use crate::ir::{Contraction, PiecewiseAxis};
use crate::layer::Layout;

/// Most outputs along an axis whose different runs are counted; of longer axes there is a bound.
const MOST_COUNTED: usize = 512;

/// What matters of a contraction.
#[derive(Clone)]
pub struct Problem {
    /// Memory order of input and output.
    pub layout: Layout,
    pub groups: usize,
    /// Input channels of a group.
    pub inputs: usize,
    /// Output channels of a group.
    pub channels: usize,
    /// The last axis.
    pub width: Axis,
    /// The last axis but one, where there is one.
    pub rows: Option<Axis>,
    /// Most taps of an output along all axes but the last.
    pub taps_above: usize,
    /// Outputs along all axes but the last.
    pub outputs_above: usize,
    /// Input positions along the last axis.
    pub row: usize,
    /// Bytes of all positions of an input channel.
    pub plane: usize,
    /// Bytes of the inputs of a group that are in rows which an output reads.
    pub inputs_read: usize,
    /// Bytes of all weights of a group.
    pub weights: usize,
    /// Bytes of those with a tap that meets an input.
    pub weights_read: usize,
    /// How many phases are computed one after the other, each as an axis of its own, if tiles do not have all of them.
    pub phases_apart: Option<usize>,
    /// Whether a copy of the input in the other memory order is read.
    pub reorders_input: bool,
}

/// What matters of an axis.
#[derive(Clone)]
pub struct Axis {
    /// How many outputs.
    pub outputs: usize,
    /// Distance between outputs with equal taps.
    pub phases: usize,
    /// Inputs from one output of a phase to the next; not many more than there are.
    pub stride: usize,
    /// Inputs from one tap to the next.
    pub dilation: usize,
    /// Most taps of an output.
    pub taps: usize,
    /// Taps of all outputs.
    pub kernel: usize,
    /// Its rows are outputs that differ in their taps.
    table: AxisTable,
    /// What the outputs read, if their different runs are to be counted.
    reads: Vec<Reads>,
}

impl Axis {
    fn new(axis: &PiecewiseAxis) -> Axis {
        let table = AxisTable::new(axis);
        // A longer one meets no other input, and one of a line already reads each from a line of its own.
        let most_stride = axis.input.max(LINE as i64);
        let outputs = axis.output as usize;
        Axis {
            outputs,
            phases: table.output_step as usize,
            stride: table.stride.min(most_stride) as usize,
            dilation: table.dilation as usize,
            taps: axis.most_taps(),
            kernel: axis.taps as usize,
            reads: if outputs <= MOST_COUNTED { reads::of(&table) } else { Vec::new() },
            table,
        }
    }

    /// The first phase.
    fn phase(&self) -> Axis {
        let reads = reads::of_phase(&self.reads, 0, self.phases);
        let rows = self.table.rows[..self.table.rows.len().div_ceil(self.phases)].to_vec();
        Axis { outputs: self.units(), phases: 1, table: AxisTable { rows, ..self.table }, reads, ..*self }
    }

    /// Outputs with the same place in all phases.
    pub fn units(&self) -> usize {
        self.outputs.div_ceil(self.phases)
    }

    /// Inputs that so many neighbours of each phase read.
    pub fn read_by(&self, units: usize) -> usize {
        self.read_at(units, self.stride)
    }

    /// The same for neighbours whose inputs are so far apart.
    fn read_at(&self, units: usize, stride: usize) -> usize {
        let taps = self.taps.max(1);
        let from_first_to_last = units.saturating_sub(1) * stride + 1 + (taps - 1) * self.dilation;
        from_first_to_last.min(units * taps)
    }

    /// Whether some outputs of a phase have other taps than their neighbours.
    pub fn has_borders(&self) -> bool {
        self.table.rows.len() > self.phases
    }

    /// How many runs of which size there are, if outputs that differ in their taps are in different ones of at most `most`.
    pub fn together(&self, most: usize) -> Vec<(usize, usize)> {
        let runs = |table: AxisTable| table.rows.iter().map(|row| row.count as usize).sum();
        self.table.together(most).into_iter().map(|(size, table)| (size, runs(table))).collect()
    }

    /// The different ones of runs with these sizes. Runs that begin in different phases are different.
    pub fn different(&self, sizes: &[(usize, usize)]) -> usize {
        let runs: usize = sizes.iter().map(|(_, count)| count).sum();
        let begin_alike = sizes.split_last().is_none_or(|((last, count), others)| {
            others.iter().all(|(size, _)| size % self.phases == 0) && (*count == 1 || last % self.phases == 0)
        });
        match &self.reads[..] {
            [] if begin_alike => runs.min(2 * self.table.rows.len() + 1),
            [] => runs,
            reads => reads::join(reads, sizes).len(),
        }
    }

    /// Input positions that so many outputs read. A stride over positions is as good as none to a cache of lines.
    pub fn inputs_of(&self, outputs: usize) -> usize {
        self.read_at(outputs.div_ceil(self.phases), 1)
    }
}

impl Problem {
    /// A contraction with its phases together and apart, each with its input as it is and copied. Vectors of positions, for
    /// which channels are brought first, have all phases together.
    pub fn all(contraction: &Contraction, layout: Layout) -> Vec<Problem> {
        let together = Problem::new(contraction, layout);
        let phases = together.width.phases;
        let apart = (phases > 1).then(|| Problem {
            width: together.width.phase(),
            phases_apart: Some(phases),
            ..together.clone()
        });
        let as_they_are: Vec<Problem> = [together].into_iter().chain(apart).collect();
        let may_reorder = |problem: &&Problem| match layout {
            Layout::Nchw => true,
            Layout::Nhwc => problem.phases_apart.is_none() && problem.has_few_outputs(),
        };
        let reordered = |problem: &Problem| Problem { reorders_input: true, ..problem.clone() };
        let reordered: Vec<Problem> = as_they_are.iter().filter(may_reorder).map(reordered).collect();
        [as_they_are, reordered].concat()
    }

    fn new(contraction: &Contraction, layout: Layout) -> Problem {
        let Contraction { groups, group_inputs, group_outputs, axes } = contraction;
        let mut above: Vec<Axis> = axes.iter().map(Axis::new).collect();
        let width = above.pop().expect("a convolution has at least one axis");
        let read = |(axis, of): (&Axis, &PiecewiseAxis)| axis.read_by(axis.units()).min(of.input as usize);
        let row = axes.last().map_or(1, |axis| axis.input as usize);
        let rows_read: usize = above.iter().zip(axes).map(read).product();
        Problem {
            layout,
            groups: *groups,
            inputs: *group_inputs,
            channels: *group_outputs,
            taps_above: above.iter().map(|axis| axis.taps).product(),
            outputs_above: above.iter().map(|axis| axis.outputs).product(),
            row,
            plane: 4 * axes.iter().map(|axis| axis.input as usize).product::<usize>(),
            inputs_read: 4 * group_inputs * row * rows_read,
            width,
            rows: above.pop(),
            weights: 4 * contraction.group_weights(),
            weights_read: 4
                * group_inputs
                * group_outputs
                * axes.iter().map(PiecewiseAxis::taps_read).product::<usize>(),
            phases_apart: None,
            reorders_input: false,
        }
    }

    /// Memory order of what tiles read.
    pub fn input_layout(&self) -> Layout {
        if self.reorders_input { self.layout.other() } else { self.layout }
    }

    /// Whether a group has so few output channels that vectors of them may have empty lanes, where those of positions can be
    /// full. Depthwise layers have vectors of groups.
    fn has_few_outputs(&self) -> bool {
        let is_depthwise = self.groups > 1 && (self.inputs == 1 || self.channels == 1);
        self.channels <= FEW && self.width.units() >= LINE && !is_depthwise
    }

    /// Whether the positions of a tile are its rows, because the last axis has but one.
    pub fn is_column(&self) -> bool {
        self.layout == Layout::Nhwc && self.width.outputs == 1
    }

    /// Whether tiles with so many channels, which are neighbours in memory, write a few lines of a cache here and there.
    pub fn leaves_gaps(&self, channels: usize) -> bool {
        self.phases_apart.is_some() || (channels < self.channels && channels < 64)
    }

    /// Bytes of the inputs of an image, but for those beyond the last stride.
    pub fn input_bytes(&self) -> usize {
        let rows = self.rows.as_ref().map_or(1, |rows| rows.stride);
        product(&[4, self.groups, self.inputs, self.outputs_above, self.width.outputs, self.width.stride, rows])
    }

    /// Bytes of the outputs of an image.
    pub fn output_bytes(&self) -> usize {
        4 * self.groups * self.channels * self.outputs_above * self.width.outputs
    }

    /// Whether inputs or outputs of an image are more than a second-level cache holds.
    pub fn is_far(&self) -> bool {
        self.input_bytes().max(self.output_bytes()) >= SECOND_LEVEL
    }

    /// Whether the inputs of a group, one for each output, are more than a second-level cache holds beside all else.
    pub fn reads_from_far(&self) -> bool {
        product(&[4, self.inputs, self.outputs_above, self.width.outputs]) > SECOND_LEVEL / 8 * 7
    }

    /// Whether an output has one product of each input channel.
    pub fn multiplies_once(&self) -> bool {
        self.taps_above * self.width.taps == 1
    }

    /// Products of an output.
    pub fn products(&self) -> usize {
        self.inputs * self.taps_above * self.width.taps
    }

    /// Bytes from one input position that a tile reads to the next, with channels last.
    pub fn pixel(&self) -> usize {
        4 * self.groups * self.inputs * if self.width.taps > 1 { 1 } else { self.width.stride }
    }
}

/// A product of numbers that users choose, or the largest number.
pub fn product(factors: &[usize]) -> usize {
    factors.iter().fold(1, |product, &factor| product.saturating_mul(factor))
}
