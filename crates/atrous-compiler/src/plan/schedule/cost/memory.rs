//! What it costs that inputs, weights and outputs of a tile are not in a first-level cache.

use super::machine::Machine;
use crate::layer::Layout;
use crate::plan::schedule::problem::{Problem, product};
use crate::plan::schedule::{FIRST_LEVEL, LINE, LaneAxis, Outermost, SECOND_LEVEL, Schedule};

/// Bytes after which addresses fall into the same sets of a first-level cache again.
const WAY: usize = 4096;

/// Bytes of a page of memory.
pub const PAGE: usize = 4096;

/// Pages from which on tiles that store to many were measured to take longer, where two vectors of 512 bits go in a cycle.
const STORED_PAGES: usize = 12;

/// Half cycles of a store to one of more pages: fitted to those times.
const FAR_PAGE: usize = 16;

/// The same where a copy of the inputs is read, of which a tile reads few pages.
const FAR_PAGE_BESIDE_COPY: usize = 8;

/// Lines of a set of a first-level cache, where two vectors of 512 bits go in a cycle.
const WAYS: usize = 12;

/// The same where vectors have 256 bits.
const FEWER_WAYS: usize = 8;

/// Half cycles of a line that other channels have thrown out of such a cache.
const NEAR_COLLISION: usize = 20;

/// Half cycles in which a line comes from a second-level cache, of many that are asked for at once.
const SECOND_LEVEL_LINE: usize = 3;

/// Half cycles in which a line whose neighbours are not read comes from a second-level cache.
const LONE_LINE: usize = 10;

/// Half cycles of each line that follows a lone one, where two vectors of 512 bits go in a cycle.
const NEXT_LINE: usize = 3;

/// Half cycles of a line of inputs that comes from beyond the second-level cache and follows another one in its row, in
/// tiles that have a part of many rows. Where tiles have whole rows, the machine guesses what is read next.
const FAR_LINE: usize = 5;

/// Half cycles of a line of inputs in a step of one product, where vectors have 256 bits and each channel is in another page.
const SCATTERED_INPUTS: f64 = 1.5;

/// Half cycles of a line of outputs, where such tiles have parts of lines in many pages.
const SCATTERED_OUTPUTS: f64 = 10.0;

/// Half cycles in which a line of the inputs of a part comes near again for the next block, where vectors have 256 bits: a part
/// and the weights of a block are more than some second-level caches hold.
const LINE_OF_PART: usize = 2;

/// Bytes from beyond a second-level cache in half a cycle, where two vectors of 512 bits go in a cycle.
const FROM_BEYOND: f64 = 4.5;

/// Products of outputs up to which short tiles with lanes along groups were measured to be faster where tensors are far.
const FEW_PRODUCTS: usize = 9;

/// Half cycles of a line of inputs or outputs that comes from beyond the second-level cache, where tiles wait for nothing
/// else.
const STREAMED_LINE: usize = 17;

/// Half cycles of such a tile beside its lines.
const STREAMED_TILE: usize = 12;

/// Outputs of such a tile up to which what it reads and writes of a page are neighbours soon.
const STREAMED_RUN: usize = 3;

/// What differs between machines.
pub struct Memory {
    /// Bytes of neighbours that come from a second-level cache in half a cycle.
    from_second_level: usize,
    /// Half cycles in which a line whose neighbours are not read comes from beyond it.
    lone_far_line: usize,
    /// Lines that a set of a first-level cache has for inputs, when weights pass through it.
    inputs_in_a_set: usize,
}

/// Distance in bytes of lines of which so many fall into the same set of a second-level cache, in either kind of pages.
const SAME_SET: usize = 1 << 17;

/// Half cycles of a step of a tile whose inputs other channels have thrown out of a second-level cache.
const COLLISION: usize = 40;

/// Half cycles in which an input is copied in the other memory order, with channels last in whole lines of them: near, and
/// where a second-level cache does not hold both.
const REORDERED: [f64; 2] = [1.5, 2.5];

