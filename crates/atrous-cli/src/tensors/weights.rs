//! Weights from safetensors files, by the names `<layer>.weight` and `<layer>.bias`.

use atrous_compiler::net::Parameter;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::Deserialize;
use serde_json::Value;

use super::element::{ByteOrder, Element};
use crate::failure::{Failure, Level, Message, Status};

/// Headers longer than this are not read.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// Longer headers that are wrong are not read a second time, for an explanation.
const MAX_EXPLAINED_BYTES: usize = 1_000_000;

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
    const HELP: &str = "save one with safetensors.torch.save_file(model.state_dict(), \"weights.safetensors\")";
    let corrupt = |why: String| Failure::error(format!("the safetensors file is broken: {why}")).help(HELP);
    if let Some(what) = other_format(bytes) {
        return Err(Failure::error(format!("the file is {what}, not safetensors")).help(HELP));
    }
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return Err(corrupt(format!("it has {} bytes, and the length of its header takes 8", bytes.len())));
    };
    let length = u64::from_le_bytes(*length);
    if length > rest.len() as u64 {
        let follow = rest.len();
        return Err(corrupt(format!(
            "its first 8 bytes say that a header of {length} bytes follows, but {follow} follow"
        )));
    }
    if length > MAX_HEADER_BYTES {
        return Err(corrupt(format!("its header has {length} bytes; at most {MAX_HEADER_BYTES} are read")));
    }
    let (header, data) = rest.split_at(length as usize);
    let metadata: Metadata = serde_json::from_slice(header)
        .map_err(|error| corrupt(explain(header).unwrap_or_else(|| error.to_string())))?;
    if metadata.data_len() != data.len() {
        let (described, held) = (metadata.data_len(), data.len());
        return Err(corrupt(format!("its header describes {described} bytes of data, but {held} follow")));
    }
    Ok((metadata, data))
}

/// What a file is that people take for weights.
fn other_format(bytes: &[u8]) -> Option<&'static str> {
    const FORMATS: [(&[u8], &str); 4] = [
        (b"PK\x03\x04", "a zip archive, such as torch.save and numpy.savez write"),
        (b"\x93NUMPY", "a NumPy array"),
        (b"\x80\x02", "a pickle of Python's"),
        (b"\x89HDF", "an HDF5 file, such as Keras writes"),
    ];
    FORMATS.into_iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| what)
}

/// What is wrong with a header: with its form, or with its first wrong tensor.
fn explain(header: &[u8]) -> Option<String> {
    if header.len() > MAX_EXPLAINED_BYTES {
        return None;
    }
    let entries = match serde_json::from_slice(header) {
        Ok(Value::Object(entries)) => entries,
        Ok(_) => return Some("its header is JSON, but no table of tensors".to_string()),
        Err(error) => return Some(format!("its header is not JSON: {error}")),
    };
    let mut tensors = Vec::new();
    for (name, entry) in entries.into_iter().filter(|(name, _)| name != "__metadata__") {
        if let Some(unknown) = entry["dtype"].as_str().filter(|_| Dtype::deserialize(&entry["dtype"]).is_err()) {
            return Some(format!("tensor `{name}` has elements of type {unknown}, which safetensors does not have"));
        }
        match TensorInfo::deserialize(entry) {
            Ok(info) => tensors.push((name, info)),
            Err(error) => {
                let error = error.to_string().replace("usize", "a size").replace("a sequence", "a list of sizes");
                return Some(format!("tensor `{name}` has a wrong entry: {error}"));
            }
        }
    }
    tensors.sort_by_key(|(_, info)| info.data_offsets);
    let mut end = 0;
    for (name, TensorInfo { dtype, shape, data_offsets: (from, to) }) in tensors {
        let elements = shape.iter().try_fold(1_u128, |product, &size| product.checked_mul(size as u128));
        let bits = elements.and_then(|elements| elements.checked_mul(dtype.bitsize() as u128));
        let Some(bits) = bits else {
            return Some(format!("tensor `{name}` of shape {shape:?} has more elements than a file can hold"));
        };
        if from > to {
            return Some(format!("tensor `{name}` begins at byte {from} and ends at byte {to}"));
        }
        if from < end {
            return Some(format!("tensor `{name}` begins at byte {from}, but the one before it ends at byte {end}"));
        }
        if from > end {
            return Some(format!("no tensor has the bytes {end} to {from}, before tensor `{name}`"));
        }
        if bits != 8 * (to - from) as u128 {
            let bytes = bits.div_ceil(8);
            return Some(format!(
                "tensor `{name}` of shape {shape:?} and type {dtype} has {bytes} bytes, but its place is {from} to {to}"
            ));
        }
        end = to;
    }
    None
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
