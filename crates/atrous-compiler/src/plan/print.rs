//! The text form of plans, for people and snapshots.
