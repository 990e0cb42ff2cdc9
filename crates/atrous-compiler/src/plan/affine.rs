//! Integer expressions `c + Σ aᵢ·vᵢ` over the variables of a stage.

use super::types::Var;

/// `constant + Σ coefficient·var`, with no zero coefficient and no variable twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Affine {
    /// The part without variables.
    pub constant: i64,
    /// The variables with their coefficients, in the order in which they were added.
    pub terms: Vec<(Var, i64)>,
}

impl Affine {
    /// A number.
    pub fn constant(constant: i64) -> Affine {
        Affine { constant, terms: Vec::new() }
    }

    /// `coefficient·var`
    pub fn term(var: Var, coefficient: i64) -> Affine {
        Affine::constant(0).plus_term(var, coefficient)
    }

    /// A variable.
    pub fn var(var: Var) -> Affine {
        Affine::term(var, 1)
    }

    /// The sum of two expressions.
    pub fn plus(&self, other: &Affine) -> Affine {
        self.clone().plus_times(other, 1)
    }

    /// The expression with a multiple of another one added.
    pub fn plus_times(self, other: &Affine, factor: i64) -> Affine {
        let start = self.plus_constant(other.constant * factor);
        other.terms.iter().fold(start, |sum, &(var, coefficient)| sum.plus_term(var, coefficient * factor))
    }

    /// The expression with a number added.
    pub fn plus_constant(mut self, constant: i64) -> Affine {
        self.constant += constant;
        self
    }

    /// The expression with `coefficient·var` added.
    pub fn plus_term(mut self, var: Var, coefficient: i64) -> Affine {
        match self.terms.iter_mut().find(|term| term.0 == var) {
            Some(term) => term.1 += coefficient,
            None => self.terms.push((var, coefficient)),
        }
        self.terms.retain(|term| term.1 != 0);
        self
    }

    /// The expression times a number.
    pub fn times(&self, factor: i64) -> Affine {
        let terms = self.terms.iter().map(|&(var, coefficient)| (var, coefficient * factor));
        Affine { constant: self.constant * factor, terms: terms.filter(|term| term.1 != 0).collect() }
    }

    /// The value when each variable has the value that `values` gives by its index.
    pub fn value(&self, values: &[i64]) -> i64 {
        self.terms.iter().fold(self.constant, |sum, &(var, coefficient)| sum + coefficient * values[var.0])
    }
}

impl From<i64> for Affine {
    fn from(constant: i64) -> Affine {
        Affine::constant(constant)
    }
}

impl From<Var> for Affine {
    fn from(var: Var) -> Affine {
        Affine::var(var)
    }
}
