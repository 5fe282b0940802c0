/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: TLS with peers that do not keep to the rules. */
#include "tls-scene.h"

#include <gnutls/gnutls.h>
#include <sys/socket.h>
#include <unistd.h>

static void a_plain_client_gets_the_advisory_and_the_end(void **state)
{
	struct scene *scene = *state;
	struct stream *ends[2];
	uint8_t bytes[64];
	assert_int_equal(stream_pair(ends), 0);
	struct stream *host = host_stream(scene, ends[0]);
	const struct iovec hello = { (void *)(uintptr_t) "\x02\x00\x00\x10tchat...", 12 };
	assert_int_equal(stream_writev(ends[1], &hello, 1), 12);
	assert_int_equal(stream_read(host, bytes, sizeof bytes), TCHAT_ERR_AGAIN);
	assert_int_equal(stream_read(ends[1], bytes, sizeof bytes), (ssize_t)sizeof advisory - 1);
	assert_memory_equal(bytes, advisory, sizeof advisory - 1);
	assert_int_equal(stream_read(ends[1], bytes, sizeof bytes), 0);
	assert_int_equal(stream_interest(host, 0), LOOP_READ);
	assert_int_equal(stream_read(host, bytes, sizeof bytes), TCHAT_ERR_AGAIN);
	stream_free(ends[1]);
	assert_int_equal(stream_read(host, bytes, sizeof bytes), TCHAT_ERR_PLAIN);
	stream_free(host);
}

static void a_plain_client_that_goes_on_talking_is_cut_off(void **state)
{
	struct scene *scene = *state;
	struct stream *ends[2];
	uint8_t bytes[1024];
	ssize_t n = TCHAT_ERR_AGAIN;
	assert_int_equal(stream_pair(ends), 0);
	struct stream *host = host_stream(scene, ends[0]);
	memset(bytes, 'x', sizeof bytes);
	const struct iovec talk = { bytes, sizeof bytes };
	for (int i = 0; i < 20 && n == TCHAT_ERR_AGAIN; i++) {
		assert_int_equal(stream_writev(ends[1], &talk, 1), sizeof bytes);
		n = stream_read(host, bytes, sizeof bytes);
	}
	assert_int_equal(n, TCHAT_ERR_PLAIN);
	stream_free(host);
	stream_free(ends[1]);
}

static void a_host_that_does_not_encrypt_is_told_from_one_that_does(void **state)
{
	struct scene *scene = *state;
	struct stream *ends[2];
	uint8_t bytes[64];
	assert_int_equal(stream_pair(ends), 0);
	struct stream *user = user_stream(scene, ends[0]);
	const struct iovec welcome = { (void *)(uintptr_t) "\x04\x00\x00\x10hello", 9 };
	assert_int_equal(stream_writev(ends[1], &welcome, 1), 9);
	assert_int_equal(stream_read(user, bytes, sizeof bytes), TCHAT_ERR_PLAIN);
	assert_int_equal(stream_read(user, bytes, sizeof bytes), TCHAT_ERR_PLAIN);
	assert_int_equal(stream_writev(user, NULL, 0), TCHAT_ERR_PLAIN);
	stream_free(user);
	stream_free(ends[1]);
}

static void a_stranger_may_send_eight_kilobytes(void **state)
{
	struct scene *scene = *state;
	join(scene);
	say(&scene->user, scene->pattern, 9000);
	run(scene, never);
	assert_int_equal(scene->host.err, TCHAT_ERR_FULL);
	assert_true(scene->host.received < 8192);
	scene_part(scene);

	join(scene);
	stream_tls_trust(scene->host.stream);
	say(&scene->user, scene->pattern, 9000);
	run(scene, never);
	assert_int_equal(scene->host.err, 0);
	assert_int_equal(scene->host.received, 9000);
	scene_part(scene);
}

/* A large handshake message in parts: nothing of it is ever whole, so the budget has to end it. */
static void a_stranger_may_not_send_a_large_hello(void **state)
{
	struct scene *scene = *state;
	struct stream *ends[2];
	uint8_t bytes[1005] = { HELLO_RECORD, 3, 1, 1000 >> 8, 1000 & 255, 1, 1, 212, 192 };
	uint8_t answer[64];
	ssize_t n = TCHAT_ERR_AGAIN;
	size_t sent = 0;
	assert_int_equal(stream_pair(ends), 0);
	struct stream *host = host_stream(scene, ends[0]);
	for (int i = 0; i < 120 && n == TCHAT_ERR_AGAIN; i++) {
		const struct iovec part = { bytes, sizeof bytes };
		sent += (size_t)stream_writev(ends[1], &part, 1);
		memset(bytes + 5, 0, 4);
		n = stream_read(host, answer, sizeof answer);
	}
	assert_true(n == TCHAT_ERR_FULL || n == TCHAT_ERR_TLS);
	assert_true(sent < 12000);
	stream_free(host);
	stream_free(ends[1]);
}

