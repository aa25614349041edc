//! The report as a table for a terminal.

use tabmesh_engine::limits::REPLICAS;

use super::Report;
use super::spread::Spread;

/// The report as lines of two columns.
pub fn render(report: &Report) -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    run(report, &mut row);
    lookups(report, &mut row);
    blocks(report, &mut row);
    topic(report, &mut row);
    traffic(report, &mut row);
    overlay(report, &mut row);
    lies(report, &mut row);
    if report.broken > 0 {
        row(
            "RULES BROKEN",
            format!("{}: {}", report.broken, report.first_broken.clone().unwrap_or_default()),
        );
    }
    for goal in &report.goals {
        let verdict = if goal.is_met { "met" } else { "MISSED" };
        let reached = goal.reached.map_or("never".into(), round);
        row(&format!("goal: {}", goal.name), format!("{verdict}: {reached}, wanted {}", round(goal.wanted)));
    }
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect()
}

fn run(report: &Report, row: &mut impl FnMut(&str, String)) {
    row(
        "world",
        format!(
            "{} nodes, {:.0} s, seed {}, {} threads",
            report.nodes, report.seconds, report.seed, report.threads
        ),
    );
    row(
        "run",
        format!(
            "{:.1} s, {} events, {:.0} events/s",
            report.seconds_taken, report.events, report.events_per_s
        ),
    );
    row("trace hash", report.trace_hash.clone());
    let joined =
        report.joined_all_s.map_or("never all at once".into(), |at| format!("everybody at {at:.1} s"));
    row("joined", format!("{joined}; each after {} ms", spread(&report.join_ms)));
}

fn traffic(report: &Report, row: &mut impl FnMut(&str, String)) {
    let traffic = &report.traffic;
    row(
        "traffic a node",
        format!(
            "{:.0} B/s of the engine in {:.2} packets/s, {:.0} B/s on the wire, {:.1} B/s signalling",
            traffic.engine, traffic.packets, traffic.wire, traffic.signalling
        ),
    );
    // What is less than a byte in ten seconds is in the JSON.
    let kinds = report.kinds.iter().filter(|(_, bytes, _)| *bytes >= 0.1);
    let kinds: Vec<String> =
        kinds.map(|(name, bytes, frames)| format!("{name} {bytes:.1} ({frames:.2}/s)")).collect();
    row("of it, B/s", kinds.join(", "));
    row(
        "links",
        format!(
            "{} dialled, {} opened, {} kept apart by NATs, {} ends of relayed ones, {} WebSockets, {} envelopes by \
             the server",
            report.dials,
            report.links_opened,
            report.links_apart,
            report.circuit_ends,
            report.sockets,
            report.envelopes_relayed
        ),
    );
}

fn overlay(report: &Report, row: &mut impl FnMut(&str, String)) {
    let Some(last) = report.samples.last() else {
        return;
    };
    row(
        "at the end",
        format!(
            "{} of {} joined, {} parts ({} outside), {:.1} links (most {}), {:.2} % of neighbours known, {:.2} % of \
             buckets linked, {} at the server",
            last.joined,
            last.alive,
            last.parts,
            last.outside,
            last.links,
            last.links_most,
            last.known * 100.0,
            last.buckets * 100.0,
            last.present_at_server
        ),
    );
    row(
        "memory",
        format!(
            "engine {:.1} KiB a node, {:.1} KiB the fullest; process {:.2} GB, {:.1} KiB a node",
            last.engine_bytes_mean / 1024.0,
            report.engine_bytes_most as f64 / 1024.0,
            report.resident_most as f64 / 1e9,
            report.resident_most as f64 / 1024.0 / f64::from(report.nodes)
        ),
    );
    if let Some(after) = report.whole_after_heal_s {
        row("whole after heal", format!("{after:.1} s"));
    }
}

fn lookups(report: &Report, row: &mut impl FnMut(&str, String)) {
    let lookups = &report.lookups;
    if lookups.judged == 0 {
        return;
    }
    row(
        "lookups",
        format!(
            "{} judged: {:.3} % right ({:.2} % in the worst 20 s), {:.3} % right behind an absent one, {:.3} % wrong, \
             {:.3} % failed",
            lookups.judged,
            lookups.right * 100.0,
            lookups.right_worst * 100.0,
            lookups.behind_absent * 100.0,
            lookups.wrong * 100.0,
            lookups.failed * 100.0
        ),
    );
    row("lookup time", format!("{} ms", spread(&lookups.ms)));
    row(
        "alarms",
        format!("{:.3} % of the lookups found ids too close together for chance", lookups.crowded * 100.0),
    );
    row("lookup stretch", format!("{} × the direct round trip", spread(&lookups.stretch)));
}

