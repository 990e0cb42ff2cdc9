//! Timing schedules against each other.
//!
//! ```text
//! ranked schedules:   first  second  third …
//!            conv1      a       b      c          kernel 1 runs a, d: what is expected to be best
//!            conv2      d       e      f          kernel 2 runs b, e; kernel 3 runs c, f
//! ```
//!
//! A stage reads and writes the same memory with every schedule. So kernels that each run one schedule of every layer time
//! all layers at once, and a net takes no more kernels than one layer.

use super::{Key, cpu, layer};
use crate::Threads;
use crate::jit::timing::Subject;
use crate::jit::{CompileError, Error, Kernel};
use atrous_compiler::net::Parameter;
use atrous_compiler::plan::schedule::{Choose, Schedule};
use atrous_compiler::{Net, Target, compile_with};
use std::time::Duration;

/// The part of the time that must be saved: less may be noise.
const LEAST_GAIN: f64 = 0.02;

/// How much to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Schedules of each layer that are timed, at most.
    pub candidates: usize,
    /// Rounds to take the shortest times from.
    pub rounds: usize,
}

impl Default for Effort {
    fn default() -> Effort {
        Effort { candidates: 8, rounds: 20 }
    }
}

impl Effort {
    /// The most steps that tuning a net takes.
    pub fn steps(&self) -> usize {
        let (candidates, rounds) = (self.candidates.max(1), self.rounds.max(1));
        candidates + rounds * candidates + 1 + 2 * rounds
    }
}

/// What was found out about a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its name; the names of all layers that are alike.
    pub layers: Vec<String>,
    /// How many schedules were timed.
    pub candidates: usize,
    /// The first schedule by what it is expected to cost.
    pub default: Schedule,
    /// The fastest schedule.
    pub winner: Schedule,
    /// The number of the fastest one in the order of what they are expected to cost; 0 is the first.
    pub rank: usize,
    /// The time of the fastest one divided by that of the first, in the same rounds.
    pub ratio: f64,
}

/// What [`super::Tuning::tune`] does: all that was found, with what it holds for.
pub fn run(
    net: &Net,
    target: &Target,
    threads: &dyn Threads,
    effort: &Effort,
    observe: &mut dyn FnMut(usize, &str),
) -> Result<Vec<(Key, Finding)>, Error> {
    let mut race = Race { net, target, threads, rounds: effort.rounds, data: Data::new(net), observe, steps: 0 };
    let (first, alike) = race.layers(effort.candidates)?;
    let Some(most) = alike.iter().map(|alike| alike.schedules.len()).max() else { return Ok(Vec::new()) };
    let mut subjects = vec![Some(first)];
    for rank in 1..most {
        subjects.push(race.candidate(rank)?);
    }
    race.visit(subjects.iter_mut().flatten())?;
    let fastest: Vec<usize> = alike.iter().map(|alike| alike.fastest(&subjects)).collect();
    // Of many, one may have been lucky: the winners have to win again, now together.
    let first = subjects.swap_remove(0).map(|first| first.kernel().clone());
    drop(subjects);
    let ratios = match first {
        Some(first) if fastest.iter().any(|&rank| rank > 0) => race.confirm(first, &alike, &fastest)?,
        _ => vec![1.0; alike.len()],
    };
    let found = alike.into_iter().zip(fastest.into_iter().zip(ratios));
    Ok(found.map(|(alike, (rank, ratio))| alike.found(rank, ratio)).collect())
}

/// Layers that are alike.
struct Alike {
    key: Key,
    /// Their names, which are those of their stages.
    layers: Vec<String>,
    /// The schedules to time.
    schedules: Vec<Schedule>,
}

impl Alike {
    /// The shortest time of all of them.
    fn time(&self, subject: &Subject) -> Duration {
        let stages = subject.kernel().plan().run.iter().zip(subject.shortest());
        stages.filter(|(stage, _)| self.layers.contains(&stage.name)).map(|(_, time)| time).sum()
    }

    /// The number of the schedule that took the shortest time.
    fn fastest(&self, subjects: &[Option<Subject>]) -> usize {
        let times = subjects.iter().take(self.schedules.len()).enumerate();
        let times = times.filter_map(|(rank, subject)| Some((self.time(subject.as_ref()?), rank)));
        times.min().map_or(0, |(_, rank)| rank)
    }

    fn found(self, rank: usize, ratio: f64) -> (Key, Finding) {
        let (rank, ratio) = if rank > 0 && ratio <= 1.0 - LEAST_GAIN { (rank, ratio) } else { (0, 1.0) };
        let Alike { key, layers, schedules } = self;
        let [default, winner] = [0, rank].map(|rank| schedules[rank]);
        (key, Finding { layers, candidates: schedules.len(), default, winner, rank, ratio })
    }
}

