//! What a relayed link is sealed with. The relay carries frames that only the two ends can read.

use tabmesh_engine::PublicKey;

use super::seal::{FreshKey, Opener, SealError, Sealer};

/// See [`LinkKind::Relayed`](tabmesh_engine::LinkKind::Relayed).
const INFO: &[u8] = b"tabmesh circuit v1";

/// One end of a relayed link.
pub struct Circuit {
    own: PublicKey,
    /// Until the other end's key is there.
    fresh: Option<FreshKey>,
    keys: Option<(Sealer, Opener)>,
}

impl Circuit {
    /// A fresh key.
    ///
    /// # Errors
    ///
    /// [`SealError::NoKey`].
    pub fn new() -> Result<Self, SealError> {
        let fresh = FreshKey::new()?;
        Ok(Self { own: *fresh.public(), fresh: Some(fresh), keys: None })
    }

    /// The public half: X ‖ Y.
    pub fn public_key(&self) -> &PublicKey {
        &self.own
    }

    /// Takes in the other end's public key; `offered` if this end began the link.
    ///
    /// # Errors
    ///
    /// [`SealError::Key`].
    pub fn complete(&mut self, peer: &PublicKey, offered: bool) -> Result<(), SealError> {
        let fresh = self.fresh.take().ok_or(SealError::Key)?;
        let (offerer, answerer) = if offered { (&self.own, peer) } else { (peer, &self.own) };
        self.keys = Some(fresh.agree(peer, &[INFO, &offerer.0, &answerer.0], offered)?);
        Ok(())
    }

    /// Seals one frame.
    ///
    /// # Errors
    ///
    /// [`SealError::Sealed`] while the other end's key is not there.
    pub fn seal(&mut self, frame: Vec<u8>) -> Result<Vec<u8>, SealError> {
        self.keys.as_mut().ok_or(SealError::Sealed)?.0.seal(frame)
    }

    /// Opens the next sealed frame.
    ///
    /// # Errors
    ///
    /// [`SealError::Sealed`]; nothing that comes after it opens either.
    pub fn unseal(&mut self, sealed: Vec<u8>) -> Result<Vec<u8>, SealError> {
        self.keys.as_mut().ok_or(SealError::Sealed)?.1.open(sealed)
    }
}

#[cfg(test)]
mod tests {
    //! Two ends understand each other, and nobody else.

    use super::*;

    fn pair() -> (Circuit, Circuit) {
        let (mut one, mut two) = (Circuit::new().expect("a key"), Circuit::new().expect("a key"));
        let (first, second) = (*one.public_key(), *two.public_key());
        one.complete(&second, true).expect("a key");
        two.complete(&first, false).expect("a key");
        (one, two)
    }

    #[test]
    fn frames_open_at_the_other_end_in_their_order() {
        let (mut one, mut two) = pair();
        for number in 0..3_u8 {
            let there = one.seal(vec![number; 1000]).expect("sealed");
            assert_eq!(there.len(), 1000 + tabmesh_engine::limits::SEAL);
            assert_eq!(two.unseal(there).expect("opened"), vec![number; 1000]);
            let back = two.seal(vec![number; 10]).expect("sealed");
            assert_eq!(one.unseal(back).expect("opened"), vec![number; 10]);
        }
    }

    #[test]
    fn what_was_changed_lost_repeated_or_turned_round_does_not_open() {
        let (mut one, mut two) = pair();
        let mut changed = one.seal(vec![1; 10]).expect("sealed");
        changed[3] ^= 1;
        assert_eq!(two.unseal(changed), Err(SealError::Sealed));

        let (mut one, mut two) = pair();
        let lost = one.seal(vec![1; 10]).expect("sealed");
        let next = one.seal(vec![2; 10]).expect("sealed");
        assert_eq!(two.unseal(next), Err(SealError::Sealed));
        assert_eq!(one.unseal(lost), Err(SealError::Sealed));

        let (mut one, mut two) = pair();
        let once = one.seal(vec![1; 10]).expect("sealed");
        two.unseal(once.clone()).expect("opened");
        assert_eq!(two.unseal(once), Err(SealError::Sealed));
        assert_eq!(two.unseal(Vec::new()), Err(SealError::Sealed));
    }

    #[test]
    fn a_key_that_is_no_point_is_refused_and_so_is_a_second_one() {
        let mut circuit = Circuit::new().expect("a key");
        assert_eq!(circuit.seal(vec![1]), Err(SealError::Sealed));
        assert_eq!(circuit.complete(&PublicKey([7; 64]), true), Err(SealError::Key));
        let (mut one, two) = pair();
        assert_eq!(one.complete(two.public_key(), true), Err(SealError::Key));
    }
}
