//! Drawings of one run, and of a row of runs of growing size.

use super::Report;
use super::svg::{Axis, Line, draw};
use crate::results::Sample;

fn axis(name: &str) -> Axis<'_> {
    Axis { name, is_log: false }
}

fn log_axis(name: &str) -> Axis<'_> {
    Axis { name, is_log: true }
}

/// File names and drawings of one run: how long lookups took, and how many were right over time.
pub fn of_run(report: &Report) -> Vec<(String, String)> {
    let mut drawings = Vec::new();
    if report.times.len() > 0 {
        let in_ms = |points: Vec<(f64, f64)>| -> Vec<(f64, f64)> {
            points.into_iter().map(|(us, share)| (us / 1e3, share)).collect()
        };
        let times = Line { name: "lookups", points: in_ms(report.times.distribution()) };
        let title = format!("Lookup time, {} nodes", report.nodes);
        let drawing = draw(&title, &log_axis("milliseconds"), &axis("share of lookups"), &[times]);
        drawings.push(("lookup-time.svg".to_owned(), drawing));
        let points = in_ms(report.stretches.distribution());
        let stretches = Line { name: "lookups", points };
        let title = format!("Lookup time over the direct round trip, {} nodes", report.nodes);
        let drawing = draw(&title, &log_axis("times"), &axis("share of lookups"), &[stretches]);
        drawings.push(("lookup-stretch.svg".to_owned(), drawing));
        let over_time = Line { name: "right", points: right_over_time(report) };
        let title = format!("Lookups that found the true closest node, {} nodes", report.nodes);
        let drawing = draw(&title, &axis("seconds"), &axis("share of lookups"), &[over_time]);
        drawings.push(("lookup-success.svg".to_owned(), drawing));
    }
    let parts = [
        Line {
            name: "joined, of all",
            points: each(report, |sample| sample.joined as f64 / f64::from(report.nodes)),
        },
        Line { name: "neighbours known", points: each(report, |sample| sample.known) },
        Line { name: "buckets linked", points: each(report, |sample| sample.buckets) },
    ];
    let title = format!("The overlay, {} nodes", report.nodes);
    drawings.push(("overlay.svg".to_owned(), draw(&title, &axis("seconds"), &axis("share"), &parts)));
    drawings
}

/// File names and drawings of runs of growing size: traffic and memory against the number of nodes.
pub fn of_sweep(reports: &[Report]) -> Vec<(String, String)> {
    let points = |of: fn(&Report) -> f64| -> Vec<(f64, f64)> {
        reports.iter().map(|report| (f64::from(report.nodes), of(report))).collect()
    };
    let traffic = [
        Line { name: "engine", points: points(|report| report.traffic.engine) },
        Line { name: "with headers", points: points(|report| report.traffic.wire) },
    ];
    let mean = |report: &Report| report.samples.last().map_or(0.0, |last| last.engine_bytes_mean / 1024.0);
    let memory = [
        Line { name: "engine, mean", points: points(mean) },
        Line { name: "engine, fullest", points: points(|report| report.engine_bytes_most as f64 / 1024.0) },
        Line {
            name: "process",
            points: points(|report| report.resident_most as f64 / 1024.0 / f64::from(report.nodes)),
        },
    ];
    let lookups = [
        Line { name: "p50", points: points(|report| report.lookups.ms.p50) },
        Line { name: "p99", points: points(|report| report.lookups.ms.p99) },
    ];
    let nodes = || log_axis("nodes");
    vec![
        ("traffic-by-size.svg".into(), draw("Traffic", &nodes(), &axis("bytes a node and second"), &traffic)),
        ("memory-by-size.svg".into(), draw("Memory", &nodes(), &axis("KiB a node"), &memory)),
        ("lookup-by-size.svg".into(), draw("Lookup time", &nodes(), &log_axis("milliseconds"), &lookups)),
    ]
}

fn each(report: &Report, of: impl Fn(&Sample) -> f64) -> Vec<(f64, f64)> {
    report.samples.iter().map(|sample| (sample.at_s, of(sample))).collect()
}

fn right_over_time(report: &Report) -> Vec<(f64, f64)> {
    let pairs = report.samples.windows(2);
    let share = |pair: &[Sample]| {
        let ended = pair[1].lookups_ended - pair[0].lookups_ended;
        let right = pair[1].lookups_right - pair[0].lookups_right;
        (ended > 0).then(|| (pair[1].at_s, right as f64 / ended as f64))
    };
    pairs.filter_map(share).collect()
}