static void a_record_that_cannot_be_ends_the_connection(void **state)
{
	static const uint8_t heads[][5] = {
		{ 22, 3, 1, 0x41, 1 },    /* too long */
		{ 22, 9, 1, 0, 100 },     /* of another protocol */
		{ 22, 3, 1, 0xff, 0xff },
	};
	struct scene *scene = *state;
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		struct stream *ends[2];
		uint8_t bytes[64];
		assert_int_equal(stream_pair(ends), 0);
		struct stream *host = host_stream(scene, ends[0]);
		const struct iovec part = { (void *)(uintptr_t)heads[i], 5 };
		assert_int_equal(stream_writev(ends[1], &part, 1), 5);
		assert_int_equal(stream_read(host, bytes, sizeof bytes), TCHAT_ERR_TLS);
		stream_free(host);
		stream_free(ends[1]);
	}
}

/* A client of GnuTLS itself, joined to a host's stream. */
struct raw {
	struct stream *host;
	gnutls_session_t session;
	int fd;
	int shaken; /* what its handshake ended with */
	int err;    /* what the host's stream ended with */
	size_t received;
};

static void raw_run(struct raw *raw)
{
	uint8_t bytes[4096];
	for (int i = 0; i < 20; i++) {
		if (raw->shaken == GNUTLS_E_AGAIN)
			raw->shaken = gnutls_handshake(raw->session);
		ssize_t n = raw->err == 0 ? stream_read(raw->host, bytes, sizeof bytes) : 0;
		if (n > 0)
			raw->received += (size_t)n;
		if (n < 0 && n != TCHAT_ERR_AGAIN)
			raw->err = (int)n;
	}
}

static void raw_begin(struct raw *raw, struct scene *scene, const char *priority)
{
	struct stream *ends[2];
	assert_int_equal(stream_pair(ends), 0);
	*raw = (struct raw){ .host = host_stream(scene, ends[0]), .shaken = GNUTLS_E_AGAIN };
	raw->fd = dup(stream_fd(ends[1]));
	stream_free(ends[1]);
	if (priority == NULL) {
		assert_int_equal(trust_session_new(scene->user_key, false, &raw->session), 0);
	} else {
		static gnutls_certificate_credentials_t nobody;
		if (nobody == NULL)
			gnutls_certificate_allocate_credentials(&nobody);
		assert_int_equal(gnutls_init(&raw->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK), 0);
		assert_int_equal(gnutls_priority_set_direct(raw->session, priority, NULL), 0);
		assert_int_equal(gnutls_credentials_set(raw->session, GNUTLS_CRD_CERTIFICATE, nobody), 0);
	}
	gnutls_transport_set_int(raw->session, raw->fd);
}

static void raw_join(struct raw *raw, struct scene *scene, const char *priority)
{
	raw_begin(raw, scene, priority);
	raw_run(raw);
}

static void raw_part(struct raw *raw)
{
	stream_free(raw->host);
	gnutls_deinit(raw->session);
	close(raw->fd);
}

static void a_client_without_certificate_does_not_get_in(void **state)
{
	struct raw raw;
	raw_join(&raw, *state, "NORMAL");
	assert_int_equal(raw.err, TCHAT_ERR_TLS);
	assert_false(stream_tls_is_ready(raw.host));
	char byte;
	assert_int_equal(gnutls_record_recv(raw.session, &byte, 1), GNUTLS_E_FATAL_ALERT_RECEIVED);
	raw_part(&raw);
}

static void a_client_of_older_versions_does_not_get_in(void **state)
{
	struct raw raw;
	raw_join(&raw, *state, "NORMAL:-VERS-ALL:+VERS-TLS1.2");
	assert_int_equal(raw.err, TCHAT_ERR_TLS);
	assert_int_equal(raw.shaken, GNUTLS_E_FATAL_ALERT_RECEIVED);
	raw_part(&raw);
}

static void empty_records_in_a_row_end_the_connection(void **state)
{
	struct raw raw;
	raw_join(&raw, *state, NULL);
	assert_int_equal(raw.shaken, 0);
	stream_tls_trust(raw.host);
	for (int i = 0; i < 10; i++)
		assert_int_equal(gnutls_record_send2(raw.session, "", 0, 1, 0), 0);
	assert_int_equal(gnutls_record_send(raw.session, "x", 1), 1);
	raw_run(&raw);
	assert_int_equal(raw.err, 0);
	assert_int_equal(raw.received, 1);
	for (int i = 0; i < 200; i++)
		assert_int_equal(gnutls_record_send2(raw.session, "", 0, 1, 0), 0);
	raw_run(&raw);
	assert_int_equal(raw.err, TCHAT_ERR_TLS);
	raw_part(&raw);
}

