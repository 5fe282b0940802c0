# SPDX-License-Identifier: GPL-3.0-or-later
# One library a layer, so that a program or test links just the layers it uses.

noinst_LIBRARIES += src/libbase.a
src_libbase_a_CFLAGS = $(AM_CFLAGS) $(UTF8PROC_CFLAGS) $(ICU_CFLAGS)
src_libbase_a_SOURCES = \
	src/base/block.c src/base/block.h \
	src/base/buffer.c src/base/buffer.h \
	src/base/clock.c src/base/clock.h \
	src/base/errors.c src/base/errors.def src/base/errors.h \
	src/base/intl.h

noinst_LIBRARIES += src/libnet.a
src_libnet_a_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
src_libnet_a_SOURCES = \
	src/net/address.c src/net/address.h \
	src/net/dial.c src/net/dial.h \
	src/net/listener.c src/net/listener.h src/net/listener_inside.h \
	src/net/listener_unix.c \
	src/net/loop.c src/net/loop.h \
	src/net/names.c src/net/names.h \
	src/net/resolve.c src/net/resolve.h \
	src/net/socket.c src/net/socket.h \
	src/net/stream.c src/net/stream.h src/net/stream_filter.h \
	src/net/stream_tls.c src/net/stream_tls.h \
	src/net/timers.c src/net/timers.h \
	src/net/tls_record.h \
	src/net/wake.c

noinst_LIBRARIES += src/libwire.a
src_libwire_a_SOURCES = \
	src/wire/address.c src/wire/address.h \
	src/wire/frame.c src/wire/frame.h \
	src/wire/message.c src/wire/message.h src/wire/messages.def \
	src/wire/print.c \
	src/wire/range.c src/wire/range.h

noinst_LIBRARIES += src/libclient.a
src_libclient_a_SOURCES = \
	src/client/changes.c \
	src/client/connection.c \
	src/client/door.c \
	src/client/event.h \
	src/client/events.c \
	src/client/follow.c \
	src/client/handshake.c \
	src/client/internal.h \
	src/client/moderation.c \
	src/client/marks.c \
	src/client/own.c \
	src/client/posts.c \
	src/client/requests.c \
	src/client/rooms.c \
	src/client/roster.c \
	src/client/session.c src/client/session.h \
	src/client/status.c \
	src/client/stored.c src/client/stored_read.c

bin_PROGRAMS += src/tchat
src_tchat_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
src_tchat_SOURCES = \
	src/app/command_moderation.c \
	src/app/date_text.c src/app/date_text.h \
	src/app/commands.def \
	src/app/config.c src/app/config.h \
	src/app/config_text.c src/app/config_text.h \
	src/app/connection.c src/app/connection.h \
	src/app/drafts.c src/app/drafts.h \
	src/app/dump.c src/app/dump.h \
	src/app/exit_status.h \
	src/app/emoji.c src/app/emoji.h \
	src/app/emoji.def \
	src/app/face.h \
	src/app/face_changes.c src/app/face_changes.h \
	src/app/face_complete.c \
	src/app/face_date.c \
	src/app/face_past.c src/app/face_past.h \
	src/app/face_pick.c \
	src/app/face_event.c \
	src/app/face_json.c \
	src/app/face_keys.c \
	src/app/face_lines.c \
	src/app/face_mouse.c \
	src/app/face_overlay.c \
	src/app/face_room.c src/app/face_room.h \
	src/app/face_screen.c \
	src/app/face_copy.c src/app/face_search.c \
	src/app/face_settings.c \
	src/app/face_state.c \
	src/app/face_submit.c \
	src/app/face_view.c \
	src/app/front.c src/app/front.h \
	src/app/guests.c src/app/guests.h \
	src/app/input.c src/app/input.h \
	src/app/limits.c src/app/limits.h \
	src/app/link.c src/app/link.h \
	src/app/listen.c src/app/listen.h \
	src/app/main.c \
	src/app/options.c src/app/options.def src/app/options.h \
	src/app/output.c src/app/output.h \
	src/app/own_host.c src/app/own_host.h \
	src/app/ping.c \
	src/app/account.c src/app/account.h \
	src/app/command.h src/app/command_history.c src/app/command_identity.c \
	src/app/command_posts.c \
	src/app/door.c src/app/door.h \
	src/app/face_door.c src/app/face_trust.c \
	src/app/half_open.c src/app/half_open.h \
	src/app/host_trust.c src/app/host_trust.h \
	src/app/reach.c src/app/reach.h \
	src/app/secret.c src/app/secret.h \
	src/app/service.c src/app/service.h \
	src/app/service_keys.c src/app/service_keys.h \
	src/app/set.c src/app/set.h \
	src/app/settings.c src/app/settings.h \
	src/app/start.c src/app/start.h \
	src/app/talk.c src/app/talk.h
