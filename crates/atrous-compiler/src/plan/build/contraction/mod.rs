//! A contraction with its epilogue as one stage.
//!
//! ```text
//! for each image, group, and row of outputs; for each block of output channels, and each run of outputs in the row:
//!     sums = bias
//!     for each input channel and tap: sums += input · weight
//!     output = activation(sums)
//! ```
//!
//! The taps along the last axis are written out in the tile, so that a tile over a border leaves out just the products
//! with padding. `pieces` has loops over them instead, for kernels that are too long to write out.

mod access;
mod channels;
mod pieces;
mod prefetch;
mod rows;
pub mod transpose;
mod width;
mod windows;

pub use access::activation_access;

use self::rows::Together;
use super::nest::{Header, Vars, axis_names, nest, walk};
use super::pack::{Summands, taps_above_first};
use crate::ir::Contraction;
use crate::layer::{Activation, Layout};
use crate::plan::schedule::{AxisTable, Block, LaneAxis, Outermost, Schedule, reads};
use crate::plan::{Affine, BufferId, Count, Stage, Stmt, Target};

/// Everything about one contraction that its stage depends on.
pub struct Job<'a> {
    /// The stage's name.
    pub name: String,
    /// What to compute.
    pub contraction: &'a Contraction,
    /// How.
    pub schedule: Schedule,
    /// The output channels (groups, with lanes along groups) as blocks, each with its packed weight.
    pub blocks: &'a [(Block, BufferId)],
    /// For what machine.
    pub target: &'a Target,
    /// Batch size.
    pub batch: usize,
    /// Axes of input and output beside batch and channels.
    pub spatial: usize,
    /// Memory order of the net's tensors, which decides the order of sums.
    pub layout: Layout,
    /// The input; in the other memory order, if the schedule reorders it.
    pub input: BufferId,
    /// The packed bias: one number per output channel.
    pub bias: Option<BufferId>,
    /// Applied to the sums.
    pub activation: Activation,
    /// The output.
    pub output: BufferId,
}

impl Job<'_> {
    fn summands(&self) -> Summands<'_> {
        Summands { contraction: self.contraction, layout: self.layout, phases_apart: self.schedule.phases_apart }
    }

    /// Memory order of the input.
    fn input_layout(&self) -> Layout {
        if self.schedule.reorders_input { self.layout.other() } else { self.layout }
    }

    fn axis_names(&self) -> Vec<&'static str> {
        axis_names(self.contraction.axes.len(), self.spatial)
    }

    fn walks_taps_above_first(&self) -> bool {
        taps_above_first(self.contraction, self.layout)
    }
}

/// The part of a stage that a tile belongs to, but for its rows.
struct Scope<'a> {
    image: Affine,
    /// The group; the channel within the group, with lanes along groups.
    outer: Affine,
    /// The axes.
    tables: Vec<AxisTable>,
    /// The block, its number, and its packed weight.
    block: Block,
    number: Affine,
    weight: BufferId,
    job: &'a Job<'a>,
}

/// The stage of a contraction.
pub fn stage(job: &Job) -> Stage {
    if !job.schedule.writes_taps_out {
        return pieces::stage(job);
    }
    let mut vars = Vars::default();
    let mut headers = Vec::new();
    let image = open("n", job.batch, &mut vars, &mut headers);
    let Contraction { groups, group_outputs, axes, .. } = job.contraction;
    // With lanes along groups, the blocks run over groups, and one loop over the channels of a group.
    let outermost = match job.schedule.along {
        LaneAxis::Groups => Some(open("o", *group_outputs, &mut vars, &mut headers)),
        LaneAxis::Width if shares_lines(job) => None,
        LaneAxis::Width | LaneAxis::OutputChannels => Some(open("g", *groups, &mut vars, &mut headers)),
    };
    let tables: Vec<AxisTable> = axes.iter().map(AxisTable::new).collect();
    let scope = |block: Block, weight: BufferId, vars: &mut Vars, headers: &mut Vec<Header>| {
        let outer = outermost.clone().unwrap_or_else(|| open("g", *groups, vars, headers));
        let number = open("block", block.count, vars, headers);
        Scope { image: image.clone(), outer, tables: tables.clone(), block, number, weight, job }
    };
    let body = match job.schedule.outermost {
        Outermost::Rows => rows_of_blocks(job, &tables, &scope, &mut vars),
        Outermost::Runs => runs_of_blocks(job, &tables, &scope, &mut vars),
        Outermost::Blocks => blocks_of_rows(job, &tables, &scope, &mut vars),
        Outermost::Parts(size) if is_one_row(&tables) => parts_of_row(job, &tables, size, &scope, &mut vars),
        Outermost::Parts(size) => parts_of_rows(job, &tables, size, &scope, &mut vars),
    };
    vars.stage(job.name.clone(), nest(headers, body))
}

