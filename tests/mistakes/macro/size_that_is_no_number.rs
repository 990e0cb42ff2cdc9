const HEIGHT: usize = 64;

atrous::conv!("specs/open.conv", H = HEIGHT, W = 64);

fn main() {}