fn blocks(report: &Report, row: &mut impl FnMut(&str, String)) {
    let blocks = &report.blocks;
    if blocks.puts == 0 {
        return;
    }
    row(
        "puts",
        format!(
            "{}: {} whole, {} partly, {} failed; {} ms",
            blocks.puts,
            blocks.put_whole,
            blocks.put_partly,
            blocks.put_failed,
            spread(&blocks.put_ms)
        ),
    );
    row(
        "holders of puts",
        format!(
            "{:.2} told of, {:.2} others; {} overstated, {} with fewer others than could",
            blocks.told, blocks.held, blocks.overstated, blocks.short
        ),
    );
    if blocks.gets > 0 {
        row(
            "gets",
            format!(
                "{}: {} got, {} failed; {} ms",
                blocks.gets,
                blocks.got,
                blocks.get_failed,
                spread(&blocks.get_ms)
            ),
        );
    }
    if let Some(last) = report.samples.last() {
        row(
            "blocks at the end",
            format!(
                "{} of {} lost ({:.4} %), {:.2} copies each, {} with fewer than {REPLICAS}, {:.2} % of rightful holders have \
                 theirs",
                last.blocks_lost,
                last.blocks,
                blocks.lost * 100.0,
                last.copies_mean,
                last.blocks_short,
                last.copies_rightful * 100.0
            ),
        );
    }
}

fn topic(report: &Report, row: &mut impl FnMut(&str, String)) {
    let topic = &report.topic;
    if topic.subscriptions == 0 {
        return;
    }
    row(
        "topic",
        format!(
            "{} messages to {:.1} others each, {} refused; of {} pairs {:.4} % delivered, {:.4} % lost ({:.4} % came \
             late), {} twice, {} false",
            topic.messages,
            topic.subscribers,
            topic.refused,
            topic.pairs,
            topic.delivered * 100.0,
            topic.lost * 100.0,
            topic.late * 100.0,
            topic.twice,
            topic.false_ones
        ),
    );
    if topic.lost_by_wrong_clocks > 0.0 {
        let lost = topic.lost_by_wrong_clocks * 100.0;
        row("wrong clocks", format!("{lost:.2} % lost of the pairs of which one end's clock is wrong"));
    }
    row("topic time", format!("{} ms; p98 {}", spread(&topic.ms), round(topic.p98_ms)));
    row(
        "topic copies",
        format!("{:.2} frames of {:.0} B together by message and subscriber", topic.copies, topic.copy_bytes),
    );
    let says: Vec<String> =
        topic.says.iter().map(|(name, bytes, frames)| format!("{name} {bytes:.1} ({frames:.2}/s)")).collect();
    row("of it, B/s a node", says.join(", "));
}

fn lies(report: &Report, row: &mut impl FnMut(&str, String)) {
    let Some(twin) = &report.twin else { return };
    row(
        "what lies did",
        format!(
            "honest blamed honest {} times, {} more than in the twin; {} messages forged; {:.2} times the twin's traffic, \
             {:.2} bytes by the honest for each of the liars; one node heard {:.2} times the mean; \
             {:.2} times the twin's share of links to liars; {:.1} blocks of junk in a store",
            report.blamed,
            twin.blamed_more,
            report.forged,
            twin.traffic,
            twin.amplification,
            report.heard_most,
            twin.links_to_liars,
            report.samples.last().map_or(0.0, |last| last.junk_mean)
        ),
    );
    let measures: Vec<String> = twin
        .measures
        .iter()
        .map(|measure| format!("{} {} and {}", measure.name, round(measure.own), round(measure.twin)))
        .collect();
    row("a minute after, and twin", measures.join(", "));
}

fn spread(spread: &Spread) -> String {
    format!(
        "p50 {}, p90 {}, p99 {}, most {}",
        round(spread.p50),
        round(spread.p90),
        round(spread.p99),
        round(spread.most)
    )
}

/// Three or four digits, whatever the size.
fn round(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
