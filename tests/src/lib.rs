//! What the tests of the whole project share.

#[cfg(feature = "compiled")]
pub mod compiled;
pub mod data;
pub mod differential;
pub mod executors;
#[cfg(feature = "compiled")]
pub mod facade;
pub mod fuzz;
pub mod layers;
pub mod nets;
pub mod onnx;
pub mod specs;
pub mod threads;
