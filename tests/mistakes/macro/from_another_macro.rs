macro_rules! grouped {
    ($name:ident, $groups:literal) => {
        atrous::conv! {
            layer $name { input: [1, 64, 32, 32], channels: 64, kernel: 3, groups: $groups }
        }
    };
}

grouped!(thirds, 3);
grouped!(match, 2);

fn main() {}
