//! `string.pack`, `string.unpack` and `string.packsize` of Lua 5.4.
//!
//! A long format, or much data, is worked through in slices.

mod layout;

use std::pin::Pin;

use ottavino_gc_arena::Collect;
use piccolo::{
    BoxSequence, CallbackReturn, Context, Error, Execution, Sequence, SequencePoll, Stack, Value,
};

use super::class::find_byte;
use super::work::{SLICE, append, charge_bytes, finished, from_start, integer_or};
use crate::arguments::{bad, error, integer, new_string, number, out_of_memory, string};
use layout::{Kind, Layout, Problem};

/// Bytes that are written in one slice.
const BYTES: usize = SLICE as usize * 8;
/// What C's `int` counts.
const LARGEST: usize = i32::MAX as usize;
/// How many results fit on PUC-Rio's stack.
const MOST_RESULTS: usize = 1_000_000 - 64;
/// Where the results of `unpack` begin on the stack, after the format and the data.
const RESULTS: usize = 2;

pub(super) fn pack<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    string(ctx, &stack, 0, "pack")?;
    // A missing argument is called nil, not missing.
    stack.push_back(Value::Nil);
    begin(ctx, execution, stack, Task::Pack, 0)
}

pub(super) fn size<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    begin(ctx, execution, stack, Task::Size, 0)
}

pub(super) fn unpack<'gc>(
    ctx: Context<'gc>,
    execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let format = string(ctx, &stack, 0, "unpack")?;
    let data = string(ctx, &stack, 1, "unpack")?;
    let length = data.as_bytes().len();
    let start = from_start(integer_or(ctx, &stack, 2, "unpack", 1)?, length) - 1;
    if start > length {
        return Err(bad(ctx, 2, "unpack", "initial position out of string"));
    }
    stack.replace(ctx, (format, data));
    begin(ctx, execution, stack, Task::Unpack, start)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Pack,
    Size,
    Unpack,
}

/// How far the format was worked through. The arguments lie on the stack.
#[derive(Collect)]
#[collect(require_static)]
struct Walk {
    task: Task,
    layout: Layout,
    /// Bytes so far; in `unpack` the position in the data.
    total: usize,
    argument: usize,
    result: Vec<u8>,
    /// Zeros still to be written.
    zeros: usize,
}

fn begin<'gc>(
    ctx: Context<'gc>,
    mut execution: Execution<'gc, '_>,
    mut stack: Stack<'gc, '_>,
    task: Task,
    total: usize,
) -> Result<CallbackReturn<'gc>, Error<'gc>> {
    let mut walk = Walk {
        task,
        layout: Layout::new(),
        total,
        argument: 0,
        result: Vec::new(),
        zeros: 0,
    };
    if walk.slice(ctx, &mut execution, &mut stack)? {
        Ok(CallbackReturn::Return)
    } else {
        Ok(CallbackReturn::Sequence(BoxSequence::new(&ctx, walk)))
    }
}

impl<'gc> Sequence<'gc> for Walk {
    fn poll(
        mut self: Pin<&mut Self>,
        ctx: Context<'gc>,
        mut execution: Execution<'gc, '_>,
        mut stack: Stack<'gc, '_>,
    ) -> Result<SequencePoll<'gc>, Error<'gc>> {
        if self.slice(ctx, &mut execution, &mut stack)? {
            Ok(SequencePoll::Return)
        } else {
            Ok(SequencePoll::Pending)
        }
    }
}

