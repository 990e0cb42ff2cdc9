//! The binary as users see it: what it writes, where, and how it exits.

mod bench;
mod build;
mod check;
mod codes;
mod draw;
mod explain;
mod files;
mod fmt;
mod help;
mod matrix;
mod messages;
mod mistakes;
mod nonsense;
mod page;
mod progress;
mod run;
mod sandbox;
mod shell;
mod tune;
