//! Reproducible noise: the same numbers for a seed on every machine.

/// The generator SplitMix64 of Steele, Lea and Flood (2014).
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// The generator of one of the streams of a seed.
    pub fn new(seed: u64, stream: u64) -> Random {
        let mut start = Random { state: seed.wrapping_add(stream.wrapping_mul(STEP.rotate_left(32))) };
        Random { state: start.bits() }
    }

    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in [−1, 1), a multiple of 2⁻²³.
    pub fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    }

    /// So many numbers in [−1, 1), each times `scale`.
    pub fn tensor(&mut self, len: usize, scale: f32) -> Vec<f32> {
        (0..len).map(|_| self.unit() * scale).collect()
    }
}

#[cfg(test)]
mod tests;
