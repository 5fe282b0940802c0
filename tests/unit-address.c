/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses as people type them, links, and back. */
#include "wire/address.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct sample {
	const char *typed;
	const char *node, *service; /* expected, or: */
	enum address_error err;
};

static void check(const struct sample *samples, size_t count, enum address_use use)
{
	for (size_t i = 0; i < count; i++) {
		const struct sample *s = &samples[i];
		struct address address;
		enum address_error err = address_parse(&address, s->typed, use);
		if (err != s->err)
			fail_msg("\"%s\": error %d, not %d", s->typed, err, s->err);
		if (err != ADDRESS_OK)
			continue;
		assert_int_equal(address.kind, ADDRESS_TCP);
		assert_string_equal(address.node, s->node);
		assert_string_equal(address.service, s->service);
		char text[ADDRESS_TEXT];
		struct address again;
		address_format(&address, text, sizeof text);
		assert_int_equal(address_parse(&again, text, use), ADDRESS_OK);
		assert_string_equal(again.node, address.node);
		assert_string_equal(again.service, address.service);
	}
}

#define CHECK(samples, use) check(samples, sizeof samples / sizeof samples[0], use)

static void hosts_and_ports_to_join(void **state)
{
	static const struct sample samples[] = {
		{ "localhost", "localhost", "50000", 0 },
		{ "localhost:1", "localhost", "1", 0 },
		{ "localhost:65535", "localhost", "65535", 0 },
		{ "localhost:0080", "localhost", "80", 0 },
		{ "192.0.2.1:4711", "192.0.2.1", "4711", 0 },
		{ "chat.example.org:irc", "chat.example.org", "irc", 0 },
		{ "münchen.example", "münchen.example", "50000", 0 },
		{ ":4711", "localhost", "4711", 0 },
		{ "[::1]", "::1", "50000", 0 },
		{ "[::1]:4711", "::1", "4711", 0 },
		{ "[fe80::1%eth0]:1", "fe80::1%eth0", "1", 0 },
		{ "::1", "::1", "50000", 0 },
		{ "2001:db8::5:4711", "2001:db8::5:4711", "50000", 0 },
		{ "2001:db8::5:50000", NULL, NULL, ADDRESS_BAD_V6 },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", "50000", 0 },
		{ "", NULL, NULL, ADDRESS_EMPTY },
		{ "50000", NULL, NULL, ADDRESS_ONLY_PORT },
		{ "localhost:", NULL, NULL, ADDRESS_BAD_SERVICE },
		{ "localhost:0", NULL, NULL, ADDRESS_PORT_RANGE },
		{ "localhost:65536", NULL, NULL, ADDRESS_PORT_RANGE },
		{ "localhost:-1", NULL, NULL, ADDRESS_PORT_RANGE },
		{ "localhost:99999999999999999999999999999", NULL, NULL, ADDRESS_PORT_RANGE },
		{ "localhost:4 2", NULL, NULL, ADDRESS_BAD_SERVICE },
		{ "localhost:1.2", NULL, NULL, ADDRESS_BAD_SERVICE },
		{ "[::1]4711", NULL, NULL, ADDRESS_BAD_V6 },
		{ "[::1", NULL, NULL, ADDRESS_BAD_V6 },
		{ "[]:1", NULL, NULL, ADDRESS_BAD_V6 },
		{ "[localhost]:1", NULL, NULL, ADDRESS_BAD_V6 },
		{ "[fe80::1%]:1", NULL, NULL, ADDRESS_BAD_V6 },
		{ "[::1]:70000", NULL, NULL, ADDRESS_PORT_RANGE },
		{ "[::1]:", NULL, NULL, ADDRESS_BAD_SERVICE },
		{ "localhost:1:2", NULL, NULL, ADDRESS_BAD_V6 },
		{ "*:50000", NULL, NULL, ADDRESS_BAD_NODE },
		{ "two words", NULL, NULL, ADDRESS_BAD_NODE },
		{ "-flag", NULL, NULL, ADDRESS_BAD_NODE },
		{ "a\xff", NULL, NULL, ADDRESS_BAD_NODE },
		{ "host/room", NULL, NULL, ADDRESS_BAD_NODE },
		{ "/run/tchat", NULL, NULL, ADDRESS_NEEDS_UNIX },
		{ "./socket", NULL, NULL, ADDRESS_NEEDS_UNIX },
		{ "http://localhost", NULL, NULL, ADDRESS_OTHER_SCHEME },
	};
	CHECK(samples, ADDRESS_JOIN);
}

