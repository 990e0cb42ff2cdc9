//! The binary as users see it: what it writes, where, and how it exits.

mod bench;
mod build;
mod check;
mod explain;
mod files;
mod fmt;
mod help;
mod messages;
mod mistakes;
mod nonsense;
mod progress;
mod run;
mod sandbox;
mod shell;
mod tune;
