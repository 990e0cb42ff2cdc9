fn main() {
    let before = 1;
    atrous::conv! {
        layer stem { input: [1, 3, 64, 64], channels: 16, kernel: 3, padding: smae, bias }
    }
    let _after = before;
}
