//! Ids, keys and signatures.

use tabmesh_port::PublicKey;

#[test]
fn a_key_is_read_from_an_uncompressed_point_and_nothing_else() {
    let key = PublicKey(std::array::from_fn(|at| at as u8));
    let point = key.to_sec1();
    assert_eq!((point[0], &point[1..]), (4, &key.0[..]));
    assert_eq!(PublicKey::from_sec1(&point), Some(key));
    for other in [&point[..64], &point[1..], &[&point[..], &[0]].concat(), &[&[2], &point[1..]].concat(), &[]]
    {
        assert_eq!(PublicKey::from_sec1(other), None);
    }
}