/// The same with channels first in the copy, of so many bytes that it was measured to take longer: where rows of the copy are
/// whole lines, and where they are not.
const REORDERED_MANY: [f64; 2] = [6.0, 18.0];

/// Bytes from which on they are so many.
const MANY: usize = 8 << 20;

impl Memory {
    /// AMD Zen 4, and machines that are not known.
    pub const OF_ZEN: Memory = Memory { from_second_level: 12, lone_far_line: 25, inputs_in_a_set: 6 };

    /// Intel Xeon: Emerald Rapids.
    pub const OF_XEON: Memory = Memory { from_second_level: 14, lone_far_line: 40, inputs_in_a_set: 10 };
}

impl Machine {
    /// Half cycles of a step for its weights, if those of a block leave a first-level cache before the next tile reads them
    /// again. Multiply-adds of 512 bits take long enough to hide that.
    pub fn far_weights(&self, steps: usize, bytes: usize) -> usize {
        if !self.wide && steps * bytes > FIRST_LEVEL { bytes / self.memory.from_second_level } else { 0 }
    }

    /// Half cycles that tiles wait for weights that come from beyond a second-level cache, which the first tile of each block
    /// reads faster than they come. What its multiply-adds take meanwhile is no loss.
    pub fn first_weights(&self, problem: &Problem, schedule: &Schedule) -> f64 {
        let bytes = problem.groups * problem.weights_read;
        if !self.dual || schedule.along != LaneAxis::OutputChannels || bytes <= 2 * SECOND_LEVEL {
            return 0.0;
        }
        let size = schedule.positions.min(problem.width.outputs).div_ceil(problem.width.phases);
        let positions = size * schedule.rows.unwrap_or(1);
        let multiply_adds = positions as f64 / (4 * schedule.lanes) as f64;
        let counted = multiply_adds.max(1.0 / self.memory.from_second_level as f64);
        bytes as f64 * (1.0 / FROM_BEYOND - counted).max(0.0)
    }

    /// Half cycles in which the inputs of parts, which have rows of many planes, come near for each block of channels.
    pub fn parts_again(&self, problem: &Problem, schedule: &Schedule) -> f64 {
        let Problem { channels, inputs, outputs_above, width, rows, .. } = problem;
        let (Outermost::Parts(size), Some(rows)) = (schedule.outermost, rows) else { return 0.0 };
        let are_planes = *outputs_above > 1 && problem.input_layout() == Layout::Nchw;
        if !self.eight_lanes || !are_planes {
            return 0.0;
        }
        let parts = rows.units() as f64 / size as f64;
        let lanes = if schedule.along == LaneAxis::Width { 1 } else { schedule.lanes };
        let blocks = channels.div_ceil(schedule.channels * lanes);
        let read = [blocks, *inputs, rows.read_by(size), width.read_by(width.units())];
        let read: f64 = read.iter().map(|&factor| factor as f64).product();
        parts * read / LINE as f64 * LINE_OF_PART as f64
    }

    /// Half cycles of a tile of one product for each channel and output for its inputs, of which some rows of each channel
    /// touch lines of so many bytes: with channels first, each is in another page. Several products would hide it.
    pub fn scattered_inputs(&self, problem: &Problem, rows: usize, touched: usize) -> usize {
        let reads_planes = problem.multiplies_once() && problem.input_layout() == Layout::Nchw;
        let bytes = product(&[problem.inputs, rows, touched]);
        if !self.eight_lanes || !reads_planes || bytes <= FIRST_LEVEL / 4 {
            return 0;
        }
        (SCATTERED_INPUTS * bytes as f64 / (4 * LINE) as f64) as usize
    }

    /// Half cycles in which a tile of one product for each output stores so many rows of so many neighbours, each to a plane of
    /// its own, if those are far.
    pub fn scattered_outputs(&self, problem: &Problem, rows: usize, neighbours: usize) -> usize {
        if !self.eight_lanes || !problem.multiplies_once() || problem.output_bytes() < SECOND_LEVEL / 4 {
            return 0;
        }
        let lines = 1.0 + neighbours as f64 / LINE as f64;
        (SCATTERED_OUTPUTS * rows as f64 * lines) as usize
    }

