//! Plans with the schedules that `tune` has found, where they are asked for; and what is told of plans.

use std::path::{Path, PathBuf};

use atrous::jit::tuning::{CacheError, CacheProblem, TunedPlan, Tuning};
use atrous_compiler::{Checked, Net, Plan, Target};

use crate::args::{Deny, TunedArgs};
use crate::failure::{Failure, Level, Message, count};
use crate::progress::Progress;
use crate::report::Report;
use crate::slow;

/// The schedules to use for a number of threads.
pub struct Tuned {
    /// None where they are not asked for, or cannot be read.
    tuning: Option<Tuning>,
    threads: usize,
    deny: Vec<Deny>,
}

impl Tuned {
    /// Reads the cache that the command line names, if it asks for one. A cache that cannot be used is a warning.
    pub fn load(args: &TunedArgs, threads: usize, deny: &[Deny], report: &mut Report) -> Result<Tuned, Failure> {
        let deny = deny.to_vec();
        let Some(path) = &args.tuned else { return Ok(Tuned { tuning: None, threads, deny }) };
        let path = cache(path.as_deref(), "--tuned=CACHE")?;
        let tuning = Tuning::load(&path).map_err(|error| report.message(&ignored(&error))).ok();
        Ok(Tuned { tuning, threads, deny })
    }

    /// The plan of a net. Tells of layers that are not tuned, and of those that take the slow path.
    ///
    /// # Errors
    ///
    /// There is no plan, or the slow path is denied.
    pub fn plan(&self, net: &Net, target: &Target, report: &mut Report) -> Result<Checked<Plan>, Failure> {
        let plan = self.plan_silently(net, target, report)?;
        slow::tell(&plan, &self.deny, report)?;
        Ok(plan)
    }

    /// The same without a word about the slow path.
    pub fn plan_silently(&self, net: &Net, target: &Target, report: &mut Report) -> Result<Checked<Plan>, Failure> {
        let TunedPlan { plan, layers, tuned } = {
            let _progress = Progress::working("planning", report.is_human());
            let none = Tuning::default();
            self.tuning
                .as_ref()
                .unwrap_or(&none)
                .plan(net, target, self.threads)
                .map_err(|error| Failure::error(error.to_string()))?
        };
        if self.tuning.is_some() && tuned < layers {
            let machine = format!("{} on {}", target.name, count(self.threads, "thread"));
            let text = format!("tuned layers of `{}` for {machine}: {tuned} of {layers}", net.name);
            let help = format!("`atrous tune --target {} --threads {}` tunes all", target.name, self.threads);
            report.message(&Message::new(Level::Note, text).help(help));
        }
        Ok(plan)
    }
}

/// The cache that is named, or the user's.
pub fn cache(named: Option<&Path>, option: &str) -> Result<PathBuf, Failure> {
    named.map(Path::to_path_buf).or_else(Tuning::default_path).ok_or_else(|| {
        let text = "this system names no directory for the user's caches";
        Failure::error(text).help(format!("name a file with {option} or ATROUS_TUNING"))
    })
}

/// That a cache is not used.
fn ignored(error: &CacheError) -> Message {
    let help = match error.problem {
        CacheProblem::Missing => "`atrous tune` makes it; until then all schedules are the default",
        // What cannot be read is not replaced either.
        CacheProblem::Read(_) => {
            "the cache is ignored; `--tuned=CACHE` names another, and so does `atrous tune --cache`"
        }
        _ => "the cache is ignored; `atrous tune` makes a new one",
    };
    Message::new(Level::Warning, error.problem.to_string()).file(error.path.display().to_string()).help(help)
}