static void addresses_to_listen_on(void **state)
{
	static const struct sample samples[] = {
		{ "50000", "", "50000", 0 },
		{ "0", "", "0", 0 },
		{ ":4711", "", "4711", 0 },
		{ "*:4711", "", "4711", 0 },
		{ "*", "", "50000", 0 },
		{ "localhost:0", "localhost", "0", 0 },
		{ "localhost:irc", "localhost", "irc", 0 },
		{ "[::]:50000", "::", "50000", 0 },
		{ "0.0.0.0:50000", "0.0.0.0", "50000", 0 },
		{ "", NULL, NULL, ADDRESS_EMPTY },
		{ "65536", NULL, NULL, ADDRESS_PORT_RANGE },
		{ ":", NULL, NULL, ADDRESS_BAD_SERVICE },
		{ "tchat://localhost", NULL, NULL, ADDRESS_LINK_TO_HOST },
	};
	CHECK(samples, ADDRESS_HOST);
}

static void paths_of_sockets(void **state)
{
	struct address address;
	char text[ADDRESS_TEXT];
	assert_int_equal(address_parse(&address, "unix:/run/user/1000/tchat:1", ADDRESS_JOIN), ADDRESS_OK);
	assert_int_equal(address.kind, ADDRESS_UNIX);
	assert_string_equal(address.path, "/run/user/1000/tchat:1");
	address_format(&address, text, sizeof text);
	assert_string_equal(text, "unix:/run/user/1000/tchat:1");
	assert_false(address_link(&address, text, sizeof text));
	assert_int_equal(address_parse(&address, "unix:relative", ADDRESS_HOST), ADDRESS_OK);
	assert_string_equal(address.path, "relative");
	assert_int_equal(address_parse(&address, "unix:", ADDRESS_HOST), ADDRESS_NO_PATH);
	/* As a host's name it would come back as a path. */
	assert_int_equal(address_parse(&address, "Unix", ADDRESS_JOIN), ADDRESS_NO_PATH);
	assert_int_equal(address_parse(&address, "tchat://unix:5", ADDRESS_JOIN), ADDRESS_NO_PATH);
	char path[300] = "unix:/";
	memset(path + 6, 'x', 107);
	assert_int_equal(address_parse(&address, path, ADDRESS_HOST), ADDRESS_TOO_LONG);
	path[5 + 107] = '\0';
	assert_int_equal(address_parse(&address, path, ADDRESS_HOST), ADDRESS_OK);
}

#define PIN "4OHi4-Tl5ufo6err7O3u7_Dx8vP09fb3-Pn6-_z9_v8"
#define TOKEN "AAECAwQFBgcICQoLDA0ODw"
static const uint8_t secret[] = { 4, 5, 6, 7, 8, 9, 10, 11 };

static bool holds(const void *bytes, size_t length, const void *part, size_t size)
{
	for (size_t at = 0; at + size <= length; at++)
		if (memcmp((const uint8_t *)bytes + at, part, size) == 0)
			return true;
	return false;
}

