//! What a stage uses: loops that run zero times are left out of the code, and so is what only they use.

use crate::plan::{Access, BufferId, Count, Instr, Stage, Step, Stmt, Var};
use std::collections::BTreeSet;

/// The buffers and variables that a stage uses.
#[derive(Default)]
pub struct Usage {
    /// Buffers that are only read.
    pub reads: BTreeSet<BufferId>,
    /// Buffers that are written.
    pub writes: BTreeSet<BufferId>,
    /// Variables that an index or a count uses.
    pub vars: BTreeSet<Var>,
    /// Whether threads can split the stage.
    pub is_parallel: bool,
    /// Whether there are instructions at all.
    pub computes: bool,
    /// Numbers of all constants.
    pub constants: Vec<f32>,
}

impl Usage {
    /// What a stage uses.
    pub fn of(stage: &Stage) -> Usage {
        let mut usage = Usage::default();
        usage.stmts(&stage.body);
        usage.reads = &usage.reads - &usage.writes;
        usage
    }

    fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            match stmt {
                Stmt::For { count, body, .. } if runs(*count) => {
                    self.count(*count);
                    self.stmts(body);
                }
                Stmt::Par { count, before, body, .. } if runs(*count) => {
                    self.is_parallel = true;
                    self.count(*count);
                    self.count(*before);
                    self.stmts(body);
                }
                Stmt::For { .. } | Stmt::Par { .. } => {}
                Stmt::Regions { body, .. } => self.stmts(body),
                Stmt::Tile(tile) => self.steps(&tile.body),
            }
        }
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Do(instr) => self.instr(instr),
                Step::Reduce { count, body, .. } if runs(*count) => {
                    self.count(*count);
                    self.steps(body);
                }
                Step::Reduce { .. } => {}
            }
        }
    }

    fn instr(&mut self, instr: &Instr) {
        self.computes = true;
        match instr {
            Instr::Load { from, .. } | Instr::Broadcast { from, .. } => {
                self.reads.insert(from.buffer);
                self.access(from);
            }
            Instr::Prefetch { at } => {
                self.reads.insert(at.buffer);
                self.access(at);
            }
            Instr::Store { to, .. } => {
                self.writes.insert(to.buffer);
                self.access(to);
            }
            Instr::Constant { value, .. } => self.constants.push(value.get()),
            Instr::Binary { .. }
            | Instr::MultiplyAdd { .. }
            | Instr::SelectLess { .. }
            | Instr::ShiftLeft { .. }
            | Instr::Shuffle { .. } => {}
        }
    }

    fn access(&mut self, access: &Access) {
        self.vars.extend(access.index.iter().flat_map(|index| index.terms.iter().map(|term| term.0)));
    }

    fn count(&mut self, count: Count) {
        if let Count::Column(var) = count {
            self.vars.insert(var);
        }
    }
}

/// Whether a loop may run at all.
pub fn runs(count: Count) -> bool {
    match count {
        Count::Fixed(count) => count > 0,
        Count::Column(_) => true,
    }
}