src_tchat_LDADD = src/libsystem.a src/libui.a src/libnet.a src/libclient.a src/libhost.a src/libstore.a \
	src/libtrust.a src/libwire.a src/libbase.a \
	$(GNUTLS_LIBS) $(ICU_LIBS) $(JANSSON_LIBS) $(READLINE_LIBS) $(CURSES_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)

src_libbase_a_SOURCES += src/base/file.c src/base/file.h src/base/paths.c src/base/paths.h

noinst_LIBRARIES += src/libsystem.a
src_libsystem_a_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
src_libsystem_a_SOURCES = \
	src/system/detach.c src/system/detach.h \
	src/system/log.c src/system/log.h \
	src/system/sandbox.c src/system/sandbox.h src/system/sandbox_inside.h \
	src/system/sandbox_calls.c src/system/sandbox_files.c \
	src/system/secrecy.c src/system/secrecy.h src/system/signals.c src/system/signals.h
system_libs = src/libsystem.a src/libbase.a $(SECCOMP_LIBS)
src_tchat_LDADD += $(SECCOMP_LIBS)

src_libbase_a_SOURCES += \
	src/base/table.h \
	src/base/text.c src/base/text.h \
	src/base/text_filter.h \
	src/base/text_name.c \
	src/base/text_skeleton.c \
	src/base/text_width.c \
	src/base/utf8.c src/base/utf8.h

noinst_LIBRARIES += src/libui.a
src_libui_a_CFLAGS = $(AM_CFLAGS) $(READLINE_CFLAGS) $(CURSES_CFLAGS)
src_libui_a_SOURCES = \
	src/ui/cells.c src/ui/cells.h \
	src/ui/style.c src/ui/style.def src/ui/style.h \
	src/ui/dialogue.c src/ui/dialogue.h src/ui/dialogue_draw.c src/ui/dialogue_inside.h \
	src/ui/help_screen.c src/ui/help_screen.h \
	src/ui/input_line.c src/ui/input_line.h \
	src/ui/member_list.c src/ui/member_list.h \
	src/ui/message_draw.c \
	src/ui/message_list.c src/ui/message_list.h \
	src/ui/message_pane.c src/ui/message_pane.h src/ui/message_pane_inside.h \
	src/ui/message_search.c \
	src/ui/links.c src/ui/links.h \
	src/ui/message_wrap.c src/ui/message_wrap.h \
	src/ui/room_list.c src/ui/room_list.h \
	src/ui/screen.c src/ui/screen.h \
	src/ui/status_line.c src/ui/status_line.h \
	src/ui/term_memory.c src/ui/term_memory.h \
	src/ui/terminal.c src/ui/terminal.h \
	src/ui/theme.c src/ui/theme.def src/ui/theme.h

src_libui_a_SOURCES += \
	src/ui/charset.c src/ui/charset.h \
	src/ui/frame_pacer.c src/ui/frame_pacer.h \
	src/ui/answers.c src/ui/answers.h src/ui/osc.c src/ui/osc.h \
	src/ui/line_editor.c src/ui/line_editor.h src/ui/line_editor_inside.h \
	src/ui/line_editor_cluster.c src/ui/line_editor_history.c \
	src/ui/line_text.c src/ui/line_text.h \
	src/ui/restore.c src/ui/restore.h \
	src/ui/term_curses.c src/ui/term_curses.h \
	src/ui/token.h \
	src/ui/tokenizer.c src/ui/tokenizer.h src/ui/tokenizer_inside.h \
	src/ui/tokenizer_csi.c

noinst_LIBRARIES += src/libstore.a
src_libstore_a_SOURCES = \
	src/store/folder.c src/store/folder.h \
	src/store/client_store.h \
	src/store/hash.c src/store/store.h \
	src/store/outbox.c src/store/outbox.h \
	src/store/memory.c src/store/memory.h \
	src/store/memory_device.c src/store/memory_device.h \
	src/store/memory_record.c src/store/memory_record.h \
	src/store/memory_room.c src/store/memory_room.h \
	src/store/memory_change.c src/store/memory_change.h \
	src/store/change.c src/store/change.h \
	src/store/search.c src/store/search.h \
	src/store/spool.c src/store/spool.h
