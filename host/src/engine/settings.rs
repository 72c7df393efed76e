//! The settings of wasmtime, each with its reason.

use std::sync::Arc;

use wasmtime::{
    CacheStore, Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
};

use crate::{capability::TABLE_ELEMENTS, config::ServerLimits};

/// Kept of each linear memory between two calls and reset by copying. A guest that fits pays one short
/// copy per fresh instance instead of a page fault per page that it touches; our guests with their
/// 64 KiB of shadow stack do fit. Measured: Lua 59 µs at 0, 21.6 µs at 1 MiB, no better above.
const KEEP_RESIDENT: usize = 1 << 20;

/// Stack of the fiber that runs a call: 512 KiB for the guest, the rest for host functions, which do
/// TLS and name lookups on it. Address space only; pages that are never touched cost nothing.
const STACK: usize = 2 << 20;
/// Of that, for the guest. Deeper recursion is a trap, not a crash.
const GUEST_STACK: usize = 512 << 10;

/// Makes an engine with the pooling allocator, or without it where address space is short (32-bit
/// user space, `ulimit -v`, small containers). Says which.
pub(super) fn make(
    limits: &ServerLimits,
    functions: Arc<dyn CacheStore>,
) -> wasmtime::Result<(Engine, bool)> {
    // The pool reserves its address space when the engine is made, so making one is the probe.
    let mut pooling = common(functions.clone())?;
    pooling.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits.instances)));
    match Engine::new(&pooling) {
        Ok(engine) => Ok((engine, true)),
        Err(error) => {
            tracing::warn!(
                "no address space for the instance pool, calls will be slower: {error:#}"
            );
            Ok((Engine::new(&common(functions)?)?, false))
        }
    }
}

fn common(functions: Arc<dyn CacheStore>) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    // Calls are cut off and take turns at ticks of the epoch.
    config.epoch_interruption(true);
    // One call per instance at a time: an empty call costs 0.28 µs without, 1.3 µs with it.
    config.concurrency_support(false);
    config.async_stack_size(STACK);
    config.max_wasm_stack(GUEST_STACK);
    // Stacks are not wiped between calls: compiled code never reads a stack slot that it has not
    // written, and wiping costs a system call each time.
    config.async_stack_zeroing(false);
    // A fresh memory is a mapping of its image; pages are copied when they are written.
    config.memory_init_cow(true);
    // 4 GiB of address space per memory: no bounds check in compiled code.
    config.memory_reservation(4 << 30);
    config.memory_guard_size(32 << 20);
    config.memory_may_move(false);
    // Nothing that our guests need; less that can be attacked.
    config.wasm_memory64(false);
    config.wasm_multi_memory(false);
    // Compiling at load: all cores, and functions that were compiled before are taken from memory
    // (a script's image differs from the plain runtime in data, not in code).
    config.parallel_compilation(true);
    config.enable_incremental_compilation(functions)?;
    // Traps are reported by cause; addresses of guest code mean nothing to an administrator.
    config.wasm_backtrace_max_frames(None);
    config.generate_address_map(false);
    config.native_unwind_info(false);
    Ok(config)
}

fn pool(instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    // `limits.instances`: component instances that exist at the same time. Beyond them there is room
    // to load the next generation while calls take all of it: plugins load one per core.
    let loading = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let instances = instances.saturating_add(u32::try_from(loading).unwrap_or(1));
    pool.total_component_instances(instances);
    // One call per instance, one fiber per call.
    pool.total_stacks(instances);
    // A component of ours is 3 core instances (module, shim, fix-up); one built for wasip2 has 16
    // or more, composed ones several times that. Counters only: nothing is reserved for them.
    pool.max_core_instances_per_component(100);
    pool.total_core_instances(instances.saturating_mul(20));
    // One linear memory per component is the rule; two leaves room for composed ones. Address space:
    // 1000 × 2 × 4 GiB = 8 TiB of the 128 TiB that a process has.
    pool.max_memories_per_component(10);
    pool.total_memories(instances.saturating_mul(2));
    // The limit of a plugin is its `memory`, enforced when it grows; the pool only has to fit.
    pool.max_memory_size(4 << 30);
    // Module and shim have a table each; adapters bring one more.
    pool.max_tables_per_component(20);
    pool.max_tables_per_module(4);
    pool.total_tables(instances.saturating_mul(4));
    // The Lua runtime has about 3,000 functions in its table, CPython about 10,000.
    pool.table_elements(TABLE_ELEMENTS);
    // See its comment. Tables are small, so all of them stays resident and no system call is needed.
    pool.linear_memory_keep_resident(KEEP_RESIDENT);
    pool.table_keep_resident(TABLE_ELEMENTS * size_of::<usize>());
    // Slots remember which image they hold, so that a plugin finds its own again. 100 of them at
    // 1 MiB are 100 MiB at most.
    pool.max_unused_warm_slots(100);
    // Its reset skips swapped-out pages in wasmtime 48: one login could see another's data.
    pool.pagemap_scan(Enabled::No);
    pool
}
