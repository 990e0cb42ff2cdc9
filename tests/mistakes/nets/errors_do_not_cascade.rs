// Made of errors_do_not_cascade.conv by ATROUS_BLESS=1.
atrous::conv! {
// Only what is wrong itself is told, not what reads it.
net decoder {
    input code: [1, 64, 4, 4];
    a = conv(code) { channels: 32, kernel: 9 };
    b = conv(a)    { channels: 16, kernel: 4, stride: 2, padding: 1, output_padding: 2, transposed };
    c = conv(b)    { channels: 16, kernel: 3, groups: 5 };
    d = add(b, c)  { relu };
    output d;
}
}

fn main() {}