/// Tensors of a net, made up.
struct Data {
    parameters: Vec<Vec<f32>>,
    inputs: Vec<Vec<f32>>,
}

impl Data {
    fn new(net: &Net) -> Data {
        // About as large as keeps the values of deep nets in range: very small numbers take longer.
        let parameter = |Parameter { shape, .. }: Parameter| {
            let len: usize = shape.iter().product();
            made_up(len, 2.0 / ((len / shape[0]) as f32).sqrt())
        };
        let inputs = net.inputs.iter().map(|input| made_up(input.shape.iter().product(), 1.0)).collect();
        Data { parameters: net.parameters().into_iter().map(parameter).collect(), inputs }
    }
}

/// Different numbers from `-scale` to `scale`.
fn made_up(len: usize, scale: f32) -> Vec<f32> {
    (0..len).map(|index| ((index * 37 % 61) as f32 / 30.0 - 1.0) * scale).collect()
}

/// What all subjects have in common.
struct Race<'a> {
    net: &'a Net,
    target: &'a Target,
    threads: &'a dyn Threads,
    rounds: usize,
    data: Data,
    observe: &'a mut dyn FnMut(usize, &str),
    /// Steps that are done.
    steps: usize,
}

impl Race<'_> {
    /// The kernel that runs the first schedule of every layer, and the layers.
    fn layers(&mut self, candidates: usize) -> Result<(Subject, Vec<Alike>), Error> {
        let (net, target, cpu) = (self.net, self.target, cpu::name());
        let mut all: Vec<Alike> = Vec::new();
        let threads = self.threads.count();
        let kernel = self.compile(&mut |stage, ranked| {
            let Some(layer) = layer(net, stage) else { return 0 };
            let key = Key::new(layer, target, threads, &cpu);
            match all.iter_mut().find(|alike| alike.key == key) {
                Some(alike) => alike.layers.push(stage.to_string()),
                None => {
                    let schedules = ranked.iter().take(candidates.max(1)).copied().collect();
                    all.push(Alike { key, layers: vec![stage.to_string()], schedules });
                }
            }
            0
        })?;
        Ok((self.subject(kernel)?, all))
    }

    /// The kernel that runs the schedule with this number of every layer that has so many; `None` if they are too large.
    fn candidate(&mut self, rank: usize) -> Result<Option<Subject>, Error> {
        match self.compile(&mut |_, ranked| if rank < ranked.len() { rank } else { 0 }) {
            Ok(kernel) => self.subject(kernel).map(Some),
            Err(Error::Compile(CompileError::Stage { .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The times with these schedules divided by those with the first ones.
    fn confirm(&mut self, first: Kernel, alike: &[Alike], fastest: &[usize]) -> Result<Vec<f64>, Error> {
        let chosen = |stage: &str| alike.iter().position(|alike| alike.layers.iter().any(|layer| layer == stage));
        let kernel = self.compile(&mut |stage, _| chosen(stage).map_or(0, |index| fastest[index]))?;
        let mut subjects = [self.subject(first)?, self.subject(kernel)?];
        self.visit(subjects.iter_mut())?;
        let [first, other] = subjects.each_ref();
        Ok(alike.iter().map(|alike| alike.time(other).as_secs_f64() / alike.time(first).as_secs_f64()).collect())
    }

    fn compile(&mut self, choose: Choose) -> Result<Kernel, Error> {
        self.step("compiling");
        let plan = compile_with(self.net, self.target, choose).map_err(Error::Plan)?;
        Kernel::compile(&plan).map_err(Error::Compile)
    }

    fn subject(&self, kernel: Kernel) -> Result<Subject, Error> {
        Subject::new(kernel, &slices(&self.data.parameters)).map_err(Error::Run)
    }

    /// All rounds.
    fn visit<'b>(&mut self, subjects: impl Iterator<Item = &'b mut Subject>) -> Result<(), Error> {
        let mut subjects: Vec<&mut Subject> = subjects.collect();
        for _ in 0..self.rounds.max(1) {
            for subject in &mut subjects {
                self.step("timing");
                subject.visit(self.threads, &slices(&self.data.inputs)).map_err(Error::Run)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, next: &str) {
        (self.observe)(self.steps, next);
        self.steps += 1;
    }
}

fn slices(tensors: &[Vec<f32>]) -> Vec<&[f32]> {
    tensors.iter().map(Vec::as_slice).collect()
}