impl Walk {
    fn function(&self) -> &'static str {
        match self.task {
            Task::Pack => "pack",
            Task::Size => "packsize",
            Task::Unpack => "unpack",
        }
    }

    /// Works for a while; true if the results are on the stack.
    fn slice<'gc>(
        &mut self,
        ctx: Context<'gc>,
        execution: &mut Execution<'gc, '_>,
        stack: &mut Stack<'gc, '_>,
    ) -> Result<bool, Error<'gc>> {
        let format = string(ctx, stack, 0, self.function())?.as_bytes();
        let (read, written, before) = (self.layout.read(), self.result.len(), self.total);
        let done = loop {
            if self.zeros > 0 {
                let now = self.zeros.min(BYTES);
                if self.result.try_reserve(now).is_err() {
                    return Err(out_of_memory(ctx));
                }
                self.result.resize(self.result.len() + now, 0);
                self.zeros -= now;
            }
            let much = self.layout.read() - read > SLICE as usize
                || self.result.len() - written > BYTES
                || self.task == Task::Unpack && self.total - before > BYTES;
            if much || self.zeros > 0 {
                break false;
            }
            let option = self
                .layout
                .next(format, self.total)
                .map_err(|problem| match problem {
                    Problem::Argument(text) => bad(ctx, 0, self.function(), text),
                    Problem::Plain(text) => error(ctx, text),
                })?;
            let Some(option) = option else {
                break true;
            };
            match self.task {
                Task::Pack => self.write(ctx, stack, option)?,
                Task::Size => self.measure(ctx, option)?,
                Task::Unpack => self.read(ctx, stack, option)?,
            }
        };
        charge_bytes(execution, (self.layout.read() - read) * 16);
        charge_bytes(execution, self.result.len() - written);
        if !done {
            return Ok(false);
        }
        match self.task {
            Task::Pack => {
                let value = finished(ctx, std::mem::take(&mut self.result))?;
                stack.replace(ctx, value);
            }
            Task::Size => stack.replace(ctx, self.total as i64),
            Task::Unpack => {
                stack.push_back(Value::Integer(self.total as i64 + 1));
                stack.drain(..RESULTS);
            }
        }
        Ok(true)
    }

    fn measure<'gc>(
        &mut self,
        ctx: Context<'gc>,
        option: layout::Option,
    ) -> Result<(), Error<'gc>> {
        if matches!(option.kind, Kind::Counted | Kind::Terminated) {
            return Err(bad(ctx, 0, "packsize", "variable-length format"));
        }
        let size = option.size + option.padding;
        if self.total > LARGEST.saturating_sub(size) {
            return Err(bad(ctx, 0, "packsize", "format result too large"));
        }
        self.total += size;
        Ok(())
    }

    fn write<'gc>(
        &mut self,
        ctx: Context<'gc>,
        stack: &Stack<'gc, '_>,
        option: layout::Option,
    ) -> Result<(), Error<'gc>> {
        let layout::Option {
            kind,
            size,
            padding,
        } = option;
        self.result.extend(std::iter::repeat_n(0, padding));
        self.total += padding + size;
        let index = self.argument + 1;
        if !matches!(kind, Kind::Padding | Kind::Alignment | Kind::Nothing) {
            self.argument = index;
        }
        let refuse = |text: &str| Err(bad(ctx, index, "pack", text));
        match kind {
            Kind::Signed => {
                let value = integer(ctx, stack, index, "pack")?;
                if size < 8 {
                    let limit = 1_i64 << (size * 8 - 1);
                    if !(-limit..limit).contains(&value) {
                        return refuse("integer overflow");
                    }
                }
                self.integer(ctx, i128::from(value), size)?;
            }
            Kind::Unsigned => {
                let value = integer(ctx, stack, index, "pack")? as u64;
                if size < 8 && value >> (size * 8) != 0 {
                    return refuse("unsigned overflow");
                }
                self.integer(ctx, i128::from(value), size)?;
            }
            Kind::Float => {
                let value = number(ctx, stack, index, "pack")? as f32;
                self.integer(ctx, i128::from(value.to_bits()), size)?;
            }
            Kind::Double => {
                let value = number(ctx, stack, index, "pack")?;
                self.integer(ctx, i128::from(value.to_bits()), size)?;
            }
            Kind::Chars => {
                let text = string(ctx, stack, index, "pack")?.as_bytes();
                if text.len() > size {
                    return refuse("string longer than given size");
                }
                append(ctx, &mut self.result, text)?;
                self.zeros = size - text.len();
            }
            Kind::Counted => {
                let text = string(ctx, stack, index, "pack")?.as_bytes();
                if size < 8 && text.len() as u64 >> (size * 8) != 0 {
                    return refuse("string length does not fit in given size");
                }
                self.integer(ctx, text.len() as i128, size)?;
                append(ctx, &mut self.result, text)?;
                self.total += text.len();
            }
            Kind::Terminated => {
                let text = string(ctx, stack, index, "pack")?.as_bytes();
                if text.contains(&0) {
                    return refuse("string contains zeros");
                }
                append(ctx, &mut self.result, text)?;
                append(ctx, &mut self.result, &[0])?;
                self.total += text.len() + 1;
            }
            Kind::Padding => append(ctx, &mut self.result, &[0])?,
            Kind::Alignment | Kind::Nothing => {}
        }
        Ok(())
    }

    /// Appends so many bytes of a number.
    fn integer<'gc>(
        &mut self,
        ctx: Context<'gc>,
        value: i128,
        size: usize,
    ) -> Result<(), Error<'gc>> {
        let bytes = value.to_le_bytes();
        let start = self.result.len();
        append(ctx, &mut self.result, bytes.get(..size).unwrap_or(&bytes))?;
        if self.layout.big_endian
            && let Some(written) = self.result.get_mut(start..)
        {
            written.reverse();
        }
        Ok(())
    }

    fn read<'gc>(
        &mut self,
        ctx: Context<'gc>,
        stack: &mut Stack<'gc, '_>,
        option: layout::Option,
    ) -> Result<(), Error<'gc>> {
        let layout::Option {
            kind,
            size,
            padding,
        } = option;
        let Value::String(data) = stack.get(1) else {
            return Ok(());
        };
        let too_short = || bad(ctx, 1, "unpack", "data string too short");
        let rest = data
            .as_bytes()
            .get(self.total + padding..)
            .ok_or_else(too_short)?;
        let here = rest.get(..size).ok_or_else(too_short)?;
        if stack.len() > MOST_RESULTS {
            return Err(error(ctx, "stack overflow (too many results)"));
        }
        self.total += padding + size;
        let value = match kind {
            Kind::Signed | Kind::Unsigned => {
                Value::Integer(self.unpacked(ctx, here, kind == Kind::Signed)?)
            }
            Kind::Float => {
                let bits = self.unpacked(ctx, here, false)? as u32;
                Value::Number(f64::from(f32::from_bits(bits)))
            }
            Kind::Double => {
                let bits = self.unpacked(ctx, here, false)? as u64;
                Value::Number(f64::from_bits(bits))
            }
            Kind::Chars => new_string(ctx, here),
            Kind::Counted => {
                let length = self.unpacked(ctx, here, false)? as u64;
                let text = usize::try_from(length)
                    .ok()
                    .and_then(|length| rest.get(size..)?.get(..length))
                    .ok_or_else(too_short)?;
                self.total += text.len();
                new_string(ctx, text)
            }
            Kind::Terminated => {
                let length = find_byte(rest, 0)
                    .ok_or_else(|| bad(ctx, 1, "unpack", "unfinished string for format 'z'"))?;
                self.total += length + 1;
                new_string(ctx, rest.get(..length).unwrap_or_default())
            }
            Kind::Padding | Kind::Alignment | Kind::Nothing => return Ok(()),
        };
        stack.push_back(value);
        Ok(())
    }

    /// The integer in these bytes.
    fn unpacked<'gc>(
        &self,
        ctx: Context<'gc>,
        bytes: &[u8],
        signed: bool,
    ) -> Result<i64, Error<'gc>> {
        let mut wide = [0; 16];
        for (index, byte) in bytes.iter().enumerate() {
            let place = if self.layout.big_endian {
                bytes.len() - 1 - index
            } else {
                index
            };
            if let Some(place) = wide.get_mut(place) {
                *place = *byte;
            }
        }
        let unused = 128 - bytes.len().clamp(1, 16) * 8;
        let value = i128::from_le_bytes(wide);
        if bytes.len() <= 8 {
            return Ok(if signed {
                (value << unused >> unused) as i64
            } else {
                value as i64
            });
        }
        // What does not fit must be nothing but the sign.
        let fits = if signed {
            i64::try_from(value << unused >> unused).ok()
        } else {
            u64::try_from(value).ok().map(|value| value as i64)
        };
        fits.ok_or_else(|| {
            let size = bytes.len();
            error(
                ctx,
                format!("{size}-byte integer does not fit into Lua Integer"),
            )
        })
    }
}
