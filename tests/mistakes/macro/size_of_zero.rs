atrous::conv!("specs/open.conv", H = 0, W = 64);

fn main() {}