    /// Half cycles of one of so many steps for its inputs, which stand far from those of the next step: in each of some rows,
    /// for bytes that no tile has read before, and for all in the lines that it touches.
    pub fn far_inputs(
        &self,
        problem: &Problem,
        outermost: Outermost,
        steps: usize,
        rows: usize,
        [new, touched]: [usize; 2],
    ) -> usize {
        if problem.input_layout() == Layout::Nhwc {
            return 0;
        }
        let is_walked = problem.outputs_above == 1 && !matches!(outermost, Outermost::Runs | Outermost::Parts(_));
        let new = if is_walked && problem.reads_from_far() { new } else { 0 };
        let again = if product(&[steps, rows, touched]) > FIRST_LEVEL / 2 { touched - new } else { 0 };
        if self.dual {
            let lines =
                |bytes: usize, first: usize| if bytes == 0 { 0 } else { first + NEXT_LINE * (bytes / (4 * LINE)) };
            return rows * lines(new, self.memory.lone_far_line).max(lines(again, LONE_LINE));
        }
        let lines = product(&[new, self.memory.lone_far_line]).saturating_add(product(&[again, LONE_LINE]));
        product(&[rows, lines]) / (4 * LINE)
    }

    /// Half cycles of a step for its inputs, if those of all channels, with channels first, fall into so few sets of a
    /// first-level cache that they throw each other out: in each of some rows, in the lines of so many bytes.
    pub fn near_collisions(&self, problem: &Problem, rows: usize, touched: usize) -> usize {
        let distance = (1 << problem.plane.trailing_zeros()).min(WAY);
        let reads_planes = problem.layout == Layout::Nchw && !problem.reorders_input;
        let collide = distance >= WAY / 4 && problem.inputs * distance / WAY >= 2 * FEWER_WAYS;
        if self.eight_lanes && reads_planes && collide { rows * touched * NEAR_COLLISION / (4 * LINE) } else { 0 }
    }

    /// Half cycles of a store to one of so many planes, for the page that it is in.
    pub fn far_pages(&self, problem: &Problem, planes: usize) -> usize {
        let pages = planes * (4 * problem.outputs_above * problem.width.outputs).min(PAGE) / PAGE;
        let of_page = if problem.reorders_input { FAR_PAGE_BESIDE_COPY } else { FAR_PAGE };
        if self.dual && pages > STORED_PAGES { of_page } else { 0 }
    }

    /// Per cent of the time, with inputs that the positions of a tile read at once from few sets of a first-level cache:
    /// 64 sets of lines of 64 bytes, of which weights take some. Vectors of channels share what is read.
    pub fn conflict(&self, problem: &Problem, along: LaneAxis, channels: usize, [rows, size]: [usize; 2]) -> usize {
        if problem.layout == Layout::Nchw || along == LaneAxis::Groups {
            return 100;
        }
        let distance = distance_in_a_way(problem);
        // Rows are whole lines apart, but where they are the positions of a column.
        let rows = if problem.is_column() { rows } else { 1 };
        let in_a_set = rows * problem.width.inputs_of(size) * distance / WAY;
        100 + 23 * in_a_set.saturating_sub(self.memory.inputs_in_a_set) / channels
    }

    /// Half cycles of a step for inputs that throw each other out of a first-level cache before the next step reads their
    /// lines again: those of all positions in some rows, with channels last, where they are twice what its sets hold.
    pub fn thrown_out(&self, problem: &Problem, along: LaneAxis, rows: usize, size: usize) -> usize {
        if !self.dual || problem.layout == Layout::Nchw || along == LaneAxis::Groups {
            return 0;
        }
        let distance = distance_in_a_way(problem);
        let lines = rows * problem.width.read_by(size.div_ceil(problem.width.phases));
        if lines * distance > 2 * WAYS * WAY { lines * SECOND_LEVEL_LINE } else { 0 }
    }

