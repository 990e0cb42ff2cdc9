//! A bar for work that takes long, on terminals only.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
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
        let waiting = enabled.then(|| {
            let (done, wait) = mpsc::channel();
            let shown = bar.clone();
            let thread = std::thread::spawn(move || {
                if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                    // Stays hidden when standard error is not a terminal.
                    shown.set_draw_target(ProgressDrawTarget::stderr());
                    shown.enable_steady_tick(TICK);
                }
            });
            (done, thread)
        });
        Progress { bar, waiting }
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
