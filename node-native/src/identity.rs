//! Who the node is: a P-256 key from a file or from a passphrase, and what is signed and checked with it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use p256::elliptic_curve::Generate;
use p256::elliptic_curve::bigint::{NonZero, U384};
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
};
use tabmesh_engine::{NodeId, PublicKey, Signature};
use thiserror::Error;

use crate::fresh;

/// The key file in the data directory.
const KEY_FILE: &str = "identity.pem";

/// PBKDF2 rounds of a passphrase.
const PASSPHRASE_ROUNDS: u32 = 600_000;

/// What stands before the user's salt.
const SALT_PREFIX: &[u8] = b"tabmesh identity v1";

/// The most bytes of a passphrase; a longer first line is no passphrase but a wrong file.
const PASSPHRASE_MAX: usize = 1024;

/// Why there is no identity. Every message says what to do.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// A file could not be read or written.
    #[error("cannot use {}: {source}; check that it exists and that this user may read and write it", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key file is no key.
    #[error("{} is no P-256 private key in PKCS#8 PEM; restore it from a backup, or remove it to get a new identity", .0.display())]
    Malformed(PathBuf),
    /// The passphrase file is empty or far too long.
    #[error("the first line of {} must be a passphrase of 1 to 1024 bytes", .0.display())]
    Passphrase(PathBuf),
    /// The key's id is below the security level.
    #[error(
        "the identity {id} reaches security level {reached}, but the network asks for {level}; {way_out}"
    )]
    LowLevel {
        /// The id, in hexadecimal.
        id: String,
        /// What it reaches.
        reached: u32,
        /// What it should.
        level: u8,
        /// What to change.
        way_out: &'static str,
    },
}

/// From this level on making a key takes seconds, and it is said.
const SLOW_LEVEL: u8 = 16;

/// A node's key pair.
///
/// The curve arithmetic that makes keys is the p256 crate's; signing and checking is ring's, which this binary holds
/// anyway for TLS and DTLS: measured on one core, 26 µs against 294 µs to sign and 75 µs against 690 µs to verify.
/// Signing is short enough to be done in the driver's own task; checking is what strangers ask for, and has a thread.
pub struct Identity {
    id: NodeId,
    public: PublicKey,
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Identity {
    /// Reads the key file of `data_dir`, or makes a random key of at least `level` and writes it there, readable by
    /// its owner alone.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, is no key, or its id is below `level`.
    pub fn from_file(data_dir: &Path, level: u8) -> Result<Self, IdentityError> {
        let path = data_dir.join(KEY_FILE);
        let secret = match read_private(&path) {
            Ok(pem) => p256::SecretKey::from_pkcs8_pem(&pem).map_err(|_| IdentityError::Malformed(path))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secret = random_secret(level);
                write_key(&path, &secret).map_err(|source| IdentityError::Io { path, source })?;
                secret
            }
            Err(source) => return Err(IdentityError::Io { path, source }),
        };
        let way_out = "remove identity.pem from the data directory to get a new identity that reaches it";
        Self::new(&secret).at_level(level, way_out)
    }

    /// Makes the key from the first line of `file` and `salt`; nothing is written.
    ///
    /// # Errors
    ///
    /// The file cannot be read, its first line is no passphrase, or the id is below `level`.
    pub fn from_passphrase_file(file: &Path, salt: &str, level: u8) -> Result<Self, IdentityError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| IdentityError::Io { path: file.to_owned(), source })?;
        let passphrase = text.lines().next().unwrap_or_default();
        if passphrase.is_empty() || passphrase.len() > PASSPHRASE_MAX {
            return Err(IdentityError::Passphrase(file.to_owned()));
        }
        let secret = secret_from_passphrase(passphrase.as_bytes(), salt.as_bytes());
        Self::new(&secret).at_level(level, "give another --salt until it does, or another passphrase")
    }

    fn new(secret: &p256::SecretKey) -> Self {
        let public = public_key(secret);
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &secret.to_bytes(),
            &public.to_sec1(),
            &random,
        )
        .unwrap_or_else(|_| unreachable!("a P-256 key pair that p256 made is one for ring"));
        Self { id: NodeId::of_key(&public), public, pair, random }
    }

    fn at_level(self, level: u8, way_out: &'static str) -> Result<Self, IdentityError> {
        let reached = self.id.level();
        if reached < u32::from(level) {
            return Err(IdentityError::LowLevel { id: hex(&self.id), reached, level, way_out });
        }
        Ok(self)
    }

    /// The node's id.
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The public key, X ‖ Y.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs `bytes`: r ‖ s. `None` only if the operating system has no randomness to give.
    pub fn sign(&self, bytes: &[u8]) -> Option<Signature> {
        let signature = self.pair.sign(&self.random, bytes).ok()?;
        signature.as_ref().try_into().ok().map(Signature)
    }
}

