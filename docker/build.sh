#!/bin/sh
# Build stage of the Dockerfile: `dependencies`, with the manifests only, then `programs`.
set -eu

programs='-p runtime-tokio -p runtime-std -p runtime-smol'
# The target is named although it is the host: otherwise the flags would apply to build scripts and macros,
# too.
target=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS='-C target-feature=+crt-static' CARGO_PROFILE_RELEASE_STRIP=symbols

build() {
    # shellcheck disable=SC2086 # several words
    cargo build --locked --release --target "$target" $programs "$@"
}

case ${1-} in
dependencies)
    for manifest in */Cargo.toml */*/Cargo.toml; do
        crate=${manifest%/*}
        mkdir -p "$crate/src"
        : >"$crate/src/lib.rs"
        # Files that a manifest names must exist.
        awk -F '"' '
            /^\[/ { kind = $0 }
            /^name/ && kind == "[[bin]]" { print "src/bin/" $2 ".rs" }
            /^name/ && kind == "[[test]]" { print "tests/" $2 ".rs" }
            /^name/ && kind == "[[bench]]" { print "benches/" $2 ".rs" }
        ' "$manifest" | while read -r file; do
            mkdir -p "$crate/${file%/*}"
            echo 'fn main() {}' >"$crate/$file"
        done
    done
    build --lib
    ;;
programs)
    # Sources older than the empty ones would count as built.
    find lottery-* runtime-* -name '*.rs' -exec touch {} +
    build --bins
    mkdir -p /out/bin
    mkdir -m 700 /out/data
    find "target/$target/release" -maxdepth 1 -type f -name 'lottery-*' ! -name '*.d' -exec cp {} /out/bin/ \;
    ;;
*)
    echo "usage: build.sh dependencies | programs" >&2
    exit 2
    ;;
esac
