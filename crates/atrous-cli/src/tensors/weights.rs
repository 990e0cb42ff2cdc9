//! Weights from safetensors files, by the names `<layer>.weight` and `<layer>.bias`.

use atrous_compiler::net::Parameter;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use super::element::{ByteOrder, Element};
use crate::failure::{Failure, Level, Message, Status};

/// Headers longer than this are not read.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// So many names are listed in a message.
const MAX_NAMES: usize = 8;

/// The tensors of the parameters in their order, and warnings about tensors that nothing reads.
///
/// Errors are all of those of the file together: names missing, shapes or types that do not fit.
pub fn parse(bytes: &[u8], parameters: &[Parameter]) -> Result<(Vec<Vec<f32>>, Vec<Message>), Failure> {
    let (metadata, data) = header(bytes)?;
    let missing: Vec<&Parameter> =
        parameters.iter().filter(|parameter| metadata.info(&parameter.name).is_none()).collect();
    let mut unread = metadata.offset_keys();
    unread.retain(|name| !parameters.iter().any(|parameter| parameter.name == *name));
    unread.sort();
    let unread: Vec<String> = unread.iter().map(|name| format!("`{name}`")).collect();
    let mut errors: Vec<Message> = (!missing.is_empty()).then(|| lacks(&missing, &unread)).into_iter().collect();
    let mut tensors = Vec::with_capacity(parameters.len());
    for parameter in parameters {
        match metadata.info(&parameter.name).map(|info| read(info, data, parameter)) {
            Some(Ok(tensor)) => tensors.push(tensor),
            Some(Err(error)) => errors.push(error),
            None => {}
        }
    }
    if !errors.is_empty() {
        return Err(Failure { status: Status::Errors, messages: errors });
    }
    let warning = || Message::new(Level::Warning, format!("nothing reads {} of the file", listed(&unread)));
    Ok((tensors, (!unread.is_empty()).then(warning).into_iter().collect()))
}

/// The error for parameters that are not in the file, which has others that nothing reads.
fn lacks(missing: &[&Parameter], unread: &[String]) -> Message {
    let missing: Vec<String> =
        missing.iter().map(|Parameter { name, shape, .. }| format!("`{name}` {shape:?}")).collect();
    let help = match unread {
        [] => "it holds no others".to_string(),
        _ => format!("instead it holds {}", listed(unread)),
    };
    Message::new(Level::Error, format!("the file lacks {}", listed(&missing))).help(help)
}

/// The table of a file and the bytes that it describes.
fn header(bytes: &[u8]) -> Result<(Metadata, &[u8]), Failure> {
    let corrupt = |why: String| {
        Failure::error(format!("the header of the safetensors file is corrupt: {why}"))
            .help("save one with safetensors.torch.save_file(model.state_dict(), \"weights.safetensors\")")
    };
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return Err(corrupt(format!("the file has only {} bytes", bytes.len())));
    };
    let length = u64::from_le_bytes(*length);
    if length > MAX_HEADER_BYTES || length > rest.len() as u64 {
        return Err(corrupt(format!("it claims a length of {length} bytes, in a file of {}", bytes.len())));
    }
    let (header, data) = rest.split_at(length as usize);
    let metadata: Metadata = serde_json::from_slice(header).map_err(|error| corrupt(error.to_string()))?;
    if metadata.data_len() != data.len() {
        let (described, held) = (metadata.data_len(), data.len());
        return Err(corrupt(format!("it describes {described} bytes of data, but the file holds {held}")));
    }
    Ok((metadata, data))
}

fn read(info: &TensorInfo, data: &[u8], parameter: &Parameter) -> Result<Vec<f32>, Message> {
    let Parameter { name, shape, .. } = parameter;
    let error = |text: String| Message::new(Level::Error, text);
    if info.shape != *shape {
        let text = format!("tensor `{name}` has shape {:?}, but the layer needs {shape:?}", info.shape);
        return Err(error(text).help(match shape.len() {
            1 => "a bias has one number per output channel",
            _ => "weights are [O, I/groups, K…], of transposed layers [I, O/groups, K…]",
        }));
    }
    let element = match info.dtype {
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::Bf16,
        Dtype::F32 => Element::F32,
        Dtype::F64 => Element::F64,
        other => {
            let text = format!("tensor `{name}` has elements of type {other}, which is not supported");
            return Err(error(text).help("use F16, BF16, F32 or F64"));
        }
    };
    let (start, end) = info.data_offsets;
    let bytes = data.get(start..end).ok_or_else(|| error(format!("tensor `{name}` lies outside the file")))?;
    Ok(element.decode(bytes, ByteOrder::Little))
}

/// `tensor a`, or `12 tensors: a, b, …` with only so many names.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(MAX_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > MAX_NAMES { ", …" } else { "" };
    match names.len() {
        1 => format!("tensor {shown}"),
        number => format!("{number} tensors: {shown}{more}"),
    }
}

#[cfg(test)]
mod tests;
