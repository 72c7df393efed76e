//! `math.random`, `math.randomseed` and the generators behind them.
//!
//! Until a script gives a seed, numbers come from the host's randomness, fresh in every call. With a seed
//! they are those that PUC-Rio gives for it: xoshiro256** in Lua 5.4, glibc's `rand` in Lua 5.1.

use std::cell::RefCell;
use std::rc::Rc;

use piccolo::{Callback, CallbackReturn, Context, Error, Stack, Table, Value};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::arguments::{bad, error, integer, lua51};

/// Puts both functions into the library.
pub(super) fn install<'gc>(ctx: Context<'gc>, math: Table<'gc>) {
    let shared = Rc::new(RefCell::new(Generator::from_host()));
    let generator = shared.clone();
    let random = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
        let value = match (generator.try_borrow_mut(), lua51()) {
            (Ok(mut generator), true) => random_51(ctx, &stack, &mut generator)?,
            (Ok(mut generator), false) => random_54(ctx, &stack, &mut generator)?,
            // Nothing that could hold it runs meanwhile.
            (Err(_), _) => Value::Nil,
        };
        stack.replace(ctx, value);
        Ok(CallbackReturn::Return)
    });
    math.set_field(ctx, "random", random);
    let seed = Callback::from_fn(&ctx, move |ctx, _, mut stack| {
        if lua51() {
            let seed = integer(ctx, &stack, 0, "randomseed")?;
            shared.replace(Generator::glibc(seed as u32));
            stack.clear();
            return Ok(CallbackReturn::Return);
        }
        let (first, second) = if stack.is_empty() {
            let mut host = Generator::from_host();
            (host.word() as i64, host.word() as i64)
        } else {
            let first = integer(ctx, &stack, 0, "randomseed")?;
            let second = match stack.get(1) {
                Value::Nil => 0,
                _ => integer(ctx, &stack, 1, "randomseed")?,
            };
            (first, second)
        };
        shared.replace(Generator::xoshiro(first, second));
        stack.replace(ctx, (first, second));
        Ok(CallbackReturn::Return)
    });
    math.set_field(ctx, "randomseed", seed);
}

fn random_51<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    generator: &mut Generator,
) -> Result<Value<'gc>, Error<'gc>> {
    let fraction = generator.coarse_fraction();
    let (index, low, high) = match stack.len() {
        0 => return Ok(Value::Number(fraction)),
        1 => (0, 1, integer(ctx, stack, 0, "random")?),
        2 => {
            let low = integer(ctx, stack, 0, "random")?;
            (1, low, integer(ctx, stack, 1, "random")?)
        }
        _ => return Err(error(ctx, "wrong number of arguments")),
    };
    if low > high {
        return Err(bad(ctx, index, "random", "interval is empty"));
    }
    let width = (high as f64) - (low as f64) + 1.0;
    Ok(Value::Number((fraction * width).floor() + low as f64))
}

fn random_54<'gc>(
    ctx: Context<'gc>,
    stack: &Stack<'gc, '_>,
    generator: &mut Generator,
) -> Result<Value<'gc>, Error<'gc>> {
    let (low, high) = match stack.len() {
        0 => return Ok(Value::Number(generator.fraction())),
        1 => match integer(ctx, stack, 0, "random")? {
            0 => return Ok(Value::Integer(generator.word() as i64)),
            high => (1, high),
        },
        2 => {
            let low = integer(ctx, stack, 0, "random")?;
            (low, integer(ctx, stack, 1, "random")?)
        }
        _ => return Err(error(ctx, "wrong number of arguments")),
    };
    if low > high {
        return Err(bad(ctx, 0, "random", "interval is empty"));
    }
    Ok(Value::Integer(generator.between(low, high)))
}

/// Where numbers come from.
enum Generator {
    Host(SmallRng),
    Xoshiro([u64; 4]),
    Glibc(Box<Additive>),
}

/// glibc's additive feedback generator.
struct Additive {
    words: [u32; 31],
    next: usize,
}

/// glibc's `RAND_MAX`.
const LARGEST: u32 = 0x7fff_ffff;

impl Generator {
    fn from_host() -> Self {
        Self::Host(SmallRng::from_entropy())
    }

    /// As `math.randomseed` of Lua 5.4.
    fn xoshiro(first: i64, second: i64) -> Self {
        let mut generator = Self::Xoshiro([first as u64, 0xff, second as u64, 0]);
        for _ in 0..16 {
            generator.word();
        }
        generator
    }

    /// As C's `srand`.
    fn glibc(seed: u32) -> Self {
        let mut word = i64::from(seed.max(1) as i32);
        let mut words = [0; 31];
        for slot in &mut words {
            *slot = word as u32;
            word = (16_807 * (word % 127_773)) - 2836 * (word / 127_773);
            if word < 0 {
                word += i64::from(LARGEST);
            }
        }
        let mut generator = Additive { words, next: 3 };
        for _ in 0..310 {
            generator.step();
        }
        Self::Glibc(Box::new(generator))
    }

    /// 64 random bits.
    fn word(&mut self) -> u64 {
        match self {
            Self::Host(generator) => generator.r#gen::<i64>() as u64,
            Self::Glibc(generator) => {
                let high = u64::from(generator.step());
                (high << 33) | (u64::from(generator.step()) << 2)
            }
            Self::Xoshiro([one, two, three, four]) => {
                let word = two.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
                let shifted = *two << 17;
                *three ^= *one;
                *four ^= *two;
                *two ^= *three;
                *one ^= *four;
                *three ^= shifted;
                *four = four.rotate_left(45);
                word
            }
        }
    }

    /// In `[0, 1)`, from 53 bits.
    fn fraction(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// In `[0, 1)`, as Lua 5.1 makes it from C's `rand`.
    fn coarse_fraction(&mut self) -> f64 {
        let word = match self {
            Self::Glibc(generator) => generator.step(),
            other => (other.word() >> 33) as u32,
        };
        f64::from(word % LARGEST) / f64::from(LARGEST)
    }

    /// From `low` to `high`, both included, all equally likely.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = (high as u64).wrapping_sub(low as u64);
        let mut word = self.word();
        let mask = match width.checked_add(1) {
            Some(count) if !count.is_power_of_two() => u64::MAX >> width.leading_zeros(),
            _ => width,
        };
        loop {
            word &= mask;
            if word <= width {
                return word.wrapping_add(low as u64) as i64;
            }
            word = self.word();
        }
    }
}

impl Additive {
    /// 31 random bits.
    fn step(&mut self) -> u32 {
        let behind = (self.next + 28) % 31;
        let added = self.words.get(behind).copied().unwrap_or(0);
        let Some(slot) = self.words.get_mut(self.next) else {
            return 0;
        };
        *slot = slot.wrapping_add(added);
        let word = *slot;
        self.next = (self.next + 1) % 31;
        word >> 1
    }
}
