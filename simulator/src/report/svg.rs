//! Line drawings as SVG: one plot, one or more lines, axes with round numbers.

use std::fmt::Write;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
const COLOURS: [&str; 5] = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e"];

/// One axis.
pub(crate) struct Axis<'a> {
    pub(crate) name: &'a str,
    /// In powers of ten.
    pub(crate) is_log: bool,
}

/// One line.
pub(crate) struct Line<'a> {
    pub(crate) name: &'a str,
    pub(crate) points: Vec<(f64, f64)>,
}

/// How one axis turns values into places between 0 and 1.
struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
}

impl Scale {
    fn new(values: impl Iterator<Item = f64>, is_log: bool) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite() && (!is_log || *value > 0.0)) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (1.0, 10.0);
        }
        if is_log {
            (low, high) = (10_f64.powf(low.log10().floor()), 10_f64.powf(high.log10().ceil()));
        } else {
            // From zero, unless everything is far from it.
            low = if low < high * 0.6 { low.min(0.0) } else { low };
        }
        if high <= low {
            high = if is_log { low * 10.0 } else { low + 1.0 };
        }
        Self { low, high, is_log }
    }

    fn place(&self, value: f64) -> f64 {
        if self.is_log {
            let value = value.max(self.low);
            (value.log10() - self.low.log10()) / (self.high.log10() - self.low.log10())
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    fn marks(&self) -> Vec<f64> {
        if self.is_log {
            let (low, high) = (self.low.log10().round() as i32, self.high.log10().round() as i32);
            return (low..=high).map(|power| 10_f64.powi(power)).collect();
        }
        let rough = (self.high - self.low) / 5.0;
        let size = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * size).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|mark| mark as f64 * step).collect()
    }
}

fn label(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if size >= 1e6 => format!("{}M", value / 1e6),
        size if size >= 1e3 => format!("{}k", value / 1e3),
        size if size >= 0.01 => format!("{}", (value * 1e4).round() / 1e4),
        _ => format!("{value:e}"),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Draws lines over two axes.
pub(crate) fn draw(title: &str, x: &Axis<'_>, y: &Axis<'_>, lines: &[Line<'_>]) -> String {
    let of = |pick: fn(&(f64, f64)) -> f64| lines.iter().flat_map(move |line| line.points.iter().map(pick));
    let (across, up) = (Scale::new(of(|point| point.0), x.is_log), Scale::new(of(|point| point.1), y.is_log));
    let at_x = |value: f64| LEFT + across.place(value) * (WIDTH - LEFT - RIGHT);
    let at_y = |value: f64| HEIGHT - BOTTOM - up.place(value) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    let mut add = |line: String| _ = writeln!(svg, "{line}");
    add(format!("<text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{}</text>", escape(title)));
    for mark in across.marks() {
        let (place, low) = (at_x(mark), HEIGHT - BOTTOM);
        add(format!("<path d=\"M{place:.1} {TOP}V{low}\" stroke=\"#ddd\"/>"));
        add(format!(
            "<text x=\"{place:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            low + 18.0,
            label(mark)
        ));
    }
    for mark in up.marks() {
        let (place, right) = (at_y(mark), WIDTH - RIGHT);
        add(format!("<path d=\"M{LEFT} {place:.1}H{right}\" stroke=\"#ddd\"/>"));
        let text = label(mark);
        add(format!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>", LEFT - 6.0, place + 4.0));
    }
    let middle = (WIDTH + LEFT - RIGHT) / 2.0;
    add(format!(
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        HEIGHT - 10.0,
        escape(x.name)
    ));
    let half = HEIGHT / 2.0;
    add(format!(
        "<text x=\"14\" y=\"{half}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {half})\">{}</text>",
        escape(y.name)
    ));
    for (number, line) in lines.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let points: Vec<String> =
            line.points.iter().map(|(x, y)| format!("{:.1},{:.1}", at_x(*x), at_y(*y))).collect();
        let points = points.join(" ");
        add(format!("<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"));
        let place = TOP + 16.0 * (number + 1) as f64;
        add(format!(
            "<text x=\"{}\" y=\"{place}\" fill=\"{colour}\">{}</text>",
            LEFT + 10.0,
            escape(line.name)
        ));
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_numbers_and_every_point_is_inside() {
        let points = vec![(3.0, 0.2), (700.0, 0.9), (90.0, 0.5)];
        let axis = |is_log| Axis { name: "a & b", is_log };
        for (is_log, mark) in [(true, ">1k<"), (false, ">200<")] {
            let line = Line { name: "one", points: points.clone() };
            let svg = draw("title", &axis(is_log), &axis(false), &[line]);
            assert!(svg.contains(mark) && svg.contains("a &amp; b"), "{svg}");
            let list = svg.split("points=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a line");
            for point in list.split(' ') {
                let (x, y) = point.split_once(',').expect("a pair");
                let (x, y): (f64, f64) = (x.parse().expect("x"), y.parse().expect("y"));
                assert!(
                    (LEFT..=WIDTH - RIGHT).contains(&x) && (TOP..=HEIGHT - BOTTOM).contains(&y),
                    "{point}"
                );
            }
        }
        assert!(draw("nothing", &axis(true), &axis(true), &[]).ends_with("</svg>\n"));
    }
}
