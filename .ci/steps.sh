#!/usr/bin/env bash
# Steps of .ci/run, which runs this file at the root of a clone.

# Largest number of changed lines for which mutants are run: each takes some seconds.
mutants_limit=400
# Longest time for them, in seconds.
mutants_seconds=3600
# Smallest percentages of lines and of regions that tests run, in lottery-proto and in lottery-core.
lines_limit=98
regions_limit=97

# Share of the counts and durations of what takes long. The tests that take long read it, too.
export NIGHTLY_PERCENT=${NIGHTLY_PERCENT:-100}

# scaled NUMBER: prints that share of a number, at least 1.
scaled() {
    local share=$(($1 * NIGHTLY_PERCENT / 100))
    echo $((share > 0 ? share : 1))
}

# need COMMAND PACKAGE: installs the package of a command that is missing.
need() {
    command -v "$1" >/dev/null && return
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2"
}

tools() {
    need cc gcc
    need mount mount         # for a full disk: a small tmpfs
    need mkfs.ext4 e2fsprogs # for a disk that loses power
    need mkfifo coreutils
    need timeout coreutils
    need strace strace       # for a disk that fails
    need tshark tshark || true # for the dissector
}

docs() {
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --all-features
}

# knows CRATE ONLY...: checks that CRATE depends on exactly those of our own crates.
knows() {
    local crate=$1 found
    shift
    found=$(cargo tree -p "$crate" --no-default-features -e normal --prefix none --format '{p}' |
        sed -nE 's/^((lottery|runtime)-[a-z-]+) .*/\1/p' | sort -u | sed "/^$crate\$/d" | xargs)
    printf '%s: %s\n' "$crate" "$found"
    if [[ $found != "$*" ]]; then
        printf '%s may know: %s\n' "$crate" "$*" >&2
        return 1
    fi
}

# Checks that a driver holds no protocol and no lottery, and that each crate knows only those below it
# (ARCHITECTURE.md).
rooms() {
    knows lottery-proto
    knows lottery-runtime lottery-proto
    knows lottery-core lottery-proto lottery-runtime
    knows lottery-store lottery-core lottery-proto lottery-runtime
    knows lottery-tls lottery-proto lottery-runtime
    local runtime
    for runtime in runtime-tokio runtime-std runtime-smol; do
        knows "$runtime" lottery-proto lottery-runtime
    done
}

# Checks that decoding and encoding take as many instructions as recorded, within 3 %.
instructions() {
    need valgrind valgrind
    # As the library is shipped. The directory is its own, because nothing else is built so, and a shared one is locked
    # meanwhile.
    env -u CARGO_PROFILE_RELEASE_LTO -u CARGO_PROFILE_RELEASE_CODEGEN_UNITS CARGO_TARGET_DIR=target/shipped \
        timeout 1800 cargo run --release -p benches --bin instructions
}

# Finds Docker, or installs it as root, and starts an engine if none runs.
engine() {
    docker version >/dev/null 2>&1 && return
    ((EUID == 0)) || return
    need dockerd docker.io || return
    docker version >/dev/null 2>&1 && return
    dockerd >/tmp/dockerd.log 2>&1 &
    # shellcheck disable=SC2034 # .ci/run ends it
    engine=$!
    local second
    for second in {1..20}; do
        docker version >/dev/null 2>&1 && return
        sleep 1
    done
    echo "no engine after $second s: $(tail -n 1 /tmp/dockerd.log)"
    return 1
}