static void links_name_a_host_and_a_room(void **state)
{
	static const struct {
		const char *typed, *node, *service, *room, *link;
	} samples[] = {
		{ "tchat://localhost", "localhost", "50000", "", "tchat://localhost" },
		{ "TCHAT://localhost/", "localhost", "50000", "", "tchat://localhost" },
		{ "tchat://localhost:4711/lobby", "localhost", "4711", "lobby", "tchat://localhost:4711/lobby" },
		{ "tchat://[::1]:4711/lobby", "::1", "4711", "lobby", "tchat://[::1]:4711/lobby" },
		{ "tchat://[fe80::1%25eth0]/x", "fe80::1%eth0", "50000", "x", "tchat://[fe80::1%25eth0]/x" },
		{ "tchat://h/caf%C3%A9", "h", "50000", "café", "tchat://h/caf%C3%A9" },
		{ "tchat://h/café", "h", "50000", "café", "tchat://h/caf%C3%A9" },
		{ "22:50000", "22", "50000", "", "tchat://22:50000" }, /* or it would be a port */
	};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct address address;
		char text[ADDRESS_LINK];
		assert_int_equal(address_parse(&address, samples[i].typed, ADDRESS_JOIN), ADDRESS_OK);
		assert_string_equal(address.node, samples[i].node);
		assert_string_equal(address.service, samples[i].service);
		assert_string_equal(address.room, samples[i].room);
		assert_true(address_link(&address, text, sizeof text));
		assert_string_equal(text, samples[i].link);
		for (size_t size = 1; size <= strlen(text); size++) {
			char shorter[ADDRESS_LINK];
			assert_false(address_link(&address, shorter, size));
			assert_string_equal(shorter, "");
		}
	}
}

static void broken_links_are_refused(void **state)
{
	static const struct {
		const char *typed;
		enum address_error err;
	} samples[] = {
		{ "tchat://", ADDRESS_BAD_NODE },
		{ "tchat:///lobby", ADDRESS_BAD_NODE },
		{ "tchat://:50000/lobby", ADDRESS_BAD_NODE },
		{ "tchat://50000/lobby", ADDRESS_ONLY_PORT },
		{ "tchat://h/room#1234.token", ADDRESS_BAD_INVITATION },
		{ "tchat://h#", ADDRESS_BAD_INVITATION },
		{ "tchat://h#x", ADDRESS_BAD_INVITATION },
		{ "tchat://h#.AAAAAAAAAAAAAAAAAAAAAA", ADDRESS_BAD_INVITATION },
		{ "tchat://h#" PIN ".", ADDRESS_BAD_INVITATION },
		{ "tchat://h#" PIN "." TOKEN ".", ADDRESS_BAD_INVITATION },
		{ "tchat://h#" PIN "." TOKEN "A", ADDRESS_BAD_INVITATION },
		{ "tchat://h#" PIN "A", ADDRESS_BAD_INVITATION },
		{ "tchat://h#" PIN ".AAECAwQFBgcICQoLDA0ODx", ADDRESS_BAD_INVITATION }, /* two bits too many */
		{ "tchat://h#" PIN "#" TOKEN, ADDRESS_BAD_INVITATION },
		{ "tchat://h/a%23" PIN "." TOKEN, ADDRESS_BAD_ROOM },
		{ "tchat:///room#" PIN "." TOKEN, ADDRESS_BAD_NODE },
		{ "tchat://h/room?x=1", ADDRESS_BAD_LINK },
		{ "tchat://ann@h/room", ADDRESS_BAD_LINK },
		{ "tchat://h/a/b", ADDRESS_BAD_LINK },
		{ "tchat://h/%", ADDRESS_BAD_LINK },
		{ "tchat://h/%4", ADDRESS_BAD_LINK },
		{ "tchat://h/%zz", ADDRESS_BAD_LINK },
		{ "tchat://h/a%00", ADDRESS_BAD_LINK },
		{ "tchat://h/%0a", ADDRESS_BAD_ROOM },
		{ "tchat://h/%ff", ADDRESS_BAD_ROOM },
		{ "tchat://h/%2f", ADDRESS_BAD_ROOM },
		{ "tchat://h/0123456789012345678901234567890123456789012345678901234567890123456789", ADDRESS_BAD_ROOM },
		{ "tchat://h:0/room", ADDRESS_PORT_RANGE },
	};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct address address;
		enum address_error err = address_parse(&address, samples[i].typed, ADDRESS_JOIN);
		if (err != samples[i].err)
			fail_msg("\"%s\": error %d, not %d", samples[i].typed, err, samples[i].err);
		/* A broken link's secret goes no further. */
		assert_false(holds(&address, sizeof address, secret, sizeof secret));
		char text[2000];
		address_explain(err, samples[i].typed, text, sizeof text);
		assert_null(strstr(text, TOKEN));
		assert_null(strstr(text, PIN));
	}
}

