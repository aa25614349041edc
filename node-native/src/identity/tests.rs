//! Identity: the passphrase's test vectors, the key file, and signatures that both libraries agree on.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn from_passphrase(passphrase: &str, salt: &str) -> Result<Identity, IdentityError> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("passphrase");
    std::fs::write(&file, passphrase).expect("the file is written");
    Identity::from_passphrase_file(&file, salt, 0)
}

/// Computed by another program (Python's hashlib and whole-number arithmetic on the curve).
#[test]
fn a_passphrase_gives_the_id_of_the_test_vector() {
    let vectors = [
        ("", "cd52d5a69e4bb495f471ff709061ecedff01711754d52b8c2aae46bddf77ab4e"),
        ("alice@example.org", "9447301a10ab14eedd627090d4b936b29e3fdc3f4d947428a4b38412bf7617cc"),
    ];
    for (salt, id) in vectors {
        let identity =
            from_passphrase("correct horse battery staple\nnot this line", salt).expect("an identity");
        assert_eq!(hex(&identity.id()), id, "salt {salt:?}");
    }
}

#[test]
fn a_passphrase_that_is_none_is_refused() {
    for text in ["", "\nsecond line", &"x".repeat(1025)] {
        assert!(matches!(from_passphrase(text, ""), Err(IdentityError::Passphrase(_))));
    }
}

#[test]
fn the_key_file_is_made_once_and_is_its_owners_alone() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let first = Identity::from_file(dir.path(), 0).expect("a new identity").id();
    let again = Identity::from_file(dir.path(), 0).expect("the same identity").id();
    assert_eq!(first, again);
    let mode = std::fs::metadata(dir.path().join(KEY_FILE)).expect("the file is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_key_file_that_others_may_read_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    Identity::from_file(dir.path(), 0).expect("a new identity");
    let path = dir.path().join(KEY_FILE);
    for mode in [0o640, 0o604, 0o620, 0o666] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("ours");
        let Err(error) = Identity::from_file(dir.path(), 0) else { panic!("{mode:o} must be refused") };
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).expect("ours");
    Identity::from_file(dir.path(), 0).expect("its owner's alone");
}

#[test]
fn a_link_in_the_place_of_the_unfinished_key_leads_nowhere() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let precious = dir.path().join("precious");
    std::fs::write(&precious, "precious").expect("written");
    std::os::unix::fs::symlink(&precious, dir.path().join("identity.tmp")).expect("linked");
    Identity::from_file(dir.path(), 0).expect("a new identity");
    assert_eq!(std::fs::read(&precious).expect("still there"), b"precious");
}

#[test]
fn a_random_key_is_ground_to_the_level_and_an_old_one_below_it_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    assert!(Identity::from_file(dir.path(), 6).expect("a new identity").id().level() >= 6);
    let Err(error) = Identity::from_file(dir.path(), 200) else { panic!("no id reaches level 200") };
    assert!(error.to_string().contains("remove identity.pem"), "{error}");
}

#[test]
fn a_damaged_key_file_is_refused_and_kept() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join(KEY_FILE), "garbage").expect("the file is written");
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(dir.path().join(KEY_FILE), private).expect("ours");
    assert!(matches!(Identity::from_file(dir.path(), 0), Err(IdentityError::Malformed(_))));
    assert_eq!(std::fs::read(dir.path().join(KEY_FILE)).expect("still there"), b"garbage");
}

#[test]
fn signatures_hold_for_their_bytes_and_key_alone() {
    let identity = from_passphrase("one", "").expect("an identity");
    let other = from_passphrase("two", "").expect("an identity");
    let signature = identity.sign(b"bytes").expect("signed");
    assert!(verify(identity.public_key(), &signature, b"bytes"));
    assert!(!verify(identity.public_key(), &signature, b"other bytes"));
    assert!(!verify(other.public_key(), &signature, b"bytes"));
    assert!(!verify(&PublicKey([0xff; 64]), &signature, b"bytes"));
    assert!(!verify(identity.public_key(), &Signature::BLANK, b"bytes"));
}

#[test]
fn ids_are_read_as_they_are_written() {
    let id = NodeId([0xa5; 32]);
    assert_eq!(from_hex(&hex(&id)), Some(id));
    assert_eq!(from_hex(&hex(&id).to_uppercase()), Some(id));
    for bad in ["", "a5", &"g".repeat(64), &"é".repeat(32)] {
        assert_eq!(from_hex(bad), None, "{bad}");
    }
}
