#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Each fuzz target takes its corpus: inputs of all kinds, and those that once did harm.
set -eu
: "${srcdir:=.}"
for folder in "$srcdir"/tests/fuzz/corpus/*; do
	target=${folder##*/}
	case $target in
	*-rows) [ -x "tests/fuzz/$target" ] || continue ;; # without SQLite there are no rows
	esac
	"tests/fuzz/$target" "$folder"/*
	echo "check-corpus: $target"
done
