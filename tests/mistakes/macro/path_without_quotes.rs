atrous::conv!(specs/open.conv);

fn main() {}
