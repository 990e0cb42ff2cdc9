//! What holds of every graph, whatever passes have run.

use super::axis::{Axis, Piece, Progression};
use super::graph::{Contraction, Conv, Graph, Node, Op, PiecewiseAxis, Value};
use crate::layer::PaddingMode;

/// Checks that each node reads earlier nodes and that its shape follows from what it reads.
///
/// The error names the node and what is wrong with it.
pub fn verify(graph: &Graph) -> Result<(), String> {
    for (index, node) in graph.nodes.iter().enumerate() {
        verify_node(graph, index, node).map_err(|error| format!("%{index} = {node}: {error}"))?;
    }
    let dangling = graph.outputs.iter().find(|(_, value)| value.0 >= graph.nodes.len());
    dangling.map_or(Ok(()), |(name, _)| Err(format!("output {name} does not exist")))
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

fn verify_node(graph: &Graph, index: usize, node: &Node) -> Result<(), String> {
    ensure(node.reads.iter().all(|read| read.0 < index), || "reads a later node".into())?;
    let shapes: Vec<&[usize]> = node.reads.iter().map(|&Value(read)| &graph.nodes[read].shape[..]).collect();
    let expected = match (&node.op, &shapes[..]) {
        (Op::Input | Op::Parameter, []) => node.shape.clone(),
        (Op::Pad { mode, sides }, [input]) => {
            let padded = |(&size, [low, high]): (&usize, &[i64; 2])| size as i64 + low + high;
            ensure(sides.len() + 2 == input.len(), || "one pair of sides per axis".into())?;
            ensure(*mode != PaddingMode::Zeros, || "zeros are part of an axis".into())?;
            with_spatial(&input[..2], input[2..].iter().zip(sides).map(padded))
        }
        (Op::ZeroInsert { factors }, [input]) => {
            ensure(factors.len() + 2 == input.len(), || "one factor per axis".into())?;
            with_spatial(
                &input[..2],
                input[2..].iter().zip(factors).map(|(&size, factor)| (size as i64 - 1) * factor + 1),
            )
        }
        (Op::FlipTaps { groups }, [weight]) => [&[weight[1] * groups, weight[0] / groups], &weight[2..]].concat(),
        (Op::TransposedConv(conv), [input, weight]) => verify_conv(conv, input, weight, true)?,
        (Op::Conv(conv), [input, weight]) => verify_conv(conv, input, weight, false)?,
        (Op::Contraction(contraction), [input, weight]) => verify_contraction(contraction, input, weight)?,
        (Op::Epilogue { .. }, [input]) => input.to_vec(),
        (Op::Epilogue { .. }, [input, bias]) => {
            ensure(**bias == input[1..2], || "one bias per channel".into())?;
            input.to_vec()
        }
        (Op::Add | Op::Mul, [first, rest @ ..]) if !rest.is_empty() => {
            ensure(rest.iter().all(|shape| shape == first), || "operands differ in shape".into())?;
            first.to_vec()
        }
        _ => return Err("wrong number of operands".into()),
    };
    ensure(expected == node.shape, || format!("the shape should be {expected:?}"))
}

fn with_spatial(outer: &[usize], spatial: impl Iterator<Item = i64>) -> Vec<usize> {
    outer.iter().copied().chain(spatial.map(|size| size as usize)).collect()
}

fn verify_conv(conv: &Conv, input: &[usize], weight: &[usize], transposed: bool) -> Result<Vec<usize>, String> {
    let Conv { groups, group_inputs, group_outputs, axes } = conv;
    let [outer, inner] = if transposed { [group_inputs, group_outputs] } else { [group_outputs, group_inputs] };
    let read = |axis: &Axis| if transposed { axis.output } else { axis.input };
    let written = |axis: &Axis| if transposed { axis.input } else { axis.output };
    let expected_weight = with_spatial(&[groups * outer, *inner], axes.iter().map(|axis| axis.taps));
    ensure(weight == expected_weight, || format!("the weight should be {expected_weight:?}"))?;
    let expected_input = with_spatial(&[input[0], groups * group_inputs], axes.iter().map(read));
    ensure(input == expected_input, || format!("the input should be {expected_input:?}"))?;
    ensure(!transposed || axes.iter().all(|axis| axis.up == 1), || "a transposed axis has up = 1".into())?;
    Ok(with_spatial(&[input[0], groups * group_outputs], axes.iter().map(written)))
}

fn verify_contraction(contraction: &Contraction, input: &[usize], weight: &[usize]) -> Result<Vec<usize>, String> {
    let Contraction { groups, group_inputs, group_outputs, axes } = contraction;
    axes.iter().try_for_each(verify_pieces)?;
    let whole = |axis: &PiecewiseAxis| Axis {
        input: axis.input,
        output: axis.output,
        taps: axis.taps,
        up: 1,
        stride: 1,
        dilation: 1,
        pad: 0,
    };
    let conv = Conv {
        groups: *groups,
        group_inputs: *group_inputs,
        group_outputs: *group_outputs,
        axes: axes.iter().map(whole).collect(),
    };
    verify_conv(&conv, input, weight, false)
}

/// Outputs are covered exactly once, taps exist, and the inner relation has the numbers of the outer progressions.
pub(super) fn verify_pieces(axis: &PiecewiseAxis) -> Result<(), String> {
    let outputs = axis.pieces.iter().map(|piece| piece.outputs).chain(axis.empty.iter().copied());
    ensure(is_partition(outputs.collect(), axis.output), || "pieces do not cover the outputs exactly once".into())?;
    axis.pieces.iter().try_for_each(|Piece { outputs, taps, axis: inner }| {
        let in_range = |part: &Progression, whole: i64| {
            part.count == 0 || (part.start >= 0 && part.step > 0 && part.at(part.count - 1) < whole)
        };
        ensure(in_range(taps, axis.taps), || format!("taps {taps:?} do not exist"))?;
        ensure(inner.up == 1 && inner.input == axis.input, || format!("{inner:?} is not dense"))?;
        ensure(inner.output == outputs.count && inner.taps == taps.count, || format!("{inner:?} has other counts"))
    })
}

/// Whether progressions of one step cover `0..len` exactly once: they are inside, disjoint, and enough.
fn is_partition(mut parts: Vec<Progression>, len: i64) -> bool {
    parts.retain(|part| part.count > 0);
    let step = parts.first().map_or(1, |part| part.step);
    let is_inside = |part: &Progression| part.step == step && part.start >= 0 && part.at(part.count - 1) < len;
    if step < 1 || !parts.iter().all(is_inside) {
        return false;
    }
    parts.sort_unstable_by_key(|part| (part.start % step, part.start));
    let are_disjoint = |pair: &[Progression]| {
        pair[0].start % step != pair[1].start % step || pair[0].at(pair[0].count) <= pair[1].start
    };
    parts.windows(2).all(are_disjoint) && parts.iter().map(|part| part.count).sum::<i64>() == len
}
