//! A directory of its own for each test, and the binary started in it.

use std::fmt::{self, Display, Formatter};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use npyz::WriterBuilder;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

/// `2x + 1` in two channels.
pub const DOUBLE: &str = "layer double { input: [1, 2, 3], channels: 2, kernel: 1, groups: 2, bias }\n";

/// A net of one channel and any length.
pub const FREE: &str = "net free {
    input x: [1, 1, L];
    double = conv(x) { channels: 1, kernel: 1, bias };
    output double;
}
";

/// Two inputs and two outputs.
const SUM: &str = "net sum {
    input left: [1, 1, 4];
    input right: [1, 1, 4];
    both = add(left, right) {};
    negative = conv(both) { channels: 1, kernel: 1, bias };
    output both, negative;
}
";

/// A directory that is removed with the value.
pub struct Sandbox {
    directory: tempfile::TempDir,
}

/// How a process ended.
pub struct Outcome {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Sandbox {
    /// An empty directory.
    pub fn new() -> Sandbox {
        Sandbox { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    /// A directory with specs, and with weights and arrays for them.
    pub fn with_good_files() -> Sandbox {
        Sandbox::new()
            .file("double.conv", DOUBLE)
            .file("free.conv", FREE)
            .file("sum.conv", SUM)
            .weights("double.st", &[("double.weight", &[2, 1, 1], &[2.0, 2.0]), ("double.bias", &[2], &[1.0, 1.0])])
            .weights("free.st", &[("double.weight", &[1, 1, 1], &[2.0]), ("double.bias", &[1], &[1.0])])
            .weights("sum.st", &[("negative.weight", &[1, 1, 1], &[-1.0]), ("negative.bias", &[1], &[0.0])])
            .array("x.npy", &[1, 2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
            .array("left.npy", &[1, 1, 4], &[1.0, 2.0, 3.0, 4.0])
            .array("right.npy", &[1, 1, 4], &[10.0, 20.0, 30.0, 40.0])
    }

    /// The directory with a file more.
    pub fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Sandbox {
        std::fs::write(self.path(name), bytes).expect("a file in the directory");
        self
    }

    /// The directory with an array more, in C order.
    pub fn array(self, name: &str, shape: &[u64], data: &[f32]) -> Sandbox {
        let bytes = array(shape, data);
        self.file(name, bytes)
    }

    /// The directory with weights more, as F32.
    pub fn weights(self, name: &str, tensors: &[(&str, &[usize], &[f32])]) -> Sandbox {
        let bytes: Vec<Vec<u8>> =
            tensors.iter().map(|(_, _, data)| data.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
        let views = tensors.iter().zip(&bytes).map(|((name, shape, _), data)| {
            (*name, TensorView::new(Dtype::F32, shape.to_vec(), data).expect("as many elements as the shape says"))
        });
        let file = safetensors::serialize(views, None).expect("tensors serialize");
        self.file(name, file)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The names in the directory, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.directory.path()).expect("the directory");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Shape and elements of an array that was written.
    pub fn read_array(&self, name: &str) -> (Vec<u64>, Vec<f32>) {
        let bytes = std::fs::read(self.path(name)).expect("an array was written");
        read_array(&bytes)
    }

    /// Starts the binary in the directory with arguments that are separated by spaces.
    pub fn atrous(&self, arguments: &str) -> Outcome {
        self.atrous_with_input(arguments, b"")
    }

    /// The same with bytes on standard input.
    pub fn atrous_with_input(&self, arguments: &str, input: &[u8]) -> Outcome {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        Outcome::of(command, input)
    }

    /// The command with both outputs piped and nothing of the environment that changes messages.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_atrous"));
        command.args(arguments.split_whitespace()).current_dir(self.directory.path());
        command.env("XDG_CACHE_HOME", self.path("cache"));
        plain_environment(&mut command);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Outcome {
    /// Runs a command, all of whose streams are pipes.
    pub fn of(mut command: Command, input: &[u8]) -> Outcome {
        let mut child = command.spawn().expect("the binary starts");
        // The child may exit without reading.
        let _ = child.stdin.take().expect("a pipe").write_all(input);
        let output = child.wait_with_output().expect("the binary ends");
        Outcome {
            code: output.status.code().expect("no signal ends the binary"),
            stdout: output.stdout,
            stderr: without_times(&String::from_utf8(output.stderr).expect("messages are UTF-8")),
        }
    }

    pub fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("standard output is text")
    }

    /// The same, for commands that must succeed.
    pub fn ok(self) -> Outcome {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit status: {}", self.code)?;
        if !self.stdout.is_empty() {
            writeln!(f, "--- standard output\n{}", self.stdout())?;
        }
        if !self.stderr.is_empty() {
            writeln!(f, "--- standard error\n{}", self.stderr)?;
        }
        Ok(())
    }
}

/// Takes away what in the environment changes messages.
pub fn plain_environment(command: &mut Command) {
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "ATROUS_TARGET", "ATROUS_TUNING"] {
        command.env_remove(variable);
    }
}

/// The bytes of an array file.
pub fn array(shape: &[u64], data: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape).writer(&mut bytes);
    let mut writer = options.begin_nd().expect("a vector takes everything");
    writer.extend(data).expect("a vector takes everything");
    writer.finish().expect("as many elements as the shape says");
    bytes
}

pub fn read_array(bytes: &[u8]) -> (Vec<u64>, Vec<f32>) {
    let array = npyz::NpyFile::new(bytes).expect("an array");
    (array.shape().to_vec(), array.into_vec().expect("an array of f32"))
}

/// Times in milliseconds with a star for the number.
fn without_times(text: &str) -> String {
    let mut words = text.split(' ').peekable();
    let mut result = Vec::new();
    while let Some(word) = words.next() {
        let is_time = words.peek().is_some_and(|next| next.starts_with("ms")) && word.parse::<f64>().is_ok();
        result.push(if is_time { "*" } else { word });
    }
    result.join(" ")
}
