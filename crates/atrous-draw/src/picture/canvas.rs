//! Shapes in pixels, without colours.

/// The side of a cell.
pub const CELL: i32 = 24;

/// The distance between neighbouring cells.
pub const PITCH: i32 = 26;

/// What a cell looks like: the names of its classes in the style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// An input.
    Input,
    /// Padding that repeats an input.
    Copy,
    /// A zero between inputs.
    Zero,
    /// Padding by zeros.
    Padding,
    /// A position that the kernel covers without a weight.
    Hole,
    /// An output, or a weight, where there is one phase.
    Output,
    /// What belongs to a phase.
    Phase(usize),
}

/// What distinguishes a cell from others of its look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Nothing.
    None,
    /// Nothing reads it.
    Unread,
    /// It is there because of output padding.
    Extra,
    /// It adds to another output.
    Border,
    /// The chosen output reads it.
    Read,
    /// It is the chosen output.
    Chosen,
}

/// A square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Square {
    /// Its left edge.
    pub x: i32,
    /// Its upper edge.
    pub y: i32,
    /// What it looks like.
    pub look: Look,
    /// What is special about it.
    pub mark: Mark,
}

/// What a straight line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stroke {
    /// From an output that is not chosen to an input, in the colour of the output's phase.
    Wire(usize),
    /// The same where there is one phase.
    Plain,
    /// From the chosen output to zeros.
    Void,
    /// From the chosen output to an input.
    Strong,
    /// An edge between the chosen output and what it reads.
    Guide,
    /// Between parts of the picture.
    Rule,
}

/// A straight line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// One end.
    pub from: [i32; 2],
    /// The other.
    pub to: [i32; 2],
    /// What it looks like.
    pub stroke: Stroke,
}

/// What a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// In a cell.
    Label,
    /// In a cell, of four or more characters.
    Small,
    /// In a cell in the colour of a phase.
    Ink,
    /// The same, of four or more characters.
    SmallInk,
    /// A zero between inputs, a tap that meets zeros.
    Pale,
    /// An index beside a row or column.
    Index,
    /// The name of a part.
    Part,
    /// A line of a caption.
    Note,
    /// A line of a caption in which figures stand below one another.
    Formula,
    /// A heading.
    Heading,
    /// The title.
    Title,
}

/// Where a text is in relation to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It starts there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// A line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Where it is.
    pub x: i32,
    /// Its base line.
    pub y: i32,
    /// What it says.
    pub text: String,
    /// What it looks like.
    pub kind: Type,
    /// Where it is in relation to its place.
    pub anchor: Anchor,
}

/// A part of a picture, or all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canvas {
    /// Its width.
    pub width: i32,
    /// Its height.
    pub height: i32,
    /// Its cells.
    pub squares: Vec<Square>,
    /// Its lines.
    pub segments: Vec<Segment>,
    /// Its texts.
    pub texts: Vec<Text>,
}

impl Canvas {
    /// An empty part of some size.
    pub fn new(width: i32, height: i32) -> Canvas {
        Canvas { width, height, ..Canvas::default() }
    }

    /// Adds a cell.
    pub fn square(&mut self, x: i32, y: i32, look: Look, mark: Mark) {
        self.squares.push(Square { x, y, look, mark });
    }

    /// Writes into a cell.
    pub fn label(&mut self, x: i32, y: i32, text: impl Into<String>, kind: Type) {
        let text = text.into();
        let kind = match kind {
            Type::Label if text.chars().count() > 3 => Type::Small,
            Type::Ink if text.chars().count() > 3 => Type::SmallInk,
            _ => kind,
        };
        self.text(x + CELL / 2, y + CELL / 2 + 4, text, kind, Anchor::Middle);
    }

    /// Adds a line of text.
    pub fn text(&mut self, x: i32, y: i32, text: impl Into<String>, kind: Type, anchor: Anchor) {
        self.texts.push(Text { x, y, text: text.into(), kind, anchor });
    }

    /// Adds a straight line.
    pub fn line(&mut self, from: [i32; 2], to: [i32; 2], stroke: Stroke) {
        self.segments.push(Segment { from, to, stroke });
    }

    /// Puts a part at a place; the whole grows if it has to.
    pub fn place(&mut self, part: Canvas, x: i32, y: i32) {
        self.width = self.width.max(x + part.width);
        self.height = self.height.max(y + part.height);
        let moved = |[left, top]: [i32; 2]| [left + x, top + y];
        self.squares.extend(part.squares.into_iter().map(|square| Square {
            x: square.x + x,
            y: square.y + y,
            ..square
        }));
        self.segments.extend(part.segments.into_iter().map(|segment| Segment {
            from: moved(segment.from),
            to: moved(segment.to),
            ..segment
        }));
        self.texts.extend(part.texts.into_iter().map(|text| Text { x: text.x + x, y: text.y + y, ..text }));
    }
}

/// Parts below one another.
pub fn column(parts: Vec<Canvas>, gap: i32) -> Canvas {
    let mut whole = Canvas::default();
    for part in parts {
        let y = if whole.height == 0 { 0 } else { whole.height + gap };
        whole.place(part, 0, y);
    }
    whole
}

/// Parts beside one another, in as many rows as keep within a width.
pub fn flow(parts: Vec<Canvas>, width: i32, gap: i32) -> Canvas {
    let mut rows: Vec<Canvas> = Vec::new();
    for part in parts {
        match rows.last_mut() {
            Some(row) if row.width + gap + part.width <= width => {
                let x = row.width + gap;
                row.place(part, x, 0);
            }
            _ => rows.push(part),
        }
    }
    column(rows, gap)
}
