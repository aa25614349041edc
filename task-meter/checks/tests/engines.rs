//! Goal: an engine that gets plain WebAssembly wrong is not blamed on the meter, and not used by a host.
//! Method: modules that an engine was once seen to get wrong, unmetered.

use tabmesh_meter_checks::engines::{ENGINES, End, Value};

/// wasmi 2.0.0 divides by zero here: the local that `select` chooses was not yet written where it is read.
const COPIED_LOCAL: &str = r#"(module (func (export "f") (result i32) (local i32 i32)
    (block (block (result i32)
        (i32.const 7)
        (select (i32.const 1) (local.tee 1 (local.get 0)) (i32.eqz (local.get 1)))
        (i32.rem_u))
      (return))
    (i32.const 0)))"#;

#[test]
fn every_engine_that_we_use_gets_a_copied_local_right() {
    let module = wat::parse_str(COPIED_LOCAL).unwrap();
    for engine in ENGINES {
        let end = engine.start(&module).unwrap().call("f", &[]);
        assert_eq!(end, Some(End::Done(vec![Value::I32(0)])), "{engine:?}");
    }
}
