/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scripted host; see fake-host.h. */
#include "fake-host.h"

#include "base/errors.h"
#include "wire/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static tchat_time fake_wall(void *arg)
{
	return 1700000000000000u;
}

static void fake_random(void *arg, void *bytes, size_t length)
{
	struct fake *fake = arg;
	for (size_t i = 0; i < length; i++) {
		fake->seed = fake->seed * 6364136223846793005u + 1442695040888963407u;
		((uint8_t *)bytes)[i] = (uint8_t)(fake->seed >> 56);
	}
}

void fake_open(struct fake *fake, struct session_config config)
{
	*fake = (struct fake){ .now = TCHAT_SECONDS(1000), .seed = 1, .host = 1 };
	fake->environment = (struct environment){ fake_wall, fake_random, fake };
	buffer_init(&fake->received, 64 << 20);
	buffer_init(&fake->payload, 1 << 20);
	config.environment = &fake->environment;
	fake->session = session_new(&config);
	assert_non_null(fake->session);
}

void fake_close(struct fake *fake)
{
	session_free(fake->session);
	buffer_free(&fake->received);
	buffer_free(&fake->payload);
}

static void fake_pull(struct fake *fake)
{
	struct iovec iov[4];
	int count;
	while ((count = session_output(fake->session, iov, 4)) > 0) {
		size_t length = 0;
		for (int i = 0; i < count; i++) {
			assert_int_equal(buffer_put(&fake->received, iov[i].iov_base, iov[i].iov_len), 0);
			length += iov[i].iov_len;
		}
		session_consumed(fake->session, length);
	}
}

struct message fake_take_at(struct fake *fake, uint8_t type, const char *file, int line)
{
	struct frame frame;
	struct message message;
	fake_pull(fake);
	int size = frame_peek(&frame, buffer_data(&fake->received), buffer_length(&fake->received), WIRE_LIMIT);
	if (size <= 0) {
		print_error("%s was not sent\n", message_name(type));
		_fail(file, line);
	}
	if (frame.type != type) {
		print_error("%s was sent, not %s\n", message_name(frame.type), message_name(type));
		_fail(file, line);
	}
	buffer_consume(&fake->payload, SIZE_MAX);
	buffer_put(&fake->payload, frame.payload, frame.length);
	int err = message_decode(&message, type, buffer_data(&fake->payload), frame.length);
	if (err != 0) {
		print_error("%s: %s\n", message_name(type), tchat_err_name(err));
		_fail(file, line);
	}
	buffer_consume(&fake->received, (size_t)size);
	return message;
}

const struct session_event *fake_event_at(struct fake *fake, enum session_event_type type, const char *file, int line)
{
	session_next_event(fake->session, &fake->event);
	if (fake->event.type != type) {
		print_error("event %d (code %s), not %d\n", (int)fake->event.type, tchat_err_name(fake->event.code), (int)type);
		_fail(file, line);
	}
	return &fake->event;
}

void fake_quiet_at(struct fake *fake, const char *file, int line)
{
	fake_pull(fake);
	if (buffer_length(&fake->received) > 0) {
		print_error("%s was sent\n", message_name(buffer_data(&fake->received)[0]));
		_fail(file, line);
	}
	fake_event_at(fake, SESSION_NOTHING, file, line);
}

void fake_failed_at(struct fake *fake, int err, const char *file, int line)
{
	if (!session_closing(fake->session)) {
		print_error("the session goes on\n");
		_fail(file, line);
	}
	if (-err >= 64) {
		struct message message = fake_take_at(fake, WIRE_ERROR, file, line);
		assert_int_equal(message.error.code, -err);
		assert_int_equal(message.error.request, 0);
	}
	fake_pull(fake);
	assert_int_equal(buffer_length(&fake->received), 0);
	session_disconnected(fake->session, 0, fake->now);
	while (session_next_event(fake->session, &fake->event) && fake->event.type != SESSION_DISCONNECTED) {
	}
	if (fake->event.type != SESSION_DISCONNECTED || fake->event.code != err) {
		print_error("disconnected: %s, not %s\n", tchat_err_name(fake->event.code), tchat_err_name(err));
		_fail(file, line);
	}
}

