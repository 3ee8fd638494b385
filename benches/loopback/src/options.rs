//! What the command line says.

use std::path::PathBuf;

use alchemy_loopback::words::Words;

pub(crate) const USAGE: &str = "usage: alchemy-loopback [--seconds N] [--tls DIRECTORY] [--core N]";

/// The options of the provider.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// When it ends by itself.
    pub(crate) seconds: Option<u64>,
    /// Where the certificate to trust is written; without it nothing is served over TLS.
    pub(crate) tls: Option<PathBuf>,
    /// The core that it keeps to, counted from 0.
    pub(crate) core: Option<usize>,
}

impl Options {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut words = Words::new(arguments);
        let mut options = Self::default();
        while let Some(name) = words.next() {
            match name.as_str() {
                "--seconds" => options.seconds = Some(words.number(&name)?),
                "--tls" => options.tls = Some(words.value(&name)?.into()),
                "--core" => options.core = Some(words.number(&name)?),
                _ => return Err(format!("unknown argument {name:?}")),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn arguments_are_read_or_refused() {
        let parse = |words: &[&str]| Options::parse(words.iter().map(ToString::to_string));
        assert_eq!(parse(&[]), Ok(Options::default()));
        let options = parse(&["--seconds", "7", "--core", "1"]).unwrap();
        assert_eq!((options.seconds, options.core), (Some(7), Some(1)));
        assert_eq!(parse(&["--tls", "here"]).unwrap().tls, Some("here".into()));
        assert!(parse(&["--seconds"]).is_err());
        assert!(parse(&["--seconds", "soon"]).is_err());
        assert!(parse(&["--port", "1"]).is_err());
    }
}
