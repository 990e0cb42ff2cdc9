//! Memory between pages that nobody may touch, for tests.

use region::{Allocation, Protection};

/// Numbers at the very start or the very end of the pages that may be touched.
pub(crate) struct Guarded {
    pages: Allocation,
    first: usize,
    len: usize,
}

impl Guarded {
    /// A copy of numbers, of which there is at least one: behind a forbidden page, or before one.
    pub(crate) fn new(numbers: &[f32], at_end: bool) -> Guarded {
        let page = region::page::size();
        let size = region::page::ceil(std::ptr::without_provenance::<u8>(size_of_val(numbers))).addr();
        let mut pages = region::alloc(size + 2 * page, Protection::READ_WRITE).expect("there is memory");
        let start = pages.as_mut_ptr::<u8>();
        for forbidden in [start, start.wrapping_add(page + size)] {
            // SAFETY:
            // * The page is one of the allocation, which nobody else knows yet.
            unsafe { region::protect(forbidden, page, Protection::NONE) }.expect("pages can be protected");
        }
        let first = page + if at_end { size - size_of_val(numbers) } else { 0 };
        let mut guarded = Guarded { pages, first, len: numbers.len() };
        guarded.numbers().copy_from_slice(numbers);
        guarded
    }

    pub(crate) fn numbers(&mut self) -> &mut [f32] {
        let start = self.pages.as_mut_ptr::<u8>().wrapping_add(self.first).cast();
        // SAFETY:
        // * `first` and `len` are inside of the pages that may be touched, which are zero at first.
        // * Sizes of pages are multiples of that of a number, so that the address is aligned.
        // * `self` is borrowed for as long as the slice.
        unsafe { std::slice::from_raw_parts_mut(start, self.len) }
    }
}
