//! An input: what answered, how its bytes are cut, and the bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use alchemy_core::head::Head;
use alchemy_core::json::Object;
use alchemy_core::providers;
use alchemy_core::types::{Api, Model, ModelCost};
use serde_json::Value;

use super::chance::Chance;

/// How many bytes stand before the body where an input is bytes.
pub const HEADER: usize = 12;

/// A key that a case may hide.
pub const SECRET: &str = "sk-secret-0123456789abcdef";

const STATUSES: [u16; 16] = [
    200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 408, 413, 429, 500, 503, 529,
];

/// Headers that say something about an answer.
const HEADERS: [(&str, &str); 10] = [
    ("content-type", "text/event-stream"),
    ("content-type", "application/json"),
    ("content-type", "text/html"),
    ("x-request-id", "req_1"),
    ("retry-after", "2"),
    ("retry-after", "1e400"),
    ("retry-after-ms", "-5"),
    ("retry-after-ms", "NaN"),
    (
        "location",
        "https://user:word@elsewhere.example/x?key=sk-secret-0123456789abcdef",
    ),
    ("location", "//\u{7f}"),
];

/// An answer and how it arrives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    pub api: u8,
    /// Which of the servers that speak the protocol, see [`servers`].
    pub server: u8,
    pub status: u8,
    pub header: u8,
    /// Whether the key is to be hidden, and whether prices are known.
    pub flags: u8,
    /// How the body is cut.
    pub cuts: u32,
    pub body: Vec<u8>,
}

impl Case {
    /// Reads an input; None if it is too short to be one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (header, body) = bytes.split_at_checked(HEADER)?;
        Some(Case {
            api: header[0],
            server: header[1],
            status: header[2],
            header: header[3],
            flags: header[4],
            cuts: u32::from_le_bytes(header[8..12].try_into().unwrap()),
            body: body.to_vec(),
        })
    }

    /// The input as bytes.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = vec![self.api, self.server, self.status, self.header, self.flags, 0, 0, 0];
        bytes.extend_from_slice(&self.cuts.to_le_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }

    pub fn api(&self) -> Api {
        Api::ALL[usize::from(self.api) % Api::ALL.len()]
    }

    pub fn hides(&self) -> bool {
        self.flags & 1 == 1
    }

    pub fn status(&self) -> u16 {
        STATUSES[usize::from(self.status) % STATUSES.len()]
    }

    pub fn model(&self) -> Model {
        let servers = servers(self.api());
        let (provider, quirks) = servers[usize::from(self.server) % servers.len()].clone();
        let price = |dollars| Some(dollars);
        let prices = ModelCost {
            input: price(3.0),
            output: price(15.0),
            cache_read: price(0.3),
            cache_write: price(3.75),
            cache_write_1h: price(6.0),
        };
        Model {
            api: self.api().as_str().to_owned(),
            quirks,
            cost: (self.flags & 2 == 2).then_some(prices),
            ..Model::new("model-1", provider)
        }
    }

    pub fn head(&self) -> Head {
        let mut headers = BTreeMap::new();
        let (name, value) = HEADERS[usize::from(self.header) % HEADERS.len()];
        headers.insert(name.to_owned(), value.to_owned());
        Head::recorded(self.status(), &headers)
            .unwrap_or_else(|| Head::recorded(self.status(), &BTreeMap::new()).unwrap())
    }

    /// The body as text.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body in the pieces that the case asks for.
    pub fn pieces(&self) -> Vec<&[u8]> {
        pieces(&self.body, self.cuts)
    }
}

/// Bytes in pieces of sizes that follow from a number.
pub fn pieces(bytes: &[u8], cuts: u32) -> Vec<&[u8]> {
    let mut chance = Chance::new(cuts.into());
    let longest = [3, 40, 400, 4000][usize::try_from(cuts % 4).unwrap()];
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let size = (chance.below(longest) + 1).min(rest.len());
        let (piece, after) = rest.split_at(size);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// The providers that speak a protocol, and the quirks that change how an answer is read.
fn servers(api: Api) -> &'static [(String, Object)] {
    static SERVERS: std::sync::OnceLock<Vec<Vec<(String, Object)>>> = std::sync::OnceLock::new();
    let all = SERVERS.get_or_init(|| Api::ALL.iter().map(|api| made_servers(*api)).collect());
    let at = Api::ALL.iter().position(|other| *other == api).unwrap();
    &all[at]
}

fn made_servers(api: Api) -> Vec<(String, Object)> {
    let mut servers = vec![("custom".to_owned(), Object::new())];
    if api == Api::OpenAiCompletions {
        for quirks in [
            r#"{"think_tags":true}"#,
            r#"{"done_ends":true}"#,
            r#"{"think_tags":true,"done_ends":true}"#,
        ] {
            servers.push(("custom".to_owned(), serde_json::from_str(quirks).unwrap()));
        }
    }
    let known = providers::all().iter().filter(|provider| provider.speaks(api.as_str()));
    servers.extend(known.map(|provider| (provider.id.clone(), Object::new())));
    servers
}

/// The repository's root.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let above = here.ancestors().find(|folder| folder.join("fixtures").is_dir());
    above.unwrap().to_owned()
}

/// The fixtures of a protocol as inputs; with `others` the recordings beside the repository as well.
pub fn seeds(api: Api, others: bool) -> Vec<Case> {
    let mut folders = vec![root().join("fixtures").join(api.as_str())];
    if others {
        folders.push(root().join("../shared/wire").join(api.as_str()));
        if api == Api::GoogleGenerativeAi {
            folders.push(root().join("../shared/wire/google-vertex"));
        }
    }
    let mut cases: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.map(|entry| entry.unwrap().path()))
        .collect();
    cases.sort();
    cases.iter().filter_map(|folder| seed(api, folder)).collect()
}

fn seed(api: Api, folder: &std::path::Path) -> Option<Case> {
    let text = std::fs::read_to_string(folder.join("case.json")).ok()?;
    let case: Value = serde_json::from_str(&text).unwrap();
    let name = case.get("response").or_else(|| case.get("response_file"))?.as_str()?;
    let status = case.get("status").and_then(Value::as_u64).unwrap_or(200);
    let position = |found: Option<usize>| u8::try_from(found.unwrap_or(0)).unwrap();
    let provider = case.get("provider").and_then(Value::as_str).unwrap_or("custom");
    Some(Case {
        api: position(Api::ALL.iter().position(|other| *other == api)),
        server: position(servers(api).iter().position(|(id, _)| id == provider)),
        status: position(STATUSES.iter().position(|known| u64::from(*known) == status)),
        header: position(HEADERS.iter().position(|(name, _)| *name == "x-request-id")),
        flags: 3,
        cuts: 1,
        body: std::fs::read(folder.join(name)).ok()?,
    })
}