/// Whether several groups have outputs in the same lines, so that a row is computed for all of them before the next one.
fn shares_lines(job: &Job) -> bool {
    job.layout == Layout::Nhwc && job.schedule.outermost == Outermost::Rows && job.contraction.groups > 1
}

/// Whether there is one position along all axes but the last.
fn is_one_row(tables: &[AxisTable]) -> bool {
    tables[..tables.len() - 1].iter().all(|table| table.rows.iter().map(|row| row.count).sum::<i64>() == 1)
}

/// Opens the loops over the blocks of a size, and makes their scope.
type OpenScope<'a, 'f> = &'f dyn Fn(Block, BufferId, &mut Vars, &mut Vec<Header>) -> Scope<'a>;

/// Each row for all blocks: a few input rows stay near, and all weights.
fn rows_of_blocks(job: &Job, tables: &[AxisTable], scope: OpenScope, vars: &mut Vars) -> Vec<Stmt> {
    for_rows(job, tables, vars, &mut |place, vars| {
        for_blocks(job, scope, vars, &mut |scope, vars| run_tiles(scope, place, vars))
    })
}

/// Each run of a row for all blocks.
fn runs_of_blocks(job: &Job, tables: &[AxisTable], scope: OpenScope, vars: &mut Vars) -> Vec<Stmt> {
    for_rows(job, tables, vars, &mut |place, vars| {
        let mut tiles = Vec::new();
        for runs in runs(job, &tables[tables.len() - 1]) {
            let mut headers = Vec::new();
            let columns = runs.columns(&open("x", runs.count(), vars, &mut headers));
            let of_run = for_blocks(job, scope, vars, &mut |scope, vars| vec![tile(scope, place, &columns, vars)]);
            tiles.extend(nest(headers, of_run));
        }
        tiles
    })
}

/// Some rows for all blocks, then the next ones.
fn parts_of_rows(job: &Job, tables: &[AxisTable], size: usize, scope: OpenScope, vars: &mut Vars) -> Vec<Stmt> {
    let mut tables = tables.to_vec();
    let last_above = tables.len() - 2;
    tables[last_above] = tables[last_above].in_parts(size);
    let mut body = Vec::new();
    for mut opened in open_rows(job, &tables, vars) {
        let headers = std::mem::take(&mut opened.headers);
        let of_part = for_blocks(job, scope, vars, &mut |scope, vars| {
            let mut headers = Vec::new();
            let place = opened.walk(vars, &mut headers);
            nest(headers, run_tiles(scope, &place, vars))
        });
        body.extend(nest(headers, of_part));
    }
    body
}

/// Some runs of the only row for all blocks, then the next ones.
fn parts_of_row(job: &Job, tables: &[AxisTable], size: usize, scope: OpenScope, vars: &mut Vars) -> Vec<Stmt> {
    for_rows(job, tables, vars, &mut |place, vars| {
        let mut parts = Vec::new();
        for runs in runs(job, &tables[tables.len() - 1]) {
            let whole = runs.count() / size;
            let sizes = [(0, whole, size), (whole * size, 1, runs.count() % size)];
            for (first, count, size) in sizes.into_iter().filter(|(_, count, size)| count * size > 0) {
                let mut headers = Vec::new();
                let part = open("part", count, vars, &mut headers);
                let of_part = for_blocks(job, scope, vars, &mut |scope, vars| {
                    let mut headers = Vec::new();
                    let run = open("x", size, vars, &mut headers);
                    let columns = runs.columns(&part.times(size as i64).plus(&run).plus_constant(first as i64));
                    nest(headers, vec![tile(scope, place, &columns, vars)])
                });
                parts.extend(nest(headers, of_part));
            }
        }
        parts
    })
}

/// Each block for all rows: its weights stay near, and the whole input.
fn blocks_of_rows(job: &Job, tables: &[AxisTable], scope: OpenScope, vars: &mut Vars) -> Vec<Stmt> {
    for_blocks(job, scope, vars, &mut |scope, vars| {
        for_rows(job, tables, vars, &mut |place, vars| run_tiles(scope, place, vars))
    })
}

/// An index over so many independent iterations.
fn open(name: &str, count: usize, vars: &mut Vars, headers: &mut Vec<Header>) -> Affine {
    walk(vars, name, Count::Fixed(count as i64), headers)
}

/// Loops over rows.
fn for_rows(
    job: &Job,
    tables: &[AxisTable],
    vars: &mut Vars,
    tiles: &mut dyn FnMut(&rows::Place, &mut Vars) -> Vec<Stmt>,
) -> Vec<Stmt> {
    let mut body = Vec::new();
    for mut opened in open_rows(job, tables, vars) {
        let mut headers = std::mem::take(&mut opened.headers);
        let place = opened.walk(vars, &mut headers);
        let tiles = tiles(&place, vars);
        body.extend(nest(headers, tiles));
    }
    body
}

