//! File handles: what a file is here, and what its methods do.
//!
//! A file is the copy of its content that the host gave when it was opened. Nothing can be written but
//! standard output and standard error.

use std::cell::RefCell;

use ottavino_gc_arena::metrics::Metrics;
use piccolo::{CallbackReturn, Context, Error, Execution, Stack, Table, UserData, Value, numbers};

use super::output;
use crate::arguments::{bad, error, expected, integer, lua51, string, whole};

pub(super) type Done<'gc> = Result<CallbackReturn<'gc>, Error<'gc>>;

/// What a handle stands for.
pub(super) struct File {
    stream: RefCell<Stream>,
    /// Cannot be closed.
    standard: bool,
}

enum Stream {
    Closed,
    Content { content: Content, position: usize },
    Output,
    ErrorOutput,
}

/// Bytes whose weight the garbage collector knows.
struct Content {
    bytes: Vec<u8>,
    metrics: Option<Metrics>,
}

impl Drop for Content {
    fn drop(&mut self) {
        if let Some(metrics) = &self.metrics {
            metrics.mark_external_deallocation(self.bytes.len());
        }
    }
}

/// Bytes that are read one after the other.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    position: &'a mut usize,
}

impl<'a> Reader<'a> {
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(*self.position..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    pub(super) fn skip(&mut self) {
        *self.position += 1;
    }

    /// The next bytes, as many as there are.
    pub(super) fn take(&mut self, most: usize) -> &'a [u8] {
        let rest = self.rest();
        let taken = rest.get(..most).unwrap_or(rest);
        *self.position += taken.len();
        taken
    }
}

/// The errors of C that can happen here.
#[derive(Clone, Copy)]
pub(super) enum Failure {
    BadDescriptor,
    InvalidArgument,
    IllegalSeek,
}

impl Failure {
    fn values<'gc>(self, ctx: Context<'gc>) -> (Value<'gc>, &'static str, Value<'gc>) {
        let _ = ctx;
        let (text, code) = match self {
            Self::BadDescriptor => ("Bad file descriptor", 9),
            Self::InvalidArgument => ("Invalid argument", 22),
            Self::IllegalSeek => ("Illegal seek", 29),
        };
        (Value::Nil, text, whole(code))
    }
}

impl File {
    /// A handle on bytes.
    pub(super) fn reading<'gc>(
        ctx: Context<'gc>,
        metatable: Table<'gc>,
        bytes: Vec<u8>,
    ) -> UserData<'gc> {
        let metrics = ctx.metrics().clone();
        metrics.mark_external_allocation(bytes.len());
        let content = Content {
            bytes,
            metrics: Some(metrics),
        };
        Self::handle(
            ctx,
            metatable,
            Stream::Content {
                content,
                position: 0,
            },
            false,
        )
    }

    /// Standard input (which is empty), output and error.
    pub(super) fn standard<'gc>(ctx: Context<'gc>, metatable: Table<'gc>) -> [UserData<'gc>; 3] {
        let nothing = Content {
            bytes: Vec::new(),
            metrics: None,
        };
        let input = Stream::Content {
            content: nothing,
            position: 0,
        };
        [input, Stream::Output, Stream::ErrorOutput]
            .map(|stream| Self::handle(ctx, metatable, stream, true))
    }

    fn handle<'gc>(
        ctx: Context<'gc>,
        metatable: Table<'gc>,
        stream: Stream,
        standard: bool,
    ) -> UserData<'gc> {
        let file = Self {
            stream: RefCell::new(stream),
            standard,
        };
        let handle = UserData::new_static(&ctx, file);
        handle.set_metatable(&ctx, Some(metatable));
        handle
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.stream.borrow(), Stream::Closed)
    }

    /// Lets something read from where the file stands.
    pub(super) fn read<T>(&self, read: impl FnOnce(&mut Reader<'_>) -> T) -> Result<T, Failure> {
        match &mut *self.stream.borrow_mut() {
            Stream::Content { content, position } => Ok(read(&mut Reader {
                bytes: &content.bytes,
                position,
            })),
            _ => Err(Failure::BadDescriptor),
        }
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        match &*self.stream.borrow() {
            Stream::Output => output::to_output(bytes),
            Stream::ErrorOutput => output::to_error(bytes),
            Stream::Closed | Stream::Content { .. } => return Err(Failure::BadDescriptor),
        }
        Ok(())
    }

    fn seek(&self, from: &[u8], offset: i64) -> Result<i64, Failure> {
        let mut stream = self.stream.borrow_mut();
        let Stream::Content { content, position } = &mut *stream else {
            return Err(Failure::IllegalSeek);
        };
        let base = match from {
            b"set" => 0,
            b"cur" => *position,
            _ => content.bytes.len(),
        };
        let target = i64::try_from(base)
            .ok()
            .and_then(|base| base.checked_add(offset))
            .and_then(|target| usize::try_from(target).ok())
            .ok_or(Failure::InvalidArgument)?;
        *position = target;
        Ok(target as i64)
    }

    /// Forgets the content. Standard files stay open.
    pub(super) fn close(&self) -> bool {
        if !self.standard {
            self.stream.replace(Stream::Closed);
        }
        !self.standard
    }
}

