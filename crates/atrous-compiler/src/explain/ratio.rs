//! Fractions.

use std::fmt::{Display, Formatter, Result};

use crate::numbers::gcd;

/// A fraction in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Ratio {
    /// Above the line.
    pub numerator: i64,
    /// Below the line; at least 1.
    pub denominator: i64,
}

impl Ratio {
    /// `numerator / denominator`, where `numerator` is not negative and `denominator` at least 1.
    pub fn new(numerator: i64, denominator: i64) -> Ratio {
        let divisor = gcd(numerator, denominator).max(1);
        Ratio { numerator: numerator / divisor, denominator: denominator / divisor }
    }
}

impl Display for Ratio {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            denominator => write!(f, "{}/{denominator}", self.numerator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ratio;

    #[test]
    fn fractions_are_in_lowest_terms() {
        assert_eq!(Ratio::new(6, 4), Ratio { numerator: 3, denominator: 2 });
        assert_eq!(Ratio::new(0, 5), Ratio { numerator: 0, denominator: 1 });
        assert_eq!([Ratio::new(1, 2), Ratio::new(14, 2)].map(|ratio| ratio.to_string()), ["1/2", "7"]);
    }
}
