# SPDX-License-Identifier: GPL-3.0-or-later
# One program a group of behaviours; each links just the layers that it tests.

TEST_EXTENSIONS = .sh .py
check_DATA =
# Nothing that the account of who runs them has set: its folders, its language, its terminal, its limits.
AM_TESTS_ENVIRONMENT = \
	HOME=/nonexistent; export HOME; \
	unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME; \
	LC_ALL=C.UTF-8; export LC_ALL; \
	unset LANGUAGE NO_COLOR COLORTERM COLORFGBG LINES COLUMNS TMUX ENV; \
	unset PYTHONSAFEPATH PYTHONPATH PYTHONOPTIMIZE PYTHONWARNINGS; \
	if test "`ulimit -n`" -lt 1024 2>/dev/null; then ulimit -S -n 1024 || :; fi; \
	USER=tester; export USER; \
	if test $${\#TMPDIR} -gt 60; then unset TMPDIR; fi; \
	TZ=UTC; export TZ; \
	TERM=xterm-256color; export TERM; \
	INPUTRC=/dev/null; export INPUTRC; \
	srcdir='$(srcdir)'; export srcdir; \
	MANDOC='$(MANDOC)'; export MANDOC; \
	TMUX_PROGRAM='$(TMUX_PROGRAM)'; export TMUX_PROGRAM; \
	XGETTEXT='$(XGETTEXT)'; export XGETTEXT; \
	VERSION='$(VERSION)'; export VERSION;

dist_check_SCRIPTS = tests/check-layers tests/check-translations
TESTS += tests/check-layers tests/check-translations

# The list of sources with strings, and the template for translators.
template:
	$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/check-translations --record
.PHONY: template bench-tls bench-return bench-pane bench-face record-screens check-sanitize check-valgrind check-fuzz check-fuzz-dose check-sim check-sim-faults \
	check-attacks

# wire, and the standard that describes it
EXTRA_DIST += tests/golden/frames-1 tests/check-options.py tests/check-protocol-manual.py tests/peer-test.py \
	tests/peer_client.py tests/peer_support.py tests/peer_tls.py tests/peer_wire.py
dist_check_SCRIPTS += tests/check-manuals
TESTS += tests/check-manuals
PY_LOG_COMPILER = $(PYTHON)
if HAVE_PYTHON
TESTS += tests/check-options.py tests/check-protocol-manual.py tests/peer-test.py
endif

# What strangers, members and surroundings do to a host. The same in large, with verdicts: make check-attacks
EXTRA_DIST += tests/attack/figures.py tests/attack/floods.py tests/attack/frames.py tests/attack/half-open.py \
	tests/attack/surroundings.py tests/attack/text.py
EXTRA_PROGRAMS += tests/attack/tls-flood
tests_attack_tls_flood_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
tests_attack_tls_flood_SOURCES = tests/attack/tls-flood.c
tests_attack_tls_flood_LDADD = $(GNUTLS_LIBS)
if HAVE_PYTHON
TESTS += tests/attack/floods.py tests/attack/frames.py tests/attack/half-open.py tests/attack/surroundings.py \
	tests/attack/text.py
tests/attack/floods.log: tests/attack/tls-flood$(EXEEXT)
endif
check-attacks: src/tchat$(EXEEXT) tests/attack/tls-flood$(EXEEXT)
	$(AM_TESTS_ENVIRONMENT) $(PYTHON) $(srcdir)/tests/attack/half-open.py 5000 && \
	$(PYTHON) $(srcdir)/tests/attack/floods.py full

if HAVE_CMOCKA
check_PROGRAMS += tests/unit-wire tests/unit-range tests/unit-message tests/unit-manual tests/unit-dump
tests_unit_wire_CFLAGS = $(test_cflags)
tests_unit_wire_SOURCES = tests/unit-wire.c
tests_unit_wire_LDADD = src/libwire.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
tests_unit_dump_CFLAGS = $(test_cflags)
tests_unit_dump_SOURCES = tests/unit-dump.c src/app/dump.c src/app/dump.h \
	src/app/keep.c src/app/keep.h src/app/options.c src/app/options.h src/app/settings.c src/app/settings.h
tests_unit_dump_LDADD = src/libwire.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
tests_unit_manual_CFLAGS = $(test_cflags)
tests_unit_manual_SOURCES = tests/unit-manual.c
tests_unit_manual_LDADD = $(trust_libs) src/libwire.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
tests_unit_range_CFLAGS = $(test_cflags)
tests_unit_range_SOURCES = tests/unit-range.c
tests_unit_range_LDADD = src/libwire.a src/libbase.a $(CMOCKA_LIBS)

tests_unit_message_CFLAGS = $(test_cflags)
tests_unit_message_SOURCES = tests/unit-message.c
tests_unit_message_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
tests_unit_message_LDADD = src/libwire.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
endif

# Golden screens: make record-screens writes them anew.
EXTRA_DIST += tests/golden
if HAVE_CMOCKA
ui_libs = src/libui.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
check_PROGRAMS += tests/unit-text
tests_unit_text_CFLAGS = $(test_cflags) $(UTF8PROC_CFLAGS)
tests_unit_text_SOURCES = tests/unit-text.c tests/width-corpus.def
tests_unit_text_LDADD = src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

# By hand: tests/terminals/widths.py asks real terminals.
EXTRA_DIST += tests/terminals/widths.py
EXTRA_PROGRAMS += tests/show-width
tests_show_width_SOURCES = tests/show-width.c tests/width-corpus.def
tests_show_width_LDADD = src/libbase.a $(UTF8PROC_LIBS) $(LIBINTL)

check_PROGRAMS += tests/unit-ui-pane
tests_unit_ui_pane_CFLAGS = $(test_cflags)
tests_unit_ui_pane_SOURCES = tests/unit-ui-pane.c tests/shown-messages.h
tests_unit_ui_pane_LDADD = $(ui_libs)

check_PROGRAMS += tests/unit-ui-list
tests_unit_ui_list_CFLAGS = $(test_cflags)
tests_unit_ui_list_SOURCES = tests/unit-ui-list.c tests/shown-messages.h
tests_unit_ui_list_LDADD = $(ui_libs)

check_PROGRAMS += tests/unit-ui-widgets
tests_unit_ui_widgets_CFLAGS = $(test_cflags)
tests_unit_ui_widgets_SOURCES = tests/unit-ui-widgets.c
tests_unit_ui_widgets_LDADD = $(ui_libs)

check_PROGRAMS += tests/unit-links
tests_unit_links_CFLAGS = $(test_cflags)
tests_unit_links_SOURCES = tests/unit-links.c
tests_unit_links_LDADD = $(ui_libs)

check_PROGRAMS += tests/unit-answers
tests_unit_answers_CFLAGS = $(test_cflags)
tests_unit_answers_SOURCES = tests/unit-answers.c
tests_unit_answers_LDADD = $(ui_libs)

check_PROGRAMS += tests/unit-ui-screen
tests_unit_ui_screen_CFLAGS = $(test_cflags)
tests_unit_ui_screen_SOURCES = tests/unit-ui-screen.c tests/golden_screen.c tests/golden_screen.h
tests_unit_ui_screen_LDADD = $(ui_libs)

# Figures, not part of make check: make bench-pane
EXTRA_PROGRAMS += tests/bench/bench-pane
tests_bench_bench_pane_SOURCES = tests/bench/bench-pane.c
tests_bench_bench_pane_LDADD = src/libui.a src/libbase.a $(UTF8PROC_LIBS) $(LIBINTL)
bench-pane: tests/bench/bench-pane
	$(AM_TESTS_ENVIRONMENT) tests/bench/bench-pane

# The same of the whole full screen, on a terminal: make bench-face
EXTRA_DIST += tests/bench/face.py
bench-face: src/tchat
	$(PYTHON) $(srcdir)/tests/bench/face.py src/tchat

record-screens: tests/unit-ui-screen
	$(AM_TESTS_ENVIRONMENT) RECORD_SCREENS=1 tests/unit-ui-screen
endif

if HAVE_CMOCKA
test_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)

