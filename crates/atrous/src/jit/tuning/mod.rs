//! Which schedules are the fastest here, found by timing them, and a cache of them.
//!
//! ```
//! use atrous::jit::{self, tuning::{Effort, Tuning}};
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("tuning.json");
//! let (net, target) = (jit::net("layer a { input: [1, 8, 16], channels: 8, kernel: 3 }", &[])?, jit::target().unwrap());
//! let mut tuning = Tuning::default();
//! let effort = Effort { candidates: 2, rounds: 1 };
//! tuning.tune(&net, &target, &atrous::Serial, &effort, &mut |_, _| {})?;
//! tuning.save(&path)?;
//!
//! let tuned = jit::compile_tuned(net, &target, 1, &Tuning::load(&path)?)?;
//! assert_eq!(tuned.tuned_layers(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A winner holds for a layer, a target, a number of threads, a processor and a version of Atrous. It counts only where it
//! is among the schedules that the compiler ranks for the layer: no cache makes wrong code, and outputs have the same bits
//! with any.

mod error;
mod file;
mod race;
#[cfg(test)]
mod tests;

pub use error::{CacheError, CacheProblem};
pub use race::{Effort, Finding};

use super::Error;
use crate::Threads;
use atrous_compiler::plan::schedule::Schedule;
use atrous_compiler::{Checked, Layer, Net, Plan, Target, Unplanned, compile_with};
use etcetera::BaseStrategy;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The environment variable that says where the cache is.
const VARIABLE: &str = "ATROUS_TUNING";

/// The schedules that were the fastest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tuning {
    winners: BTreeMap<Key, Schedule>,
}

/// What a schedule is the fastest for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// The layer's spec, without its name.
    layer: String,
    target: String,
    threads: usize,
    cpu: String,
}

impl Key {
    fn new(layer: &Layer, target: &Target, threads: usize, cpu: &str) -> Key {
        let layer = Layer { name: "layer".into(), ..layer.clone() }.to_string();
        let layer = layer.split_whitespace().skip(2).collect::<Vec<_>>().join(" ");
        Key { layer, target: target.name.to_string(), threads, cpu: cpu.to_string() }
    }
}

/// A plan, and what it has of a cache.
#[derive(Debug)]
pub struct TunedPlan {
    /// The plan.
    pub plan: Checked<Plan>,
    /// Stages for which schedules are chosen.
    pub layers: usize,
    /// Those of them whose schedule is in the cache.
    pub tuned: usize,
}

impl Tuning {
    /// Where the cache is: the file that the environment variable `ATROUS_TUNING` names, else `atrous/tuning.json` in the
    /// user's directory for caches, where the system has one.
    pub fn default_path() -> Option<PathBuf> {
        let named = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        named.or_else(|| Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("atrous").join("tuning.json")))
    }

    /// Reads a cache.
    ///
    /// # Errors
    ///
    /// The file is missing, cannot be read, is no cache, or is one of another version. Nothing is lost by going on
    /// without it, with a warning.
    pub fn load(path: &Path) -> Result<Tuning, CacheError> {
        file::read(path)
    }

    /// Adds the winners to the cache in a file, which is made if it is missing. Several processes may do so at once; of
    /// two winners for the same the later one stays.
    ///
    /// A file that is no cache, or is one of another version, is put [aside](Tuning::aside), with `.old` behind its name,
    /// and what was wrong with it is returned.
    ///
    /// # Errors
    ///
    /// The file cannot be locked, read or written.
    pub fn save(&self, path: &Path) -> Result<Option<CacheError>, CacheError> {
        file::merge(self, path)
    }

    /// Where [`save`](Tuning::save) puts a file that is no cache: beside the file that the path leads to.
    pub fn aside(path: &Path) -> PathBuf {
        file::aside(path)
    }

    /// How many winners there are.
    pub fn len(&self) -> usize {
        self.winners.len()
    }

    /// Whether there are no winners.
    pub fn is_empty(&self) -> bool {
        self.winners.is_empty()
    }

    /// The plan of a net for so many threads of this machine, with the winners where there are any, as long as they are
    /// among the schedules of their layers.
    ///
    /// # Errors
    ///
    /// The net is too large to plan.
    pub fn plan(&self, net: &Net, target: &Target, threads: usize) -> Result<TunedPlan, Unplanned> {
        let (mut layers, mut tuned, cpu) = (0, 0, crate::cpu::name());
        let plan = compile_with(net, target, &mut |stage, ranked| {
            let key = layer(net, stage).map(|layer| Key::new(layer, target, threads, &cpu));
            let winner = key.and_then(|key| self.winners.get(&key));
            let place = winner.and_then(|winner| ranked.iter().position(|schedule| schedule == winner));
            layers += 1;
            tuned += usize::from(place.is_some());
            place.unwrap_or(0)
        })?;
        Ok(TunedPlan { plan, layers, tuned })
    }

    /// Times the first schedules of each layer of a net in the order of what they are expected to cost, and remembers the
    /// fastest. Layers that are alike are one.
    ///
    /// All schedules of a layer are timed in turns, in kernels of the whole net, on made-up data. One that wins is timed
    /// against the first once more, and stays the winner if it takes at least 2 % less.
    ///
    /// `observe` gets the number of steps that are done and what comes next. There are at most [`Effort::steps`].
    ///
    /// # Errors
    ///
    /// Those of [`compile_net`](super::compile_net), or memory is short.
    pub fn tune(
        &mut self,
        net: &Net,
        target: &Target,
        threads: &dyn Threads,
        effort: &Effort,
        observe: &mut dyn FnMut(usize, &str),
    ) -> Result<Vec<Finding>, Error> {
        let found = race::run(net, target, threads, effort, observe)?;
        self.winners.extend(found.iter().map(|(key, finding)| (key.clone(), finding.winner)));
        Ok(found.into_iter().map(|(_, finding)| finding).collect())
    }
}

/// The layer of a stage.
fn layer<'a>(net: &'a Net, stage: &str) -> Option<&'a Layer> {
    net.layers().find(|layer| layer.name == stage)
}