# Finds or installs Compose 2, which users have. Debian 12 has only 1.29; the package of Debian 13 holds one
# static program.
compose() {
    docker compose version >/dev/null 2>&1 && return
    local dir plugins=$HOME/.docker/cli-plugins
    dir=$(mktemp -d)
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$plugins"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' \
        http://deb.debian.org/debian >"$dir/sources.list"
    local trixie=(-o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache")
    (
        cd "$dir"
        apt-get "${trixie[@]}" update -qq && apt-get "${trixie[@]}" download -qq docker-compose &&
            dpkg -x docker-compose_*.deb . && cp usr/libexec/docker/cli-plugins/docker-compose "$plugins"
    ) || true
    rm -rf "$dir"
    docker compose version >/dev/null 2>&1 || need docker-compose docker-compose
}

# Makes the image of the programs, which the containers need.
image() {
    ! docker version >/dev/null 2>&1 || timeout 600 cargo xtask images
}

# Tests the containers and their scripts.
containers() {
    if docker version >/dev/null 2>&1; then
        compose || true
        need busybox busybox-static || true
        timeout 1500 cargo xtask docker-test
    else
        printf '%s\n' '' '*** SKIPPED: no Docker engine runs here: the containers were not tested. ***' ''
    fi
}

# fuzzing SECONDS: fuzzes each target from the seeds on, for so long.
fuzzing() {
    need c++ g++ # libFuzzer is C++
    cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
    cargo fmt --check --manifest-path fuzz/Cargo.toml
    # A short run is over before optimized code has paid for its build, which is most of the time.
    local level=3
    (($1 > 20)) || level=1
    CARGO_PROFILE_RELEASE_OPT_LEVEL=$level \
        timeout $((600 + 20 * $1)) cargo xtask fuzz --seconds "$1"
}

# Checks licenses, sources and duplicates of the dependencies: everything that needs no network.
dependencies() {
    if cargo deny --version >/dev/null 2>&1; then
        cargo deny check bans licenses sources
    else
        # Not installed here: building it takes some ten minutes.
        printf '%s\n' '' '*** SKIPPED: cargo install cargo-deny ***' ''
    fi
}

# Runs lottery-proto's unit tests in Miri, which detects undefined behavior, if a nightly toolchain has it.
interpreted() {
    if cargo +nightly miri --version >/dev/null 2>&1; then
        MIRIFLAGS=-Zmiri-disable-isolation PROPTEST_CASES=4 timeout 900 cargo +nightly miri test -p lottery-proto --lib
    else
        printf '%s\n' '' '*** SKIPPED: rustup +nightly component add miri ***' ''
    fi
}

# Measures the coverage of lottery-proto and lottery-core, including real programs
# (docs/testing.md#coverage).
coverage() {
    # cargo-llvm-cov installs llvm-tools by itself, where it can.
    if ! cargo llvm-cov show-env >/dev/null 2>&1; then
        printf '%s\n' '' '*** SKIPPED: rustup component add llvm-tools; cargo install --locked cargo-llvm-cov ***' ''
        return
    fi
    local others crate
    cargo llvm-cov clean --profraw-only
    timeout 1800 cargo llvm-cov --no-report -p lottery-proto -p lottery-runtime -p lottery-core -p lottery-store -p lottery-tls -p lottery-cli -p conformance \
        -p simulation -p runtime-tokio -p runtime-std -p runtime-smol
    for crate in proto core; do
        others='(runtime|store|tls|cli|testkit'
        [[ $crate == core ]] && others+='|proto)' || others+='|core)'
        printf '\nlottery-%s:\n' "$crate"
        cargo llvm-cov report --ignore-filename-regex "/(lottery-$others|conformance|simulation|runtime-[a-z]+)/src/" \
            --fail-under-lines "$lines_limit" --fail-under-regions "$regions_limit"
    done
}

# Prints the commit that changes are compared with: the common one with main, or on main the last but one.
earlier() {
    local base
    base=$(git merge-base HEAD main 2>/dev/null || true)
    [[ -n $base && $base != "$(git rev-parse HEAD)" ]] || base=HEAD~1
    echo "$base"
}

# Lists removed or changed public items of lottery-proto. After a release they require a new version.
semver() {
    if ! cargo semver-checks --version >/dev/null 2>&1; then
        # Not installed here: building it takes some ten minutes.
        printf '%s\n' '' '*** SKIPPED: cargo install --locked cargo-semver-checks ***' ''
        return
    fi
    local release
    if release=$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null); then
        timeout 600 cargo semver-checks -p lottery-proto --baseline-rev "$release"
    else
        timeout 600 cargo semver-checks -p lottery-proto --baseline-rev "$(earlier)" ||
            echo 'Nothing is released yet: this is only shown.'
    fi
}

# Plants mistakes in the changed lines: the tests have to find them (docs/testing.md#mutants).
mutants() {
    if ! cargo mutants --version >/dev/null 2>&1; then
        # Not installed here: building it takes some minutes.
        printf '%s\n' '' '*** SKIPPED: cargo install --locked cargo-mutants ***' ''
        return
    fi
    local dir changed tried shards=$((100 / NIGHTLY_PERCENT)) status=0
    dir=$(mktemp -d)
    # Mistakes in what makes a program are noticed by conformance alone, which takes minutes for each.
    if ! git diff "$(earlier)" -- 'lottery-*/src/*.rs' ':!lottery-cli/src/program' ':!lottery-cli/src/log.rs' >"$dir/diff" 2>/dev/null; then
        printf '%s\n' '' '*** SKIPPED: there is no earlier commit to compare with. ***' ''
        rm -rf "$dir"
        return
    fi
    changed=$(grep -c '^+[^+]' "$dir/diff" || true)
    if ((changed == 0)); then
        echo 'no line of the libraries has changed'
    elif ((changed > mutants_limit)); then
        printf '%s\n' '' "*** SKIPPED: $changed lines have changed: run cargo mutants by hand (docs/testing.md#mutants). ***" ''
    else
        # Incremental and optimized builds pay off here, because each mutant is built and tested. They take turns by
        # chance, because the time may be up before all were tried. A shard is one of so many equal parts of them.
        CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=0 PROPTEST_CASES=256 ANYTHING=1000 \
            timeout "$mutants_seconds" cargo mutants --in-diff "$dir/diff" --shard "0/$((shards > 0 ? shards : 1))" \
            -o "$dir" --baseline=skip --timeout 60 --shuffle ||
            status=$?
        if ((status == 124)); then
            tried=$(cat "$dir"/mutants.out/{caught,missed,timeout,unviable}.txt | wc -l)
            printf '\n*** The time was up: %d mutants of %d changed lines were tried. ***\n' "$tried" "$changed"
        fi
        # Accepted codes: 3, some tests never ended, which counts as noticed; 124, the time was up, and no
        # tested mutant was missed.
        if ((status == 3 || status == 124)) && [[ ! -s $dir/mutants.out/missed.txt ]]; then
            status=0
        fi
    fi
    rm -rf "$dir"
    return "$status"
}