void fake_bytes(struct fake *fake, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	size_t most = fake->split != 0 ? fake->split : SESSION_INPUT_MAX;
	while (length > 0) {
		size_t part = length < most ? length : most;
		session_input(fake->session, at, part, fake->now);
		at += part;
		length -= part;
	}
}

void fake_send(struct fake *fake, const struct message *message)
{
	struct buffer frame;
	buffer_init(&frame, 1 << 20);
	assert_int_equal(message_encode(&frame, message), 0);
	fake_bytes(fake, buffer_data(&frame), buffer_length(&frame));
	buffer_free(&frame);
}

void fake_connect(struct fake *fake)
{
	session_dialling(fake->session);
	session_connected(fake->session, NULL, fake->now);
	struct message hello = fake_take(fake, WIRE_HELLO);
	assert_int_equal(hello.hello.magic, WIRE_MAGIC);
	assert_true(hello.hello.tail.length >= 4);
	struct message welcome = { .type = WIRE_WELCOME, .welcome = { .version = 1, .frame_limit = WIRE_LIMIT } };
	memset(welcome.welcome.host, fake->host, WIRE_KEY_SIZE);
	fake_send(fake, &welcome);
	struct message auth = fake_take(fake, WIRE_AUTH);
	fake->lowest_unsettled = auth.auth.lowest_unsettled;
	memcpy(fake->salt, auth.auth.salt, WIRE_KEY_SIZE);
	fake_send(fake, &(struct message){ .type = WIRE_AUTH_OK,
	                                   .auth_ok = { .user = FAKE_USER,
	                                                .device = FAKE_DEVICE,
	                                                .mark = fake->mark,
	                                                .text_limit = WIRE_TEXT_LIMIT,
	                                                .nick = wire_text("ann") } });
	struct session_event connected = *fake_event(fake, SESSION_CONNECTED);
	/* The keep-alive comes last; what came before stays for the test. */
	fake_pull(fake);
	size_t length = buffer_length(&fake->received);
	uint8_t *bytes = buffer_edit(&fake->received);
	struct frame frame = { 0 };
	for (size_t at = 0, size = 0; at < length; at += size) {
		size = (size_t)frame_peek(&frame, bytes + at, length - at, WIRE_LIMIT);
		if (frame.type != WIRE_PING)
			continue;
		fake_send(fake, &(struct message){ .type = WIRE_PONG, .pong = { .payload = { frame.payload, frame.length } } });
		memmove(bytes + at, bytes + at + size, length - at - size);
		buffer_truncate(&fake->received, length - size);
		break;
	}
	fake_event(fake, SESSION_LAG);
	fake->event = connected;
}

void fake_break(struct fake *fake)
{
	fake_pull(fake);
	buffer_consume(&fake->received, SIZE_MAX);
	session_disconnected(fake->session, TCHAT_ERR_CLOSED, fake->now);
	fake_event(fake, SESSION_DISCONNECTED);
}

static struct message msg_of(uint64_t seq, struct message_id id, const char *text)
{
	return (struct message){ .type = WIRE_MSG,
		                 .msg = { .room = FAKE_ROOM,
		                          .seq = seq,
		                          .time = 1700000000000000u + seq,
		                          .id = id,
		                          .sender = id.device == FAKE_DEVICE ? FAKE_USER : 8,
		                          .kind = KIND_TEXT,
		                          .body = wire_text(text),
		                          .nick = wire_text(id.device == FAKE_DEVICE ? "ann" : "bob") } };
}

void fake_record(struct buffer *to, uint64_t seq, struct message_id id, const char *text)
{
	struct message message = msg_of(seq, id, text);
	assert_int_equal(message_encode(to, &message), 0);
}

void fake_msg(struct fake *fake, uint64_t seq, const char *text)
{
	struct message message = msg_of(seq, (struct message_id){ 5, seq }, text);
	fake_send(fake, &message);
}

