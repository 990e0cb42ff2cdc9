//! Valid plans of every shape that convolutions give.

/// A convolution of 11 positions by 3 taps, padded by one: borders, vectors and tails, and a packing that flips taps.
pub const CONV: &str = "\
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
    regions (x, vectors, tail, tails, tap, n_taps) in [(0, 0, 0, 1, 1, 2), (1, 2, 9, 1, 0, 3), (10, 0, 10, 1, 0, 2)]
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
";

/// A transposed convolution with two taps and stride 2 in both axes: nested phases, interleaved stores.
pub const UP: &str = "\
plan up for avx2 (16 registers of 8 lanes, multiply-add rounds once)
  input     image   [1, 3, 4]
  parameter weight  [2, 2]
  packed    taps    [2, 2]    at 0
  output    out     [1, 6, 8]
  arenas    packed 4, scratch 0
pack taps
  tile of 2 lanes
    row = load weight[0, 0 ..+2]
    store taps[0, 0 ..+2] = row
    row = load weight[1, 0 ..+2]
    store taps[1, 0 ..+2] = row
run up in 6 shares
  for n in 0..1
    regions (phase_y, before) in [(0, 0), (1, 3)]
      par y in 0..3 after before
        regions (phase_x, x) in [(0, 0), (1, 0)]
          tile of 4 lanes
            acc = 0.0
            w = broadcast taps[phase_y, phase_x]
            i = load image[n, y, x ..+4]
            acc = fma(i, w, acc)
            store out[n, 2*y + phase_y, 2*x + phase_x ..+4 by 2] = acc
";

/// Pointwise stages through scratch buffers that share memory, with all instructions but multiply-add.
pub const CHAIN: &str = "\
plan chain for portable (6 registers of 4 lanes, multiply-add rounds twice)
  input     a       [2, 8]
  input     b       [2, 8]
  scratch   sum     [2, 8]  at 0
  scratch   leaky   [8, 2]  at 16
  scratch   powers  [2, 8]  at 0
  output    out     [2, 8]
  output    scalar  []
  arenas    packed 0, scratch 32
run sum
  for c in 0..2
    for x in 0..2
      tile of 4 lanes
        left = load a[c, 4*x ..+4]
        right = load b[c, 4*x ..+4]
        sum = left + right
        product = left*right
        difference = left - right
        sum = min(sum, product)
        sum = max(sum, difference)
        store sum[c, 4*x ..+4] = sum
run leaky
  for c in 0..2
    for x in 0..2
      tile of 4 lanes
        zero = -0.0
        slope = 0.5
        s = load sum[c, 7 - 4*x ..+4 by -1]
        small = s*slope
        s = if s < zero then small else s
        store leaky[7 - 4*x ..+4 by -1, c] = s
run powers in 3 shares
  for x in 0..2
    par c in 0..2 after 1
      tile of 4 lanes
        l = load leaky[4*x ..+4, c]
        l = l << 1
        store powers[c, 4*x ..+4] = l
run out
  for c in 0..2
    for x in 0..8
      tile of 1 lane
        p = load powers[c, x]
        store out[c, x] = p
run scalar
  tile of 2 lanes, quarter 1
    pair = 2.0
    pair = pair / pair
    quarter = 0.25
    store scalar[] = quarter
";
