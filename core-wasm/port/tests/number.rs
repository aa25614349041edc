//! Ports.

use tabmesh_port::Port;

#[test]
fn a_name_gives_the_first_four_bytes_of_its_hash() {
    // SHA-256("abc") begins with ba7816bf (FIPS 180-4, example).
    assert_eq!(Port::named("abc"), Port(0xba78_16bf));
    assert_ne!(Port::named("counter"), Port::named("Counter"));
}
