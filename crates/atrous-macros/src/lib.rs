//! The procedural macro of `atrous`.
