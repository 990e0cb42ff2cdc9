//! Timing schedules against each other.
//!
//! ```text
//! schedules by expected cost:   first  second  third …
//!                      conv1      a       b      c         kernel 0 runs a and d, the defaults;
//!                      conv2      d       e      f         kernel 1 runs b and e, kernel 2 runs c and f
//! ```
//!
//! A stage reads and writes the same memory with every schedule. So kernels that each run one schedule of every layer time
//! all layers at once, and a net takes no more kernels than one layer.

use super::Key;
use crate::Threads;
use crate::cpu;
use crate::jit::timing::Subject;
use crate::jit::{CompileError, Error, Kernel};
use atrous_compiler::net::Parameter;
use atrous_compiler::plan::schedule::Schedule;
use atrous_compiler::{Checked, Layer, Net, Plan, Target, compile_with};
use std::time::Duration;

/// The part of the time that must be saved: less may be noise.
const LEAST_GAIN: f64 = 0.02;

/// Schedules to look at for each one to time: many differ from others only where the layer has nothing.
const MOST_ALIKE: usize = 16;

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
    let alike = race.layers(effort.candidates.max(1))?;
    let Some(most) = alike.iter().map(|alike| alike.candidates.len()).max() else { return Ok(Vec::new()) };
    let subjects: Result<Vec<Option<Subject>>, Error> = (0..most).map(|number| race.subject(&alike, number)).collect();
    let mut subjects = subjects?;
    race.visit(subjects.iter_mut().flatten())?;
    let fastest: Vec<usize> = alike.iter().map(|alike| alike.fastest(&subjects)).collect();
    // Of many, one may have been lucky: the winners have to win again, now together.
    let first = subjects.swap_remove(0).map(|first| first.kernel().clone());
    drop(subjects);
    let ratios = match first {
        Some(first) if fastest.iter().any(|&number| number > 0) => race.confirm(first, &alike, &fastest)?,
        _ => vec![1.0; alike.len()],
    };
    let found = alike.into_iter().zip(fastest.into_iter().zip(ratios));
    Ok(found.map(|(alike, (number, ratio))| alike.found(number, ratio)).collect())
}

/// Layers that are alike.
struct Alike {
    key: Key,
    /// Their names, which are those of their stages.
    layers: Vec<String>,
    /// The schedules to time; the first is the default.
    candidates: Vec<Candidate>,
}

/// A schedule with its number in the order of what they are expected to cost.
#[derive(Clone, Copy)]
struct Candidate {
    rank: usize,
    schedule: Schedule,
}

/// The first schedules of a layer that differ in what is done.
fn candidates(layer: &Layer, target: &Target, most: usize) -> Result<Vec<Candidate>, Error> {
    let net = Net::of_layer(layer.clone());
    let (mut found, mut plans): (Vec<Candidate>, Vec<Checked<Plan>>) = (Vec::new(), Vec::new());
    for rank in 0..most.saturating_mul(MOST_ALIKE) {
        let mut schedule = None;
        let plan = compile_with(&net, target, &mut |_, ranked| {
            schedule = ranked.get(rank).copied();
            rank
        });
        let (plan, Some(schedule)) = (plan.map_err(Error::Plan)?, schedule) else { break };
        if plans.iter().all(|other| **other != *plan) {
            found.push(Candidate { rank, schedule });
            plans.push(plan);
        }
        if found.len() == most {
            break;
        }
    }
    Ok(found)
}

impl Alike {
    fn has(&self, stage: &str) -> bool {
        self.layers.iter().any(|layer| layer == stage)
    }

    /// The shortest time of all of them, with the copies of inputs that their schedules ask for.
    fn time(&self, subject: &Subject) -> Duration {
        let (plan, shortest) = (subject.kernel().plan(), subject.shortest());
        let layers = (0..plan.run.len()).filter(|&stage| self.has(&plan.run[stage].name));
        layers.flat_map(|layer| &shortest[plan.scheduled(layer)]).sum()
    }

    /// The number of the candidate that took the shortest time.
    fn fastest(&self, subjects: &[Option<Subject>]) -> usize {
        let times = subjects.iter().take(self.candidates.len()).enumerate();
        let times = times.filter_map(|(number, subject)| Some((self.time(subject.as_ref()?), number)));
        times.min().map_or(0, |(_, number)| number)
    }

