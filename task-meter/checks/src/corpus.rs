//! Modules made against the meter, and against the engines behind it.

use tabmesh_meter::Reason;

use crate::build::{Builder, body, functions, list, number, sized};
pub use crate::case::{Case, Expected};
use crate::{edges, references};

/// A function of nothing that gives an i32.
const GIVES_I32: &[u8] = &[0x60, 0, 1, 0x7f];
/// A function of nothing.
const PLAIN: &[u8] = &[0x60, 0, 0];

fn case(name: &str, module: Vec<u8>, expected: Expected) -> Case {
    Case { name: name.to_owned(), module, expected }
}

fn plain(code: &[u8]) -> Vec<u8> {
    functions(PLAIN, &[body(&[0], code)])
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Case> {
    let mut cases = nesting();
    cases.extend(long_code());
    cases.extend(frames());
    cases.extend(loops());
    cases.extend(sections());
    cases.extend(untested());
    cases.extend(edges::all());
    cases.extend(references::all());
    cases
}

fn nesting() -> Vec<Case> {
    let nested =
        |opcode: u8, depth: usize| plain(&[[opcode, 0x40].repeat(depth), vec![0x0b; depth]].concat());
    let nested_if = |depth: usize| plain(&[[0x41, 1, 0x04, 0x40].repeat(depth), vec![0x0b; depth]].concat());
    let dead = |depth: usize| plain(&[vec![0], [0x02, 0x40].repeat(depth), vec![0x0b; depth]].concat());
    let table = |labels: usize| {
        let labels: Vec<_> = (0..labels).map(|label| number(label % 2)).collect();
        plain(&[vec![0x02, 0x40, 0x41, 0, 0x0e], list(&labels), vec![0, 0x0b]].concat())
    };
    vec![
        case("4,095 blocks deep", nested(2, 4_095), Expected::Accepted),
        case("4,096 blocks deep", nested(2, 4_096), Expected::Refused(Reason::Nesting)),
        case("4,095 loops deep", nested(3, 4_095), Expected::Accepted),
        case("4,095 ifs deep", nested_if(4_095), Expected::Accepted),
        case("dead blocks 4,096 deep", dead(4_096), Expected::Refused(Reason::Nesting)),
        case("100,000 blocks deep", nested(2, 100_000), Expected::Refused(Reason::Nesting)),
        case("a br_table of 32,768", table(32_768), Expected::Accepted),
        case("a br_table of 32,769", table(32_769), Expected::Refused(Reason::Labels)),
        case(
            "a br_table that promises 4 billion",
            plain(&[0x41, 0, 0x0e, 255, 255, 255, 255, 15]),
            Expected::Refused(Reason::Labels),
        ),
    ]
}

fn long_code() -> Vec<Case> {
    let added = |count: usize| {
        functions(GIVES_I32, &[body(&[0], &[vec![0x41, 0], [0x41, 1, 0x6a].repeat(count)].concat())])
    };
    let divided = |count: usize| plain(&[0x41, 1, 0x41, 1, 0x6d, 0x1a].repeat(count));
    // Each root's bits are seen: some twenty bytes are injected for three.
    let roots = |count: usize| {
        plain(&[vec![0x43, 0, 0, 0, 0], [0x91, 0xbc, 0xbe].repeat(count), vec![0x1a]].concat())
    };
    let calls = |count: usize| plain(&[0x10, 0].repeat(count));
    // A function with a loop keeps its gas in a local, and puts it away for each call.
    let calls_of_a_loop = |count: usize| plain(&[vec![0x03, 0x40, 0x0b], [0x10, 0].repeat(count)].concat());
    let empty = |count: usize| functions(PLAIN, &vec![body(&[0], &[]); count]);
    vec![
        case("28,500 additions", added(28_500), Expected::Accepted),
        case("100,100 additions", added(100_100), Expected::Accepted),
        case("100,500 additions", added(100_500), Expected::Refused(Reason::Frame)),
        case("one function of 4 MiB", added(1_390_000), Expected::Refused(Reason::Frame)),
        case("more gas than one charge can hold", divided(28_000), Expected::Accepted),
        case("9,000 roots seen", roots(9_000), Expected::Accepted),
        case("200,000 calls", calls(200_000), Expected::Accepted),
        case("500,000 calls behind a loop", calls_of_a_loop(500_000), Expected::Refused(Reason::Constants)),
        case("140,000 roots", roots(140_000), Expected::Refused(Reason::Floats)),
        case("20,000 empty functions", empty(20_000), Expected::Accepted),
        case("nothing but nops", plain(&vec![1; 4_000_000]), Expected::Accepted),
    ]
}

fn frames() -> Vec<Case> {
    let locals = |count: usize| {
        let groups = [vec![1], number(count), vec![0x7e]].concat();
        functions(PLAIN, &[body(&groups, &[])])
    };
    let operands = |count: usize| plain(&[[0x41, 0].repeat(count), vec![0x1a; count]].concat());
    let groups = |count: usize| functions(PLAIN, &[body(&list(&vec![[0_u8, 0x7f]; count]), &[])]);
    // Every call takes 64 KiB of what is counted.
    let deep = |locals: usize| {
        let groups = [vec![1], number(locals), vec![0x7c]].concat();
        functions(PLAIN, &[body(&groups, &[0x10, 0])])
    };
    // Beside it a function that could take much stack.
    let beside = |code: &[u8], additions: usize| {
        let large = [vec![0x41, 0], [0x41, 1, 0x6a].repeat(additions), vec![0x1a]].concat();
        functions(PLAIN, &[body(&[0], code), body(&[0], &large)])
    };
    // The same products before and after the call: a compiler computes them once and keeps them meanwhile.
    let kept = |count: usize| {
        let products = |then: u8| -> Vec<u8> {
            let product = |factor: usize| {
                let factor = [number((factor * 2 % 8_000) | 128), vec![0x6c]].concat();
                [vec![0x20, 0, 0x20, 1, 0x41], factor, vec![then, 0x21, 0]].concat()
            };
            (64..64 + count).flat_map(product).collect()
        };
        let call = [0x20, 1, 0x41, 1, 0x6a, 0x24, 0, 0x10, 0];
        let code =
            [&[0x23, 0, 0x21, 1][..], &products(0x6a), &call, &products(0x73), &[0x20, 0, 0x24, 0]].concat();
        Builder::default()
            .section(1, &list(&[PLAIN]))
            .section(3, &[1, 0])
            .section(6, &[1, 0x7f, 1, 0x41, 7, 0x0b])
            .section(7, &list(&[[sized(b"f0"), vec![0, 0]].concat()]))
            .section(10, &list(&[body(&[1, 2, 0x7f], &code)]))
            .done()
    };
    vec![
        case("recursion that keeps 300 products", kept(300), Expected::Accepted),
        case("recursion that keeps 2,000 products", kept(2_000), Expected::Accepted),
        case("12,794 locals", locals(12_794), Expected::Accepted),
        case("12,795 locals", locals(12_795), Expected::Refused(Reason::Locals)),
        case("4 billion locals", locals(0xffff_ffff), Expected::Refused(Reason::Locals)),
        case("12,793 operands", operands(12_793), Expected::Accepted),
        case("12,795 operands", operands(12_795), Expected::Refused(Reason::Frame)),
        case("65,535 groups of no locals", groups(65_535), Expected::Accepted),
        case("recursion without end", deep(0), Expected::Accepted),
        case(
            "recursion beside a function of 240 KB of stack",
            beside(&[0x10, 0], 60_000),
            Expected::Accepted,
        ),
        case(
            "calls of a function of 240 KB of stack",
            beside(&[0x10, 1, 0x10, 0], 60_000),
            Expected::Accepted,
        ),
        case("recursion in frames of 64 KiB", deep(8_000), Expected::Accepted),
    ]
}

fn loops() -> Vec<Case> {
    let forever = plain(&[0x03, 0x40, 0x0c, 0, 0x0b]);
    let growing = plain(&[0x03, 0x40, 0x41, 1, 0x40, 0, 0x1a, 0x0c, 0, 0x0b]);
    let filling = plain(&[0x03, 0x40, 0x41, 0, 0x41, 7, 0x41, 0x80, 0x80, 4, 0xfc, 11, 0, 0x0c, 0, 0x0b]);
    let through_table = Builder::default()
        .section(1, &list(&[PLAIN]))
        .section(3, &[1, 0])
        .section(4, &[1, 0x70, 0, 1])
        .section(7, &list(&[[sized(b"f0"), vec![0, 0]].concat()]))
        .section(9, &[1, 0, 0x41, 0, 0x0b, 1, 0])
        .section(10, &list(&[body(&[0], &[0x41, 0, 0x11, 0, 0])]))
        .done();
    // A local that keeps sums, loaded floats and the not-a-numbers of both, around a loop.
    let torture = plain(
        &[
            &[0x03, 0x40][..],
            &[0x41, 0, 0x41, 0, 0x2a, 2, 0, 0x43, 0, 0, 0x80, 0x7f, 0x93, 0x43, 0, 0, 0x80, 0x7f, 0x94],
            &[0x8c, 0x38, 2, 0, 0x0c, 0, 0x0b],
        ]
        .concat(),
    );
    vec![
        case("a loop without end", forever, Expected::Accepted),
        case("memory without end", growing, Expected::Accepted),
        case("filling without end", filling, Expected::Accepted),
        case("recursion through the table", through_table, Expected::Accepted),
        case("NaNs without end", torture, Expected::Accepted),
    ]
}

/// Much to do behind a test, and none where it could be left out.
fn untested() -> Vec<Case> {
    let selects = |count: usize| [vec![0x20, 0], [0x20, 0, 0x20, 0, 0x1b].repeat(count), vec![0x1a]].concat();
    let leaf = |count: usize| body(&[1, 1, 0x7f], &selects(count));
    let calls = |count: usize, leaf: Vec<u8>| functions(PLAIN, &[body(&[0], &[0x10, 1].repeat(count)), leaf]);
    // Long ways that are seldom gone, each with its tests, and around them one with few.
    let around = [&[0x20, 0, 0x04, 0x40][..], &selects(4_000), &[0x05], &selects(100), &[0x0b]].concat();
    let ways = functions(PLAIN, &[body(&[1, 1, 0x7f], &around.repeat(6))]);
    // Much to do at each level on the way back.
    let back = [
        &[0x23, 0, 0x41, 1, 0x6a, 0x24, 0, 0x23, 0, 0x41, 208, 15, 0x48, 0x04, 0x40, 0x10, 0, 0x0b][..],
        &selects(2_200),
    ];
    let back = Builder::default()
        .section(1, &list(&[PLAIN]))
        .section(3, &[1, 0])
        .section(6, &[1, 0x7f, 1, 0x41, 0, 0x0b])
        .section(7, &list(&[[sized(b"f0"), vec![0, 0]].concat()]))
        .section(10, &list(&[body(&[1, 1, 0x7f], &back.concat())]))
        .done();
    vec![
        case("100,000 calls of a leaf of 28,000 selects", calls(100_000, leaf(28_000)), Expected::Accepted),
        case("100,000 calls of a leaf of 190 selects", calls(100_000, leaf(190)), Expected::Accepted),
        case("ways with tests around ways without", ways, Expected::Accepted),
        case("selects on the way back", back, Expected::Accepted),
    ]
}

fn sections() -> Vec<Case> {
    let module = |id: u8, bytes: &[u8]| Builder::default().section(id, bytes).done();
    let custom = |bytes: usize| [plain(&[]), module(0, &vec![0; bytes])[8..].to_vec()].concat();
    let types = |count: usize| module(1, &list(&vec![PLAIN; count]));
    let exported = |name: &[u8]| {
        let memory = Builder::default().section(5, &[1, 0, 1]);
        memory.section(7, &list(&[[sized(name), vec![2, 0]].concat()])).done()
    };
    let import = |module: &[u8], name: &[u8]| {
        let types = Builder::default().section(1, &list(&[PLAIN]));
        types.section(2, &list(&[[sized(module), sized(name), vec![0, 0]].concat()])).done()
    };
    vec![
        case("nothing", Vec::new(), Expected::Refused(Reason::Header)),
        case("no section", Builder::default().done(), Expected::Accepted),
        case("an older version", b"\0asm\x0d\0\0\0".to_vec(), Expected::Refused(Reason::Header)),
        case("data of 100 MB", module(11, &vec![0; 100_000_000]), Expected::Refused(Reason::ModuleBytes)),
        case("4,096 types", types(4_096), Expected::Accepted),
        case("4,097 types", types(4_097), Expected::Refused(Reason::Types)),
        case("a type twice", [types(1), types(1)[8..].to_vec()].concat(), Expected::Refused(Reason::Section)),
        case("an unknown section", module(14, &[0]), Expected::Refused(Reason::Section)),
        case("a section without a count", module(1, &[]), Expected::Refused(Reason::Length)),
        case("a byte behind a section's items", module(1, &[0, 0]), Expected::Refused(Reason::Length)),
        case("two memories", module(5, &[2, 0, 1, 0, 1]), Expected::Refused(Reason::Memory)),
        case("a shared memory", module(5, &[1, 3, 1, 1]), Expected::Refused(Reason::Memory)),
        case("a memory of 64 bits", module(5, &[1, 4, 1]), Expected::Refused(Reason::Memory)),
        case("a memory of 65 MiB", module(5, &[1, 0, 0x90, 8]), Expected::Refused(Reason::Pages)),
        case("a table of anything", module(4, &[1, 0x6e, 0, 1]), Expected::Refused(Reason::Table)),
        case("a table of 64 bits", module(4, &[1, 0x70, 4, 1]), Expected::Refused(Reason::Table)),
        case("a table of 131,072", module(4, &[1, 0x70, 0, 0x80, 0x80, 8]), Expected::Refused(Reason::Count)),
        case("a table with less at most than at least", module(4, &[1, 0x70, 1, 5, 4]), Expected::Invalid),
        case("a vector's type", module(1, &[1, 0x60, 1, 0x7b, 0]), Expected::Refused(Reason::Type)),
        case("an export that shadows", exported(b"~g"), Expected::Refused(Reason::Name)),
        case("an export that nearly does", exported(b"g~"), Expected::Accepted),
        case("an import", import(b"env", b"f"), Expected::Refused(Reason::Import)),
        case(
            "a global from a global",
            module(6, &[1, 0x7f, 0, 0x23, 0, 0x0b]),
            Expected::Refused(Reason::Initialiser),
        ),
        case("passive elements", module(9, &[1, 1, 0, 0]), Expected::Accepted),
        case("elements of no form", module(9, &[1, 8, 0, 0]), Expected::Refused(Reason::Elements)),
        case("elements of any kind", module(9, &[1, 5, 0x6e, 0]), Expected::Refused(Reason::Elements)),
        case("elements of no kind", module(9, &[1, 1, 1, 0]), Expected::Refused(Reason::Elements)),
        case("debugging information of 5 MB", custom(5_000_000), Expected::Accepted),
        case("custom sections of 64 MiB", custom(64 << 20), Expected::Refused(Reason::ModuleBytes)),
        case(
            "an index of five and a half bytes",
            module(8, &[0x80, 0x80, 0x80, 0x80, 0x10]),
            Expected::Refused(Reason::Number),
        ),
    ]
}
