atrous::conv!("specs/bad.conv");

fn main() {}
