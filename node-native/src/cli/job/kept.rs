//! The inputs of a checkpoint, in one file: each begins with how it is, then come its length, 32 bits, and its bytes, or the 36 of a CID.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tabmesh_engine::content::cid::Cid;

use super::error::JobError;
use super::given::{Given, broken};
use crate::fresh;
use crate::task::STREAM_BYTES_MAX;

const BYTES: u8 = 0;
const CONTENT: u8 = 1;

/// Bytes of a CID.
const CID: usize = 36;

/// The file, and where what is in it.
pub(super) struct Kept {
    file: File,
    path: PathBuf,
    places: Vec<Place>,
}

enum Place {
    Bytes { at: u64, length: u32 },
    Content(Cid),
}

impl Kept {
    /// Writes inputs to a new file.
    pub(super) fn write(path: &Path, inputs: impl Iterator<Item = Given>) -> std::io::Result<()> {
        let mut writer = BufWriter::new(fresh::create(path, 0o666)?);
        for input in inputs {
            match input {
                Given::Bytes(bytes) => {
                    writer.write_all(&[BYTES])?;
                    writer.write_all(&(bytes.len() as u32).to_be_bytes())?;
                    writer.write_all(&bytes)?;
                }
                Given::Content(cid) => {
                    writer.write_all(&[CONTENT])?;
                    writer.write_all(&cid.to_bytes())?;
                }
            }
        }
        writer.into_inner()?.sync_all()
    }

    pub(super) fn open(path: &Path) -> Result<Self, JobError> {
        let file = File::open(path).map_err(|error| broken(path, error))?;
        let places = places(&file).map_err(|error| broken(path, error))?;
        Ok(Self { file, path: path.to_owned(), places })
    }

    pub(super) fn count(&self) -> usize {
        self.places.len()
    }

    pub(super) fn read(&self, number: usize) -> Result<Given, JobError> {
        match &self.places[number] {
            Place::Content(cid) => Ok(Given::Content(*cid)),
            Place::Bytes { at, length } => {
                let mut bytes = vec![0; *length as usize];
                self.file.read_exact_at(&mut bytes, *at).map_err(|error| broken(&self.path, error))?;
                Ok(Given::Bytes(Bytes::from(bytes)))
            }
        }
    }
}

fn places(file: &File) -> std::io::Result<Vec<Place>> {
    let length = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut places, mut at) = (Vec::new(), 0);
    while at < length {
        let mut how = [0];
        reader.read_exact(&mut how)?;
        at += 1;
        if how == [CONTENT] {
            let mut cid = [0; CID];
            reader.read_exact(&mut cid)?;
            at += CID as u64;
            places.push(Place::Content(Cid::from_bytes(&cid).map_err(|_| ErrorKind::InvalidData)?));
            continue;
        }
        let mut four = [0; 4];
        reader.read_exact(&mut four)?;
        let length = u32::from_be_bytes(four);
        if how != [BYTES] || length as usize > STREAM_BYTES_MAX {
            return Err(ErrorKind::InvalidData.into());
        }
        at += 4;
        places.push(Place::Bytes { at, length });
        at += u64::from(length);
        reader.seek_relative(length.into())?;
    }
    if at == length { Ok(places) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    //! What was written is read, and half of it is an error.

    use tabmesh_engine::content::cid::Codec;
    use tabmesh_port::BlockHash;

    use super::*;

    #[test]
    fn inputs_are_read_as_they_were_written() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("inputs");
        let cid = Cid { codec: Codec::Raw, hash: BlockHash([7; 32]) };
        let inputs =
            || [Given::Bytes("one".into()), Given::Content(cid), Given::Bytes(Bytes::new())].into_iter();
        Kept::write(&path, inputs()).expect("written");
        let kept = Kept::open(&path).expect("there");
        assert_eq!(kept.count(), 3);
        for (number, expected) in inputs().enumerate() {
            match (kept.read(number).expect("there"), expected) {
                (Given::Bytes(one), Given::Bytes(other)) => assert_eq!(one, other),
                (Given::Content(one), Given::Content(other)) => assert_eq!(one, other),
                _ => panic!("input {number} is another"),
            }
        }
        let whole = std::fs::read(&path).expect("there");
        for cut in [2, 6, 9, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).expect("written");
            assert!(Kept::open(&path).is_err(), "cut at {cut}");
        }
    }
}
