//! The binary as users see it: what it writes, where, and how it exits.

mod bench;
mod build;
mod check;
mod draw;
mod explain;
mod files;
mod help;
mod matrix;
mod mistakes;
mod nonsense;
mod page;
mod run;
mod sandbox;
mod tune;