# Cuts the power below a file system, again and again.
power_cuts() {
    cargo test --workspace --test programs power:: -- --ignored
}

# Makes every system call of the store fail.
store_faults() {
    cargo test --workspace --test programs store_faults:: -- --ignored
}

# Runs the whole lottery in virtual time.
many_seeds() {
    cargo run --release --bin simulation -- --seeds "$(scaled 1000000)"
}

# Fuzzes each target for minutes.
long_fuzzing() {
    fuzzing "$(scaled 300)"
}

# Library crates, each behind those that it depends on.
libraries=(lottery-proto lottery-runtime lottery-core lottery-store lottery-tls lottery-cli runtime-tokio runtime-std runtime-smol)

# Makes the packages of the libraries (CONTRIBUTING.md#release). Tests beside `src` are not in them, and cargo warns of each.
packages() {
    rm -f target/package/*.crate
    cargo package --offline --allow-dirty --no-verify "${libraries[@]/#/--package=}" 2>&1 | grep -v '^warning: ignoring test'
}

# Runs the tests that are inside the packages, where nothing else of this repository is.
packaged_tests() {
    packages
    local dir crate patches=''
    dir=$(mktemp -d)
    for crate in "${libraries[@]}"; do
        mkdir "$dir/$crate"
        tar -xzf "target/package/$crate-"*.crate -C "$dir/$crate" --strip-components 1
        patches+="$crate = { path = \"$crate\" }"$'\n'
    done
    {
        printf '[workspace]\nresolver = "3"\nmembers = ["lottery-*", "runtime-*"]\n'
        printf '[patch.crates-io]\n%s' "$patches"
    } >"$dir/Cargo.toml"
    cp Cargo.lock "$dir"
    local status=0
    (cd "$dir" && CARGO_TARGET_DIR=$OLDPWD/target/packaged timeout 1800 cargo test --offline --workspace) || status=$?
    rm -rf "$dir"
    return "$status"
}

# Builds the libraries with the oldest Rust that they promise to build with.
msrv() {
    local version
    version=$(sed -nE 's/^rust-version = "(.*)"/\1/p' Cargo.toml)
    if ! cargo "+$version" --version >/dev/null 2>&1; then
        printf '%s\n' '' "*** SKIPPED: rustup toolchain install $version --profile minimal ***" ''
        return
    fi
    CARGO_TARGET_DIR=target/msrv timeout 600 cargo "+$version" check "${libraries[@]/#/--package=}"
}

scripts() {
    if need shellcheck shellcheck; then
        shellcheck -x .ci/run .ci/readme .ci/steps.sh docker/*.sh docker/tp0/*.sh
    else
        printf '%s\n' '' '*** SKIPPED: shellcheck cannot be installed here. ***' ''
    fi
}

formats() {
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
}

# Tests of the libraries, and of all else that starts no program and no runtime.
library_tests() {
    cargo test -p lottery-proto -p lottery-runtime -p lottery-core -p lottery-store -p lottery-tls -p lottery-cli -p lottery-testkit \
        -p simulation -p fuzz-checks
}

# Tests of the suite over every runtime, in one process. They wait more than they compute.
in_process() {
    cargo test -p conformance --test in_process -- --test-threads=8
}

# Runs what `cargo test --workspace` runs, except for the test programs of conformance, which have steps of their own.
other_tests() {
    local name names=()
    # cargo cannot leave out a test program by its name, so all others are named.
    while IFS= read -r name; do
        [[ $name == in_process || $name == programs ]] || names+=(--test "$name")
    done < <(cargo metadata --no-deps --format-version 1 | grep -oE '"kind":\["test"\],"crate_types":\["bin"\],"name":"[^"]+"' |
        sed -E 's/.*"name":"(.*)"/\1/' | sort -u)
    if ((${#names[@]} == 0)); then
        echo 'cargo metadata names no test program' >&2
        return 1
    fi
    cargo test --workspace --lib --bins "${names[@]}"
    cargo test --workspace --doc
}
