//! Schedules for people.

use std::fmt::{Display, Formatter, Result};

use super::{LaneAxis, Outermost, Schedule};

impl Display for Schedule {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Schedule {
            along,
            lanes,
            channels,
            positions,
            rows,
            kept_weights,
            outermost,
            writes_taps_out,
            phases_apart,
            reorders_input,
        } = *self;
        match along {
            LaneAxis::Width => write!(f, "{channels} channels × {positions} vectors of {lanes} positions")?,
            LaneAxis::OutputChannels => write!(f, "{channels} vectors of {lanes} channels × {positions} positions")?,
            LaneAxis::Groups => write!(f, "{channels} vectors of {lanes} groups × {positions} positions")?,
        }
        if let Some(rows) = rows {
            write!(f, " × {rows} rows")?;
        }
        if kept_weights > 0 {
            write!(f, ", up to {kept_weights} weights kept")?;
        }
        match outermost {
            Outermost::Rows => {}
            Outermost::Runs => write!(f, ", runs outermost")?,
            Outermost::Blocks => write!(f, ", blocks outermost")?,
            Outermost::Parts(size) => write!(f, ", parts of {size} outermost")?,
        }
        if phases_apart {
            write!(f, ", phases apart")?;
        }
        if reorders_input {
            write!(f, ", input reordered")?;
        }
        if writes_taps_out { Ok(()) } else { write!(f, ", taps in a loop") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_told() {
        let first = Schedule {
            along: LaneAxis::Width,
            lanes: 16,
            channels: 4,
            positions: 2,
            rows: None,
            kept_weights: 0,
            outermost: Outermost::Rows,
            writes_taps_out: true,
            phases_apart: false,
            reorders_input: false,
        };
        let check = |schedule: Schedule, text: &str| assert_eq!(schedule.to_string(), text);
        check(first, "4 channels × 2 vectors of 16 positions");
        let along = LaneAxis::OutputChannels;
        check(Schedule { along, lanes: 8, ..first }, "4 vectors of 8 channels × 2 positions");
        check(Schedule { along: LaneAxis::Groups, channels: 3, ..first }, "3 vectors of 16 groups × 2 positions");
        check(Schedule { phases_apart: true, ..first }, "4 channels × 2 vectors of 16 positions, phases apart");
        check(Schedule { reorders_input: true, ..first }, "4 channels × 2 vectors of 16 positions, input reordered");
        let kept = Schedule { rows: Some(5), kept_weights: 6, ..first };
        check(kept, "4 channels × 2 vectors of 16 positions × 5 rows, up to 6 weights kept");
        let loops = Schedule { outermost: Outermost::Blocks, writes_taps_out: false, ..first };
        let parts = Schedule { outermost: Outermost::Parts(4), ..first };
        check(parts, "4 channels × 2 vectors of 16 positions, parts of 4 outermost");
        let runs = Schedule { outermost: Outermost::Runs, ..first };
        check(runs, "4 channels × 2 vectors of 16 positions, runs outermost");
        check(loops, "4 channels × 2 vectors of 16 positions, blocks outermost, taps in a loop");
    }
}