/// The rows, those of one tile together.
fn open_rows(job: &Job, tables: &[AxisTable], vars: &mut Vars) -> Vec<rows::Opened<'static>> {
    let together = match (job.schedule.along, job.schedule.rows) {
        (LaneAxis::Width, Some(rows)) => Together::Written(rows),
        (_, rows) => Together::Alike(rows.unwrap_or(1)),
    };
    rows::open(&tables[..tables.len() - 1], &job.axis_names(), together, vars)
}

/// Loops over the blocks of each size.
fn for_blocks<'a>(
    job: &Job,
    scope: OpenScope<'a, '_>,
    vars: &mut Vars,
    tiles: &mut dyn FnMut(&Scope<'a>, &mut Vars) -> Vec<Stmt>,
) -> Vec<Stmt> {
    let mut body = Vec::new();
    for &(block, weight) in job.blocks {
        let mut loops = Vec::new();
        let scope = scope(block, weight, vars, &mut loops);
        let tiles = tiles(&scope, vars);
        body.extend(nest(loops, tiles));
    }
    body
}

/// The tiles of a row, or of some rows at once.
fn run_tiles(scope: &Scope, place: &rows::Place, vars: &mut Vars) -> Vec<Stmt> {
    let table = &scope.tables[scope.tables.len() - 1];
    let mut tiles = Vec::new();
    for runs in runs(scope.job, table) {
        let mut headers = Vec::new();
        let columns = runs.columns(&open("x", runs.count(), vars, &mut headers));
        let tile = tile(scope, place, &columns, vars);
        tiles.extend(nest(headers, vec![tile]));
    }
    tiles
}

fn tile(scope: &Scope, place: &rows::Place, columns: &Columns, vars: &mut Vars) -> Stmt {
    let rows = place.open(&scope.tables, &scope.job.axis_names(), vars);
    match scope.job.schedule.along {
        LaneAxis::Width => width::tile(scope, rows, columns, vars),
        LaneAxis::OutputChannels | LaneAxis::Groups => channels::tile(scope, rows, columns, vars),
    }
}

/// The runs of a row, those together that read alike.
fn runs<'a>(job: &Job, table: &'a AxisTable) -> Vec<PhaseRuns<'a>> {
    let phases = table.output_step as usize;
    let reads = reads::of(table);
    if !job.schedule.phases_apart {
        return phase_runs(job, &Phase { reads: &reads, first: 0, step: 1, phases, table });
    }
    let of_phase = |phase| {
        let reads = reads::of_phase(&reads, phase, phases);
        phase_runs(job, &Phase { reads: &reads, first: phase, step: phases, phases: 1, table })
    };
    (0..phases).flat_map(of_phase).collect()
}

/// Outputs along the last axis that are computed together: all of them, or those of one phase.
struct Phase<'a, 'r> {
    reads: &'r [reads::Reads],
    /// The first output.
    first: usize,
    /// Distance between neighbours.
    step: usize,
    /// How many neighbours have different taps, until they repeat.
    phases: usize,
    table: &'a AxisTable,
}

/// The runs of such outputs.
fn phase_runs<'a>(job: &Job, phase: &Phase<'a, '_>) -> Vec<PhaseRuns<'a>> {
    let &Phase { reads, first, step, phases, table } = phase;
    let sizes = job.schedule.run_sizes(reads.len(), phases);
    let of_runs = |runs: reads::Runs| PhaseRuns {
        reads: reads[runs.first..runs.first + runs.size].to_vec(),
        runs,
        first,
        step,
        phases,
        table,
    };
    reads::join(reads, &sizes).into_iter().map(of_runs).collect()
}

/// Runs of one phase, or of all phases, that read alike.
struct PhaseRuns<'a> {
    runs: reads::Runs,
    /// What the outputs of the first run read.
    reads: Vec<reads::Reads>,
    /// See [`Phase`].
    first: usize,
    step: usize,
    phases: usize,
    table: &'a AxisTable,
}

impl<'a> PhaseRuns<'a> {
    fn count(&self) -> usize {
        self.runs.count
    }

    /// The outputs of a run.
    fn columns(&self, run: &Affine) -> Columns<'a> {
        let PhaseRuns { runs, first, step, phases, table, .. } = *self;
        Columns {
            output: run.times((step * runs.size) as i64).plus_constant((first + step * runs.first) as i64),
            step: step as i64,
            phases,
            input: run.times(runs.input_step),
            reads: self.reads.clone(),
            table,
        }
    }
}

/// The outputs of a tile along the last axis.
struct Columns<'a> {
    /// The index of the first one.
    output: Affine,
    /// Distance between neighbours.
    step: i64,
    /// How many neighbours have different taps, until they repeat.
    phases: usize,
    /// What is added to the inputs of `reads`.
    input: Affine,
    /// What each output reads.
    reads: Vec<reads::Reads>,
    table: &'a AxisTable,
}

impl Columns<'_> {
    /// The index of an output that is counted within the tile.
    fn output(&self, number: usize) -> Affine {
        self.output.clone().plus_constant(self.step * number as i64)
    }
}
