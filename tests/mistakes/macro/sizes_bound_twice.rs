atrous::conv!("specs/open.conv", H = 64, W = 64, H = 32);

fn main() {}
