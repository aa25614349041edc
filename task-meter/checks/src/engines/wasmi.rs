//! wasmi with the stack that a host gives it: the profile's limit must be the one that is met first.

use std::sync::LazyLock;

use wasmi::errors::{ErrorKind, TableError};
use wasmi::{Config, Engine, F32, F64, Linker, Module, Store, TrapCode, Val};

use super::guest::{End, Guest, Unstarted, Value};

/// Calls within calls: more than the profile's 256 KiB hold of the smallest frames.
const CALLS_MAX: usize = 8_192;
/// Bytes of operands and constants: twice what the profile counts, and some small constants for each call.
const STACK_BYTES_MAX: usize = 16 << 20;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut config = Config::default();
    config.set_max_recursion_depth(CALLS_MAX).set_max_stack_height(STACK_BYTES_MAX);
    Engine::new(&config)
});

struct Running {
    store: Store<()>,
    instance: wasmi::Instance,
}

pub(super) fn start(module: &[u8]) -> Result<Box<dyn Guest>, Unstarted> {
    let module = Module::new(&ENGINE, module).map_err(|error| Unstarted::Invalid(error.to_string()))?;
    let mut store = Store::new(&ENGINE, ());
    let linker = Linker::new(&ENGINE);
    let instance = linker.instantiate_and_start(&mut store, &module);
    match instance {
        Ok(instance) => Ok(Box::new(Running { store, instance })),
        Err(error) if error.as_trap_code().is_some() => Err(Unstarted::Trap),
        Err(error) if error.to_string().contains("fit") || error.to_string().contains("bounds") => {
            Err(Unstarted::Trap)
        }
        Err(error) => Err(Unstarted::Invalid(error.to_string())),
    }
}

fn inward(value: Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(bits) => Val::F32(F32::from_bits(bits)),
        Value::F64(bits) => Val::F64(F64::from_bits(bits)),
    }
}

fn outward(value: &Val) -> Option<Value> {
    Some(match value {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(value) => Value::F32(value.to_bits()),
        Val::F64(value) => Value::F64(value.to_bits()),
        _ => return None,
    })
}

impl Guest for Running {
    fn call(&mut self, name: &str, arguments: &[Value]) -> Option<End> {
        let function = self.instance.get_func(&self.store, name)?;
        let arguments: Vec<_> = arguments.iter().copied().map(inward).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        Some(match function.call(&mut self.store, &arguments, &mut results) {
            Ok(()) => End::Done(results.iter().filter_map(outward).collect()),
            Err(error) if error.as_trap_code() == Some(TrapCode::StackOverflow) => End::Overflow,
            // Which the engine does not count among its traps.
            Err(error) if matches!(error.kind(), ErrorKind::Table(TableError::CopyOutOfBounds)) => End::Trap,
            Err(error) => {
                assert!(error.as_trap_code().is_some(), "not a trap: {error:?}");
                End::Trap
            }
        })
    }

    fn global(&mut self, name: &str) -> Option<Value> {
        outward(&self.instance.get_global(&self.store, name)?.get(&self.store))
    }

    fn set_global(&mut self, name: &str, value: Value) {
        let global = self.instance.get_global(&self.store, name).expect("the global is there");
        global.set(&mut self.store, inward(value)).expect("it is mutable and of this type");
    }

    fn memory(&mut self) -> Vec<u8> {
        let memory = self.instance.exports(&self.store).find_map(|export| export.into_memory());
        memory.map(|memory| memory.data(&self.store).to_vec()).unwrap_or_default()
    }

    fn functions(&mut self) -> Vec<(String, Vec<Value>)> {
        let exports = self.instance.exports(&self.store);
        let functions = exports.filter_map(|export| {
            let name = export.name().to_owned();
            let kind = export.into_func()?.ty(&self.store);
            let zeros = kind.params().iter().map(|kind| outward(&Val::default(*kind)));
            Some((name, zeros.collect::<Option<_>>()?))
        });
        functions.collect()
    }
}
