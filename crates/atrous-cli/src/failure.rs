//! Why a command ends early, and what it tells the user about it.

/// Something to tell the user that has no place in a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How bad it is.
    pub level: Level,
    /// The file it is about.
    pub file: Option<String>,
    /// What is the matter, with the numbers; one line, without a full stop.
    pub text: String,
    /// What would be legal; one line.
    pub help: Option<String>,
}

/// How bad a [`Message`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The command cannot do what it is asked to.
    Error,
    /// It does, but probably not what the user wants.
    Warning,
    /// It does what the user wants, in a way worth knowing.
    Note,
}

impl Message {
    /// A message without file or help.
    pub fn new(level: Level, text: impl Into<String>) -> Message {
        Message { level, file: None, text: line(text), help: None }
    }

    /// The same about a file.
    pub fn file(self, file: impl Into<String>) -> Message {
        Message { file: Some(line(file)), ..self }
    }

    /// The same with a line that says what would be legal.
    pub fn help(self, help: impl Into<String>) -> Message {
        Message { help: Some(line(help)), ..self }
    }
}

/// A text on one line. Control characters, which it may quote from a file, are escaped: terminals would obey them.
fn line(text: impl Into<String>) -> String {
    let text = text.into();
    if !text.contains(char::is_control) {
        return text;
    }
    let shown = |character: char| match character.is_control() {
        true => character.escape_default().to_string(),
        false => character.to_string(),
    };
    text.chars().map(shown).collect()
}

/// The end of a command that does not do what it is asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the process returns.
    pub status: Status,
    /// What to tell the user; empty when it is told already.
    pub messages: Vec<Message>,
}

/// What the process returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody reads standard output any more, which is no error.
    Unread = 0,
    /// Errors in files or while running.
    Errors = 1,
    /// A command line that is wrong, or that does not fit the spec.
    Usage = 2,
}

impl Failure {
    /// An error in a file or while running.
    pub fn error(text: impl Into<String>) -> Failure {
        Failure { status: Status::Errors, messages: vec![Message::new(Level::Error, text)] }
    }

    /// A command line that does not fit the spec.
    pub fn usage(text: impl Into<String>) -> Failure {
        Failure { status: Status::Usage, ..Failure::error(text) }
    }

    /// Errors that the user is told already.
    pub fn reported() -> Failure {
        Failure { status: Status::Errors, messages: Vec::new() }
    }

    /// The same about a file.
    pub fn file(mut self, file: impl Into<String> + Clone) -> Failure {
        self.messages = self.messages.into_iter().map(|message| message.file(file.clone())).collect();
        self
    }

    /// The same with a line that says what would be legal.
    pub fn help(mut self, help: impl Into<String> + Clone) -> Failure {
        self.messages = self.messages.into_iter().map(|message| message.help(help.clone())).collect();
        self
    }
}

/// `1 error`, `2 errors`
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Names in backquotes with commas between them.
pub fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Level, Message};

    #[test]
    fn messages_are_lines() {
        let message = Message::new(Level::Error, "a `b\u{1b}[31m\n` c").file("d\r").help("é\t");
        let Message { text, file, help, .. } = message;
        let lines = [Some(text), file, help].map(Option::unwrap);
        assert_eq!(lines, ["a `b\\u{1b}[31m\\n` c", "d\\r", "é\\t"]);
    }
}
