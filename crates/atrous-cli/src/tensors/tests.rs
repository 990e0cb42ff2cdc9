use super::*;

#[test]
fn planes_and_batches_are_inverse() {
    let planes = Tensor { shape: vec![3, 2, 5], data: (0..30).map(|n| n as f32).collect() };
    for layout in [Layout::Nchw, Layout::Nhwc] {
        let batch = planes.clone().into_batch(layout);
        assert_eq!(batch.shape, layout.in_memory(&[1, 3, 2, 5]));
        assert_eq!(batch.planes(layout), planes);
    }
    let interleaved = planes.into_batch(Layout::Nhwc);
    assert_eq!(interleaved.data[..6], [0.0, 10.0, 20.0, 1.0, 11.0, 21.0]);
}

#[test]
fn logical_shapes_are_those_in_memory_turned_back() {
    for shape in [vec![1, 2, 3], vec![1, 2, 3, 4], vec![1, 2, 3, 4, 5]] {
        for layout in [Layout::Nchw, Layout::Nhwc] {
            assert_eq!(logical(layout, &layout.in_memory(&shape)), shape);
        }
    }
    // Files hold any shape, even those of no layer.
    for shape in [vec![], vec![7]] {
        assert_eq!(logical(Layout::Nhwc, &shape), shape);
    }
}
