//! As much of Active Directory as signing in takes: it answers binds and searches over a few entries, and
//! follows groups within groups where a filter asks for that (MS-ADTS, section 3.1.1.3.4.4.3), which
//! slapd does not know. The protocol is that of RFC 4511.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use bytes::BytesMut;
use lber::common::TagClass;
use lber::structure::{PL, StructureTag};

/// The matching rule that follows memberships.
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

const SUCCESS: u8 = 0;
const OPERATIONS_ERROR: u8 = 1;
const INVALID_CREDENTIALS: u8 = 49;

/// Something in the directory.
pub struct Entry {
    pub dn: &'static str,
    /// Who may bind as it, and with what.
    pub password: Option<&'static str>,
    pub attributes: &'static [(&'static str, &'static str)],
}

impl Entry {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'static str> + 'a {
        let same = move |(known, _): &&(&str, &str)| known.eq_ignore_ascii_case(name);
        self.attributes.iter().filter(same).map(|(_, value)| *value)
    }
}

/// The server; its thread ends with the test's process.
pub struct ActiveDirectory {
    addr: SocketAddr,
}

impl ActiveDirectory {
    pub fn start(entries: Vec<Entry>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let entries = Arc::new(entries);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let entries = Arc::clone(&entries);
                std::thread::spawn(move || serve(stream.unwrap(), &entries));
            }
        });
        Self { addr }
    }

    pub fn url(&self) -> String {
        format!("ldap://{}", self.addr)
    }
}

fn serve(mut stream: TcpStream, entries: &[Entry]) {
    let mut arrived = Vec::new();
    let mut part = [0; 4096];
    // Nobody may search before a bind.
    let mut bound = false;
    loop {
        let message = match lber::Parser::new().parse(&arrived) {
            Ok((rest, message)) => {
                let used = arrived.len() - rest.len();
                arrived.drain(..used);
                message
            }
            Err(error) => {
                assert!(error.is_incomplete(), "{error}");
                match stream.read(&mut part) {
                    Ok(0) | Err(_) => return,
                    Ok(read) => arrived.extend_from_slice(&part[..read]),
                }
                continue;
            }
        };
        let mut parts = message.expect_constructed().unwrap().into_iter();
        let (id, operation) = (parts.next().unwrap(), parts.next().unwrap());
        let answers = match operation.id {
            0 => {
                let answer = bind(operation, entries);
                bound = answer == SUCCESS;
                vec![done(1, answer)]
            }
            3 if !bound => vec![done(5, OPERATIONS_ERROR)],
            3 => search(operation, entries),
            // Unbind.
            2 => return,
            other => panic!("operation {other} is not known"),
        };
        let mut out = BytesMut::new();
        for answer in answers {
            let message = tag(TagClass::Universal, 16, PL::C(vec![id.clone(), answer]));
            lber::write::encode_into(&mut out, message).unwrap();
        }
        if stream.write_all(&out).is_err() {
            return;
        }
    }
}

fn tag(class: TagClass, id: u64, payload: PL) -> StructureTag {
    StructureTag { class, id, payload }
}

fn octets(text: &str) -> StructureTag {
    tag(TagClass::Universal, 4, PL::P(text.as_bytes().to_vec()))
}

fn done(operation: u64, code: u8) -> StructureTag {
    let code = tag(TagClass::Universal, 10, PL::P(vec![code]));
    tag(TagClass::Application, operation, PL::C(vec![code, octets(""), octets("")]))
}

fn children(tag: &StructureTag) -> &[StructureTag] {
    match &tag.payload {
        PL::C(children) => children,
        PL::P(_) => panic!("{tag:?} has no parts"),
    }
}

fn text(tag: &StructureTag) -> String {
    match &tag.payload {
        PL::P(bytes) => String::from_utf8(bytes.clone()).unwrap(),
        PL::C(_) => panic!("{tag:?} is no text"),
    }
}

fn bind(operation: StructureTag, entries: &[Entry]) -> u8 {
    let [_, name, password] = children(&operation) else { panic!("{operation:?}") };
    let (name, password) = (text(name), text(password));
    let entry = entries.iter().find(|entry| entry.dn.eq_ignore_ascii_case(&name));
    match entry.and_then(|entry| entry.password) {
        Some(known) if known == password => SUCCESS,
        _ => INVALID_CREDENTIALS,
    }
}

fn search(operation: StructureTag, entries: &[Entry]) -> Vec<StructureTag> {
    let [base, _, _, _, _, _, filter, wanted] = children(&operation) else {
        panic!("{operation:?}")
    };
    let base = text(base);
    let wanted: Vec<String> = children(wanted).iter().map(text).collect();
    let found = entries.iter().filter(|entry| entry.dn.ends_with(&base));
    let found = found.filter(|entry| matches(filter, entry, entries));
    let mut answers: Vec<StructureTag> = found.map(|entry| told(entry, &wanted)).collect();
    answers.push(done(5, SUCCESS));
    answers
}

fn told(entry: &Entry, wanted: &[String]) -> StructureTag {
    let attribute = |name: &String| {
        let values: Vec<_> = entry.values(name).map(octets).collect();
        let set = tag(TagClass::Universal, 17, PL::C(values));
        tag(TagClass::Universal, 16, PL::C(vec![octets(name), set]))
    };
    let has = |name: &&String| entry.values(name).next().is_some();
    let all = wanted.iter().filter(has).map(attribute).collect();
    let all = tag(TagClass::Universal, 16, PL::C(all));
    tag(TagClass::Application, 4, PL::C(vec![octets(entry.dn), all]))
}

fn matches(filter: &StructureTag, entry: &Entry, entries: &[Entry]) -> bool {
    let parts = children(filter);
    match filter.id {
        0 => parts.iter().all(|part| matches(part, entry, entries)),
        1 => parts.iter().any(|part| matches(part, entry, entries)),
        3 => {
            let (name, value) = (text(&parts[0]), text(&parts[1]));
            entry.values(&name).any(|known| known.eq_ignore_ascii_case(&value))
        }
        9 => {
            let part = |id| parts.iter().find(|part| part.id == id).map(text).unwrap_or_default();
            assert_eq!((part(1).as_str(), part(2).as_str()), (IN_CHAIN, "member"));
            holds(entry, &part(3), entries, &mut HashSet::new())
        }
        other => panic!("a filter of kind {other} is not known"),
    }
}

/// Whether somebody is a member of a group, or of a group in it, however deep. Groups may hold one
/// another.
fn holds(group: &Entry, dn: &str, entries: &[Entry], seen: &mut HashSet<&'static str>) -> bool {
    seen.insert(group.dn)
        && group.values("member").any(|member| {
            let nested = entries.iter().find(|entry| entry.dn == member);
            member == dn || nested.is_some_and(|nested| holds(nested, dn, entries, seen))
        })
}
