//! wasmtime with Cranelift, as a host uses it but for its stack, which is as small as the profile allows.

use std::sync::LazyLock;

use wasmtime::{Config, Engine, Instance, Module, OptLevel, Store, Trap, Val, ValType};

use super::guest::{End, Guest, Unstarted, Value};

/// What the profile needs of it (docs/METERING.md).
const STACK_BYTES: usize = 1 << 20;

fn engine(is_optimising: bool) -> Engine {
    let mut config = Config::new();
    config.max_wasm_stack(STACK_BYTES);
    config.cranelift_opt_level(if is_optimising { OptLevel::Speed } else { OptLevel::None });
    Engine::new(&config).expect("the configuration is one that wasmtime has")
}

static OPTIMISING: LazyLock<Engine> = LazyLock::new(|| engine(true));
static PLAIN: LazyLock<Engine> = LazyLock::new(|| engine(false));

struct Running {
    store: Store<()>,
    instance: Instance,
}

pub(super) fn start(module: &[u8], is_optimising: bool) -> Result<Box<dyn Guest>, Unstarted> {
    let engine = if is_optimising { &*OPTIMISING } else { &*PLAIN };
    let module = Module::new(engine, module).map_err(|error| Unstarted::Invalid(format!("{error:?}")))?;
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[]).map_err(|error| match error.is::<Trap>() {
        true => Unstarted::Trap,
        false => Unstarted::Invalid(format!("{error:?}")),
    })?;
    Ok(Box::new(Running { store, instance }))
}

fn inward(value: Value) -> Val {
    match value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(bits) => Val::F32(bits),
        Value::F64(bits) => Val::F64(bits),
    }
}

fn outward(value: &Val) -> Option<Value> {
    Some(match value {
        Val::I32(value) => Value::I32(*value),
        Val::I64(value) => Value::I64(*value),
        Val::F32(bits) => Value::F32(*bits),
        Val::F64(bits) => Value::F64(*bits),
        _ => return None,
    })
}

fn zero(kind: &ValType) -> Option<Value> {
    Some(match kind {
        ValType::I32 => Value::I32(0),
        ValType::I64 => Value::I64(0),
        ValType::F32 => Value::F32(0),
        ValType::F64 => Value::F64(0),
        _ => return None,
    })
}

impl Guest for Running {
    fn call(&mut self, name: &str, arguments: &[Value]) -> Option<End> {
        let function = self.instance.get_func(&mut self.store, name)?;
        let arguments: Vec<_> = arguments.iter().copied().map(inward).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        Some(match function.call(&mut self.store, &arguments, &mut results) {
            Ok(()) => End::Done(results.iter().filter_map(outward).collect()),
            Err(error) if error.downcast_ref() == Some(&Trap::StackOverflow) => End::Overflow,
            Err(error) => {
                assert!(error.is::<Trap>(), "not a trap: {error:?}");
                End::Trap
            }
        })
    }

    fn global(&mut self, name: &str) -> Option<Value> {
        let global = self.instance.get_global(&mut self.store, name)?;
        outward(&global.get(&mut self.store))
    }

    fn set_global(&mut self, name: &str, value: Value) {
        let global = self.instance.get_global(&mut self.store, name).expect("the global is there");
        global.set(&mut self.store, inward(value)).expect("it is mutable and of this type");
    }

    fn memory(&mut self) -> Vec<u8> {
        let memory = self.instance.exports(&mut self.store).find_map(wasmtime::Export::into_memory);
        memory.map(|memory| memory.data(&self.store).to_vec()).unwrap_or_default()
    }

    fn functions(&mut self) -> Vec<(String, Vec<Value>)> {
        let exports = self.instance.exports(&mut self.store);
        let functions: Vec<_> =
            exports.filter_map(|export| Some((export.name().to_owned(), export.into_func()?))).collect();
        let functions = functions.iter().filter_map(|(name, function)| {
            let kind = function.ty(&self.store);
            Some((name.clone(), kind.params().map(|kind| zero(&kind)).collect::<Option<_>>()?))
        });
        functions.collect()
    }
}
