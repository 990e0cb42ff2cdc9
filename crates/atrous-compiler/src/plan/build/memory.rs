//! Where packed and scratch buffers lie in their arenas.

/// A buffer that is live from the stage that writes it to the last stage that reads it.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// Elements.
    pub len: usize,
    /// The stage that writes it.
    pub first: usize,
    /// The last stage that reads it.
    pub last: usize,
}

/// Offsets are multiples of this many elements: 64 bytes.
const ALIGNMENT: usize = 16;

/// Offsets one behind the other, and the length of them all.
pub fn sequential(lengths: impl Iterator<Item = usize>) -> (Vec<usize>, usize) {
    let mut end = 0;
    let mut place = |len: usize| {
        let offset = end;
        end += len.next_multiple_of(ALIGNMENT);
        offset
    };
    let offsets = lengths.map(&mut place).collect();
    (offsets, end)
}

/// Offsets such that buffers that are live at the same time do not overlap, each as low as possible in the given
/// order, and the length of them all.
pub fn share(buffers: &[Lifetime]) -> (Vec<usize>, usize) {
    let mut offsets: Vec<usize> = Vec::new();
    for buffer in buffers {
        let mut taken: Vec<(usize, usize)> = buffers
            .iter()
            .zip(&offsets)
            .filter(|(other, _)| other.first <= buffer.last && buffer.first <= other.last)
            .map(|(other, &offset)| (offset, offset + other.len.next_multiple_of(ALIGNMENT)))
            .collect();
        taken.sort_unstable();
        let lowest = taken.iter().fold(
            0,
            |offset, &(from, to)| {
                if offset + buffer.len <= from { offset } else { offset.max(to) }
            },
        );
        offsets.push(lowest);
    }
    let end =
        buffers.iter().zip(&offsets).map(|(buffer, offset)| offset + buffer.len.next_multiple_of(ALIGNMENT)).max();
    (offsets, end.unwrap_or(0))
}
