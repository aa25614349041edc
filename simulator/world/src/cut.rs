//! A network that fell into parts: who reaches whom no more.

/// Which side of the cut each node is on. Whoever came later is on side 0.
#[derive(Default)]
pub struct Cut {
    sides: Vec<u8>,
    /// The signalling server's side; `None` reaches every side.
    pub server: Option<u8>,
    number: u32,
}

impl Cut {
    /// The network falls into these sides.
    pub fn fall_apart(&mut self, sides: Vec<u8>) {
        self.sides = sides;
        self.number += 1;
    }

    /// All reach each other again.
    pub fn heal(&mut self) {
        self.fall_apart(Vec::new());
    }

    /// How many cuts and heals there were: what waits for one of them is void after the next.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Whether nothing passes between the two now.
    pub fn is_between(&self, one: u32, other: u32) -> bool {
        self.side(one) != self.side(other)
    }

    /// Whether nothing passes between the node and the signalling server now.
    pub fn is_before_server(&self, node: u32) -> bool {
        self.server.is_some_and(|side| side != self.side(node))
    }

    fn side(&self, node: u32) -> u8 {
        self.sides.get(node as usize).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_separates_sides_until_it_heals() {
        let mut cut = Cut::default();
        assert!(!cut.is_between(0, 1) && !cut.is_before_server(1));
        cut.fall_apart(vec![0, 1, 1]);
        assert!(cut.is_between(0, 1) && !cut.is_between(1, 2) && cut.is_between(2, 9));
        assert!(!cut.is_before_server(1), "it reaches all");
        cut.server = Some(0);
        assert!(cut.is_before_server(1) && !cut.is_before_server(0));
        cut.heal();
        assert!(!cut.is_between(0, 1) && !cut.is_before_server(1) && cut.number() == 2);
    }
}