    fn found(self, number: usize, ratio: f64) -> (Key, Finding) {
        let (number, ratio) = if number > 0 && ratio <= 1.0 - LEAST_GAIN { (number, ratio) } else { (0, 1.0) };
        let Alike { key, layers, candidates } = self;
        let (Candidate { schedule: default, .. }, Candidate { schedule: winner, rank }) =
            (candidates[0], candidates[number]);
        (key, Finding { layers, candidates: candidates.len(), default, winner, rank, ratio })
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
    /// The layers of the net, and what to time of them.
    fn layers(&mut self, most: usize) -> Result<Vec<Alike>, Error> {
        let (threads, cpu) = (self.threads.count(), cpu::name());
        let mut all: Vec<Alike> = Vec::new();
        for layer in self.net.layers() {
            let (key, name) = (Key::new(layer, self.target, threads, &cpu), layer.name.clone());
            match all.iter_mut().find(|alike| alike.key == key) {
                Some(alike) => alike.layers.push(name),
                None => {
                    let candidates = candidates(layer, self.target, most)?;
                    all.push(Alike { key, layers: vec![name], candidates });
                }
            }
        }
        // Of a layer that multiplies nothing there is nothing to choose.
        all.retain(|alike| !alike.candidates.is_empty());
        Ok(all)
    }

    /// The kernel that runs this candidate of every layer that has so many; `None` if it is too large for the machine.
    fn subject(&mut self, alike: &[Alike], number: usize) -> Result<Option<Subject>, Error> {
        match self.compile(alike, &vec![number; alike.len()]) {
            Ok(kernel) => self.prepare(kernel).map(Some),
            Err(Error::Compile(CompileError::Stage { .. })) if number > 0 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The times with these candidates divided by those with the first ones.
    fn confirm(&mut self, first: Kernel, alike: &[Alike], fastest: &[usize]) -> Result<Vec<f64>, Error> {
        let other = self.compile(alike, fastest)?;
        let mut subjects = [self.prepare(first)?, self.prepare(other)?];
        self.visit(subjects.iter_mut())?;
        let [first, other] = subjects.each_ref();
        Ok(alike.iter().map(|alike| alike.time(other).as_secs_f64() / alike.time(first).as_secs_f64()).collect())
    }

    /// The kernel with candidates by their numbers, one for each of `alike`; the first where there are fewer.
    fn compile(&mut self, alike: &[Alike], numbers: &[usize]) -> Result<Kernel, Error> {
        self.step("compiling");
        let rank = |stage: &str| {
            let (alike, &number) = alike.iter().zip(numbers).find(|(alike, _)| alike.has(stage))?;
            alike.candidates.get(number).map(|candidate| candidate.rank)
        };
        let plan = compile_with(self.net, self.target, &mut |stage, _| rank(stage).unwrap_or(0));
        Kernel::compile(&plan.map_err(Error::Plan)?).map_err(Error::Compile)
    }

    fn prepare(&self, kernel: Kernel) -> Result<Subject, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Serial, jit};

    #[test]
    fn a_schedule_that_copies_its_input_is_timed_with_the_copy() {
        let net = jit::net("layer a { input: [1, 8, 12, 20], channels: 8, kernel: 3 }", &[]).unwrap();
        let (target, data) = (Target::portable(), Data::new(&net));
        let copying = |ranked: &[Schedule]| ranked.iter().position(|schedule| schedule.reorders_input).unwrap();
        let plan = compile_with(&net, &target, &mut |_, ranked| copying(ranked)).unwrap();
        let mut subject = Subject::new(Kernel::compile(&plan).unwrap(), &slices(&data.parameters)).unwrap();
        subject.visit(&Serial, &slices(&data.inputs)).unwrap();
        let key = Key::new(net.layers().next().unwrap(), &target, 1, "this processor");
        let alike = Alike { key, layers: vec!["a".into()], candidates: Vec::new() };
        let [copy, contraction] = subject.shortest() else { panic!("two stages: {:?}", subject.shortest()) };
        assert_eq!(alike.time(&subject), *copy + *contraction);
    }
}
