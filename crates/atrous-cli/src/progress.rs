//! A bar for work that takes long, on terminals only.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the bar is drawn.
const TICK: Duration = Duration::from_millis(100);

/// A bar that appears on standard error when the work is not done after a second, and vanishes when it is dropped.
pub struct Progress {
    bar: ProgressBar,
    waiting: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// A bar over so many steps; with none, it shows only that time passes.
    pub fn start(steps: usize, enabled: bool) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::hidden());
        let template =
            if steps == 0 { "{spinner} {elapsed} {msg}" } else { "{spinner} {elapsed} [{bar:30}] {pos}/{len} {msg}" };
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        let is_seen = enabled && io::stderr().is_terminal();
        Progress { waiting: is_seen.then(|| wait(bar.clone())).flatten(), bar }
    }

    /// A sign that something without steps goes on.
    pub fn working(on: &str, enabled: bool) -> Progress {
        let progress = Progress::start(0, enabled);
        progress.at(0, on);
        progress
    }

    /// Notes that so many steps are done, and what comes or came last.
    pub fn at(&self, done: usize, name: &str) {
        self.bar.set_position(done as u64);
        self.bar.set_message(name.to_string());
    }
}

/// Shows a bar when it has waited for long enough, and draws it until the other end of the channel is dropped. The work goes
/// on without a bar where the system starts no thread.
fn wait(bar: ProgressBar) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (done, wait) = mpsc::channel();
    let is_on = move |time| wait.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
    let draw = move || {
        if is_on(PATIENCE) {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        while is_on(TICK) {
            bar.tick();
        }
    };
    let thread = thread::Builder::new().spawn(draw).ok()?;
    Some((done, thread))
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.waiting.take() {
            drop(done);
            // The thread only waits and draws; if it has panicked there is no bar to remove.
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}
