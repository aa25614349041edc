//! What a validator says of a module. The fuzz target of the parser has this file as well.

/// Whether the module is valid, by a validator that knows every feature which engines have switched on.
#[must_use]
pub fn is_valid(module: &[u8]) -> bool {
    let features = wasmparser::WasmFeatures::default();
    wasmparser::Validator::new_with_features(features).validate_all(module).is_ok()
}

/// The module without its custom sections, which the profile does not read; as it is where its sections cannot be told apart.
#[must_use]
pub fn without_custom(module: &[u8]) -> Vec<u8> {
    let mut kept = module.get(..8).unwrap_or(module).to_vec();
    let mut at = kept.len();
    while at < module.len() {
        let Some((length, body)) = length(module, at + 1) else { return module.to_vec() };
        let Some(section) = module.get(at..body + length) else { return module.to_vec() };
        if section[0] != 0 {
            kept.extend_from_slice(section);
        }
        at += section.len();
    }
    kept
}

/// The number at a place, in at most five bytes, and where it ends.
fn length(module: &[u8], mut at: usize) -> Option<(usize, usize)> {
    let mut number = 0;
    for shift in [0, 7, 14, 21, 28] {
        let byte = *module.get(at)?;
        number |= usize::from(byte & 127) << shift;
        at += 1;
        if byte < 128 {
            return (number <= u32::MAX as usize).then_some((number, at));
        }
    }
    None
}
