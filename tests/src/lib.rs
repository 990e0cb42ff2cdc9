//! What the tests of the whole project share.

pub mod data;
pub mod differential;
pub mod layers;
pub mod specs;
