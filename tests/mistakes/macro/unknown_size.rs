atrous::conv!("specs/open.conv", H = 64, Width = 64);

fn main() {}
