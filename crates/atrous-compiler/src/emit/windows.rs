//! Windows: accesses of one list of steps that differ by constants only share one slice, and so one bounds check. What a
//! loop reads is one slice too, checked before it: inside of that, an optimiser sees that the windows are there.
//!
//! ```text
//! x[8·y + 1], x[8·y + 3]   →   let window = x[8·y + 1 ..][..3];  window[0], window[2]
//!
//! for i in 0..9 { x[8·y + 5·i] }   →   let extent = x[8·y ..][..41];  for i in 0..9 { let window = extent[5·i ..][..1]; … }
//! ```

use crate::plan::{Access, Affine, BufferId, Count, Instr, Plan, Step, Var};
use std::collections::BTreeMap;

/// A slice of constant length.
#[derive(Clone, PartialEq)]
pub struct Window {
    /// The buffer that it is of.
    pub buffer: BufferId,
    /// Where it starts in the buffer.
    pub start: Affine,
    /// Its length.
    pub span: i64,
    /// Whether it is stored to.
    pub stored: bool,
    /// The step before which it is taken.
    pub before: usize,
}

impl Window {
    /// What it and the same windows `distance`, `2·distance` and so on behind it span, of so many.
    fn repeated(mut self, distance: i64, count: i64) -> Window {
        let last = distance * (count - 1);
        self.start.constant += last.min(0);
        self.span += last.abs();
        self
    }

    /// Whether this slice, taken outside of the loop over a variable, has in it what a window of the loop's body reads.
    pub fn is_extent_of(&self, window: &Window, var: Var) -> bool {
        let terms = window.start.terms.iter().filter(|term| term.0 != var);
        self.buffer == window.buffer && !window.stored && terms.eq(&self.start.terms)
    }
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
/// A loaded buffer has one window for each sum of variables, taken where the list starts or its last loop ends, so that
/// nothing is checked between the loads. The windows of a stored buffer follow one another: each ends
/// where the next of its buffer starts, so that its address is needed no longer.
pub fn windows(plan: &Plan, steps: &[Step], lanes: &dyn Fn(&Instr) -> usize) -> Windows {
    let mut found = Windows { windows: Vec::new(), places: BTreeMap::new() };
    let mut behind_loop = 0;
    for (index, step) in steps.iter().enumerate() {
        let Step::Do(instr) = step else {
            behind_loop = index + 1;
            continue;
        };
        let Some((access, stored)) = access(instr) else { continue };
        let buffer = &plan.buffers[access.buffer.0];
        let mut start = access.offset(buffer);
        start.terms.sort();
        let (active, stride) = (access.active(lanes(instr)), access.lane_stride(buffer));
        start.constant += active.start as i64 * stride;
        let place = start.constant;
        let element =
            Window { buffer: access.buffer, start, span: 1, stored, before: if stored { index } else { behind_loop } };
        let window = include(&mut found.windows, element.repeated(stride, active.len() as i64));
        found.places.insert(index, (window, place));
    }
    for (window, place) in found.places.values_mut() {
        *place -= found.windows[*window].start.constant;
    }
    found
}

/// What a loop that always runs reads: one slice of each buffer and sum of variables that are bound outside of the loop.
pub fn extents(plan: &Plan, step: &Step, lanes: &dyn Fn(&Instr) -> usize) -> Vec<Window> {
    let Step::Reduce { var, count: Count::Fixed(count @ 1..), body } = step else { return Vec::new() };
    let of_body = windows(plan, body, lanes).windows.into_iter().filter(|window| !window.stored);
    let of_loops = body.iter().flat_map(|step| extents(plan, step, lanes));
    let mut found = Vec::new();
    for mut window in of_body.chain(of_loops) {
        let factor = window.start.terms.iter().find(|term| term.0 == *var).map_or(0, |term| term.1);
        window.start.terms.retain(|term| term.0 != *var);
        include(&mut found, window.repeated(factor, *count));
    }
    found
}

/// The number of the window that another one becomes part of, made where there is none.
fn include(windows: &mut Vec<Window>, part: Window) -> usize {
    let of_buffer = |window: &&Window| window.buffer == part.buffer && window.stored == part.stored;
    let same = |window: &Window| window.start.terms == part.start.terms;
    let known = if part.stored {
        windows.iter().rposition(|window| of_buffer(&window)).filter(|&last| same(&windows[last]))
    } else {
        windows.iter().position(|window| of_buffer(&window) && same(window))
    };
    let Some(known) = known else {
        windows.push(part);
        return windows.len() - 1;
    };
    let window = &mut windows[known];
    let end = (window.start.constant + window.span).max(part.start.constant + part.span);
    window.start.constant = window.start.constant.min(part.start.constant);
    window.span = end - window.start.constant;
    known
}

/// The memory of an instruction that must be inside of a window, and whether it is written.
fn access(instr: &Instr) -> Option<(&Access, bool)> {
    let access = instr.access().filter(|_| !matches!(instr, Instr::Prefetch { .. }));
    access.map(|access| (access, matches!(instr, Instr::Store { .. })))
}