check_PROGRAMS += tests/unit-base
tests_unit_base_CFLAGS = $(test_cflags)
tests_unit_base_SOURCES = tests/unit-base.c
tests_unit_base_LDADD = src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

EXTRA_PROGRAMS += tests/bench/idle-crowd
tests_bench_idle_crowd_SOURCES = tests/bench/idle-crowd.c
tests_bench_idle_crowd_LDADD = src/libnet.a src/libbase.a $(LIBINTL)
if HAVE_SQLITE
EXTRA_PROGRAMS += tests/bench/history
tests_bench_history_SOURCES = tests/bench/history.c
tests_bench_history_LDADD = src/libstore.a src/libwire.a src/libbase.a $(SQLITE_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
endif
EXTRA_PROGRAMS += tests/bench/tls
tests_bench_tls_SOURCES = tests/bench/tls.c
tests_bench_tls_LDADD = src/libnet.a src/libwire.a $(trust_libs) src/libbase.a $(UTF8PROC_LIBS) $(LIBINTL)
bench-tls: tests/bench/tls src/tchat
	$(AM_TESTS_ENVIRONMENT) tests/bench/tls
# Everybody comes back after the host's restart: make bench-return
EXTRA_PROGRAMS += tests/bench/return
tests_bench_return_SOURCES = tests/bench/return.c src/app/link.c src/app/link.h src/app/connection.c src/app/connection.h
tests_bench_return_LDADD = src/libclient.a src/libnet.a src/libstore.a $(trust_libs) src/libwire.a src/libbase.a \
	$(SQLITE_LIBS) $(ICU_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
bench-return: tests/bench/return src/tchat
	$(AM_TESTS_ENVIRONMENT) tests/bench/return
EXTRA_PROGRAMS += tests/bench/host
tests_bench_host_SOURCES = tests/bench/host.c
tests_bench_host_LDADD = src/libhost.a src/libstore.a $(trust_libs) src/libwire.a src/libbase.a $(ICU_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

net_libs = src/libnet.a src/libbase.a $(CMOCKA_LIBS) $(LIBINTL)

check_PROGRAMS += tests/unit-net-loop
tests_unit_net_loop_CFLAGS = $(test_cflags)
tests_unit_net_loop_SOURCES = tests/unit-net-loop.c tests/virtual_time.c tests/virtual_time.h
tests_unit_net_loop_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic,--wrap=poll,--wrap=epoll_wait \
	-Wl,--wrap=epoll_ctl,--wrap=realloc
tests_unit_net_loop_LDADD = $(net_libs)

check_PROGRAMS += tests/unit-net-rounds
tests_unit_net_rounds_CFLAGS = $(test_cflags)
tests_unit_net_rounds_SOURCES = tests/unit-net-rounds.c tests/virtual_time.c tests/virtual_time.h
tests_unit_net_rounds_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic,--wrap=poll
tests_unit_net_rounds_LDADD = $(net_libs)

check_PROGRAMS += tests/unit-net-stream
tests_unit_net_stream_CFLAGS = $(test_cflags)
tests_unit_net_stream_SOURCES = tests/unit-net-stream.c tests/fault_stream.c tests/fault_stream.h
tests_unit_net_stream_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=recv,--wrap=sendmsg
tests_unit_net_stream_LDADD = $(net_libs)

check_PROGRAMS += tests/unit-half-open
tests_unit_half_open_CFLAGS = $(test_cflags)
tests_unit_half_open_SOURCES = tests/unit-half-open.c src/app/half_open.c src/app/half_open.h
tests_unit_half_open_LDADD = $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit-net-tls
tests_unit_net_tls_CFLAGS = $(test_cflags) $(GNUTLS_CFLAGS)
tests_unit_net_tls_SOURCES = tests/unit-net-tls.c tests/tls-scene.h tests/fault_stream.c tests/fault_stream.h
tests_unit_net_tls_LDADD = src/libnet.a $(trust_libs) src/libbase.a $(CMOCKA_LIBS) $(LIBINTL)
check_PROGRAMS += tests/unit-net-tls-hostile
tests_unit_net_tls_hostile_CFLAGS = $(test_cflags) $(GNUTLS_CFLAGS)
tests_unit_net_tls_hostile_SOURCES = tests/unit-net-tls-hostile.c tests/tls-scene.h tests/fault_stream.c tests/fault_stream.h
tests_unit_net_tls_hostile_LDADD = src/libnet.a $(trust_libs) src/libbase.a $(CMOCKA_LIBS) $(LIBINTL)

check_PROGRAMS += tests/unit-net-listener
tests_unit_net_listener_CFLAGS = $(test_cflags)
tests_unit_net_listener_SOURCES = tests/unit-net-listener.c tests/virtual_time.c tests/virtual_time.h
tests_unit_net_listener_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic,--wrap=poll,--wrap=accept4 \
	-Wl,--wrap=accept,--wrap=bind,--wrap=socket,--wrap=getaddrinfo,--wrap=freeaddrinfo
tests_unit_net_listener_LDADD = $(net_libs)

check_PROGRAMS += tests/unit-net-resolve
tests_unit_net_resolve_CFLAGS = $(test_cflags)
tests_unit_net_resolve_SOURCES = tests/unit-net-resolve.c
tests_unit_net_resolve_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getaddrinfo
tests_unit_net_resolve_LDADD = $(net_libs)

check_PROGRAMS += tests/unit-net-dial
tests_unit_net_dial_CFLAGS = $(test_cflags)
tests_unit_net_dial_SOURCES = tests/unit-net-dial.c tests/virtual_time.c tests/virtual_time.h
tests_unit_net_dial_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic,--wrap=poll,--wrap=connect \
	-Wl,--wrap=socket,--wrap=getaddrinfo,--wrap=freeaddrinfo
tests_unit_net_dial_LDADD = $(net_libs)

check_PROGRAMS += tests/unit-address
tests_unit_address_CFLAGS = $(test_cflags)
tests_unit_address_SOURCES = tests/unit-address.c
tests_unit_address_LDADD = src/libwire.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

client_libs = src/libclient.a src/libstore.a src/libtrust.a $(GNUTLS_LIBS) src/libwire.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
client_fake = tests/fake-host.c tests/fake-host.h

check_PROGRAMS += tests/unit-client-session
tests_unit_client_session_CFLAGS = $(test_cflags)
tests_unit_client_session_SOURCES = tests/unit-client-session.c $(client_fake)
tests_unit_client_session_LDADD = $(client_libs)

check_PROGRAMS += tests/unit-joined
tests_unit_joined_CFLAGS = $(test_cflags)
tests_unit_joined_SOURCES = tests/unit-joined.c tests/flaky-store.c tests/flaky-store.h
tests_unit_joined_LDADD = src/libclient.a src/libhost.a src/libstore.a $(client_libs) $(ICU_LIBS)

check_PROGRAMS += tests/unit-client-follow
tests_unit_client_follow_CFLAGS = $(test_cflags)
tests_unit_client_follow_SOURCES = tests/unit-client-follow.c $(client_fake)
tests_unit_client_follow_LDADD = $(client_libs)

check_PROGRAMS += tests/unit-client-door
tests_unit_client_door_CFLAGS = $(test_cflags)
tests_unit_client_door_SOURCES = tests/unit-client-door.c $(client_fake)
tests_unit_client_door_LDADD = $(client_libs)
check_PROGRAMS += tests/unit-client-moderation
tests_unit_client_moderation_CFLAGS = $(test_cflags)
tests_unit_client_moderation_SOURCES = tests/unit-client-moderation.c $(client_fake)
tests_unit_client_moderation_LDADD = $(client_libs)

check_PROGRAMS += tests/unit-client-hostile
tests_unit_client_hostile_CFLAGS = $(test_cflags)
tests_unit_client_hostile_SOURCES = tests/unit-client-hostile.c $(client_fake)
tests_unit_client_hostile_LDADD = $(client_libs)

check_PROGRAMS += tests/unit-client-posts
tests_unit_client_posts_CFLAGS = $(test_cflags)
tests_unit_client_posts_SOURCES = tests/unit-client-posts.c tests/client-posts.h $(client_fake)
tests_unit_client_posts_LDADD = $(client_libs)

check_PROGRAMS += tests/unit-client-repeats
tests_unit_client_repeats_CFLAGS = $(test_cflags)
tests_unit_client_repeats_SOURCES = tests/unit-client-repeats.c tests/client-posts.h $(client_fake)
tests_unit_client_repeats_LDADD = $(client_libs)

check_PROGRAMS += tests/unit-client-marks
tests_unit_client_marks_CFLAGS = $(test_cflags)
tests_unit_client_marks_SOURCES = tests/unit-client-marks.c $(client_fake)
tests_unit_client_marks_LDADD = $(client_libs)

check_PROGRAMS += tests/unit-client-changes
tests_unit_client_changes_CFLAGS = $(test_cflags)
tests_unit_client_changes_SOURCES = tests/unit-client-changes.c $(client_fake)
tests_unit_client_changes_LDADD = $(client_libs)

check_PROGRAMS += tests/unit-client-rooms
tests_unit_client_rooms_CFLAGS = $(test_cflags)
tests_unit_client_rooms_SOURCES = tests/unit-client-rooms.c $(client_fake)
tests_unit_client_rooms_LDADD = $(client_libs)

check_PROGRAMS += tests/unit-tokenizer tests/unit-pacer
tests_unit_tokenizer_CFLAGS = $(test_cflags)
tests_unit_tokenizer_SOURCES = tests/unit-tokenizer.c
tests_unit_tokenizer_LDADD = src/libui.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
tests_unit_pacer_CFLAGS = $(test_cflags)
tests_unit_pacer_SOURCES = tests/unit-pacer.c
tests_unit_pacer_LDADD = src/libui.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

editor_libs = src/libui.a src/libbase.a $(CMOCKA_LIBS) $(READLINE_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
check_PROGRAMS += tests/unit-line-editor tests/unit-line-history tests/unit-line-completion
tests_unit_line_editor_CFLAGS = $(test_cflags) $(READLINE_CFLAGS)
tests_unit_line_editor_SOURCES = tests/unit-line-editor.c tests/editor-keys.h
tests_unit_line_editor_LDADD = $(editor_libs)
tests_unit_line_history_CFLAGS = $(test_cflags)
tests_unit_line_history_SOURCES = tests/unit-line-history.c tests/editor-keys.h
tests_unit_line_history_LDADD = $(editor_libs)
tests_unit_line_completion_CFLAGS = $(test_cflags)
tests_unit_line_completion_SOURCES = tests/unit-line-completion.c tests/editor-keys.h
tests_unit_line_completion_LDADD = $(editor_libs)

if HAVE_VTERM
check_LIBRARIES += tests/libpty.a
tests_libpty_a_CFLAGS = $(test_cflags) $(VTERM_CFLAGS)
tests_libpty_a_SOURCES = tests/pty.c tests/pty.h tests/pty_inside.h tests/pty_screen.c
pty_libs = tests/libpty.a $(CMOCKA_LIBS) $(VTERM_LIBS)

check_PROGRAMS += tests/unit-pty
tests_unit_pty_CFLAGS = $(test_cflags)
tests_unit_pty_SOURCES = tests/unit-pty.c
tests_unit_pty_LDADD = $(pty_libs)

# The program that these drive is no test itself.
EXTRA_PROGRAMS += tests/drive-terminal
tests_drive_terminal_SOURCES = tests/drive-terminal.c
tests_drive_terminal_LDADD = src/libui.a src/libbase.a $(CURSES_LIBS) $(READLINE_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

check_PROGRAMS += tests/pty-terminal tests/pty-terminal-kinds tests/pty-restore
tests_pty_terminal_CFLAGS = $(test_cflags)
tests_pty_terminal_SOURCES = tests/pty-terminal.c tests/drive-terminal.h
tests_pty_terminal_LDADD = $(pty_libs)
EXTRA_tests_pty_terminal_DEPENDENCIES = tests/drive-terminal
tests_pty_terminal_kinds_CFLAGS = $(test_cflags)
tests_pty_terminal_kinds_SOURCES = tests/pty-terminal-kinds.c tests/drive-terminal.h
tests_pty_terminal_kinds_LDADD = $(pty_libs)
EXTRA_tests_pty_terminal_kinds_DEPENDENCIES = tests/drive-terminal
tests_pty_restore_CFLAGS = $(test_cflags)
tests_pty_restore_SOURCES = tests/pty-restore.c tests/drive-terminal.h
tests_pty_restore_LDADD = $(pty_libs)
EXTRA_tests_pty_restore_DEPENDENCIES = tests/drive-terminal

check_PROGRAMS += tests/pty-width
tests_pty_width_CFLAGS = $(test_cflags)
tests_pty_width_SOURCES = tests/pty-width.c tests/width-corpus.def
tests_pty_width_LDADD = $(pty_libs) src/libbase.a $(UTF8PROC_LIBS) $(LIBINTL)
EXTRA_tests_pty_width_DEPENDENCIES = src/tchat

# The real program, on terminals.
check_LIBRARIES += tests/libscene.a
tests_libscene_a_CFLAGS = $(test_cflags)
tests_libscene_a_SOURCES = tests/scene.c tests/scene.h
check_PROGRAMS += tests/pty-face
tests_pty_face_CFLAGS = $(test_cflags)
tests_pty_face_SOURCES = tests/pty-face.c
tests_pty_face_LDADD = tests/libscene.a $(pty_libs)
EXTRA_tests_pty_face_DEPENDENCIES = src/tchat
check_PROGRAMS += tests/pty-door
tests_pty_door_CFLAGS = $(test_cflags)
tests_pty_door_SOURCES = tests/pty-door.c
tests_pty_door_LDADD = tests/libscene.a $(pty_libs)
EXTRA_tests_pty_door_DEPENDENCIES = src/tchat
check_PROGRAMS += tests/pty-face-owner
tests_pty_face_owner_CFLAGS = $(test_cflags)
tests_pty_face_owner_SOURCES = tests/pty-face-owner.c
tests_pty_face_owner_LDADD = tests/libscene.a $(pty_libs)
EXTRA_tests_pty_face_owner_DEPENDENCIES = src/tchat
check_PROGRAMS += tests/pty-face-keys
tests_pty_face_keys_CFLAGS = $(test_cflags)
tests_pty_face_keys_SOURCES = tests/pty-face-keys.c
tests_pty_face_keys_LDADD = tests/libscene.a $(pty_libs)
EXTRA_tests_pty_face_keys_DEPENDENCIES = src/tchat
check_PROGRAMS += tests/pty-face-changes
tests_pty_face_changes_CFLAGS = $(test_cflags)
tests_pty_face_changes_SOURCES = tests/pty-face-changes.c
tests_pty_face_changes_LDADD = tests/libscene.a $(pty_libs)
EXTRA_tests_pty_face_changes_DEPENDENCIES = src/tchat
check_PROGRAMS += tests/pty-face-history
tests_pty_face_history_CFLAGS = $(test_cflags)
tests_pty_face_history_SOURCES = tests/pty-face-history.c
tests_pty_face_history_LDADD = tests/libscene.a $(pty_libs)
EXTRA_tests_pty_face_history_DEPENDENCIES = src/tchat
check_PROGRAMS += tests/pty-face-read
tests_pty_face_read_CFLAGS = $(test_cflags)
tests_pty_face_read_SOURCES = tests/pty-face-read.c
tests_pty_face_read_LDADD = tests/libscene.a $(pty_libs) $(UTF8PROC_LIBS) $(LIBINTL)
EXTRA_tests_pty_face_read_DEPENDENCIES = src/tchat
check_PROGRAMS += tests/pty-face-view
tests_pty_face_view_CFLAGS = $(test_cflags)
tests_pty_face_view_SOURCES = tests/pty-face-view.c tests/hostile-host.c tests/hostile-host.h
tests_pty_face_view_LDADD = tests/libscene.a $(pty_libs) src/libwire.a src/libbase.a $(UTF8PROC_LIBS) $(LIBINTL)
EXTRA_tests_pty_face_view_DEPENDENCIES = src/tchat
dist_check_SCRIPTS += tests/tmux-face.sh
TESTS += tests/tmux-face.sh
endif

host_libs = src/libhost.a src/libstore.a src/libtrust.a src/libwire.a src/libbase.a $(CMOCKA_LIBS) $(GNUTLS_LIBS) $(ICU_LIBS) \
	$(UTF8PROC_LIBS) $(LIBINTL)
check_PROGRAMS += tests/unit-guests
tests_unit_guests_CFLAGS = $(test_cflags)
tests_unit_guests_SOURCES = tests/unit-guests.c tests/virtual_time.c tests/virtual_time.h \
	src/app/connection.c src/app/connection.h src/app/guests.c src/app/guests.h \
	src/app/half_open.c src/app/half_open.h
tests_unit_guests_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic,--wrap=poll,--wrap=stream_origin
tests_unit_guests_LDADD = src/libhost.a src/libstore.a src/libwire.a src/libnet.a $(trust_libs) src/libbase.a \
	$(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(ICU_LIBS) $(SQLITE_LIBS) $(LIBINTL)
check_PROGRAMS += tests/unit-host-memory
tests_unit_host_memory_CFLAGS = $(test_cflags)
tests_unit_host_memory_SOURCES = tests/unit-host-memory.c tests/failing-memory.c tests/failing-memory.h
tests_unit_host_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
tests_unit_host_memory_LDADD = $(host_libs)
check_PROGRAMS += tests/unit-memory
tests_unit_memory_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS) $(UTF8PROC_CFLAGS)
tests_unit_memory_SOURCES = tests/unit-memory.c tests/memory-world.c tests/memory-world.h tests/failing-memory.c \
	tests/failing-memory-more.c tests/failing-memory.h
tests_unit_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup,--wrap=strndup \
	-Wl,--wrap=utf8proc_map,--wrap=buffer_reserve,--wrap=buffer_put,--wrap=clock_monotonic
if HAVE_SQLITE
tests_unit_memory_SOURCES += tests/client-folder.h tests/temporary-folder.h tests/fault_vfs.c tests/fault_vfs.h
tests_unit_memory_LDFLAGS += -Wl,--wrap=fsync
endif
tests_unit_memory_LDADD = src/libclient.a src/libhost.a src/libstore.a $(client_libs) $(SQLITE_LIBS) $(ICU_LIBS)
store_files = tests/store-folder.h tests/store-rounds.h tests/temporary-folder.h
check_PROGRAMS += tests/unit-store tests/unit-store-changes
tests_unit_store_CFLAGS = $(test_cflags)
tests_unit_store_SOURCES = tests/unit-store.c tests/back-ends.h $(store_files)
tests_unit_store_LDADD = $(host_libs) $(SQLITE_LIBS)
tests_unit_store_changes_CFLAGS = $(test_cflags)
tests_unit_store_changes_SOURCES = tests/unit-store-changes.c tests/back-ends.h $(store_files)
tests_unit_store_changes_LDADD = $(host_libs) $(SQLITE_LIBS)
if HAVE_SQLITE
check_PROGRAMS += tests/unit-store-search
tests_unit_store_search_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_store_search_SOURCES = tests/unit-store-search.c $(store_files)
tests_unit_store_search_LDADD = $(host_libs) $(SQLITE_LIBS)
check_PROGRAMS += tests/unit-store-sqlite tests/unit-store-limits tests/unit-store-folder tests/unit-store-faults \
	tests/unit-store-look tests/unit-data-place
tests_unit_store_look_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_store_look_SOURCES = tests/unit-store-look.c $(store_files)
tests_unit_store_look_LDADD = $(host_libs) $(SQLITE_LIBS)
tests_unit_data_place_CFLAGS = $(test_cflags)
tests_unit_data_place_SOURCES = tests/unit-data-place.c src/app/data_place.c src/app/data_place.h
tests_unit_data_place_LDADD = $(host_libs) $(SQLITE_LIBS)
tests_unit_store_sqlite_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_store_sqlite_SOURCES = tests/unit-store-sqlite.c tests/store-sql.h $(store_files)
tests_unit_store_sqlite_LDADD = $(host_libs) $(SQLITE_LIBS)
tests_unit_store_limits_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_store_limits_SOURCES = tests/unit-store-limits.c tests/store-sql.h $(store_files)
tests_unit_store_limits_LDADD = $(host_libs) $(SQLITE_LIBS)
tests_unit_store_folder_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_store_folder_SOURCES = tests/unit-store-folder.c $(store_files)
tests_unit_store_folder_LDADD = $(host_libs) $(SQLITE_LIBS)
tests_unit_store_faults_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_store_faults_SOURCES = tests/unit-store-faults.c tests/fault_vfs.c tests/fault_vfs.h $(store_files)
tests_unit_store_faults_LDADD = $(host_libs) $(SQLITE_LIBS)
check_PROGRAMS += tests/unit-store-backup
tests_unit_store_backup_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_store_backup_SOURCES = tests/unit-store-backup.c $(store_files)
tests_unit_store_backup_LDADD = $(host_libs) $(SQLITE_LIBS)
fault_files = tests/client-folder.h tests/temporary-folder.h tests/fault_vfs.c tests/fault_vfs.h
check_PROGRAMS += tests/unit-client-store tests/unit-client-outbox
tests_unit_client_store_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_client_store_SOURCES = tests/unit-client-store.c tests/client-outbox.h $(fault_files)
tests_unit_client_store_LDADD = src/libstore.a src/libwire.a src/libbase.a $(CMOCKA_LIBS) $(SQLITE_LIBS) \
	$(UTF8PROC_LIBS) $(LIBINTL)
tests_unit_client_outbox_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_client_outbox_SOURCES = tests/unit-client-outbox.c tests/client-outbox.h $(fault_files)
tests_unit_client_outbox_LDADD = $(tests_unit_client_store_LDADD)
life_files = tests/client-life.h $(fault_files) $(client_fake)
check_PROGRAMS += tests/unit-client-stored tests/unit-client-cache tests/unit-client-lost
tests_unit_client_stored_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_client_stored_SOURCES = tests/unit-client-stored.c $(life_files)
tests_unit_client_stored_LDADD = $(client_libs) $(SQLITE_LIBS)
tests_unit_client_cache_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_client_cache_SOURCES = tests/unit-client-cache.c $(life_files)
tests_unit_client_cache_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc
tests_unit_client_cache_LDADD = $(client_libs) $(SQLITE_LIBS)
tests_unit_client_lost_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_unit_client_lost_SOURCES = tests/unit-client-lost.c $(life_files)
tests_unit_client_lost_LDADD = $(client_libs) $(SQLITE_LIBS)
endif
check_PROGRAMS += tests/unit-host-handshake
tests_unit_host_handshake_CFLAGS = $(test_cflags)
tests_unit_host_handshake_SOURCES = tests/unit-host-handshake.c tests/wire-peer.h
tests_unit_host_handshake_LDADD = $(host_libs)
check_PROGRAMS += tests/unit-host-rooms
tests_unit_host_rooms_CFLAGS = $(test_cflags)
tests_unit_host_rooms_SOURCES = tests/unit-host-rooms.c tests/wire-peer.h
tests_unit_host_rooms_LDADD = $(host_libs)

check_PROGRAMS += tests/unit-host-attacks
tests_unit_host_attacks_CFLAGS = $(test_cflags)
tests_unit_host_attacks_SOURCES = tests/unit-host-attacks.c tests/wire-peer.h
tests_unit_host_attacks_LDADD = $(host_libs)
check_PROGRAMS += tests/unit-host-bookmarks
tests_unit_host_bookmarks_CFLAGS = $(test_cflags)
tests_unit_host_bookmarks_SOURCES = tests/unit-host-bookmarks.c tests/delay-store.h tests/door-peer.h tests/wire-peer.h
tests_unit_host_bookmarks_LDADD = $(host_libs)

check_PROGRAMS += tests/unit-host-door tests/unit-host-invitations tests/unit-host-accounts tests/unit-host-mix \
	tests/unit-host-nicks
tests_unit_host_mix_CFLAGS = $(test_cflags)
tests_unit_host_mix_SOURCES = tests/unit-host-mix.c tests/delay-store.h tests/door-peer.h tests/wire-peer.h
tests_unit_host_mix_LDADD = $(host_libs)
tests_unit_host_nicks_CFLAGS = $(test_cflags)
tests_unit_host_nicks_SOURCES = tests/unit-host-nicks.c tests/door-peer.h tests/wire-peer.h
tests_unit_host_nicks_LDADD = $(host_libs)
tests_unit_host_door_CFLAGS = $(test_cflags)
tests_unit_host_door_SOURCES = tests/unit-host-door.c tests/door-peer.h tests/wire-peer.h
tests_unit_host_door_LDADD = $(host_libs)
tests_unit_host_invitations_CFLAGS = $(test_cflags)
tests_unit_host_invitations_SOURCES = tests/unit-host-invitations.c tests/door-peer.h tests/wire-peer.h
tests_unit_host_invitations_LDADD = $(host_libs)
tests_unit_host_accounts_CFLAGS = $(test_cflags)
tests_unit_host_accounts_SOURCES = tests/unit-host-accounts.c tests/delay-store.h tests/door-peer.h tests/wire-peer.h
tests_unit_host_accounts_LDADD = $(host_libs)
check_PROGRAMS += tests/unit-host-kept
tests_unit_host_kept_CFLAGS = $(test_cflags)
tests_unit_host_kept_SOURCES = tests/unit-host-kept.c tests/delay-store.h tests/door-peer.h tests/wire-peer.h
tests_unit_host_kept_LDADD = $(host_libs)
check_PROGRAMS += tests/unit-host-limits
tests_unit_host_limits_CFLAGS = $(test_cflags)
tests_unit_host_limits_SOURCES = tests/unit-host-limits.c tests/door-peer.h tests/wire-peer.h
tests_unit_host_limits_LDADD = $(host_libs)
check_PROGRAMS += tests/unit-host-moderation
tests_unit_host_moderation_CFLAGS = $(test_cflags)
tests_unit_host_moderation_SOURCES = tests/unit-host-moderation.c tests/moderation-peer.h tests/door-peer.h tests/wire-peer.h
tests_unit_host_moderation_LDADD = $(host_libs)
check_PROGRAMS += tests/unit-host-rules
tests_unit_host_rules_CFLAGS = $(test_cflags)
tests_unit_host_rules_SOURCES = tests/unit-host-rules.c tests/moderation-peer.h tests/door-peer.h tests/wire-peer.h
tests_unit_host_rules_LDADD = $(host_libs)
check_PROGRAMS += tests/unit-host-status
tests_unit_host_status_CFLAGS = $(test_cflags)
tests_unit_host_status_SOURCES = tests/unit-host-status.c tests/door-peer.h tests/wire-peer.h
tests_unit_host_status_LDADD = $(host_libs)
check_PROGRAMS += tests/unit-host-order
tests_unit_host_order_CFLAGS = $(test_cflags)
tests_unit_host_order_SOURCES = tests/unit-host-order.c tests/delay-store.h tests/wire-peer.h
tests_unit_host_order_LDADD = $(host_libs)
check_PROGRAMS += tests/unit-host-delivery
tests_unit_host_delivery_CFLAGS = $(test_cflags)
tests_unit_host_delivery_SOURCES = tests/unit-host-delivery.c tests/delivery-peer.h tests/wire-peer.h
tests_unit_host_delivery_LDADD = $(host_libs)
check_PROGRAMS += tests/unit-host-history tests/unit-host-backlog
tests_unit_host_history_CFLAGS = $(test_cflags)
tests_unit_host_history_SOURCES = tests/unit-host-history.c tests/delay-store.h tests/delivery-peer.h tests/wire-peer.h
tests_unit_host_history_LDADD = $(host_libs)
tests_unit_host_backlog_CFLAGS = $(test_cflags)
tests_unit_host_backlog_SOURCES = tests/unit-host-backlog.c tests/delay-store.h tests/delivery-peer.h tests/wire-peer.h
tests_unit_host_backlog_LDADD = $(host_libs)

check_PROGRAMS += tests/unit-host-changes
tests_unit_host_changes_CFLAGS = $(test_cflags)
tests_unit_host_changes_SOURCES = tests/unit-host-changes.c tests/delivery-peer.h tests/wire-peer.h
tests_unit_host_changes_LDADD = $(host_libs)

check_PROGRAMS += tests/unit-known-hosts
tests_unit_known_hosts_CFLAGS = $(test_cflags)
tests_unit_known_hosts_SOURCES = tests/unit-known-hosts.c tests/temporary-folder.h
tests_unit_known_hosts_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=rename
tests_unit_known_hosts_LDADD = src/libstore.a src/libwire.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

check_PROGRAMS += tests/unit-identity
tests_unit_identity_CFLAGS = $(test_cflags) $(GNUTLS_CFLAGS)
tests_unit_identity_SOURCES = tests/unit-identity.c tests/temporary-folder.h
tests_unit_identity_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=link,--wrap=fsync
tests_unit_identity_LDADD = src/libtrust.a src/libbase.a $(CMOCKA_LIBS) $(GNUTLS_LIBS) $(LIBINTL)

check_PROGRAMS += tests/unit-secrecy
tests_unit_secrecy_CFLAGS = $(test_cflags)
tests_unit_secrecy_SOURCES = tests/unit-secrecy.c
tests_unit_secrecy_LDADD = src/libsystem.a $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit-log
tests_unit_log_CFLAGS = $(test_cflags)
tests_unit_log_SOURCES = tests/unit-log.c
tests_unit_log_LDADD = src/libsystem.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

check_PROGRAMS += tests/unit-guard
tests_unit_guard_CFLAGS = $(test_cflags)
tests_unit_guard_SOURCES = tests/unit-guard.c src/app/guard.c src/app/guard.h src/app/data_place.c src/app/data_place.h \
	src/app/keep.c src/app/keep.h src/app/options.c src/app/options.h src/app/settings.c src/app/settings.h
tests_unit_guard_LDADD = src/libnet.a src/libstore.a src/libwire.a $(system_libs) $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

check_PROGRAMS += tests/unit-sandbox
tests_unit_sandbox_CFLAGS = $(test_cflags)
tests_unit_sandbox_SOURCES = tests/unit-sandbox.c
tests_unit_sandbox_LDADD = src/libnet.a $(system_libs) $(CMOCKA_LIBS) $(LIBINTL)

check_PROGRAMS += tests/unit-host-trust
tests_unit_host_trust_CFLAGS = $(test_cflags)
tests_unit_host_trust_SOURCES = tests/unit-host-trust.c tests/temporary-folder.h src/app/host_trust.c src/app/host_trust.h
tests_unit_host_trust_LDADD = src/libstore.a src/libtrust.a src/libwire.a src/libbase.a \
	$(CMOCKA_LIBS) $(GNUTLS_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

check_PROGRAMS += tests/unit-trust
tests_unit_trust_CFLAGS = $(test_cflags) $(GNUTLS_CFLAGS)
tests_unit_trust_SOURCES = tests/unit-trust.c
tests_unit_trust_LDADD = src/libtrust.a src/libbase.a $(CMOCKA_LIBS) $(GNUTLS_LIBS) $(LIBINTL)

TESTS += $(check_PROGRAMS)
endif

# Histories that are kept: the real host, killed
EXTRA_DIST += tests/kill-client-test.py tests/kill-test.py tests/reader-test.py tests/bench/accept.py
if HAVE_SQLITE
if HAVE_PYTHON
TESTS += tests/kill-client-test.py tests/kill-test.py tests/reader-test.py
endif
endif

# Disks that fail, clocks that jump, histories that are put back
EXTRA_DIST += tests/faults-test.py tests/fault-preload.c
CLEANFILES += tests/fault-preload.so
tests/fault-preload.so: tests/fault-preload.c
	$(AM_V_CCLD)$(CC) -O1 -shared -fPIC -o $@ $(srcdir)/tests/fault-preload.c -ldl
if HAVE_SQLITE
if HAVE_PYTHON
check_DATA += tests/fault-preload.so
TESTS += tests/faults-test.py
endif
endif

EXTRA_DIST += tests/sandbox-test.py tests/operations-test.py tests/inject-test.py tests/inject-preload.c
CLEANFILES += tests/inject-preload.so
tests/inject-preload.so: tests/inject-preload.c
	$(AM_V_CCLD)$(CC) -O1 -shared -fPIC -o $@ $(srcdir)/tests/inject-preload.c -ldl
if HAVE_PYTHON
check_DATA += tests/inject-preload.so
TESTS += tests/sandbox-test.py tests/inject-test.py
if HAVE_SQLITE
TESTS += tests/operations-test.py
endif
endif

# --fingerprint, --rotate-key
EXTRA_DIST += tests/keys-test.py
if HAVE_PYTHON
TESTS += tests/keys-test.py
endif

# What nobody finds of keys and invitations
EXTRA_DIST += tests/secrets-test.py
if HAVE_PYTHON
TESTS += tests/secrets-test.py
endif

# Who is in between or in a host's place, and who stands before a door
EXTRA_DIST += tests/door-test.py tests/trust-test.py
if HAVE_PYTHON
TESTS += tests/door-test.py tests/trust-test.py
endif

# line mode, JSON mode, --ping
EXTRA_DIST += tests/faces-test.py
if HAVE_PYTHON
TESTS += tests/faces-test.py
endif
if HAVE_CMOCKA
check_PROGRAMS += tests/unit-json tests/unit-lines
tests_unit_json_CFLAGS = $(test_cflags) $(JANSSON_CFLAGS)
tests_unit_json_SOURCES = tests/unit-json.c $(plain_sources)
tests_unit_json_LDADD = $(plain_libs) $(CMOCKA_LIBS)
tests_unit_lines_CFLAGS = $(test_cflags) $(JANSSON_CFLAGS)
tests_unit_lines_SOURCES = tests/unit-lines.c src/app/input.c $(plain_sources)
tests_unit_lines_LDADD = src/libnet.a $(plain_libs) $(CMOCKA_LIBS)
endif

# What any bytes do to whoever reads what others wrote: a small corpus in make check, with libFuzzer in make check-fuzz.
EXTRA_DIST += tests/fuzz/corpus
if HAVE_CMOCKA
dist_check_SCRIPTS += tests/check-corpus.sh
TESTS += tests/check-corpus.sh
if HAVE_SQLITE
fuzz_rows = host-rows client-rows
fuzz_rows_programs = tests/fuzz/host-rows tests/fuzz/client-rows
endif
fuzz_targets = frames host client address config json text tokenizer known-hosts certificate $(fuzz_rows)
fuzz_programs = tests/fuzz/frames tests/fuzz/host tests/fuzz/client tests/fuzz/address tests/fuzz/config tests/fuzz/json \
	tests/fuzz/text tests/fuzz/tokenizer tests/fuzz/known-hosts tests/fuzz/certificate $(fuzz_rows_programs)
EXTRA_PROGRAMS += $(fuzz_programs) tests/fuzz/dictionary
tests/check-corpus.log: $(fuzz_programs)
if FUZZING
fuzz_main = tests/fuzz/fuzz.h
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
fuzz_main = tests/fuzz/replay.c tests/fuzz/fuzz.h
fuzz_ldflags = $(AM_LDFLAGS)
endif
tests_fuzz_dictionary_SOURCES = tests/fuzz/dictionary.c
tests_fuzz_frames_CFLAGS = $(test_cflags)
tests_fuzz_frames_SOURCES = tests/fuzz/frames.c tests/fuzz/stream.h $(fuzz_main)
tests_fuzz_frames_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_frames_LDADD = src/libwire.a src/libbase.a $(UTF8PROC_LIBS) $(LIBINTL)
tests_fuzz_host_CFLAGS = $(test_cflags)
tests_fuzz_host_SOURCES = tests/fuzz/host.c tests/fuzz/stream.h tests/door-peer.h tests/wire-peer.h $(fuzz_main)
tests_fuzz_host_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_host_LDADD = $(host_libs)
tests_fuzz_client_CFLAGS = $(test_cflags)
tests_fuzz_client_SOURCES = tests/fuzz/client.c tests/fuzz/says.h tests/fuzz/stream.h $(client_fake) $(fuzz_main)
tests_fuzz_client_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_client_LDADD = $(client_libs)
tests_fuzz_address_CFLAGS = $(test_cflags)
tests_fuzz_address_SOURCES = tests/fuzz/address.c $(fuzz_main)
tests_fuzz_address_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_address_LDADD = src/libwire.a src/libbase.a $(UTF8PROC_LIBS) $(LIBINTL)
tests_fuzz_config_CFLAGS = $(test_cflags)
tests_fuzz_config_SOURCES = tests/fuzz/config.c $(settings_sources) $(fuzz_main)
tests_fuzz_config_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_config_LDADD = src/libui.a src/libbase.a $(UTF8PROC_LIBS) $(LIBINTL)
tests_fuzz_json_CFLAGS = $(test_cflags) $(JANSSON_CFLAGS)
tests_fuzz_json_SOURCES = tests/fuzz/json.c src/app/json_read.c src/app/json_read.h $(fuzz_main)
tests_fuzz_json_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_json_LDADD = $(plain_libs)
tests_fuzz_text_CFLAGS = $(test_cflags)
tests_fuzz_text_SOURCES = tests/fuzz/text.c $(fuzz_main)
tests_fuzz_text_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_text_LDADD = src/libbase.a $(UTF8PROC_LIBS) $(LIBINTL)
tests_fuzz_tokenizer_CFLAGS = $(test_cflags)
tests_fuzz_tokenizer_SOURCES = tests/fuzz/tokenizer.c $(fuzz_main)
tests_fuzz_tokenizer_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_tokenizer_LDADD = src/libui.a src/libbase.a $(UTF8PROC_LIBS) $(LIBINTL)
tests_fuzz_known_hosts_CFLAGS = $(test_cflags)
tests_fuzz_known_hosts_SOURCES = tests/fuzz/known-hosts.c $(fuzz_main)
tests_fuzz_known_hosts_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_known_hosts_LDADD = src/libstore.a src/libwire.a src/libbase.a $(UTF8PROC_LIBS) $(LIBINTL)
tests_fuzz_certificate_CFLAGS = $(test_cflags) $(GNUTLS_CFLAGS)
tests_fuzz_certificate_SOURCES = tests/fuzz/certificate.c $(fuzz_main)
tests_fuzz_certificate_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_certificate_LDADD = src/libtrust.a src/libbase.a $(GNUTLS_LIBS) $(LIBINTL)
if HAVE_SQLITE
tests_fuzz_host_rows_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_fuzz_host_rows_SOURCES = tests/fuzz/host-rows.c tests/fuzz/rows.h tests/fuzz/stream.h tests/door-peer.h tests/wire-peer.h \
	$(fuzz_main)
tests_fuzz_host_rows_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_host_rows_LDADD = $(host_libs) $(SQLITE_LIBS)
tests_fuzz_client_rows_CFLAGS = $(test_cflags) $(SQLITE_CFLAGS)
tests_fuzz_client_rows_SOURCES = tests/fuzz/client-rows.c tests/fuzz/rows.h tests/fuzz/says.h tests/fuzz/stream.h \
	$(client_fake) $(fuzz_main)
tests_fuzz_client_rows_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_client_rows_LDADD = $(client_libs) $(SQLITE_LIBS)
endif
endif
EXTRA_DIST += tests/run-fuzz.sh
FUZZ_SECONDS = 30
if FUZZING
check-fuzz: $(fuzz_programs) tests/fuzz/dictionary
	srcdir=$(srcdir) $(srcdir)/tests/run-fuzz.sh explore $(FUZZ_SECONDS) $(fuzz_targets)
check-fuzz-dose: $(fuzz_programs) tests/fuzz/dictionary
	srcdir=$(srcdir) $(srcdir)/tests/run-fuzz.sh dose $(fuzz_targets)
else
check-fuzz check-fuzz-dose:
	$(MKDIR_P) fuzz
	test -f fuzz/config.status || { cd fuzz && \
	  $(abs_srcdir)/configure CC='$(SANITIZE_CC)' CFLAGS='-g -O1' --enable-sanitizers --enable-fuzzing --enable-tests; }
	$(MAKE) -C fuzz $@ FUZZ_SECONDS='$(FUZZ_SECONDS)'
endif

# The same suite again with other tools, each in a build of its own below this one.
check-sanitize:
	$(MKDIR_P) sanitize
	test -f sanitize/config.status || { cd sanitize && \
	  $(abs_srcdir)/configure CC='$(SANITIZE_CC)' CFLAGS='-g -O1' \
	    --enable-sanitizers --enable-werror --enable-tests; }
	$(MAKE) -C sanitize check
SANITIZE_CC = clang

# Programs that fork a terminal or count allocations have their own watchers.
check-valgrind: $(check_PROGRAMS)
	tests=; for test in $(check_PROGRAMS); do \
	  case $$test in tests/unit-*) tests="$$tests $$test" ;; esac; \
	done; \
	$(MAKE) check TESTS="$$tests" LOG_COMPILER='$(VALGRIND)' LOG_FLAGS='--quiet --error-exitcode=99 \
	  --leak-check=full --errors-for-leak-kinds=definite --suppressions=$(srcdir)/tests/valgrind.supp'
EXTRA_DIST += tests/valgrind.supp

# Settings, and what is kept for the next start
if HAVE_CMOCKA
settings_sources = src/app/config.c src/app/config.h src/app/config_text.c src/app/config_text.h \
	src/app/keep.c src/app/keep.h src/app/options.c src/app/options.h src/app/settings.c src/app/settings.h
check_PROGRAMS += tests/unit-config tests/unit-drafts
tests_unit_drafts_CFLAGS = $(test_cflags) $(JANSSON_CFLAGS)
tests_unit_drafts_SOURCES = tests/unit-drafts.c tests/one-file.h src/app/drafts.c src/app/drafts.h
tests_unit_drafts_LDADD = src/libbase.a $(CMOCKA_LIBS) $(JANSSON_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
tests_unit_config_CFLAGS = $(test_cflags)
tests_unit_config_SOURCES = tests/unit-config.c tests/one-file.h $(settings_sources)
tests_unit_config_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=write,--wrap=fsync,--wrap=rename,--wrap=fchmod
tests_unit_config_LDADD = src/libui.a src/libbase.a $(CMOCKA_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
if HAVE_VTERM
check_PROGRAMS += tests/pty-settings
tests_pty_settings_CFLAGS = $(test_cflags)
tests_pty_settings_SOURCES = tests/pty-settings.c
tests_pty_settings_LDADD = $(pty_libs)
EXTRA_tests_pty_settings_DEPENDENCIES = src/tchat
endif
endif

# The simulator: a host and its users on one seed, see doc/DELIVERY. make check-sim SEEDS=N, or SEED=k for one.
if HAVE_CMOCKA
if HAVE_SQLITE
check_PROGRAMS += tests/sim/sim
tests_sim_sim_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
tests_sim_sim_SOURCES = tests/sim/sim.h tests/sim/disk.h tests/sim/disk.c tests/sim/vfs.c tests/sim/folder.c \
	tests/sim/system.c tests/sim/memory.c tests/sim/template.c tests/sim/world.c tests/sim/machine.c tests/sim/process.c tests/sim/net.c tests/sim/checker.c \
	tests/sim/check_store.c tests/sim/schedule.c tests/sim/main.c
tests_sim_sim_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic,--wrap=lstat,--wrap=opendir \
	-Wl,--wrap=access,--wrap=db_do,--wrap=malloc,--wrap=calloc,--wrap=realloc
tests_sim_sim_LDADD = src/libclient.a src/libhost.a src/libstore.a $(trust_libs) src/libwire.a src/libbase.a \
	$(SQLITE_LIBS) $(ICU_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
check-sim: tests/sim/sim
	SEED='$(SEED)' SEEDS='$(SEEDS)' START='$(START)' tests/sim/sim
check-sim-faults: tests/sim/sim
	srcdir='$(srcdir)' SEEDS='$(SEEDS)' OBJECTS='$(tests_sim_sim_OBJECTS)' LIBS='$(tests_sim_sim_LDADD) $(LIBS)' \
	COMPILE='$(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(tests_sim_sim_CFLAGS) $(CFLAGS) -w' \
	LINK='$(CCLD) $(AM_CFLAGS) $(CFLAGS) $(tests_sim_sim_LDFLAGS) $(LDFLAGS)' $(srcdir)/tests/sim/check-faults
EXTRA_DIST += tests/sim/check-faults
clean-local:
	rm -rf tests/sim/faults
endif
endif
