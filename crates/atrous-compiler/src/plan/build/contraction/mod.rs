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
mod rows;
mod transpose;
mod width;
mod windows;

pub use access::activation_access;

use self::rows::Together;
use super::nest::{Header, Vars, index, nest};
use super::pack::{Summands, taps_above_first};
use crate::ir::{AXIS_NAMES, Contraction};
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
    /// Memory order of input and output.
    pub layout: Layout,
    /// The input.
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
    let mut outer = |name: &str, count: usize, vars: &mut Vars| {
        index(vars, name, Count::Fixed(count as i64), |var, count| headers.push(Header::Par(var, count)))
    };
    let image = outer("n", job.batch, &mut vars);
    let Contraction { groups, group_outputs, axes, .. } = job.contraction;
    // With lanes along groups, the blocks run over groups, and one loop over the channels of a group.
    let channel = match job.schedule.along {
        LaneAxis::Groups => outer("o", *group_outputs, &mut vars),
        LaneAxis::Width | LaneAxis::OutputChannels => outer("g", *groups, &mut vars),
    };
    let tables: Vec<AxisTable> = axes.iter().map(AxisTable::new).collect();
    let scope = |block: Block, number: Affine, weight: BufferId| {
        let (image, outer, tables) = (image.clone(), channel.clone(), tables.clone());
        Scope { image, outer, tables, block, number, weight, job }
    };
    let body = match job.schedule.outermost {
        Outermost::Rows => rows_of_blocks(job, &tables, &scope, &mut vars),
        Outermost::Runs => runs_of_blocks(job, &tables, &scope, &mut vars),
        Outermost::Blocks => blocks_of_rows(job, &tables, &scope, &mut vars),
    };
    vars.stage(job.name.clone(), nest(headers, body))
}

/// Makes the scope of a block with a number.
type MakeScope<'a, 'f> = &'f dyn Fn(Block, Affine, BufferId) -> Scope<'a>;

/// Each row for all blocks: a few input rows stay near, and all weights.
fn rows_of_blocks(job: &Job, tables: &[AxisTable], scope: MakeScope, vars: &mut Vars) -> Vec<Stmt> {
    for_rows(job, tables, vars, &mut |place, vars| {
        for_blocks(job, scope, vars, &mut |scope, vars| run_tiles(scope, place, vars))
    })
}

/// Each run of a row for all blocks.
fn runs_of_blocks(job: &Job, tables: &[AxisTable], scope: MakeScope, vars: &mut Vars) -> Vec<Stmt> {
    for_rows(job, tables, vars, &mut |place, vars| {
        let mut tiles = Vec::new();
        for (headers, columns) in runs(job, &tables[tables.len() - 1], vars) {
            let of_run = for_blocks(job, scope, vars, &mut |scope, vars| vec![tile(scope, place, &columns, vars)]);
            tiles.extend(nest(headers, of_run));
        }
        tiles
    })
}

/// Each block for all rows: its weights stay near, and the whole input.
fn blocks_of_rows(job: &Job, tables: &[AxisTable], scope: MakeScope, vars: &mut Vars) -> Vec<Stmt> {
    for_blocks(job, scope, vars, &mut |scope, vars| {
        for_rows(job, tables, vars, &mut |place, vars| run_tiles(scope, place, vars))
    })
}

/// Loops over rows.
fn for_rows(
    job: &Job,
    tables: &[AxisTable],
    vars: &mut Vars,
    tiles: &mut dyn FnMut(&rows::Place, &mut Vars) -> Vec<Stmt>,
) -> Vec<Stmt> {
    let names = AXIS_NAMES[tables.len()];
    let mut body = Vec::new();
    let together = match (job.schedule.along, job.schedule.rows) {
        (LaneAxis::Width, Some(rows)) => Together::Written(rows),
        (_, rows) => Together::Alike(rows.unwrap_or(1)),
    };
    for (headers, place) in rows::open(&tables[..tables.len() - 1], names, together, vars) {
        let tiles = tiles(&place, vars);
        body.extend(nest(headers, tiles));
    }
    body
}

/// Loops over the blocks of each size.
fn for_blocks<'a>(
    job: &Job,
    scope: MakeScope<'a, '_>,
    vars: &mut Vars,
    tiles: &mut dyn FnMut(&Scope<'a>, &mut Vars) -> Vec<Stmt>,
) -> Vec<Stmt> {
    let mut body = Vec::new();
    for &(block, weight) in job.blocks {
        let mut loops = Vec::new();
        let number =
            index(vars, "block", Count::Fixed(block.count as i64), |var, count| loops.push(Header::Par(var, count)));
        let tiles = tiles(&scope(block, number, weight), vars);
        body.extend(nest(loops, tiles));
    }
    body
}

/// The tiles of a row, or of some rows at once.
fn run_tiles(scope: &Scope, place: &rows::Place, vars: &mut Vars) -> Vec<Stmt> {
    let table = &scope.tables[scope.tables.len() - 1];
    let mut tiles = Vec::new();
    for (headers, columns) in runs(scope.job, table, vars) {
        let tile = tile(scope, place, &columns, vars);
        tiles.extend(nest(headers, vec![tile]));
    }
    tiles
}

fn tile(scope: &Scope, place: &rows::Place, columns: &Columns, vars: &mut Vars) -> Stmt {
    let rows = place.open(&scope.tables, AXIS_NAMES[scope.tables.len()], vars);
    match scope.job.schedule.along {
        LaneAxis::Width => width::tile(scope, rows, columns, vars),
        LaneAxis::OutputChannels | LaneAxis::Groups => channels::tile(scope, rows, columns, vars),
    }
}

/// The runs of a row, those that read alike inside of the same loop.
fn runs<'a>(job: &Job, table: &'a AxisTable, vars: &mut Vars) -> Vec<(Vec<Header>, Columns<'a>)> {
    let phases = table.output_step as usize;
    let reads = reads::of(table);
    if !job.schedule.phases_apart {
        return phase_runs(job, &Phase { reads: &reads, first: 0, step: 1, phases, table }, vars);
    }
    let of_phase = |phase| {
        let reads = reads::of_phase(&reads, phase, phases);
        phase_runs(job, &Phase { reads: &reads, first: phase, step: phases, phases: 1, table }, vars)
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
fn phase_runs<'a>(job: &Job, phase: &Phase<'a, '_>, vars: &mut Vars) -> Vec<(Vec<Header>, Columns<'a>)> {
    let &Phase { reads, first, step, phases, table } = phase;
    let sizes = job.schedule.run_sizes(reads.len(), phases);
    let mut opened = Vec::new();
    for runs in reads::join(reads, &sizes) {
        let mut headers = Vec::new();
        let run = index(vars, "x", Count::Fixed(runs.count as i64), |var, count| headers.push(Header::Par(var, count)));
        let columns = Columns {
            output: run.times((step * runs.size) as i64).plus_constant((first + step * runs.first) as i64),
            step: step as i64,
            phases,
            input: run.times(runs.input_step),
            reads: reads[runs.first..runs.first + runs.size].to_vec(),
            table,
        };
        opened.push((headers, columns));
    }
    opened
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
