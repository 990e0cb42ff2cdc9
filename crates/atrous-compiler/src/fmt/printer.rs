//! Where lines end, and what stands between the pieces on them.

use super::WIDTH;
use super::pieces::{Piece, inline};
use crate::syntax::{Bracket, TokenKind};

const INDENT: usize = 4;

/// A bracket that is open.
struct Frame {
    /// Whether each of its elements has a line of its own.
    is_broken: bool,
    separator: TokenKind,
}

struct Printer<'a> {
    pieces: &'a [Piece<'a>],
    /// For each piece that opens a bracket, the one that closes it.
    closes: Vec<usize>,
    frames: Vec<Frame>,
    /// The brackets around it that are broken.
    level: usize,
    out: String,
}

/// Prints pieces whose brackets match. `is_net` says of each item whether it is a net.
pub(super) fn print(pieces: &[Piece], is_net: &[bool]) -> String {
    let mut printer = Printer { pieces, closes: closes(pieces), frames: Vec::new(), level: 0, out: String::new() };
    let mut is_net = is_net.iter();
    for (at, piece) in pieces.iter().enumerate() {
        let is_body = printer.frames.is_empty() && *piece.kind == TokenKind::Open(Bracket::Curly);
        let is_net = is_body && is_net.next().is_some_and(|&is_net| is_net);
        printer.piece(at, is_net);
    }
    printer.out
}

fn closes(pieces: &[Piece]) -> Vec<usize> {
    let (mut closes, mut open) = (vec![0; pieces.len()], Vec::new());
    for (at, piece) in pieces.iter().enumerate() {
        match piece.kind {
            TokenKind::Open(_) => open.push(at),
            TokenKind::Close(_) => open.pop().into_iter().for_each(|opener: usize| closes[opener] = at),
            _ => {}
        }
    }
    closes
}