static void links_carry_the_hosts_key_and_an_invitation(void **state)
{
	static const struct {
		const char *typed;
		bool token;
	} samples[] = {
		{ "tchat://h#" PIN, false },
		{ "tchat://h/lobby#" PIN, false },
		{ "tchat://[::1]:4711/caf%C3%A9#" PIN "." TOKEN, true },
		{ "tchat://h#" PIN "." TOKEN, true },
	};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct address address;
		char text[ADDRESS_LINK];
		assert_int_equal(address_parse(&address, samples[i].typed, ADDRESS_JOIN), ADDRESS_OK);
		assert_true(address.has_pin);
		assert_int_equal(address.pin[0], 0xe0);
		assert_int_equal(address.pin[31], 0xff);
		assert_int_equal(address.has_token, samples[i].token);
		assert_int_equal(holds(&address, sizeof address, secret, sizeof secret), samples[i].token);
		assert_true(address_link(&address, text, sizeof text));
		assert_string_equal(text, samples[i].typed);
		for (size_t size = 1; size <= strlen(samples[i].typed); size++)
			assert_false(address_link(&address, text, size));
		address_format(&address, text, sizeof text);
		assert_null(strchr(text, '#'));
	}
}

static void the_longest_link_has_room(void **state)
{
	struct address address = { .kind = ADDRESS_TCP, .has_pin = true, .has_token = true };
	char text[ADDRESS_LINK];
	memset(address.node, '%', ADDRESS_NODE_SIZE - 1);
	address.node[1] = ':';
	memset(address.service, 'x', ADDRESS_SERVICE_SIZE - 1);
	memset(address.room, '\xff', ADDRESS_ROOM_SIZE - 1);
	assert_true(address_link(&address, text, sizeof text));
}

static void too_long_a_name_is_refused(void **state)
{
	char typed[1000];
	struct address address;
	memset(typed, 'a', sizeof typed);
	for (size_t length = 1; length < 999; length++) {
		typed[length] = '\0';
		assert_int_equal(address_parse(&address, typed, ADDRESS_JOIN), length < 256 ? ADDRESS_OK : ADDRESS_TOO_LONG);
		typed[length] = 'a';
	}
	memcpy(typed, "tchat://", 8);
	typed[999] = '\0';
	assert_int_equal(address_parse(&address, typed, ADDRESS_JOIN), ADDRESS_TOO_LONG);
}

static void each_error_is_explained_with_what_was_typed(void **state)
{
	char text[200], other[200] = "";
	for (int err = ADDRESS_EMPTY; err <= ADDRESS_BAD_ROOM; err++) {
		address_explain((enum address_error)err, "typed", text, sizeof text);
		assert_memory_equal(text, "typed: ", 7);
		assert_string_not_equal(text, other);
		strcpy(other, text);
	}
	address_explain(ADDRESS_BAD_NODE, "tcaht://h#secret", text, sizeof text);
	assert_memory_equal(text, "tcaht://h#...: ", 15);
	address_explain(ADDRESS_BAD_ROOM, "tchat://h/a%23secret#b", text, sizeof text);
	assert_memory_equal(text, "tchat://h/a#...: ", 17);
}

int main(void)
{
	setlocale(LC_ALL, "");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_and_ports_to_join),
		cmocka_unit_test(addresses_to_listen_on),
		cmocka_unit_test(paths_of_sockets),
		cmocka_unit_test(links_name_a_host_and_a_room),
		cmocka_unit_test(broken_links_are_refused),
		cmocka_unit_test(links_carry_the_hosts_key_and_an_invitation),
		cmocka_unit_test(the_longest_link_has_room),
		cmocka_unit_test(too_long_a_name_is_refused),
		cmocka_unit_test(each_error_is_explained_with_what_was_typed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
