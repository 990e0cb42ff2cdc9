//! Every spec and many random layers on every executor, snapshots of every level, and the order of the repository.

// mod golden;
mod activations;
mod random;
// mod tidy;
// mod wavelet;
