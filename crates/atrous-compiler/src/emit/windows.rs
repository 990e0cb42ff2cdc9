//! Windows: accesses of one list of steps that differ by constants only share one slice, and so one bounds check.
//!
//! ```text
//! x[8·y + 1], x[8·y + 3]   →   let window = x[8·y + 1 ..][..3];  window[0], window[2]
//! ```

use crate::plan::{Access, Affine, BufferId, Instr, Plan, Step};
use std::collections::BTreeMap;

/// A slice of constant length.
pub struct Window {
    /// The buffer that it is of.
    pub buffer: BufferId,
    /// Where it starts in the buffer.
    pub start: Affine,
    /// Its length.
    pub span: i64,
    /// Whether it is stored to.
    pub stored: bool,
    /// The step that needs it first.
    pub first: usize,
}

/// The windows of a list of steps.
pub struct Windows {
    /// In the order of their first steps.
    pub windows: Vec<Window>,
    /// For each step with an access: its window, and therein the position of the first lane that touches memory.
    pub places: BTreeMap<usize, (usize, i64)>,
}

/// The windows for the instructions that stand directly in a list.
///
/// A loaded buffer has one window for each sum of variables. The windows of a stored buffer follow one another: each ends
/// where the next of its buffer starts, so that its address is needed no longer.
pub fn windows(plan: &Plan, steps: &[Step], lanes: impl Fn(&Instr) -> usize) -> Windows {
    let mut found = Windows { windows: Vec::new(), places: BTreeMap::new() };
    for (index, step) in steps.iter().enumerate() {
        let Step::Do(instr) = step else { continue };
        let Some((access, stored)) = access(instr) else { continue };
        let buffer = &plan.buffers[access.buffer.0];
        let mut start = access.offset(buffer);
        start.terms.sort();
        let (active, stride) = (access.active(lanes(instr)), access.lane_stride(buffer));
        start.constant += active.start as i64 * stride;
        let last_lane = stride * (active.len() as i64 - 1);
        let low = start.constant + last_lane.min(0);
        let high = start.constant + last_lane.max(0);
        let window = find(&mut found.windows, access.buffer, &start, stored, index);
        let end = (found.windows[window].start.constant + found.windows[window].span).max(high + 1);
        let begin = found.windows[window].start.constant.min(low);
        found.windows[window].start.constant = begin;
        found.windows[window].span = end - begin;
        found.places.insert(index, (window, start.constant));
    }
    for (window, place) in found.places.values_mut() {
        *place -= found.windows[*window].start.constant;
    }
    found
}

/// The number of the window that an access belongs to, made where there is none.
fn find(windows: &mut Vec<Window>, buffer: BufferId, start: &Affine, stored: bool, first: usize) -> usize {
    let of_buffer = |window: &&Window| window.buffer == buffer && window.stored == stored;
    let same = |window: &Window| window.start.terms == start.terms;
    let known = if stored {
        windows.iter().rposition(|window| of_buffer(&window)).filter(|&last| same(&windows[last]))
    } else {
        windows.iter().position(|window| of_buffer(&window) && same(window))
    };
    known.unwrap_or_else(|| {
        windows.push(Window { buffer, start: start.clone(), span: 0, stored, first });
        windows.len() - 1
    })
}

/// The memory of an instruction that must be inside of a window, and whether it is written.
fn access(instr: &Instr) -> Option<(&Access, bool)> {
    let access = instr.access().filter(|_| !matches!(instr, Instr::Prefetch { .. }));
    access.map(|access| (access, matches!(instr, Instr::Store { .. })))
}
