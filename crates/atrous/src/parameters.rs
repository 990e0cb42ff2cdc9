//! How callers hand over the parameters of layers and nets.

use crate::Error;
use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

/// The parameters of a layer without bias.
#[derive(Clone, Copy, Debug)]
pub struct Weight<'a> {
    /// Shape `[O, I/groups, K…]`, transposed layers `[I, O/groups, K…]`.
    pub weight: &'a [f32],
}

/// The parameters of a layer with bias.
#[derive(Clone, Copy, Debug)]
pub struct WeightBias<'a> {
    /// Shape `[O, I/groups, K…]`, transposed layers `[I, O/groups, K…]`.
    pub weight: &'a [f32],
    /// One number per output channel.
    pub bias: &'a [f32],
}

/// Tensors by name, such as `conv1.weight`.
pub trait Tensors {
    /// The elements of a tensor in the order in which PyTorch stores them, or nothing when there is none of that name.
    fn get(&self, name: &str) -> Option<&[f32]>;
}

impl<K: Borrow<str> + Eq + Hash, V: AsRef<[f32]>, S: BuildHasher> Tensors for HashMap<K, V, S> {
    fn get(&self, name: &str) -> Option<&[f32]> {
        HashMap::get(self, name).map(AsRef::as_ref)
    }
}

impl<K: Borrow<str> + Ord, V: AsRef<[f32]>> Tensors for BTreeMap<K, V> {
    fn get(&self, name: &str) -> Option<&[f32]> {
        BTreeMap::get(self, name).map(AsRef::as_ref)
    }
}

impl<K: AsRef<str>, V: AsRef<[f32]>> Tensors for [(K, V)] {
    fn get(&self, name: &str) -> Option<&[f32]> {
        self.iter().find(|(key, _)| key.as_ref() == name).map(|(_, tensor)| tensor.as_ref())
    }
}

impl<K: AsRef<str>, V: AsRef<[f32]>, const N: usize> Tensors for [(K, V); N] {
    fn get(&self, name: &str) -> Option<&[f32]> {
        Tensors::get(self.as_slice(), name)
    }
}

/// The tensors of these names, or an error that tells all that are missing.
pub(crate) fn find<'a, T: Tensors + ?Sized>(
    model: &str,
    tensors: &'a T,
    names: &[&str],
) -> Result<Vec<&'a [f32]>, Error> {
    let missing: Vec<String> =
        names.iter().filter(|name| tensors.get(name).is_none()).map(|name| name.to_string()).collect();
    if missing.is_empty() {
        Ok(names.iter().filter_map(|name| tensors.get(name)).collect())
    } else {
        Err(Error::Missing { model: model.into(), tensors: missing })
    }
}
