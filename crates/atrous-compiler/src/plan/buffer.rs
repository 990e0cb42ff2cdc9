//! The memory that a plan touches.

/// An index into [`Plan::buffers`](super::Plan::buffers).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(pub usize);

/// A dense tensor of `f32`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Unique within the plan; may hold a dot (`conv1.weight`).
    pub name: String,
    /// Whose memory it is.
    pub role: Role,
    /// Dimensions in memory order, outermost first.
    pub shape: Vec<usize>,
}

/// Whose memory a [`Buffer`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The caller's, read by `run`. Inputs appear in the net's order.
    Input,
    /// The caller's, written by `run`; later stages may read it. Outputs appear in the net's order.
    Output,
    /// The caller's, read by `pack`. Parameters appear in the order of `Net::parameters`.
    Parameter,
    /// The kernel's, written by `pack` and read by `run`.
    Packed {
        /// First element in the packed arena.
        offset: usize,
    },
    /// The call's, written and then read by `run`. Buffers that are never live together may overlap.
    Scratch {
        /// First element in the scratch arena.
        offset: usize,
    },
}

impl Buffer {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape as an access with so many indices sees it: the last index runs over all dimensions from its own on.
    pub fn merged(&self, rank: usize) -> Vec<usize> {
        match rank.checked_sub(1) {
            Some(last) if last < self.shape.len() => {
                let (outer, inner) = self.shape.split_at(last);
                outer.iter().copied().chain([inner.iter().product()]).collect()
            }
            _ => self.shape.clone(),
        }
    }

    /// Distance in elements between neighbours along a dimension of [`merged`](Buffer::merged).
    pub fn stride(&self, dim: usize, rank: usize) -> usize {
        if dim + 1 == rank { 1 } else { self.shape[dim + 1..].iter().product() }
    }
}
