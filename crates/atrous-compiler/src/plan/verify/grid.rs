//! Whether boxes cover every element of an array exactly once.
//!
//! The simple way counts, for each element, the boxes that hold it. A box is the product of one set of positions per
//! dimension, and few different sets appear in a dimension. So the positions of each dimension fall into few atoms:
//! positions that belong to the same sets. Counting one element for each combination of atoms is enough, because the
//! elements of a combination are in the same boxes. Atoms of a long dimension are found in a short one, see `short`.

use std::collections::BTreeMap;

use super::short::Short;

/// `start + Σ stride·i`, for each `i` in `0..count` of its step.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Progression {
    pub start: i64,
    /// Stride and count of each; counts are not negative.
    pub steps: Vec<(i64, i64)>,
}

/// Positions along a dimension: those of all progressions, which are inside the dimension.
pub(super) type Pattern = Vec<Progression>;

/// Why boxes are no exact cover, with the index of an element.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The element is in two boxes, or at two places of one.
    Twice(Vec<usize>),
    /// The element is in no box.
    Never(Vec<usize>),
    /// Deciding takes too long.
    TooLarge,
}

/// Positions visited in all sets of all dimensions.
const MAX_POSITIONS: usize = 1 << 26;

/// Combinations of atoms.
const MAX_CELLS: usize = 1 << 22;

/// Checks that each element of an array of a shape is in exactly one of the boxes, which hold a pattern per dimension.
pub(super) fn cover_exactly(shape: &[usize], boxes: &[Vec<Pattern>]) -> Result<(), Flaw> {
    if shape.contains(&0) {
        return Ok(());
    }
    let mut budget = MAX_POSITIONS;
    let axes = shape.iter().enumerate().map(|(dim, &positions)| {
        let patterns: Vec<&Pattern> = boxes.iter().map(|patterns| &patterns[dim]).collect();
        Axis::shortened(positions, &patterns, &mut budget).map_err(|flaw| match flaw {
            AxisFlaw::TooLarge => Flaw::TooLarge,
            AxisFlaw::Twice { pattern, position } => {
                let mut element: Vec<usize> = boxes[pattern].iter().map(|other| other[0].start as usize).collect();
                element[dim] = position;
                Flaw::Twice(element)
            }
        })
    });
    let axes: Vec<Axis> = axes.collect::<Result<_, _>>()?;
    count_cells(&axes, boxes.len())
}

fn count_cells(axes: &[Axis], boxes: usize) -> Result<(), Flaw> {
    let atoms = axes.iter().map(|axis| axis.examples.len());
    let cells = atoms.clone().try_fold(1, |cells: usize, atoms| cells.checked_mul(atoms));
    let cells = cells.filter(|&cells| cells <= MAX_CELLS).ok_or(Flaw::TooLarge)?;
    let mut is_covered = vec![false; cells];
    let element = |mut cell: usize| {
        let mut index = vec![0; axes.len()];
        for (dim, axis) in axes.iter().enumerate().rev() {
            index[dim] = axis.examples[cell % axis.examples.len()];
            cell /= axis.examples.len();
        }
        index
    };
    for number in 0..boxes {
        let mut cells_of_box = vec![0];
        for axis in axes {
            let atoms = axis.atoms_of_pattern(number);
            let extended = |&cell: &usize| atoms.iter().map(move |atom| cell * axis.examples.len() + atom);
            cells_of_box = cells_of_box.iter().flat_map(extended).collect();
        }
        for cell in cells_of_box {
            if std::mem::replace(&mut is_covered[cell], true) {
                return Err(Flaw::Twice(element(cell)));
            }
        }
    }
    is_covered.iter().position(|is_covered| !is_covered).map_or(Ok(()), |cell| Err(Flaw::Never(element(cell))))
}

/// The positions of a dimension by atoms.
struct Axis {
    /// For each pattern, the number of its set; equal patterns share one.
    sets: Vec<usize>,
    /// For each set, its atoms.
    atoms: Vec<Vec<usize>>,
    /// For each atom, its first position.
    examples: Vec<usize>,
}

enum AxisFlaw {
    /// A position is twice in a pattern.
    Twice {
        pattern: usize,
        position: usize,
    },
    TooLarge,
}

