atrous::conv!("specs/open.conv", W = 64);

fn main() {}
