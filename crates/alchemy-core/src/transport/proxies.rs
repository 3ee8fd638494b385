//! Which proxy is between us and a server: the caller's, or the environment's.

use url::{Host, Url};

use crate::env;
use crate::error::{Error, Result};

/// Addresses of this machine, which no proxy from the environment can reach.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1,0.0.0.0,::ffff:127.0.0.0/104";

/// The proxies of a pool.
#[derive(Default)]
pub(super) struct Proxies {
    /// As the HTTP client takes them.
    pub(super) rules: Vec<reqwest::Proxy>,
    /// Whether a proxy itself is reached by TLS.
    pub(super) encrypted: bool,
    pub(super) route: Route,
}

/// Which proxy a request goes by, for errors to name.
#[derive(Clone, Default)]
pub(super) struct Route {
    /// Host and port of the proxy for this kind of address.
    via: Option<String>,
    /// Hosts that are reached without it; None: there are no exceptions.
    exempt: Option<String>,
}

impl Route {
    /// The proxy that an address is reached by.
    pub(super) fn via(&self, url: &Url) -> Option<&str> {
        let direct = self
            .exempt
            .as_ref()
            .is_some_and(|exempt| is_loopback(url) || is_listed(exempt, url));
        self.via.as_deref().filter(|_| !direct)
    }
}

impl Proxies {
    /// The caller's proxy, else those of the environment, for addresses of one kind.
    pub(super) fn of(given: Option<&str>, secure: bool) -> Result<Self> {
        if let Some(proxy) = given {
            let url = address(proxy).ok_or_else(|| bad("proxy"))?;
            let route = Route {
                via: Some(place_of(&url)),
                exempt: None,
            };
            return Ok(Proxies {
                encrypted: url.scheme() == "https",
                rules: vec![reqwest::Proxy::all(url).map_err(|_| bad("proxy"))?],
                route,
            });
        }
        let exempt = env::first(env::NO_PROXY);
        let rule = match &exempt {
            Some(hosts) => format!("{LOOPBACK},{hosts}"),
            None => LOOPBACK.to_owned(),
        };
        let rule = reqwest::NoProxy::from_string(&rule);
        let mut found = Proxies::default();
        found.route.exempt = Some(exempt.unwrap_or_default());
        let named = [
            ("http_proxy", env::http_proxy(), !secure),
            ("https_proxy", env::first(env::HTTPS_PROXY), secure),
            ("all_proxy", env::first(env::ALL_PROXY), true),
        ];
        for (name, given, concerned) in named {
            let Some(given) = given else { continue };
            let url = address(&given).ok_or_else(|| bad(name))?;
            if concerned && found.route.via.is_none() {
                found.route.via = Some(place_of(&url));
            }
            found.encrypted |= url.scheme() == "https";
            let proxy = match name {
                "http_proxy" => reqwest::Proxy::http(url),
                "https_proxy" => reqwest::Proxy::https(url),
                _ => reqwest::Proxy::all(url),
            };
            found.rules.push(proxy.map_err(|_| bad(name))?.no_proxy(rule.clone()));
        }
        Ok(found)
    }
}

/// The address is not repeated: it may hold a password.
fn bad(name: &str) -> Error {
    let what = "not the address of a proxy; expected http://, https:// or socks5:// and a host";
    Error::invalid(name, what)
}

/// A proxy's address from what a user wrote, which may leave the scheme out.
fn address(text: &str) -> Option<Url> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return None;
    }
    let url = match text.contains("://") {
        true => Url::parse(text),
        false => Url::parse(&format!("http://{text}")),
    };
    let url = url.ok()?;
    let known = ["http", "https", "socks5", "socks5h"].contains(&url.scheme());
    (known && url.host_str().is_some_and(|host| !host.is_empty())).then_some(url)
}

/// Host and port of an address, without whatever else it holds.
pub(super) fn place_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|inner| inner.is_loopback())
        }
        None => false,
    }
}

/// Whether a list of hosts, as `NO_PROXY` has it, names the host of an address or a domain above it.
fn is_listed(hosts: &str, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    hosts.split(',').map(str::trim).any(|listed| {
        let listed = listed.strip_prefix('.').unwrap_or(listed);
        listed == "*" || host.eq_ignore_ascii_case(listed) || {
            let above = host.len().checked_sub(listed.len() + 1).and_then(|dot| host.get(dot..));
            !listed.is_empty()
                && above.is_some_and(|end| {
                    end.strip_prefix('.')
                        .is_some_and(|end| end.eq_ignore_ascii_case(listed))
                })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_has_a_known_scheme_and_a_host() {
        for good in [
            "http://p:3128",
            "p:3128",
            "https://user:secret@p",
            "socks5://p:1080",
            "socks5h://p",
        ] {
            assert!(address(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "nonsense://x",
            "http://",
            "ftp://p",
            "://",
            "http://p\n.example",
            "http://p\0",
        ] {
            assert!(address(bad).is_none(), "{bad:?}");
        }
        assert_eq!(place_of(&address("https://user:secret@p:8443/x").unwrap()), "p:8443");
    }

    #[test]
    fn errors_name_a_proxy_only_where_one_is_used() {
        let route = Route {
            via: Some("p:3128".to_owned()),
            exempt: Some("inner.example, .other.example".to_owned()),
        };
        for (url, named) in [
            ("http://api.example", true),
            ("http://notinner.example", true),
            ("http://inner.example", false),
            ("http://a.inner.example", false),
            ("http://A.Other.Example:80", false),
            ("http://127.8.8.8", false),
            ("http://0.0.0.0:8080", false),
            ("http://[::1]", false),
            ("http://[::ffff:127.0.0.1]", false),
            ("http://models.localhost", false),
        ] {
            assert_eq!(route.via(&Url::parse(url).unwrap()).is_some(), named, "{url}");
        }
        let always = Route { exempt: None, ..route };
        assert!(always.via(&Url::parse("http://127.0.0.1").unwrap()).is_some());
    }
}
