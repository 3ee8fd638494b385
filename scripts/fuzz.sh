#!/bin/sh
# Runs the fuzzing targets one after the other: fuzz.sh SECONDS [TARGET...]. `python` is the target of the Python entry points.
#
# Each of the others begins with the fixtures (and the recordings beside the repository, where they are) and with what earlier
# runs found worth keeping in fuzz/corpus. The figures go to fuzz/logs/figures.tsv, what made a target fail to fuzz/artifacts.
# FUZZ_BUILT=1 takes the targets as they were built last.
set -eu

seconds=$1
shift
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
    echo "make: fuzzing needs a nightly compiler and cargo-fuzz: rustup toolchain install nightly && cargo install cargo-fuzz" >&2
    echo "make: without them: ALCHEMY_FUZZ_CASES=20000 cargo test -p alchemy-core --test fuzzing" >&2
    echo "make: and: ALCHEMY_FUZZ_CASES=2000 .venv/bin/python -m pytest tests/fuzz -o timeout=0" >&2
    exit 1
fi
built=fuzz/target/$(rustc -vV | sed -n 's/^host: //p')/release
if [ -z "${FUZZ_BUILT:-}" ]; then
    cargo +nightly fuzz build
    "$built/seeds"
fi
[ $# -gt 0 ] || set -- $(cargo +nightly fuzz list | grep -v '^seeds$') python
mkdir -p fuzz/logs
failed=

# Draws inputs anew until the time is over.
python_entry_points() {
    runs=0
    ends=$(($(date +%s) + seconds))
    while [ "$(date +%s)" -lt "$ends" ]; do
        ALCHEMY_FUZZ_CASES=300 nice -n 19 .venv/bin/python -m pytest tests/fuzz -q -o timeout=0 >fuzz/logs/python.log 2>&1 || return 1
        runs=$((runs + 1))
    done
    inputs=$((runs * 300 * $(grep -c '^@given' tests/fuzz/test_*.py | awk -F: '{ sum += $2 } END { print sum }')))
    printf 'python\t%s\t%s\n' "$seconds" "$inputs" | tee -a fuzz/logs/figures.tsv
}

# The figures are executions, executions a second, the most memory in MB, the coverage and the size of the corpus.
compiled() {
    mkdir -p "fuzz/artifacts/$1" "fuzz/corpus/$1"
    log=fuzz/logs/$1.log
    ended=0
    nice -n 19 "$built/$1" "fuzz/corpus/$1" "-artifact_prefix=fuzz/artifacts/$1/" -max_len=65536 \
        "-max_total_time=$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 >"$log" 2>&1 || ended=1
    awk -v target="$1" -v seconds="$seconds" '
        /^stat::number_of_executed_units/ { runs = $2 }
        /^stat::average_exec_per_sec/ { speed = $2 }
        /^stat::peak_rss_mb/ { memory = $2 }
        / cov: / { for (at = 1; at < NF; at++) { if ($at == "cov:") coverage = $(at + 1); if ($at == "corp:") corpus = $(at + 1) } }
        END { printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", target, seconds, runs, speed, memory, coverage, corpus }' "$log" |
        tee -a fuzz/logs/figures.tsv
    return $ended
}

for target; do
    echo "$target: $seconds seconds"
    case $target in
    python) python_entry_points || failed="$failed $target" ;;
    *) compiled "$target" || failed="$failed $target" ;;
    esac
done
if [ -n "$failed" ]; then
    echo "make: failed:$failed; see fuzz/logs, and fuzz/artifacts for the inputs" >&2
    exit 1
fi
