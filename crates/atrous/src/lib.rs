//! Convolution layers compiled to specialised code.
