//! Line and column of a byte offset.

/// Where the lines of a text start.
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// The lines of a text, which need not be UTF-8.
    pub fn new(bytes: &[u8]) -> Lines {
        let newlines = bytes.iter().enumerate().filter(|&(_, &byte)| byte == b'\n').map(|(at, _)| at + 1);
        Lines { starts: [0].into_iter().chain(newlines).collect() }
    }

    /// The number of the line that holds an offset, counted from 1, and the offset of its start.
    pub fn line(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|&start| start <= offset);
        (line, self.starts[line - 1])
    }

    /// Line and column of an offset of the same text, counted from 1, columns in characters.
    pub fn position(&self, bytes: &[u8], offset: usize) -> (usize, usize) {
        let offset = offset.min(bytes.len());
        let (line, start) = self.line(offset);
        // A byte order mark is no column.
        let before = String::from_utf8_lossy(&bytes[start..offset]);
        (line, 1 + before.trim_start_matches('\u{feff}').chars().count())
    }
}
