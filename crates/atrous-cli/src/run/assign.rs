//! Which input of a net gets what the command line gives.

use std::path::PathBuf;

use crate::args::{RunArgs, TensorSource};
use crate::failure::{Failure, quoted};

/// What the command line gives for an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// An array.
    Array(PathBuf),
    /// A picture.
    Picture(PathBuf),
    /// Noise with a seed.
    Random(u64),
}

/// One choice for each of the inputs with these names.
pub fn of_args(args: &RunArgs, names: &[&str]) -> Result<Vec<Choice>, Failure> {
    let arrays = args.inputs.iter().map(|(name, source)| {
        let choice = match source {
            TensorSource::File(path) => Choice::Array(path.clone()),
            TensorSource::Random(seed) => Choice::Random(*seed),
        };
        (name.as_deref(), choice)
    });
    let pictures = args.images.iter().map(|(name, path)| (name.as_deref(), Choice::Picture(path.clone())));
    assign(names, &arrays.chain(pictures).collect::<Vec<_>>())
}

/// Choices with a name go to that input. One without goes to the only input; noise without a name goes to every input
/// that is not named.
fn assign(names: &[&str], choices: &[(Option<&str>, Choice)]) -> Result<Vec<Choice>, Failure> {
    let mut assigned: Vec<Option<Choice>> = vec![None; names.len()];
    let mut set = |index: usize, choice: &Choice| match assigned[index].replace(choice.clone()) {
        None => Ok(()),
        Some(_) => Err(Failure::usage(format!("input `{}` is given twice", names[index]))),
    };
    let mut noise = None;
    for (name, choice) in choices {
        match (name, choice) {
            (Some(name), _) => {
                let index = names.iter().position(|input| input == name).ok_or_else(|| no_input(name, names))?;
                set(index, choice)?;
            }
            (None, _) if names.len() == 1 => set(0, choice)?,
            (None, Choice::Random(_)) if noise.is_none() => noise = Some(choice.clone()),
            (None, Choice::Random(_)) => {
                return Err(Failure::usage(
                    "--input random:SEED stands for all inputs that are not named; it is given twice",
                ));
            }
            (None, _) => {
                let text = format!("which input is meant? There are {}", quoted(names.iter().copied()));
                return Err(Failure::usage(text).help("write --input NAME=FILE.npy or --image NAME=PICTURE"));
            }
        }
    }
    let or_noise =
        |(choice, name): (Option<Choice>, &&str)| choice.or(noise.clone()).ok_or_else(|| missing(name, names));
    assigned.into_iter().zip(names).map(or_noise).collect()
}

fn no_input(name: &str, names: &[&str]) -> Failure {
    let inputs = quoted(names.iter().copied());
    Failure::usage(format!("there is no input `{name}`")).help(format!("the inputs are {inputs}"))
}

fn missing(name: &str, names: &[&str]) -> Failure {
    let prefix = if names.len() == 1 { String::new() } else { format!("{name}=") };
    let help = format!("write --input {prefix}FILE.npy, --image {prefix}PICTURE or --input {prefix}random:SEED");
    Failure::usage(format!("input `{name}` is not given")).help(help)
}

#[cfg(test)]
mod tests;
