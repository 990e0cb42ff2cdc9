atrous::conv! {
    net edges {
        input image: [1, 1, H, W];
        edges = conv(image) { channels: 2, kernel: 3, padding: 1, relu };
        output edges;
    }
}

fn main() {}
