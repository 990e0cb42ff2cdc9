//! The memory that a tile touches.

use super::Scope;
use crate::layer::Layout;
use crate::plan::schedule::LaneAxis;
use crate::plan::{Access, Affine, BufferId, Lanes, Part};

/// An access by its logical index `[N, C, S…]`; `lanes` names a logical dimension too.
pub fn activation_access(layout: Layout, buffer: BufferId, index: Vec<Affine>, lanes: Option<Lanes>) -> Access {
    let rank = index.len();
    let place = |dim: usize| match (layout, dim) {
        (Layout::Nchw, dim) | (Layout::Nhwc, dim @ 0) => dim,
        (Layout::Nhwc, 1) => rank - 1,
        (Layout::Nhwc, dim) => dim - 1,
    };
    let index = match layout {
        Layout::Nchw => index,
        Layout::Nhwc => [&index[..1], &index[2..], &index[1..2]].concat(),
    };
    Access { buffer, index, lanes: lanes.map(|lanes| Lanes { dim: place(lanes.dim), ..lanes }) }
}

impl Scope<'_> {
    /// The group, and the channel in it, that is number `in_block` of the block.
    fn group_and_channel(&self, in_block: usize) -> [Affine; 2] {
        let first = (self.block.first + in_block) as i64;
        let blocked = self.number.times(self.block.size() as i64).plus_constant(first);
        match self.job.schedule.along {
            LaneAxis::Width | LaneAxis::OutputChannels => [self.outer.clone(), blocked],
            LaneAxis::Groups => [blocked, self.outer.clone()],
        }
    }

    fn output_channel(&self, in_block: usize) -> Affine {
        let [group, channel] = self.group_and_channel(in_block);
        group.times(self.job.contraction.group_outputs as i64).plus(&channel)
    }

    /// The logical dimension of the last axis.
    fn last(&self) -> usize {
        self.tables.len() + 1
    }

    /// The input at a row and a column, with input channel `channel` of the group.
    fn input_index(&self, channel: &Affine, row: &[Affine], column: Affine) -> Vec<Affine> {
        let [group, _] = self.group_and_channel(0);
        let channel = group.times(self.job.contraction.group_inputs as i64).plus(channel);
        self.index(channel, row, column)
    }

    /// The index of an element of a tensor, which does not have the last axis of a column.
    fn index(&self, channel: Affine, row: &[Affine], column: Affine) -> Vec<Affine> {
        let place = row.iter().cloned().chain([column]).take(self.job.spatial);
        [self.image.clone(), channel].into_iter().chain(place).collect()
    }

    /// One input; of neighbouring groups, with lanes along groups.
    pub(super) fn input(&self, channel: &Affine, row: &[Affine], column: Affine) -> Access {
        let index = self.input_index(channel, row, column);
        let lanes = match self.job.schedule.along {
            LaneAxis::Groups => self.lanes(0, 1, self.job.contraction.group_inputs as i64),
            LaneAxis::Width | LaneAxis::OutputChannels => None,
        };
        activation_access(self.job.input_layout(), self.job.input, index, lanes)
    }

    /// Inputs along the last axis, for neighbouring outputs of a phase.
    pub(super) fn inputs(&self, channel: &Affine, row: &[Affine], column: Affine, lanes: Option<Lanes>) -> Access {
        let step = self.tables[self.tables.len() - 1].stride;
        self.neighbours(channel, row, column, lanes.map(|lanes| Lanes { step, ..lanes }))
    }

    /// Inputs along the last axis.
    pub(super) fn neighbours(&self, channel: &Affine, row: &[Affine], column: Affine, lanes: Option<Lanes>) -> Access {
        let index = self.input_index(channel, row, column);
        let lanes = lanes.map(|lanes| Lanes { dim: self.last(), ..lanes });
        activation_access(self.job.input_layout(), self.job.input, index, lanes)
    }

    fn output_index(&self, in_block: usize, row: &[Affine], column: Affine) -> Vec<Affine> {
        self.index(self.output_channel(in_block), row, column)
    }

    /// Outputs of the channels of a vector of the block.
    pub(super) fn output(&self, in_block: usize, row: &[Affine], column: Affine) -> Access {
        let index = self.output_index(in_block, row, column);
        let lanes = match self.job.schedule.along {
            LaneAxis::Groups => self.lanes(in_block, 1, self.job.contraction.group_outputs as i64),
            LaneAxis::Width | LaneAxis::OutputChannels => self.lanes(in_block, 1, 1),
        };
        activation_access(self.job.layout, self.job.output, index, lanes)
    }

    /// Outputs of one channel along the last axis.
    pub(super) fn outputs(&self, in_block: usize, row: &[Affine], column: Affine, lanes: Option<Lanes>) -> Access {
        let index = self.output_index(in_block, row, column);
        let lanes = lanes.map(|lanes| Lanes { dim: self.last(), ..lanes });
        activation_access(self.job.layout, self.job.output, index, lanes)
    }

    /// Outputs of neighbouring channels at one place, of which `part` are lanes from `first` on.
    pub(super) fn neighbouring_channels(
        &self,
        in_block: usize,
        row: &[Affine],
        column: Affine,
        part: Lanes,
        first: usize,
    ) -> Access {
        let index = self.index(self.output_channel(in_block).plus_constant(-(first as i64)), row, column);
        activation_access(self.job.layout, self.job.output, index, Some(Lanes { dim: 1, ..part }))
    }

    /// The packed weights of one channel or of a vector of them.
    pub(super) fn weight(&self, channel: &Affine, taps: &[Affine], in_block: usize) -> Access {
        let outer = [self.outer.clone(), self.number.clone()];
        let summands = self.job.summands().index(channel.clone(), taps.iter().cloned());
        let index: Vec<Affine> = outer.into_iter().chain(summands).chain([Affine::constant(in_block as i64)]).collect();
        let lanes = self.lanes(in_block, index.len() - 1, 1);
        Access { buffer: self.weight, index, lanes }
    }

    /// The bias of one channel or of a vector of them.
    pub(super) fn bias(&self, bias: BufferId, in_block: usize) -> Access {
        let step = match self.job.schedule.along {
            LaneAxis::Groups => self.job.contraction.group_outputs as i64,
            LaneAxis::Width | LaneAxis::OutputChannels => 1,
        };
        Access { buffer: bias, index: vec![self.output_channel(in_block)], lanes: self.lanes(in_block, 0, step) }
    }

    /// The lanes of the vector of the block that begins with a channel.
    fn lanes(&self, in_block: usize, dim: usize, step: i64) -> Option<Lanes> {
        let part = Part::of(0..self.channels_from(in_block), self.block.lanes);
        (self.block.lanes > 1).then_some(Lanes { dim, step, part })
    }

    /// Lanes that are channels, of the vector of the block that begins with a channel.
    pub(super) fn channels_from(&self, in_block: usize) -> usize {
        self.block.lanes.min(self.block.size() - in_block)
    }
}
