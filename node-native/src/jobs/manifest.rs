//! What names a job: its modules, its parameters and its invocations in one form, whose hash is the job's CID (`docs/JOBS.md`).

use tabmesh_engine::content::cid::{Cid, Codec};
use tabmesh_engine::sha256;
use tabmesh_port::{BlockHash, Writer};

use super::root::Root;
use super::terms::Terms;

/// The version of this form.
const VERSION: u8 = 1;

/// Invocations of a page.
const PAGE: usize = 512;

/// The input of an invocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named<'a> {
    /// Bytes with this hash, or a raw CID with it, which is the same.
    Raw(&'a [u8; 32]),
    /// A CID of more than one block.
    Tree(&'a [u8; 32]),
    /// The output of this earlier one.
    One(u32),
    /// The outputs of these.
    List(&'a [u32]),
}

impl<'a> Named<'a> {
    /// The content of a CID.
    #[must_use]
    pub fn of(cid: &'a Cid) -> Self {
        match cid.codec {
            Codec::Raw => Self::Raw(&cid.hash.0),
            Codec::DagCbor => Self::Tree(&cid.hash.0),
        }
    }
}

/// The invocations of a job, one after another. No more of them is kept than a page, and a hash for each power of two of pages.
#[derive(Default)]
pub struct Pages {
    page: Writer,
    in_page: usize,
    count: u32,
    root: Root,
}

impl Pages {
    /// The next one.
    pub fn push(&mut self, module: u16, input: &Named<'_>) {
        if self.in_page == 0 {
            self.page = Writer::default();
            self.page.u8(0);
        }
        match input {
            Named::Raw(hash) => self.page.u8(0).u16(module).bytes(*hash),
            Named::Tree(hash) => self.page.u8(1).u16(module).bytes(*hash),
            Named::One(number) => self.page.u8(2).u16(module).u32(*number),
            Named::List(numbers) => {
                self.page.u8(3).u16(module).u16(numbers.len() as u16);
                numbers.iter().for_each(|number| _ = self.page.u32(*number));
                &mut self.page
            }
        };
        (self.in_page, self.count) = (self.in_page + 1, self.count + 1);
        if self.in_page == PAGE {
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.root.push(sha256(&std::mem::take(&mut self.page).finish()));
        self.in_page = 0;
    }
}

/// How a stage of a job follows from the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It is the list of invocations.
    List,
    /// An invocation for each result.
    Each,
    /// So many results are reduced to one, up to one.
    Reduce(u16),
}

/// The CID of a job of these stages, each with the terms of its modules, and of the invocations of its first.
#[must_use]
pub fn job_cid(gas: u64, stages: &[(Kind, Vec<Terms>)], mut pages: Pages) -> Cid {
    if pages.in_page > 0 {
        pages.turn();
    }
    let mut head = Writer::default();
    head.u8(VERSION).u64(gas).u8(stages.len() as u8);
    for (kind, modules) in stages {
        match kind {
            Kind::List => head.u8(0).u16(0),
            Kind::Each => head.u8(1).u16(0),
            Kind::Reduce(arity) => head.u8(2).u16(*arity),
        };
        head.u16(modules.len() as u16);
        for Terms { module, pages, seed, time, piece, .. } in modules {
            head.bytes(module).u32(*pages).bytes(seed).u64(*time).u32(*piece);
        }
    }
    head.u32(pages.count).bytes(&pages.root.finish());
    Cid { codec: Codec::Raw, hash: BlockHash(sha256(&head.finish())) }
}