src_tchat_SOURCES += \
	src/app/data.c src/app/data.h \
	src/app/data_place.c src/app/data_place.h \
	src/app/history.c src/app/history.h \
	src/app/kept.c src/app/kept.h \
	src/app/keep.c src/app/keep.h
if HAVE_SQLITE
src_libstore_a_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
src_libstore_a_SOURCES += \
	src/store/sqlite.c src/store/sqlite.h src/store/sqlite_inside.h \
	src/store/sqlite_client.c src/store/sqlite_client.h src/store/sqlite_client_inside.h \
	src/store/sqlite_client_open.c \
	src/store/sqlite_client_outbox.c \
	src/store/sqlite_client_slot.c \
	src/store/sqlite_client_writer.c \
	src/store/sqlite_db.c src/store/sqlite_db.def src/store/sqlite_db.h \
	src/store/sqlite_backup.c \
	src/store/sqlite_change.c \
	src/store/sqlite_device.c \
	src/store/sqlite_format.c src/store/sqlite_format.h \
	src/store/grams.c src/store/grams.h \
	src/store/sqlite_find.c \
	src/store/sqlite_index.c src/store/sqlite_index.h \
	src/store/sqlite_keep.c \
	src/store/sqlite_look.c src/store/sqlite_look.h \
	src/store/sqlite_open.c \
	src/store/sqlite_reader.c \
	src/store/sqlite_record.c \
	src/store/sqlite_writer.c
src_tchat_LDADD += $(SQLITE_LIBS)
endif

src_tchat_SOURCES += src/app/guard.c src/app/guard.h src/app/service_log.c src/app/service_log.h \
	src/app/service_status.c src/app/service_status.h src/app/command_status.c
src_tchat_SOURCES += src/app/fingerprint.c src/app/fingerprint.h
noinst_LIBRARIES += src/libtrust.a
src_libbase_a_SOURCES += src/base/base64.c src/base/base64.h src/base/wipe.c src/base/wipe.h
src_libstore_a_SOURCES += \
	src/store/known_hosts.c src/store/known_hosts.h \
	src/store/known_hosts_name.c \
	src/store/known_hosts_own.c
src_libtrust_a_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
src_libtrust_a_SOURCES = \
	src/trust/credentials.h \
	src/trust/identity.c src/trust/identity.h \
	src/trust/identity_file.c \
	src/trust/inside.h \
	src/trust/invitation.c \
	src/trust/key.c \
	src/trust/pin.c src/trust/words.def \
	src/trust/trust.h
trust_libs = src/libtrust.a $(GNUTLS_LIBS)
src_tchat_LDADD += $(trust_libs)

noinst_LIBRARIES += src/libhost.a
src_libhost_a_SOURCES = \
	src/host/account.c \
	src/host/audit.c \
	src/host/bookmark.c \
	src/host/door.c src/host/door.h \
	src/host/event.c \
	src/host/fanout.c \
	src/host/gather.c \
	src/host/handshake.c \
	src/host/history.c \
	src/host/host.c src/host/host.h \
	src/host/identity.c \
	src/host/internal.h src/host/types.h \
	src/host/invitation.c \
	src/host/join.c \
	src/host/knock.c \
	src/host/moderate.c \
	src/host/nick.c \
	src/host/peer.c \
	src/host/profile.c \
	src/host/queue.c \
	src/host/registry.c src/host/registry.h \
	src/host/role.c \
	src/host/room.c \
	src/host/status.c \
	src/host/roster.c \
	src/host/rule.c src/host/rule.h \
	src/host/sanction.c \
	src/host/crowd.c \
	src/host/throttle.c \
	src/host/user.c

# What line mode, JSON mode and --ping are made of
plain_sources = \
	src/app/act_text.c src/app/act_text.h \
	src/app/json_event.c src/app/json_event.h \
	src/app/json_read.c src/app/json_read.h \
	src/app/json_write.c src/app/json_write.h \
	src/app/line_text.c src/app/line_text.h \
	src/app/ping_stats.c src/app/ping_stats.h
plain_libs = src/libtrust.a $(GNUTLS_LIBS) src/libwire.a src/libbase.a $(JANSSON_LIBS) $(UTF8PROC_LIBS) $(LIBINTL)
src_tchat_SOURCES += src/app/plain_face.c src/app/plain_face.h $(plain_sources)
src_tchat_LDADD += $(plain_libs)
