//! The inputs of a net.

use std::path::Path;

use atrous_compiler::layer::Layout;
use atrous_compiler::net::{Input, Net};

use super::assign::Choice;
use crate::failure::Failure;
use crate::memory::{Limit, bytes_of};
use crate::model::order_of_dimensions;
use crate::random::Random;
use crate::report::Report;
use crate::source::read_file;
use crate::tensors::picture::Picture;
use crate::tensors::{Tensor, logical, npy, picture};

/// What is known of an input before the sizes of the net are.
#[derive(Debug)]
pub struct Given {
    /// The file it is from.
    file: Option<String>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Array(Tensor),
    Picture(Picture),
    Random(u64),
}

/// Reads what the command line gives for an input.
pub fn read(choice: &Choice, limit: Limit, report: &mut Report) -> Result<Given, Failure> {
    let (path, content): (&Path, _) = match choice {
        Choice::Random(seed) => return Ok(Given { file: None, content: Content::Random(*seed) }),
        Choice::Array(path) => (path, read_file(path, 0, limit)?),
        Choice::Picture(path) => (path, read_file(path, 0, limit)?),
    };
    let file = path.display().to_string();
    let content = match choice {
        Choice::Picture(_) => picture::decode(&content, limit).map(Content::Picture),
        _ => npy::parse(&content).and_then(|array| {
            let tensor = bytes_of([array.shape.as_slice()], 4);
            limit.check("the file and its array", tensor.saturating_add(content.len() as u64))?;
            Ok(Content::Array(array.tensor()))
        }),
    };
    let content = content.map_err(|failure| failure.file(&file))?;
    if let Content::Picture(picture) = &content {
        picture.notes.iter().for_each(|note| report.message(&note.clone().file(&file)));
    }
    Ok(Given { file: Some(file), content })
}

impl Given {
    /// The file it is from.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The shape `[N, C, S…]`, as far as it says one; a picture has as many channels as it is asked to.
    pub fn shape(&self, layout: Layout, channels: Option<usize>) -> Option<Vec<usize>> {
        match &self.content {
            Content::Array(tensor) => Some(logical(layout, &tensor.shape)),
            Content::Picture(picture) => {
                let [height, width] = picture.size();
                Some(vec![1, channels.unwrap_or(picture.channels()), height, width])
            }
            Content::Random(_) => None,
        }
    }
}

/// The inputs in memory order of the net's layout.
pub fn tensors(given: Vec<Given>, net: &Net) -> Result<Vec<Vec<f32>>, Failure> {
    given
        .into_iter()
        .zip(&net.inputs)
        .enumerate()
        .map(|(index, (given, input))| tensor(given, index, input, net.layout))
        .collect()
}

fn tensor(given: Given, index: usize, input: &Input, layout: Layout) -> Result<Vec<f32>, Failure> {
    let Given { file, content } = given;
    let tensor = match content {
        Content::Random(seed) => {
            let len = input.shape.iter().product();
            return Ok(Random::new(seed, index as u64).tensor(len, 1.0));
        }
        Content::Array(tensor) => tensor,
        Content::Picture(picture) => {
            planes(picture, input).map_err(|failure| in_file(failure, file.clone()))?.into_batch(layout)
        }
    };
    let expected = layout.in_memory(&input.shape);
    if tensor.shape == expected {
        return Ok(tensor.data);
    }
    let text = format!("the shape is {:?}, but input `{}` needs {expected:?}", tensor.shape, input.name);
    Err(in_file(Failure::error(text).help(order_of_dimensions(layout)), file))
}

/// A picture with the channels and the size of an input.
fn planes(picture: Picture, input: &Input) -> Result<Tensor, Failure> {
    let Input { name, shape } = input;
    let [1, channels @ (1 | 3), rows, columns] = shape[..] else {
        let text = format!("a picture is no input for `{name}` of shape {shape:?}");
        return Err(Failure::error(text).help("pictures need the shape [1, 1 or 3, H, W]"));
    };
    let [height, width] = picture.size();
    if [height, width] == [rows, columns] {
        return Ok(picture.planes(channels));
    }
    let text = format!("the picture is {width} by {height} pixels, but input `{name}` needs {columns} by {rows}");
    Err(Failure::error(text).help("scale or crop the picture, or write the sizes of the spec as names: [1, 3, H, W]"))
}

fn in_file(failure: Failure, file: Option<String>) -> Failure {
    match file {
        Some(file) => failure.file(file),
        None => failure,
    }
}
