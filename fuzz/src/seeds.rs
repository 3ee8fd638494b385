//! Writes the first inputs of each target to `corpus/<target>`: the fixtures, and the recordings beside the repository.

use std::fs;
use std::path::Path;

use alchemy_core::types::Api;
use alchemy_fuzz::case::Case;
use alchemy_fuzz::frames::{Form, Frames};
use alchemy_fuzz::{requests, seeds};

fn main() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let write = |target: &str, inputs: &mut dyn Iterator<Item = Vec<u8>>| {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder).expect("a folder for the corpus");
        for (number, input) in inputs.enumerate() {
            fs::write(folder.join(format!("seed-{number}")), input).expect("a seed");
        }
    };
    let all = seeds(None);
    for api in Api::ALL {
        let own = all.iter().filter(|case| case.api() == *api);
        write(&api.as_str().replace('-', "_"), &mut own.map(Case::write));
    }
    for target in ["answer", "failure", "server_sent_events"] {
        write(target, &mut all.iter().map(Case::write));
    }
    write("json_array", &mut all.iter().map(|case| array(case).write()));
    write(
        "http_answer",
        &mut (0..500).map(alchemy_core::transport::replay::cuts::draw),
    );
    let requests = || {
        requests().iter().map(|request| Case {
            body: request.to_string().into_bytes(),
            ..Case::default()
        })
    };
    write("request", &mut requests().map(|case| case.write()));
    write("partial_json", &mut requests().map(|case| case.write()));
    write(
        "surrogates",
        &mut (0..64_u8).map(|number| vec![number, number / 4, number, 0, 0x60, b'a']),
    );
}

/// The same events in a JSON array.
fn array(case: &Case) -> Case {
    let frames = Frames::cut(&case.body);
    let data = (0..frames.list.len()).filter_map(|at| Some(frames.data(at)?.as_bytes().to_vec()));
    let list = data.collect();
    let body = Frames {
        form: Form::Array,
        list,
    }
    .join();
    Case { body, ..case.clone() }
}
