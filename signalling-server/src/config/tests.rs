//! Bounds, defaults and the file; the whole precedence is tested on the real program in tests/program.rs.

use std::fs;

use super::*;

fn from_file(text: &str) -> Result<Config, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("signalling.toml");
    fs::write(&path, text).unwrap();
    Config::load(Settings { config: Some(path), ..Settings::default() })
}

#[test]
fn nothing_said_gives_the_defaults() {
    assert_eq!(Config::load(Settings::default()).unwrap(), Config::default());
}

#[test]
fn what_is_shown_reads_back_as_the_same_configuration() {
    let config = from_file(
        r#"
        listen = "[::1]:0"
        web = "dist"
        genesis = "genesis.bin"
        origin = ["https://app.example", "http://localhost:8080"]
        behind-proxy = true
        level = 4
        message-rate = 0.5
        proof-seconds = 2.5
        log-format = "json"
        "#,
    )
    .unwrap();
    assert_eq!(config.level, 4);
    assert_eq!(config.limits.proof, Duration::from_millis(2500));
    assert_eq!(from_file(&config.to_string()).unwrap(), config);
}

#[test]
fn an_unknown_key_is_an_error_that_names_it() {
    let error = from_file("mesage-rate = 3\n").unwrap_err();
    assert_eq!(error.code(), "config-file");
    assert!(error.to_string().contains("mesage-rate"), "{error}");
    assert!(error.to_string().contains("line 1"), "{error}");
}

#[test]
fn a_file_cannot_name_a_file() {
    assert!(from_file("config = \"other.toml\"\n").unwrap_err().to_string().contains("config"));
}

#[test]
fn garbage_wrong_types_and_missing_files_are_errors() {
    for wrong in
        ["\u{0}\u{1}garbage", "listen = 7070", "listen = \"nowhere\"", "level = -1", "origin = \"*\""]
    {
        assert_eq!(from_file(wrong).unwrap_err().code(), "config-file", "{wrong}");
    }
    let missing = Settings { config: Some("no/such/file.toml".into()), ..Settings::default() };
    let error = Config::load(missing).unwrap_err();
    assert_eq!(error.code(), "config-unreadable");
    assert!(error.to_string().contains("no/such/file.toml"));
}

#[test]
fn every_value_outside_its_bounds_is_named_with_its_bounds() {
    for (line, key) in [
        ("level = 17", "level"),
        ("connections = 0", "connections"),
        ("address-connections = 0", "address-connections"),
        ("address-rate = 0.0", "address-rate"),
        ("address-burst = 0", "address-burst"),
        ("message-rate = nan", "message-rate"),
        ("message-burst = 9999999", "message-burst"),
        ("receive-rate = 0.0", "receive-rate"),
        ("receive-burst = 0", "receive-burst"),
        ("message-bytes = 16385", "message-bytes"),
        ("head-seconds = 0.0", "head-seconds"),
        ("proof-seconds = 0.0", "proof-seconds"),
        ("send-seconds = 0.0", "send-seconds"),
        ("ping-seconds = inf", "ping-seconds"),
        ("idle-seconds = 1e9", "idle-seconds"),
        ("queue-messages = 0", "queue-messages"),
        ("queue-bytes = 255", "queue-bytes"),
        ("drain-seconds = -1.0", "drain-seconds"),
    ] {
        match from_file(line).unwrap_err() {
            ConfigError::OutOfBounds { key: named, low, high, .. } => {
                assert_eq!(named, key);
                assert!(low < high);
            }
            other => panic!("{line}: {other}"),
        }
    }
}

#[test]
fn values_that_contradict_each_other_are_refused() {
    for wrong in ["ping-seconds = 90.0", "queue-bytes = 1000"] {
        assert_eq!(from_file(wrong).unwrap_err().code(), "config-contradiction", "{wrong}");
    }
}