/// The file behind a value.
pub(super) fn file_of<'gc>(value: Value<'gc>) -> Option<(UserData<'gc>, &'gc File)> {
    match value {
        Value::UserData(handle) => handle
            .downcast_static::<File>()
            .ok()
            .map(|file| (handle, file)),
        _ => None,
    }
}

/// The argument as a file, open or not.
pub(super) fn any_file<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
) -> Result<(UserData<'gc>, &'gc File), Error<'gc>> {
    file_of(stack.get(index)).ok_or_else(|| expected(ctx, stack, index, function, "FILE*"))
}

/// The argument as an open file.
pub(super) fn open_file<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
) -> Result<(UserData<'gc>, &'gc File), Error<'gc>> {
    let (handle, file) = any_file(ctx, stack, index, function)?;
    if file.is_closed() {
        return Err(error(ctx, "attempt to use a closed file"));
    }
    Ok((handle, file))
}

/// Returns what C's functions on files return.
pub(super) fn outcome<'gc>(
    ctx: Context<'gc>,
    mut stack: Stack<'gc, '_>,
    result: Result<Value<'gc>, Failure>,
) -> Done<'gc> {
    match result {
        Ok(value) => stack.replace(ctx, value),
        Err(failure) => stack.replace(ctx, failure.values(ctx)),
    }
    Ok(CallbackReturn::Return)
}

/// Writes the arguments from `first` on and returns the file (in Lua 5.1: true).
pub(super) fn write_all<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
    (handle, file): (UserData<'gc>, &'gc File),
    first: usize,
) -> Done<'gc> {
    let mut result = Ok(());
    for index in first..stack.len() {
        let written = match stack.get(index) {
            Value::Number(number) => {
                let text = numbers::float(number);
                // C's `%.14g`, which marks no floats.
                file.write(text.strip_suffix(".0").unwrap_or(&text).as_bytes())
            }
            _ => {
                let text = string(ctx, &stack, index, "write")?;
                execution
                    .fuel()
                    .consume(i32::try_from(text.len() / 16).unwrap_or(i32::MAX));
                file.write(text.as_bytes())
            }
        };
        result = result.and(written);
    }
    let value = if lua51() {
        Value::Boolean(true)
    } else {
        handle.into()
    };
    outcome(ctx, stack, result.map(|()| value))
}

/// `file:write(...)`.
pub(super) fn write<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let file = open_file(ctx, &stack, 0, "write")?;
    write_all(ctx, execution, stack, file, 1)
}

/// `file:seek([whence [, offset]])`.
pub(super) fn seek<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let (_, file) = open_file(ctx, &stack, 0, "seek")?;
    let from = match stack.get(1) {
        Value::Nil => &b"cur"[..],
        _ => option(ctx, &stack, 1, "seek", &["set", "cur", "end"])?,
    };
    let offset = match stack.get(2) {
        Value::Nil => 0,
        _ => integer(ctx, &stack, 2, "seek")?,
    };
    outcome(ctx, stack, file.seek(from, offset).map(whole))
}

/// `file:setvbuf(mode [, size])`: there is nothing to buffer.
pub(super) fn setvbuf<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Done<'gc> {
    open_file(ctx, &stack, 0, "setvbuf")?;
    option(ctx, &stack, 1, "setvbuf", &["no", "full", "line"])?;
    if !stack.get(2).is_nil() {
        integer(ctx, &stack, 2, "setvbuf")?;
    }
    outcome(ctx, stack, Ok(Value::Boolean(true)))
}

fn option<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    index: usize,
    function: &str,
    options: &[&str],
) -> Result<&'gc [u8], Error<'gc>> {
    let given = string(ctx, stack, index, function)?.as_bytes();
    if options.iter().any(|option| option.as_bytes() == given) {
        return Ok(given);
    }
    let text = format!("invalid option '{}'", String::from_utf8_lossy(given));
    Err(bad(ctx, index, function, text))
}

/// `file:flush()`.
pub(super) fn flush<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Done<'gc> {
    open_file(ctx, &stack, 0, "flush")?;
    outcome(ctx, stack, Ok(Value::Boolean(true)))
}

/// `file:close()`.
pub(super) fn close<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let (_, file) = open_file(ctx, &stack, 0, "close")?;
    if file.close() {
        stack.replace(ctx, true);
    } else {
        stack.replace(ctx, (Value::Nil, "cannot close standard file"));
    }
    Ok(CallbackReturn::Return)
}

/// `__gc` and `__close`.
pub(super) fn collect<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let (_, file) = any_file(ctx, &stack, 0, "__gc")?;
    file.close();
    stack.clear();
    Ok(CallbackReturn::Return)
}

/// `__tostring`.
pub(super) fn describe<'gc>(
    ctx: Context<'gc>,
    _: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Done<'gc> {
    let (handle, file) = any_file(ctx, &stack, 0, "tostring")?;
    let text = if file.is_closed() {
        "file (closed)".to_owned()
    } else {
        let address = ottavino_gc_arena::Gc::as_ptr(handle.into_inner()) as usize;
        format!("file (0x{address:x})")
    };
    stack.replace(ctx, text);
    Ok(CallbackReturn::Return)
}