    /// Per cent that long tiles with lanes along groups were measured to take longer, where tensors are far, or where their
    /// inputs do not stay near for the next block of channels.
    pub fn spread(&self, problem: &Problem, along: LaneAxis, size: usize) -> usize {
        let read = product(&[problem.taps_above, problem.width.stride, problem.width.inputs_of(size), problem.pixel()]);
        match along {
            LaneAxis::Groups if !self.dual => 0,
            LaneAxis::Groups if problem.products() <= FEW_PRODUCTS && problem.is_far() => 3 * size.saturating_sub(7),
            LaneAxis::Groups if read > FIRST_LEVEL => 20,
            _ => 0,
        }
    }

    /// Half cycles of a tile with lanes along groups, and outputs that are all of one phase, that has too few products to do
    /// anything but wait for inputs and outputs, which are far. The longer it is, the later the next vectors of a position
    /// follow, of which the machine guesses that they come.
    pub fn streamed(&self, problem: &Problem, lanes: usize, size: usize) -> Option<usize> {
        let has_few = problem.products() <= FEW_PRODUCTS && problem.width.phases == 1 && problem.phases_apart.is_none();
        if !self.dual || problem.layout == Layout::Nchw || !has_few || !problem.is_far() {
            return None;
        }
        let lines = 1 + problem.width.stride * problem.rows.as_ref().map_or(1, |rows| rows.stride);
        let later = 100 + 3 * size.saturating_sub(STREAMED_RUN);
        Some(product(&[size, lines, lanes, STREAMED_LINE, later]) / (100 * LINE) + STREAMED_TILE)
    }

    /// What a row of the inputs of a tile costs that no other tile has brought near.
    pub fn far_row(&self, problem: &Problem, channels: usize, size: usize) -> usize {
        let width = &problem.width;
        if problem.input_bytes() <= SECOND_LEVEL || size >= width.outputs || channels < problem.channels {
            return 0;
        }
        let lines = (size * width.stride).div_ceil(LINE);
        if self.dual { (lines + 1) * FAR_LINE } else { lines.saturating_sub(1) * FAR_LINE }
    }
}

/// Half cycles of each step of tiles of so many channels for inputs that have left a second-level cache when they are read
/// again: those of all channels, which stand whole pages or a power of two apart, fall into few of its sets.
pub fn collisions(problem: &Problem, channels: usize) -> usize {
    let distance = (1 << problem.plane.trailing_zeros()).min(PAGE);
    let in_a_set = problem.inputs * distance / SAME_SET;
    // Smaller planes were measured to collide sooner.
    let most = if distance == PAGE { 16 } else { 8 };
    let times = problem.channels.div_ceil(channels) * problem.taps_above;
    let collide = problem.input_layout() == Layout::Nchw && in_a_set >= most;
    if collide { COLLISION * times.saturating_sub(1) / times.max(1) } else { 0 }
}

/// Half cycles of the copy of the input of an image, if there is one.
pub fn reordered(problem: &Problem) -> f64 {
    if !problem.reorders_input {
        return 0.0;
    }
    let channels = problem.groups * problem.inputs;
    let (inputs, [whole, broken]) = match problem.layout {
        Layout::Nchw => (channels.next_multiple_of(LINE) * problem.plane / 4, [REORDERED[1]; 2]),
        Layout::Nhwc => (channels * problem.plane / 4, REORDERED_MANY),
    };
    let of_one = match 4 * inputs {
        bytes if bytes > MANY => {
            if problem.row.is_multiple_of(LINE) {
                whole
            } else {
                broken
            }
        }
        bytes if bytes > SECOND_LEVEL / 2 => REORDERED[1],
        _ => REORDERED[0],
    };
    of_one * inputs as f64
}

/// Bytes between the places that input positions have in a way of a first-level cache, with channels last: so few places, so
/// many positions in each.
fn distance_in_a_way(problem: &Problem) -> usize {
    1 << problem.pixel().trailing_zeros().min(WAY.ilog2())
}
