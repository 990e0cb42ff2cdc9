//! The passes in order. Each file shows a picture of its rewrite and says what is true afterwards.

mod absorb_zeros;
mod drop_empty;
mod polyphase;
#[cfg(test)]
mod tests;
mod trim_taps;
mod untranspose;

use crate::ir::{self, Graph, Op, PiecewiseAxis};

/// A rewrite of graphs together with what it guarantees.
pub struct Pass {
    /// A verb.
    pub name: &'static str,
    /// The rewrite.
    pub run: fn(&Graph) -> Graph,
    /// What is true of the graph after this pass and all later ones, in words.
    pub ensures: &'static str,
    /// The same as a check of one operation.
    pub holds: fn(&Op) -> bool,
}

/// Every pass, in the order in which they run.
#[rustfmt::skip]
pub const PASSES: [Pass; 5] = [
    Pass { name: "untranspose", run: untranspose::run, ensures: "no transposed convolution", holds: untranspose::holds },
    Pass { name: "absorb_zeros", run: absorb_zeros::run, ensures: "no zeros are inserted", holds: absorb_zeros::holds },
    Pass { name: "polyphase", run: polyphase::run, ensures: "no multiply by an inserted zero", holds: polyphase::holds },
    Pass { name: "trim_taps", run: trim_taps::run, ensures: "no multiply by padding", holds: trim_taps::holds },
    Pass { name: "drop_empty", run: drop_empty::run, ensures: "every piece has outputs and taps", holds: drop_empty::holds },
];

/// Runs all passes.
///
/// `observe` sees the graph after each pass, and whether the pass changed it.
///
/// # Panics
///
/// If a pass breaks the graph or its own guarantee: a defect of the compiler, whatever the input.
pub fn run(graph: Graph, observe: &mut dyn FnMut(&Pass, &Graph, bool)) -> Graph {
    PASSES.iter().enumerate().fold(graph, |graph, (index, pass)| {
        let after = (pass.run)(&graph);
        verify(&after, &PASSES[..=index]).unwrap_or_else(|error| panic!("after {}: {error}", pass.name));
        observe(pass, &after, after != graph);
        after
    })
}

/// Checks a graph and the guarantees of the passes that have run.
pub fn verify(graph: &Graph, passes: &[Pass]) -> Result<(), String> {
    ir::verify(graph)?;
    for pass in passes {
        if let Some(node) = graph.nodes.iter().find(|node| !(pass.holds)(&node.op)) {
            return Err(format!("{} should hold since {}, but there is: {node}", pass.ensures, pass.name));
        }
    }
    Ok(())
}

/// The graph with every piecewise axis rewritten.
fn map_axes(graph: &Graph, rewrite: fn(&PiecewiseAxis) -> PiecewiseAxis) -> Graph {
    graph.rewrite(|graph, mut node| {
        if let Op::Contraction(contraction) = &mut node.op {
            contraction.axes = contraction.axes.iter().map(rewrite).collect();
        }
        graph.push(node)
    })
}

/// Whether all axes of a contraction are as `holds` says; true of other operations.
fn all_axes(op: &Op, holds: fn(&PiecewiseAxis) -> bool) -> bool {
    match op {
        Op::Contraction(contraction) => contraction.axes.iter().all(holds),
        _ => true,
    }
}
