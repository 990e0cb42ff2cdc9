//! What the tests of the whole project share.

pub mod compiled;
pub mod data;
pub mod differential;
pub mod executors;
pub mod facade;
pub mod layers;
pub mod nets;
pub mod onnx;
pub mod specs;
pub mod threads;
