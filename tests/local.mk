# SPDX-License-Identifier: GPL-3.0-or-later
# One program a group of behaviours; each links just the layers that it tests.

TEST_EXTENSIONS = .sh .py
AM_TESTS_ENVIRONMENT = \
	HOME=/nonexistent; export HOME; \
	LC_ALL=C.UTF-8; export LC_ALL; \
	unset LANGUAGE; \
	TZ=UTC; export TZ; \
	TERM=xterm-256color; export TERM; \
	INPUTRC=/dev/null; export INPUTRC; \
	srcdir='$(srcdir)'; export srcdir;

dist_check_SCRIPTS = tests/check-layers
TESTS += tests/check-layers

if HAVE_CMOCKA
test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)

check_PROGRAMS += tests/unit-base
tests_unit_base_CFLAGS = $(test_cflags)
tests_unit_base_SOURCES = tests/unit-base.c
tests_unit_base_LDADD = src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

TESTS += $(check_PROGRAMS)
endif
