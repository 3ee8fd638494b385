//! Makes a certificate for this machine, signed by itself, at the start of each run.
//!
//! A crate would do it in five lines. But the source distribution carries this workspace's `Cargo.lock` without the
//! benchmarks, and cargo refuses a lock file with crates that nothing in the workspace needs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

/// Letters to a line of PEM.
const LINE: usize = 64;

// The tags of DER that are needed.
const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OCTETS: u8 = 0x04;
const IDENTIFIER: u8 = 0x06;
const TEXT: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const ADDRESS: u8 = 0x87;

// Object identifiers, as they stand in DER.
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const PUBLIC_KEY_OF_A_CURVE: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const CURVE_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// A certificate and its key, both DER.
pub(crate) struct Certificate {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

impl Certificate {
    /// A new key, and a certificate of it for 127.0.0.1 and `localhost`.
    pub(crate) fn new() -> Result<Self, Unspecified> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random)
            .map_err(|_| Unspecified)?;
        let algorithm = der(SEQUENCE, &[&der(IDENTIFIER, &[ECDSA_WITH_SHA256])]);
        let content = content(&algorithm, pair.public_key().as_ref());
        let signature = pair.sign(&random, &content)?;
        Ok(Self {
            certificate: der(SEQUENCE, &[&content, &algorithm, &bits(signature.as_ref())]),
            key: key.as_ref().to_vec(),
        })
    }

    /// The certificate as text.
    pub(crate) fn pem(&self) -> String {
        let text = STANDARD.encode(&self.certificate);
        let mut out = "-----BEGIN CERTIFICATE-----\n".to_owned();
        for at in (0..text.len()).step_by(LINE) {
            out.push_str(text.get(at..text.len().min(at + LINE)).unwrap_or_default());
            out.push('\n');
        }
        out + "-----END CERTIFICATE-----\n"
    }
}

/// What is signed. RFC 5280, section 4.1, has the order.
fn content(algorithm: &[u8], public_key: &[u8]) -> Vec<u8> {
    let version = der(VERSION, &[&der(INTEGER, &[&[2]])]);
    let serial = der(INTEGER, &[&[1]]);
    let common_name = der(
        SEQUENCE,
        &[&der(IDENTIFIER, &[COMMON_NAME]), &der(TEXT, &[b"alchemy loopback"])],
    );
    let name = der(SEQUENCE, &[&der(SET, &[&common_name])]);
    // Long before and long after any clock: it is made anew each time.
    let validity = der(
        SEQUENCE,
        &[
            &der(UTC_TIME, &[b"000101000000Z"]),
            &der(GENERALIZED_TIME, &[b"29990101000000Z"]),
        ],
    );
    let kind = der(
        SEQUENCE,
        &[
            &der(IDENTIFIER, &[PUBLIC_KEY_OF_A_CURVE]),
            &der(IDENTIFIER, &[CURVE_P256]),
        ],
    );
    let key = der(SEQUENCE, &[&kind, &bits(public_key)]);
    let names = der(
        SEQUENCE,
        &[&der(DNS_NAME, &[b"localhost"]), &der(ADDRESS, &[&[127, 0, 0, 1]])],
    );
    let extension = der(
        SEQUENCE,
        &[&der(IDENTIFIER, &[SUBJECT_ALTERNATIVE_NAME]), &der(OCTETS, &[&names])],
    );
    let extensions = der(EXTENSIONS, &[&der(SEQUENCE, &[&extension])]);
    der(
        SEQUENCE,
        &[&version, &serial, algorithm, &name, &validity, &name, &key, &extensions],
    )
}

/// A string of whole bytes as bits.
fn bits(bytes: &[u8]) -> Vec<u8> {
    der(BITS, &[&[0], bytes])
}

/// A value of this tag, made of these parts.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut out = vec![tag];
    let [high, low] = u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes();
    match (high, low) {
        (0, 0..=127) => out.push(low),
        (0, _) => out.extend([0x81, low]),
        _ => out.extend([0x82, high, low]),
    }
    out.extend(body);
    out
}