/* Empty records, two before each of so many bytes: how the host's stream ends, or 0. */
static int empty_between(struct scene *scene, size_t length)
{
	struct raw raw;
	raw_join(&raw, scene, NULL);
	stream_tls_trust(raw.host);
	for (int i = 0; i < 100 && raw.err == 0; i++) {
		assert_int_equal(gnutls_record_send2(raw.session, "", 0, 1, 0), 0);
		assert_int_equal(gnutls_record_send2(raw.session, "", 0, 1, 0), 0);
		assert_int_equal(gnutls_record_send(raw.session, scene->pattern, length), length);
		raw_run(&raw);
	}
	int err = raw.err;
	assert_int_equal(raw.received, err == 0 ? 100 * length : raw.received);
	raw_part(&raw);
	return err;
}

static void empty_records_among_few_bytes_end_the_connection(void **state)
{
	assert_int_equal(empty_between(*state, 1), TCHAT_ERR_TLS);
	assert_int_equal(empty_between(*state, 2000), 0);
}

static void key_updates_in_a_row_end_the_connection(void **state)
{
	struct raw raw;
	raw_join(&raw, *state, NULL);
	stream_tls_trust(raw.host);
	assert_int_equal(gnutls_session_key_update(raw.session, GNUTLS_KU_PEER), 0);
	assert_int_equal(gnutls_record_send(raw.session, "x", 1), 1);
	raw_run(&raw);
	assert_int_equal(raw.err, 0);
	assert_int_equal(raw.received, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(gnutls_session_key_update(raw.session, 0), 0);
	raw_run(&raw);
	assert_int_equal(raw.err, TCHAT_ERR_TLS);
	raw_part(&raw);
}

static void a_client_gets_no_ticket(void **state)
{
	struct raw raw;
	char byte;
	raw_join(&raw, *state, NULL);
	assert_int_equal(raw.shaken, 0);
	assert_int_equal(gnutls_record_recv(raw.session, &byte, 1), GNUTLS_E_AGAIN);
	assert_int_equal(gnutls_session_get_flags(raw.session) & GNUTLS_SFLAGS_SESSION_TICKET, 0);
	raw_part(&raw);
}

/* Which make more bytes of a text than there is room for in one write. */
static void a_client_gets_records_as_small_as_it_likes(void **state)
{
	enum { MOST = 512 };
	static const size_t lengths[] = { 1, 2048, 2049, 65536 };
	struct scene *scene = *state;
	struct raw raw;
	raw_begin(&raw, scene, NULL);
	assert_int_equal(gnutls_record_set_max_recv_size(raw.session, MOST), 0);
	raw_run(&raw);
	assert_int_equal(raw.shaken, 0);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		const struct iovec parts[2] = { { scene->pattern, lengths[i] / 2 },
			                        { scene->pattern + lengths[i] / 2, lengths[i] - lengths[i] / 2 } };
		assert_int_equal(stream_writev(raw.host, parts, 2), lengths[i]);
		for (size_t got = 0; got < lengths[i];) {
			uint8_t bytes[16384];
			ssize_t n = gnutls_record_recv(raw.session, bytes, sizeof bytes);
			if (n == GNUTLS_E_AGAIN) {
				assert_int_equal(stream_writev(raw.host, NULL, 0), 0);
				continue;
			}
			assert_true(n > 0 && n <= MOST);
			assert_memory_equal(bytes, scene->pattern + got, n);
			got += (size_t)n;
		}
	}
	raw_part(&raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_client_gets_the_advisory_and_the_end),
		cmocka_unit_test(a_plain_client_that_goes_on_talking_is_cut_off),
		cmocka_unit_test(a_host_that_does_not_encrypt_is_told_from_one_that_does),
		cmocka_unit_test(a_stranger_may_send_eight_kilobytes),
		cmocka_unit_test(a_stranger_may_not_send_a_large_hello),
		cmocka_unit_test(a_record_that_cannot_be_ends_the_connection),
		cmocka_unit_test(a_client_without_certificate_does_not_get_in),
		cmocka_unit_test(a_client_of_older_versions_does_not_get_in),
		cmocka_unit_test(empty_records_in_a_row_end_the_connection),
		cmocka_unit_test(empty_records_among_few_bytes_end_the_connection),
		cmocka_unit_test(key_updates_in_a_row_end_the_connection),
		cmocka_unit_test(a_client_gets_no_ticket),
		cmocka_unit_test(a_client_gets_records_as_small_as_it_likes),
	};
	return cmocka_run_group_tests_name("net-tls-hostile", tests, set_up, tear_down);
}
