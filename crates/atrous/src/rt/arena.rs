//! The memory that a model has for packed parameters, and a run for its scratch.

use std::ops::{Deref, DerefMut};

/// Bytes of a line of a cache.
const LINE: usize = 64;

/// Numbers of which the first begins a line of a cache, so that no vector of them is in two lines.
#[derive(Debug)]
pub struct Arena {
    /// The numbers, with room before and behind them.
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Arena {
    /// So many zeros.
    pub fn zeros(len: usize) -> Arena {
        let memory = vec![0.0; len + LINE / size_of::<f32>() - 1];
        let start = memory.as_ptr().addr().wrapping_neg() % LINE / size_of::<f32>();
        Arena { memory, start, len }
    }
}

impl Deref for Arena {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[self.start..][..self.len]
    }
}

impl DerefMut for Arena {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..][..self.len]
    }
}

/// The clone may have to begin elsewhere in its memory.
impl Clone for Arena {
    fn clone(&self) -> Arena {
        let mut clone = Arena::zeros(self.len);
        clone.copy_from_slice(self);
        clone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arenas_and_their_clones_begin_a_line() {
        let arenas: Vec<Arena> = [0, 1, 15, 16, 17, 1000, 1 << 20].map(Arena::zeros).into();
        for mut arena in arenas {
            arena.fill(1.5);
            let clone = arena.clone();
            assert_eq!(clone[..], arena[..]);
            assert!([&arena, &clone].iter().all(|arena| arena.as_ptr().addr().is_multiple_of(LINE)));
        }
    }
}