/// Whether `signature` is `key`'s over `bytes`.
pub fn verify(key: &PublicKey, signature: &Signature, bytes: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.to_sec1()).verify(bytes, &signature.0).is_ok()
}

/// An id in hexadecimal, 64 characters.
pub fn hex(id: &NodeId) -> String {
    hex_of(&id.0)
}

/// Bytes in hexadecimal, two characters each.
pub fn hex_of(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads an id from 64 hexadecimal characters.
pub fn from_hex(text: &str) -> Option<NodeId> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut id = [0; 32];
    for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(NodeId(id))
}

/// Random keys until one reaches `level`: 2^level tries on average.
fn random_secret(level: u8) -> p256::SecretKey {
    if level >= SLOW_LEVEL {
        tracing::info!(level, "making a key of this level takes some 2^level tries, thousands a second");
    }
    loop {
        let secret = p256::SecretKey::generate();
        if NodeId::of_key(&public_key(&secret)).level() >= u32::from(level) {
            return secret;
        }
    }
}

/// PBKDF2-HMAC-SHA-256 to 48 bytes, which as a number c give the scalar c mod (n − 1) + 1 (FIPS 186-5 A.2.1): 128
/// bits more than the order, so that no scalar is likelier than another.
fn secret_from_passphrase(passphrase: &[u8], salt: &[u8]) -> p256::SecretKey {
    let mut derived = [0; 48];
    let rounds = std::num::NonZeroU32::new(PASSPHRASE_ROUNDS).unwrap_or(std::num::NonZeroU32::MAX);
    let salt = [SALT_PREFIX, salt].concat();
    ring::pbkdf2::derive(ring::pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, passphrase, &mut derived);

    let order_less_one = NonZero::new(U384::from_be_slice(&order_less_one()))
        .into_option()
        .unwrap_or_else(|| unreachable!("the order of P-256 is not 1"));
    let scalar = U384::from_be_slice(&derived).rem(&order_less_one).wrapping_add(&U384::ONE);
    p256::SecretKey::from_slice(&scalar.to_be_bytes()[16..])
        .unwrap_or_else(|_| unreachable!("a number from 1 to n - 1 is a scalar"))
}

/// n − 1, where n is the order of P-256's base point (SP 800-186 §3.2.1.3): 48 bytes, big-endian.
fn order_less_one() -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[16..].copy_from_slice(&[
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x50,
    ]);
    bytes
}

fn public_key(secret: &p256::SecretKey) -> PublicKey {
    let point = secret.public_key().to_sec1_point(false);
    PublicKey::from_sec1(point.as_bytes()).expect("an uncompressed point")
}

/// What a file says that nobody but its owner may read or write, as ssh asks it of its keys.
fn read_private(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, SHARED));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

const SHARED: &str = "other users may read or write this private key: `chmod 600` it, and if they may have done so, remove it \
                      to get a new identity";

/// Writes the key beside its place and moves it there, so that a crash leaves a whole key or none.
fn write_key(path: &Path, secret: &p256::SecretKey) -> io::Result<()> {
    let pem = secret.to_pkcs8_pem(LineEnding::LF).map_err(io::Error::other)?;
    let unfinished = path.with_extension("tmp");
    let mut file = fresh::create(&unfinished, 0o600)?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

#[cfg(test)]
mod tests;
