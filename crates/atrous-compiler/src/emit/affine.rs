//! Integer and float literals, and the index expressions made of them.

use crate::plan::{Affine, Var};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

/// A number of elements.
pub fn length(value: usize) -> Literal {
    Literal::usize_unsuffixed(value)
}

/// An integer.
pub fn integer(value: i64) -> TokenStream {
    let magnitude = Literal::u64_unsuffixed(value.unsigned_abs());
    if value < 0 { quote!(-#magnitude) } else { quote!(#magnitude) }
}

/// A float that reads back with the same bits.
pub fn float(value: f32) -> TokenStream {
    if !value.is_finite() {
        let bits = Literal::u32_unsuffixed(value.to_bits());
        return quote!(f32::from_bits(#bits));
    }
    let magnitude = Literal::f32_unsuffixed(value.abs());
    if value.is_sign_negative() { quote!(-#magnitude) } else { quote!(#magnitude) }
}

/// An index expression; the terms stand in the order of `scope`, outermost loop first, so that what does not change in an
/// inner loop is one subexpression.
pub fn expression(affine: &Affine, scope: &[Var], names: &[Ident]) -> TokenStream {
    let mut terms = affine.terms.clone();
    terms.sort_by_key(|(var, _)| scope.iter().position(|bound| bound == var));
    let products = terms.iter().map(|&(var, coefficient)| {
        let name = &names[var.0];
        let magnitude = Literal::u64_unsuffixed(coefficient.unsigned_abs());
        let product = if coefficient.unsigned_abs() == 1 { quote!(#name) } else { quote!(#magnitude * #name) };
        (coefficient < 0, product)
    });
    let constant = Literal::u64_unsuffixed(affine.constant.unsigned_abs());
    let constant = (affine.constant != 0).then(|| (affine.constant < 0, quote!(#constant)));
    let sum = products.chain(constant).fold(TokenStream::new(), |sum, (negative, product)| {
        match (sum.is_empty(), negative) {
            (true, false) => product,
            (true, true) => quote!(-#product),
            (false, false) => quote!(#sum + #product),
            (false, true) => quote!(#sum - #product),
        }
    });
    if sum.is_empty() { quote!(0) } else { sum }
}
