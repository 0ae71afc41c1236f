#!/bin/sh
# What the Dockerfile's build stage runs: `dependencies`, with the manifests only, then `programs`.
set -eu

programs='-p runtime-tokio -p runtime-std -p runtime-smol'
# Named even though it is the host: without it the flags would reach build scripts and macros, too.
target=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS='-C target-feature=+crt-static' CARGO_PROFILE_RELEASE_STRIP=symbols

build() {
    # shellcheck disable=SC2086 # several words
    cargo build --locked --release --target "$target" $programs "$@"
}

case ${1-} in
dependencies)
    for manifest in */Cargo.toml; do
        crate=${manifest%/*}
        mkdir -p "$crate/src"
        : >"$crate/src/lib.rs"
    done
    # Those that the manifests name must be there.
    mkdir -p benches/src/bin benches/benches conformance/tests
    echo 'fn main() {}' | tee benches/src/bin/ratios.rs benches/benches/decode.rs \
        benches/benches/end_to_end.rs conformance/tests/waiting_is_free.rs >xtask/src/main.rs
    build --lib
    ;;
programs)
    # Sources older than the empty ones would count as built.
    find lottery-* runtime-* -name '*.rs' -exec touch {} +
    build --bins
    mkdir -p /out/bin /out/data
    find "target/$target/release" -maxdepth 1 -type f -name 'lottery-*' ! -name '*.d' -exec cp {} /out/bin/ \;
    ;;
*)
    echo "usage: build.sh dependencies | programs" >&2
    exit 2
    ;;
esac
