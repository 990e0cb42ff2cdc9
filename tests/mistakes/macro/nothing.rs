atrous::conv! {}

fn main() {}