impl Printer<'_> {
    fn piece(&mut self, at: usize, is_net: bool) {
        let piece = &self.pieces[at];
        let is_broken = self.frames.last().is_some_and(|frame| frame.is_broken);
        match piece.kind {
            TokenKind::End => {
                self.between(at, self.level);
                self.out.push_str(if self.out.is_empty() { "" } else { "\n" });
            }
            TokenKind::Open(_) => {
                self.between(at, self.level);
                let is_broken = is_net || self.must_break(at) || !self.fits(at);
                let separator = if is_net { TokenKind::Semicolon } else { TokenKind::Comma };
                self.level += usize::from(is_broken);
                self.frames.push(Frame { is_broken, separator });
                self.out.push_str(piece.text);
            }
            TokenKind::Close(_) => {
                self.between(at, self.level - usize::from(is_broken));
                self.level -= usize::from(is_broken);
                self.frames.pop();
                self.out.push_str(piece.text);
            }
            // Lists on one line have no comma at their end.
            TokenKind::Comma if !is_broken && self.is_last(at) => self.comments(at),
            _ => {
                self.between(at, self.level);
                self.out.push_str(piece.text);
            }
        }
    }

    /// Whether a comma is the last of its brackets.
    fn is_last(&self, at: usize) -> bool {
        !self.frames.is_empty() && matches!(self.pieces[at + 1].kind, TokenKind::Close(_))
    }

    /// Writes the comments before a piece, and the space up to it. `level` is how far the piece is indented at the start of
    /// a line.
    fn between(&mut self, at: usize, level: usize) {
        let piece = &self.pieces[at];
        if !self.is_break(at) {
            self.comments(at);
            return match piece.comments.last() {
                Some(comment) if comment.is_line || (comment.own_line && comment.ends_line) => {
                    self.line(self.level + 1, false)
                }
                _ => self.space(at),
            };
        }
        let before = at.checked_sub(1).map(|before| self.pieces[before].kind);
        let opens = matches!(before, None | Some(TokenKind::Open(_)));
        let closes = matches!(piece.kind, TokenKind::Close(_) | TokenKind::End);
        let lacks_comma = matches!(piece.kind, TokenKind::Close(_)) && !opens && before != Some(&TokenKind::Comma);
        let lacks_comma = lacks_comma && self.frames.last().is_some_and(|frame| frame.separator == TokenKind::Comma);
        let comma_at = if lacks_comma { Some(inline(&piece.comments)) } else { None };
        // Comments that stand on the line of the piece belong to it.
        let with_piece = piece.comments.iter().rev().take_while(|comment| !comment.ends_line && !closes).count();
        let leading = piece.comments.len() - with_piece;
        for (number, comment) in piece.comments.iter().enumerate() {
            self.out.push_str(if comma_at == Some(number) { "," } else { "" });
            if comment.own_line || number == leading {
                self.line(self.level, comment.blank && !(opens && number == 0));
            } else if !self.out.is_empty() {
                self.out.push(' ');
            }
            self.out.push_str(&comment.text);
        }
        self.out.push_str(if comma_at == Some(piece.comments.len()) { "," } else { "" });
        match piece.kind {
            TokenKind::End => {}
            _ if with_piece > 0 => self.out.push(' '),
            _ => self.line(level, piece.blank && !closes && !(opens && piece.comments.is_empty())),
        }
    }

    /// Writes the comments before a piece that does not start a line.
    fn comments(&mut self, at: usize) {
        for (number, comment) in self.pieces[at].comments.iter().enumerate() {
            let behind_line = number.checked_sub(1).is_some_and(|before| self.pieces[at].comments[before].is_line);
            if comment.own_line || behind_line {
                self.line(self.level + 1, false);
            } else if !self.out.ends_with(['(', '[']) {
                self.out.push(' ');
            }
            self.out.push_str(&comment.text);
        }
    }

    /// Whether a piece starts a line.
    fn is_break(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map(|before| self.pieces[before].kind);
        let kind = self.pieces[at].kind;
        match (self.frames.last(), before) {
            (_, None) => true,
            (None, Some(before)) => *kind == TokenKind::End || *before == TokenKind::Close(Bracket::Curly),
            (Some(frame), Some(before)) => {
                let at_end = matches!(kind, TokenKind::Close(_)) && !self.is_empty(at);
                let behind = matches!(before, TokenKind::Open(_)) || *before == frame.separator;
                frame.is_broken && (at_end || (behind && !matches!(kind, TokenKind::Close(_))))
            }
        }
    }

    /// Whether nothing at all stands between a closing bracket and its partner.
    fn is_empty(&self, close: usize) -> bool {
        self.pieces[close].comments.is_empty() && matches!(self.pieces[close - 1].kind, TokenKind::Open(_))
    }

    fn line(&mut self, level: usize, blank: bool) {
        if self.out.is_empty() {
            return;
        }
        self.out.push_str(if blank { "\n\n" } else { "\n" });
        self.out.extend(std::iter::repeat_n(' ', INDENT * level));
    }

    fn space(&mut self, at: usize) {
        if has_gap(self.pieces, at) {
            self.out.push(' ');
        }
    }

    /// Whether what is in a bracket, by its comments or because it is written so, is no single line.
    fn must_break(&self, open: usize) -> bool {
        let inside = &self.pieces[open + 1..=self.closes[open]];
        let has_lines = inside.iter().flat_map(|piece| &piece.comments).any(|comment| !comment.is_inline());
        let is_fields = *self.pieces[open].kind == TokenKind::Open(Bracket::Curly);
        has_lines || (is_fields && inside.len() > 1 && inside.iter().any(|piece| piece.own_line))
    }

    /// Whether a bracket that starts here fits on this line, with what cannot be on the next.
    fn fits(&self, open: usize) -> bool {
        let line = self.out.rfind('\n').map_or(0, |newline| newline + 1);
        let close = self.closes[open];
        let inside: usize = (open + 1..=close).map(|at| self.width(at)).sum();
        let behind = match self.pieces[close + 1].kind {
            TokenKind::Open(_) => " {".len(),
            TokenKind::Comma | TokenKind::Semicolon | TokenKind::Close(_) => ",".len(),
            _ => 0,
        };
        self.out[line..].chars().count() + "[".len() + inside + behind <= WIDTH
    }

    /// The characters of a piece on a line with others: comments, space and itself.
    fn width(&self, at: usize) -> usize {
        let piece = &self.pieces[at];
        let comments: usize = piece.comments.iter().map(|comment| comment.text.chars().count() + 1).sum();
        let is_dropped = *piece.kind == TokenKind::Comma && matches!(self.pieces[at + 1].kind, TokenKind::Close(_));
        let text = if is_dropped { 0 } else { piece.text.chars().count() };
        comments + usize::from(has_gap(self.pieces, at)) + text
    }
}

/// Whether a space stands before a piece in the middle of a line.
fn has_gap(pieces: &[Piece], at: usize) -> bool {
    use TokenKind::{Close, Colon, Comma, Minus, Open, Semicolon};
    let Some(before) = at.checked_sub(1).map(|before| &pieces[before]) else { return false };
    let behind_comment = !pieces[at].comments.is_empty();
    match (before.kind, pieces[at].kind) {
        (_, Comma | Semicolon | Colon | Open(Bracket::Round) | Close(Bracket::Round | Bracket::Square)) => false,
        (Open(Bracket::Curly), Close(_)) => behind_comment,
        (Open(Bracket::Round | Bracket::Square) | Minus, _) => behind_comment,
        _ => true,
    }
}
