#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the fuzz targets of a build with libFuzzer, for make check-fuzz and check-fuzz-dose.
#   run-fuzz.sh explore SECONDS TARGET...   each so long, differently each time; what it finds out helps the next time
#   run-fuzz.sh dose TARGET...              the same inputs each time, so that a change's verdict is no matter of luck
set -eu
: "${srcdir:=.}"
build=tests/fuzz

dictionary() {
	case $1 in
	frames | host | client | host-rows | client-rows) echo "-dict=$build/frames.dict" ;;
	config) echo "-dict=$build/settings.dict" ;;
	esac
}

# A few seconds each.
runs() {
	case $1 in
	address) echo 300000 ;;
	json) echo 100000 ;;
	host) echo 5000 ;;
	known-hosts) echo 5000 ;;
	config) echo 2000 ;;
	host-rows | client-rows) echo 1000 ;;
	*) echo 20000 ;;
	esac
}

# run TARGET ARGUMENT...
run() {
	target=$1
	shift
	echo "$target:"
	# shellcheck disable=SC2046 # one option or none
	"$build/$target" $(dictionary "$target") -max_len=4096 -timeout=60 -artifact_prefix="$build/" "$@"
}

explore() {
	mkdir -p "$build/found/$2"
	run "$2" -max_total_time="$1" "$build/found/$2" "$srcdir/tests/fuzz/corpus/$2"
}

# A seed is not enough: libFuzzer depends as well on the order in a folder, on addresses among what was compared, and on
# files that others add meanwhile.
dose() {
	rm -rf "$build/dose/$1"
	mkdir -p "$build/dose/$1"
	find "$srcdir/tests/fuzz/corpus/$1" -type f | LC_ALL=C sort | paste -sd , - | tr -d '\n' >"$build/dose/$1.seeds"
	run "$1" -seed=1 -runs="$(runs "$1")" -use_cmp=0 -reload=0 -seed_inputs="@$build/dose/$1.seeds" "$build/dose/$1"
}

"$build/dictionary" frames >"$build/frames.dict"
"$build/dictionary" settings >"$build/settings.dict"
case $1 in
explore)
	seconds=$2
	shift 2
	for target; do explore "$seconds" "$target"; done
	;;
dose)
	shift
	for target; do dose "$target"; done
	;;
esac
