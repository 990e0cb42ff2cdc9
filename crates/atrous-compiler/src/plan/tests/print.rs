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
    insta::assert_snapshot!(parse::plan(plans::CONV), @r"
    plan conv for portable (16 registers of 4 lanes, multiply-add rounds twice)
      input     image   [1, 2, 11]
      parameter weight  [4, 2, 3]
      parameter bias    [4]
      packed    taps    [2, 3, 4]   at 4
      packed    biases  [4]         at 0
      output    out     [1, 4, 11]
      arenas    packed 28, scratch 0
    pack taps
      for ic in 0..2
        for k in 0..3
          for oc in 0..4
            tile of 1 lane
              w = load weight[oc, ic, 2 - k]
              store taps[ic, k, oc] = w
    pack biases
      tile of 4 lanes
        b = load bias[0 ..+4]
        store biases[0 ..+4] = b
    run conv in 4 shares
      par oc in 0..4
        regions (x, vectors, tail, tails, tap, n_taps) in [(0, 0, 0, 1, 1, 2), (1, 2, 9, 1, 0, 3),
            (10, 0, 10, 1, 0, 2)]
          for v in 0..vectors
            tile of 4 lanes
              acc = broadcast biases[oc]
              reduce ic in 0..2
                reduce k in 0..n_taps
                  prefetch image[0, ic + 7, x + 4*v + tap + k - 9]
                  w = broadcast taps[ic, 2 - tap - k, oc]
                  i = load image[0, ic, x + 4*v + tap + k - 1 ..+4]
                  acc = i*w + acc
              store out[0, oc, x + 4*v ..+4] = acc
          for t in 0..tails
            tile of 1 lane
              acc = load biases[oc]
              reduce ic in 0..2
                reduce k in 0..n_taps
                  w = load taps[ic, 2 - tap - k, oc]
                  i = load image[0, ic, tail + t + tap + k - 1]
                  acc = i*w + acc
              store out[0, oc, tail + t] = acc
    ");
}

#[test]
fn a_stage_alone() {
    let plan = parse::plan(plans::CHAIN);
    insta::assert_snapshot!(plan.run[1], @r"
    stage leaky
      for c in 0..2
        for x in 0..2
          tile of 4 lanes
            zero = -0.0
            slope = 0.5
            s = load buffer2[c, 7 - 4*x ..+4 by -1]
            small = s*slope
            s = if s < zero then small else s
            store buffer3[7 - 4*x ..+4 by -1, c] = s
    ");
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
    insta::assert_snapshot!(plan, @r"
    plan long for portable (16 registers of 4 lanes, multiply-add rounds twice)
      arenas    packed 0, scratch 0
    run long
      for n in 0..1
        regions (a, b, c) in [(0, 0, 100), (1, 2, 99), (2, 4, 98), (3, 6, 97), (4, 8, 96), (5, 10, 95),
            (6, 12, 94), (7, 14, 93), (8, 16, 92), (9, 18, 91), (10, 20, 90), (11, 22, 89),
            (12, 24, 88), (13, 26, 87), (14, 28, 86), (15, 30, 85), (16, 32, 84), (17, 34, 83),
            (18, 36, 82), (19, 38, 81)]
          regions d in [100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115,
              116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 131, 132, 133,
              134, 135, 136, 137, 138, 139]
            for e in 0..a
        regions f in []
    ");
}
