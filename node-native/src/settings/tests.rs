//! Settings: flags beat the environment, which beats the file, which beats the defaults; and what is refused.

use clap::Parser;

use super::*;

/// A command line that has nothing but settings, as `tabmesh run` has them.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    layer: Layer,
}

fn file(text: &str) -> Result<Layer, SettingsError> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("tabmesh.toml");
    std::fs::write(&path, text).expect("the file is written");
    Layer::from_file(&path)
}

fn refusal(layer: Layer) -> String {
    Settings::resolve(Layer { data_dir: Some("d".into()), ..layer }).expect_err("must be refused").to_string()
}

#[test]
fn flags_beat_the_file_and_the_file_beats_the_defaults() {
    let flags = Line::try_parse_from(["x", "--network", "from-flag"]).expect("parses").layer;
    let below = file("network = \"from-file\"\nlevel = 3\ndata-dir = \"d\"").expect("parses");
    let settings = Settings::resolve(flags.over(below)).expect("resolves");
    assert_eq!(settings.network, "from-flag");
    assert_eq!(settings.level, 3);
    assert_eq!(settings.quota, 10 << 30);
}

#[test]
fn every_setting_can_stand_in_a_file() {
    let layer = file(
        r#"
        data-dir = "d"
        network = "n"
        level = 1
        signalling = ["wss://s.example.org"]
        peer = ["ws://127.0.0.1:9000"]
        listen = "127.0.0.1:0"
        http = "127.0.0.1:0"
        announce = "wss://me.example.org/peer"
        address-file = "a"
        udp = ["127.0.0.1:0"]
        stun = ["stun:s.example.org:3478"]
        turn = ["turn:t.example.org:3478"]
        turn-username = "u"
        turn-credential = "c"
        profile = "device"
        quota = "2MiB"
        passphrase-file = "p"
        salt = "s"
        log-format = "json"
        log = "debug"
        "#,
    )
    .expect("parses");
    let settings = Settings::resolve(layer).expect("resolves");
    assert_eq!(settings.quota, 2 << 20);
    assert_eq!(settings.profile, HostProfile::Device);
    assert_eq!(settings.engine_profile(), Profile::Device);
    assert_eq!(settings.log_format, LogFormat::Json);
    assert_eq!(settings.ice.len(), 2);
    assert_eq!(settings.ice[1].credential, "c");
    assert_eq!(settings.udp, ["127.0.0.1:0".parse::<SocketAddr>().expect("an address")]);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let message = file("network = \"n\"\nnetwrk = \"typo\"").expect_err("must be refused").to_string();
    assert!(message.contains("netwrk") && message.contains("line 2"), "{message}");
    assert!(message.contains("--help"), "{message}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let message =
        Layer::from_file("/no/such/tabmesh.toml".as_ref()).expect_err("must be refused").to_string();
    assert!(message.contains("/no/such/tabmesh.toml") && message.contains("--config"), "{message}");
}

#[test]
fn lists_are_split_at_commas() {
    let line = Line::try_parse_from(["x", "--peer", "ws://a,ws://b", "--peer", "ws://c"]).expect("parses");
    assert_eq!(line.layer.peer.expect("given").len(), 3);
}

#[test]
fn values_out_of_bounds_are_refused_with_the_way_out() {
    let wrong = |text: &str| file(text).map(refusal).expect("parses as TOML");
    assert!(wrong("quota = \"1KB\"").contains("more room"));
    assert!(wrong("network = \"\"").contains("1 to 255"));
    assert!(wrong("peer = [\"http://a\"]").contains("ws://host:port"));
    assert!(wrong("announce = \"wss://user:secret@a\"").contains("without user name"));
    assert!(wrong("stun = [\"stn:a\"]").contains("stun:host:port"));
    assert!(wrong("turn = [\"turn:a\"]").contains("turn-credential"));
    assert!(file("profile = \"huge\"").is_err());
}

#[test]
fn a_value_that_is_none_is_told_alike_in_a_flag_and_in_the_file() {
    let cases = [
        ("quota", "abc", "500MB or 10GiB"),
        ("quota", "-1", "500MB or 10GiB"),
        ("quota", "5 apples", "500MB or 10GiB"),
        ("level", "abc", "a whole number from 0 to 16"),
        ("level", "17", "a whole number from 0 to 16"),
        ("level", "300", "a whole number from 0 to 16"),
        ("listen", "localhost:7071", "0.0.0.0:7071"),
        ("listen", "7071", "0.0.0.0:7071"),
        ("http", "", "0.0.0.0:7071"),
        ("udp", "127.0.0.1", "0.0.0.0:7071"),
    ];
    for (name, text, way_out) in cases {
        let Err(flag) = Line::try_parse_from(["x", &format!("--{name}={text}")]) else {
            panic!("--{name} {text}: must be refused")
        };
        let list = if name == "udp" { format!("[{text:?}]") } else { format!("{text:?}") };
        let line = file(&format!("{name} = {list}")).expect_err("must be refused").to_string();
        for message in [flag.to_string(), line] {
            assert!(message.contains(name) && message.contains(way_out), "{message}");
        }
    }
    assert!(file("level = 17").expect_err("must be refused").to_string().contains("0 to 16"));
    assert_eq!(
        file("level = 16\nquota = 2000000").expect("parses").quota,
        Some(bytesize::ByteSize(2_000_000))
    );
}

#[test]
fn the_highest_level_is_the_one_that_tabs_reach() {
    let level = |level| Settings::resolve(Layer { level: Some(level), ..Layer::default() });
    assert_eq!(level(LEVEL_MAX).expect("settings").level, LEVEL_MAX);
    assert!(level(LEVEL_MAX + 1).expect_err("must be refused").to_string().contains("0 to 16"));
}

#[test]
fn addresses_that_peers_claim_are_checked() {
    assert!(socket_url("wss://relay.example.org/peer").is_some());
    assert!(socket_url("ws://[::1]:4000").is_some());
    for bad in ["", "relay.example.org", "file:///etc/passwd", "ws://", "ws://a#b", "ws://u@a"] {
        assert!(socket_url(bad).is_none(), "{bad}");
    }
    assert!(socket_url(&format!("ws://{}", "a".repeat(limits::ADDRESS_MAX))).is_none());
}

#[test]
fn the_network_tag_is_the_start_of_the_hash_of_the_name() {
    // From `printf tabmesh | sha256sum`.
    assert_eq!(Settings::at("d").network_tag(), [0x12, 0x44, 0xe9, 0x73, 0x57, 0xfd, 0xcf, 0xa1]);
}

#[test]
fn claims_are_followed_as_far_as_the_nodes_own_settings_reach() {
    use crate::addresses::Reach;
    let reach = |signalling: &[&str], announce: Option<&str>, private_addresses| {
        let layer = Layer {
            signalling: Some(signalling.iter().map(|url| (*url).to_owned()).collect()),
            announce: announce.map(str::to_owned),
            private_addresses,
            ..Layer::default()
        };
        Settings::resolve(Layer { data_dir: Some("/nowhere".into()), ..layer }).expect("settings").reach()
    };
    assert_eq!(reach(&[], None, None), Reach::Public);
    assert_eq!(reach(&["wss://example.org/signal", "ws://signalling:7070"], None, None), Reach::Public);
    assert_eq!(reach(&["wss://example.org/signal"], Some("ws://192.168.1.5:7071"), None), Reach::Private);
    assert_eq!(reach(&["ws://127.0.0.1:7070/signal"], None, None), Reach::Loopback);
    assert_eq!(reach(&["ws://127.0.0.1:7070/signal"], None, Some(false)), Reach::Public);
    assert_eq!(reach(&[], None, Some(true)), Reach::Loopback);
}

#[test]
fn a_passphrase_asks_for_a_salt() {
    let settings = |salt: Option<&str>| {
        let passphrase_file = Some("/secret".into());
        Settings::resolve(Layer {
            data_dir: Some("/nowhere".into()),
            passphrase_file,
            salt: salt.map(str::to_owned),
            ..Layer::default()
        })
    };
    let Err(error) = settings(None) else { panic!("must be refused") };
    assert!(error.to_string().contains("--salt"), "{error}");
    assert_eq!(settings(Some("")).expect("said so").salt, "");
    assert_eq!(settings(Some("alice@example.org")).expect("settings").salt, "alice@example.org");
}
