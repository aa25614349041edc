//! What the enemy does with its keys.