void fake_page(struct fake *fake, uint32_t request, uint64_t first, uint64_t last, uint8_t flags)
{
	struct buffer records;
	buffer_init(&records, 1 << 20);
	for (uint64_t seq = first; seq <= last; seq++) {
		char text[32];
		snprintf(text, sizeof text, "old %u", (unsigned)seq);
		fake_record(&records, seq, (struct message_id){ 5, seq }, text);
	}
	fake_send(fake, &(struct message){ .type = WIRE_PAGE,
	                                   .page = { .request = request,
	                                             .room = FAKE_ROOM,
	                                             .flags = flags,
	                                             .floor = 1,
	                                             .next = last + 1,
	                                             .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
}

void fake_messages(struct fake *fake, uint64_t first, uint64_t last, bool replay)
{
	for (uint64_t seq = first; seq <= last; seq++) {
		const struct session_event *event = fake_event(fake, SESSION_MESSAGE);
		assert_int_equal(event->seq, seq);
		assert_int_equal(event->replay, replay);
	}
}

uint32_t fake_asked_page(struct fake *fake, uint64_t from)
{
	struct message message = fake_take(fake, WIRE_HISTORY);
	assert_int_equal(message.history.from, from);
	assert_int_equal(message.history.flags, HISTORY_FORWARD | HISTORY_ATTACH);
	assert_int_equal(message.history.room, FAKE_ROOM);
	return message.history.request;
}

void fake_joined(struct fake *fake, uint32_t request, uint8_t flags, uint64_t first, uint64_t last)
{
	fake_send(fake, &(struct message){ .type = WIRE_JOINED,
	                                   .joined = { .request = request,
	                                               .room = FAKE_ROOM,
	                                               .flags = flags,
	                                               .epoch = FAKE_EPOCH,
	                                               .first = first,
	                                               .last = last,
	                                               .members = 1,
	                                               .name = wire_text("lobby") } });
}

void fake_users(struct fake *fake, uint32_t request, uint32_t count)
{
	struct buffer records;
	buffer_init(&records, 1 << 20);
	for (uint32_t i = 0; i < count && i < SESSION_ROSTER_MAX; i++) {
		char nick[16];
		snprintf(nick, sizeof nick, i == 0 ? "ann" : "bob%u", (unsigned)i);
		message_encode(&records, &(struct message){ .type = WIRE_MEMBER,
		                                            .member = { .room = FAKE_ROOM,
		                                                        .user = FAKE_USER + i,
		                                                        .change = MEMBER_PRESENT,
		                                                        .nick = wire_text(nick) } });
	}
	fake_send(fake, &(struct message){ .type = WIRE_USERS,
	                                   .users = { .request = request,
	                                              .room = FAKE_ROOM,
	                                              .total = count,
	                                              .flags = count > SESSION_ROSTER_MAX ? PAGE_MORE : 0,
	                                              .records = { buffer_data(&records), buffer_length(&records) } } });
	buffer_free(&records);
}

void fake_roster(struct fake *fake)
{
	fake_users(fake, fake_take(fake, WIRE_NAMES).names.request, 1);
	fake_event(fake, SESSION_ROSTER);
}

uint32_t fake_lobby(struct fake *fake, uint64_t last)
{
	int room = session_join(fake->session, "lobby");
	assert_true(room > 0);
	struct message join = fake_take(fake, WIRE_JOIN);
	assert_int_equal(join.join.flags, JOIN_LIVE);
	fake_joined(fake, join.join.request, JOIN_LIVE, 1, last);
	fake_event(fake, SESSION_ROOM_JOINED);
	fake_event(fake, SESSION_ROOM_READY);
	fake_roster(fake);
	fake_quiet(fake);
	return (uint32_t)room;
}

uint32_t fake_open_lobby(struct fake *fake, struct session_config config, uint64_t last)
{
	fake_open(fake, config);
	fake_connect(fake);
	return fake_lobby(fake, last);
}
