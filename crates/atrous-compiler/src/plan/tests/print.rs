//! The notation says everything: reading it gives the plan back.

use super::{parse, plans};

#[test]
fn printing_reads_back() {
    for text in [plans::CONV, plans::UP, plans::CHAIN] {
        let plan = parse::plan(text);
        assert_eq!(parse::plan(&plan.to_string()), plan, "{plan}");
    }
}

#[test]
fn a_plan() {
    insta::assert_snapshot!(parse::plan(plans::CONV), @"");
}

#[test]
fn a_stage_alone() {
    let plan = parse::plan(plans::CHAIN);
    insta::assert_snapshot!(plan.run[1], @"");
}

#[test]
fn long_tables_wrap() {
    let rows: Vec<String> = (0..20).map(|row| format!("({row}, {}, {})", 2 * row, 100 - row)).collect();
    let numbers: Vec<String> = (100..140).map(|row| row.to_string()).collect();
    let text = format!(
        "\
plan long for portable (16 registers of 4 lanes, multiply-add rounds twice)
  arenas    packed 0, scratch 0
run long
  for n in 0..1
    regions (a, b, c) in [{}]
      regions d in [{}]
        for e in 0..a
    regions f in []
",
        rows.join(", "),
        numbers.join(", ")
    );
    let plan = parse::plan(&text);
    assert_eq!(parse::plan(&plan.to_string()), plan);
    insta::assert_snapshot!(plan, @"");
}