impl Axis {
    /// The axis, by way of a shorter one where there is one.
    fn shortened(positions: usize, patterns: &[&Pattern], budget: &mut usize) -> Result<Axis, AxisFlaw> {
        let Some(Short { positions, patterns, cuts }) = Short::new(positions, patterns) else {
            return Axis::new(positions, patterns, budget);
        };
        let in_long = |position: usize| {
            let cut = cuts[cuts.partition_point(|cut| cut.short <= position) - 1];
            cut.long + position - cut.short
        };
        match Axis::new(positions, &patterns.iter().collect::<Vec<_>>(), budget) {
            Ok(axis) => Ok(Axis { examples: axis.examples.into_iter().map(in_long).collect(), ..axis }),
            Err(AxisFlaw::Twice { pattern, position }) => Err(AxisFlaw::Twice { pattern, position: in_long(position) }),
            Err(AxisFlaw::TooLarge) => Err(AxisFlaw::TooLarge),
        }
    }

    fn new(positions: usize, patterns: &[&Pattern], budget: &mut usize) -> Result<Axis, AxisFlaw> {
        *budget = budget.checked_sub(positions).ok_or(AxisFlaw::TooLarge)?;
        let mut numbers: BTreeMap<&Pattern, usize> = BTreeMap::new();
        let mut sets = Vec::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        let mut partition = Partition::new(positions);
        for (number, &pattern) in patterns.iter().enumerate() {
            let next = numbers.len();
            let set = *numbers.entry(pattern).or_insert(next);
            sets.push(set);
            if set == next {
                let found = positions_of(pattern, positions, budget)?;
                let found = found.map_err(|position| AxisFlaw::Twice { pattern: number, position })?;
                partition.split(&found);
                members.push(found);
            }
        }
        let (atom_of, examples) = partition.atoms();
        let atoms = members.iter().map(|members| {
            let mut atoms: Vec<usize> = members.iter().map(|&position| atom_of[position]).collect();
            atoms.sort_unstable();
            atoms.dedup();
            atoms
        });
        Ok(Axis { sets, atoms: atoms.collect(), examples })
    }

    fn atoms_of_pattern(&self, pattern: usize) -> &[usize] {
        &self.atoms[self.sets[pattern]]
    }
}

/// All positions of a pattern, or one that appears twice.
fn positions_of(
    pattern: &Pattern,
    positions: usize,
    budget: &mut usize,
) -> Result<Result<Vec<usize>, usize>, AxisFlaw> {
    let mut is_seen = vec![false; positions];
    let mut found = Vec::new();
    for progression in pattern {
        let mut stop = None;
        visit(progression.start, &progression.steps, &mut |position| {
            let position = position as usize;
            found.push(position);
            *budget = budget.saturating_sub(1);
            let is_twice = std::mem::replace(&mut is_seen[position], true);
            if is_twice {
                stop = Some(position);
            }
            !is_twice && *budget > 0
        });
        if let Some(position) = stop {
            return Ok(Err(position));
        }
        if *budget == 0 {
            return Err(AxisFlaw::TooLarge);
        }
    }
    Ok(Ok(found))
}

/// Calls `each` for the numbers of a progression as long as it returns true; returns whether it always did.
fn visit(start: i64, steps: &[(i64, i64)], each: &mut dyn FnMut(i64) -> bool) -> bool {
    match steps {
        [] => each(start),
        [(stride, count), inner @ ..] => (0..*count).all(|number| visit(start + number * stride, inner, each)),
    }
}

/// Positions with the number of their class; some numbers may be out of use.
struct Partition {
    class: Vec<usize>,
    classes: usize,
}

impl Partition {
    fn new(positions: usize) -> Partition {
        Partition { class: vec![0; positions], classes: 1 }
    }

    /// Separates the members of each class that are in a set from those that are not.
    fn split(&mut self, set: &[usize]) {
        let mut renamed = vec![None; self.classes];
        for &position in set {
            let class = &mut self.class[position];
            *class = *renamed[*class].get_or_insert_with(|| {
                self.classes += 1;
                self.classes - 1
            });
        }
        // Numbers out of use pile up; in use are at most as many as there are positions.
        if self.classes > 2 * self.class.len() {
            let (class, examples) = self.atoms();
            *self = Partition { class, classes: examples.len() };
        }
    }

    /// The classes numbered by first appearance, and the first position of each.
    fn atoms(&self) -> (Vec<usize>, Vec<usize>) {
        let mut numbers = vec![None; self.classes];
        let mut examples = Vec::new();
        let number = |(position, &class): (usize, &usize)| {
            *numbers[class].get_or_insert_with(|| {
                examples.push(position);
                examples.len() - 1
            })
        };
        let class = self.class.iter().enumerate().map(number).collect();
        (class, examples)
    }
}
