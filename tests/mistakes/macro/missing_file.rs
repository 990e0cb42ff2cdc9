atrous::conv!("/nowhere/upconv7.conv");

fn main() {}
