/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net: TLS over streams that are short, late, cut off, between ends that keep to the rules. */
#include "tls-scene.h"

/* --- Both ends keep to the rules */

static void each_end_learns_the_other_ends_key(void **state)
{
	struct scene *scene = *state;
	scene->checks = 0;
	scene_join(scene, 0, 0, 0);
	assert_false(stream_tls_is_ready(scene->user.stream));
	assert_null(stream_peer_pin(scene->user.stream));
	run(scene, is_joined);
	assert_true(is_joined(scene));
	assert_memory_equal(stream_peer_pin(scene->host.stream), trust_identity_pin(scene->user_key), TRUST_PIN_SIZE);
	assert_memory_equal(stream_peer_pin(scene->user.stream), trust_identity_pin(scene->host_key), TRUST_PIN_SIZE);
	assert_int_equal(scene->checks, 1);
	assert_memory_equal(&scene->checked, trust_identity_pin(scene->host_key), TRUST_PIN_SIZE);
	scene_part(scene);
}

static void a_stream_without_tls_is_ready_and_has_no_key(void **state)
{
	struct stream *ends[2];
	assert_int_equal(stream_pair(ends), 0);
	assert_true(stream_tls_is_ready(ends[0]));
	assert_null(stream_peer_pin(ends[0]));
	stream_tls_trust(ends[0]);
	stream_free(ends[0]);
	stream_free(ends[1]);
}

static void move_both_ways(struct scene *scene, size_t length, unsigned seed, unsigned again_of, unsigned most)
{
	scene_join(scene, seed, again_of, most);
	stream_tls_trust(scene->host.stream);
	say(&scene->host, scene->pattern, length);
	say(&scene->user, scene->pattern + 1, length - 1);
	scene->host.shuts = scene->user.shuts = true;
	run(scene, is_over);
	assert_int_equal(scene->host.err, 0);
	assert_int_equal(scene->user.err, 0);
	assert_int_equal(scene->user.received, length);
	assert_int_equal(scene->host.received, length - 1);
	assert_memory_equal(scene->user.got, scene->pattern, length);
	assert_memory_equal(scene->host.got, scene->pattern + 1, length - 1);
	scene_part(scene);
}

static void much_survives_short_reads_and_writes_both_ways(void **state)
{
	move_both_ways(*state, BIG, 0, 0, 0);
	for (unsigned seed = 1; seed < 8; seed++)
		move_both_ways(*state, BIG, seed, 3, 6000);
}

static void single_bytes_and_refusals_everywhere_change_nothing(void **state)
{
	for (unsigned seed = 1; seed < 8; seed++)
		move_both_ways(*state, SMALL, seed, 2, 1 + seed / 2);
}

static void one_end_may_stop_speaking_and_go_on_listening(void **state)
{
	struct scene *scene = *state;
	join(scene);
	say(&scene->user, "last", 4);
	scene->user.shuts = true;
	run(scene, never);
	assert_true(scene->host.ended);
	assert_memory_equal(scene->host.got, "last", 4);
	assert_false(scene->user.ended);
	const struct iovec more = { (void *)(uintptr_t) "more", 4 };
	assert_int_equal(stream_writev(scene->user.stream, &more, 1), TCHAT_ERR_CLOSED);
	say(&scene->host, "answer", 6);
	scene->host.shuts = true;
	run(scene, never);
	assert_memory_equal(scene->user.got, "answer", 6);
	assert_true(scene->user.ended);
	assert_int_equal(scene->user.err, 0);
	scene_part(scene);
}

static void an_end_without_farewell_is_no_end(void **state)
{
	struct scene *scene = *state;
	join(scene);
	stream_shutdown(scene->user.stream->below);
	run(scene, is_over);
	assert_false(scene->host.ended);
	assert_int_equal(scene->host.err, TCHAT_ERR_CLOSED);
	scene_part(scene);
}

static void a_reset_is_no_end(void **state)
{
	struct scene *scene = *state;
	uint8_t byte;
	join(scene);
	const struct iovec unread = { scene->pattern, 100 };
	assert_int_equal(stream_writev(scene->host.stream, &unread, 1), 100);
	stream_free(scene->user.stream);
	assert_int_equal(stream_read(scene->host.stream, &byte, 1), TCHAT_ERR_CLOSED);
	assert_int_equal(stream_writev(scene->host.stream, &unread, 1), TCHAT_ERR_CLOSED);
	scene->user.stream = NULL;
	scene_part(scene);
}

static void after_ones_own_farewell_any_end_will_do(void **state)
{
	struct scene *scene = *state;
	join(scene);
	scene->host.shuts = true;
	run(scene, never);
	assert_true(scene->user.ended);
	stream_shutdown(scene->user.stream->below);
	run(scene, is_over);
	assert_true(scene->host.ended);
	assert_int_equal(scene->host.err, 0);
	scene_part(scene);
}

static void a_handshake_cut_anywhere_ends_both_and_readies_no_host(void **state)
{
	struct scene *scene = *state;
	join(scene);
	size_t host_bytes = scene->host.tap->sent, user_bytes = scene->user.tap->sent;
	scene_part(scene);
	for (size_t cut = 0; cut < user_bytes; cut += STEP) {
		scene_join(scene, 0, 0, 0);
		scene->user.tap->cut = cut;
		run(scene, is_over);
		assert_false(stream_tls_is_ready(scene->host.stream));
		assert_int_equal(scene->host.err, TCHAT_ERR_CLOSED);
		scene_part(scene);
	}
	for (size_t cut = 1; cut < host_bytes; cut += STEP) {
		scene_join(scene, 0, 0, 0);
		scene->host.tap->cut = cut;
		run(scene, is_over);
		assert_int_equal(scene->user.err, TCHAT_ERR_CLOSED);
		scene_part(scene);
	}
}

/* --- What goes over the wire */

static void a_flight_is_one_write(void **state)
{
	struct scene *scene = *state;
	join(scene);
	assert_int_equal(scene->host.tap->writes, 1);
	assert_true(scene->user.tap->writes <= 2);
	size_t sent = scene->host.tap->sent;
	/* Many small parts make one record, much makes full ones. */
	struct iovec parts[64];
	for (int i = 0; i < 64; i++)
		parts[i] = (struct iovec){ scene->pattern + 100 * i, i % 7 == 0 ? 0 : 100 };
	assert_int_equal(stream_writev(scene->host.stream, parts, 64), 5400);
	assert_int_equal(scene->host.tap->writes, 2);
	assert_int_equal(scene->host.tap->sent - sent, 5400 + 22);
	sent = scene->host.tap->sent;
	parts[0] = (struct iovec){ scene->pattern, 10 };
	parts[1] = (struct iovec){ scene->pattern + 10, 40000 };
	assert_int_equal(stream_writev(scene->host.stream, parts, 2), 40010);
	assert_int_equal(scene->host.tap->writes, 3);
	assert_int_equal(scene->host.tap->sent - sent, 40010 + 3 * 22);
	run(scene, never);
	assert_int_equal(scene->user.received, 45410);
	assert_memory_equal(scene->user.got + 5400, scene->pattern, 40010);
	scene_part(scene);
}

static void what_was_decrypted_and_not_read_is_pending(void **state)
{
	struct scene *scene = *state;
	uint8_t bytes[64];
	join(scene);
	assert_int_equal(stream_pending(scene->user.stream), 0);
	say(&scene->host, scene->pattern, 100);
	end_turn(&scene->host);
	say(&scene->host, scene->pattern + 100, 50);
	end_turn(&scene->host);
	assert_int_equal(stream_pending(scene->user.stream), 0);
	assert_int_equal(stream_read(scene->user.stream, bytes, 64), 64);
	assert_true(stream_pending(scene->user.stream) >= 36);
	assert_int_equal(stream_read(scene->user.stream, bytes, 36), 36);
	assert_memory_equal(bytes, scene->pattern + 64, 36);
	assert_true(stream_pending(scene->user.stream) > 0);
	assert_int_equal(stream_read(scene->user.stream, bytes, 64), 50);
	assert_memory_equal(bytes, scene->pattern + 100, 50);
	assert_int_equal(stream_pending(scene->user.stream), 0);
	assert_int_equal(stream_read(scene->user.stream, bytes, 64), TCHAT_ERR_AGAIN);
	scene_part(scene);
}

static void a_handshake_waits_for_the_peer_whatever_is_wanted(void **state)
{
	struct scene *scene = *state;
	scene_join(scene, 0, 0, 0);
	const struct iovec part = { scene->pattern, 10 };
	assert_int_equal(stream_writev(scene->user.stream, &part, 1), TCHAT_ERR_AGAIN);
	assert_int_equal(stream_interest(scene->user.stream, LOOP_WRITE), LOOP_READ);
	assert_int_equal(stream_interest(scene->user.stream, 0), LOOP_READ);
	run(scene, is_joined);
	assert_int_equal(stream_interest(scene->user.stream, 0), 0);
	assert_int_equal(stream_interest(scene->user.stream, LOOP_WRITE), LOOP_WRITE);
	scene_part(scene);
}

static void what_the_socket_does_not_take_is_pushed_on(void **state)
{
	struct scene *scene = *state;
	join(scene);
	const struct iovec part = { scene->pattern, 60000 };
	size_t written = 0;
	ssize_t n;
	while ((n = stream_writev(scene->host.stream, &part, 1)) > 0)
		written += (size_t)n;
	assert_int_equal(n, TCHAT_ERR_AGAIN);
	assert_int_equal(stream_interest(scene->host.stream, 0), LOOP_WRITE);
	assert_int_equal(stream_writev(scene->host.stream, NULL, 0), TCHAT_ERR_AGAIN);
	assert_int_equal(stream_shutdown(scene->host.stream), TCHAT_ERR_AGAIN);
	uint8_t bytes[65536];
	for (size_t got = 0; got < written; got += (size_t)n) {
		n = stream_read(scene->user.stream, bytes, sizeof bytes);
		if (n == TCHAT_ERR_AGAIN)
			n = 0;
		assert_true(n >= 0);
		stream_writev(scene->host.stream, NULL, 0);
	}
	assert_int_equal(stream_shutdown(scene->host.stream), 0);
	assert_int_equal(stream_interest(scene->host.stream, 0), 0);
	assert_int_equal(stream_read(scene->user.stream, bytes, sizeof bytes), 0);
	scene_part(scene);
}

static void a_wrong_host_sees_no_certificate(void **state)
{
	struct scene *scene = *state;
	scene->verdict = TCHAT_ERR_HOST_CHANGED;
	scene->checks = 0;
	scene_join(scene, 0, 0, 0);
	run(scene, never);
	assert_int_equal(scene->checks, 1);
	assert_int_equal(scene->user.err, TCHAT_ERR_HOST_CHANGED);
	assert_false(stream_tls_is_ready(scene->user.stream));
	assert_null(stream_peer_pin(scene->user.stream));
	assert_false(stream_tls_is_ready(scene->host.stream));
	/* All that ever left is one plaintext record, the ClientHello. */
	const struct tap *tap = scene->user.tap;
	assert_int_equal(tap->bytes[0], HELLO_RECORD);
	assert_int_equal(tap->sent, 5 + (tap->bytes[3] << 8 | tap->bytes[4]));
	assert_int_equal(tap->sent, scene->sent_at_check);
	assert_int_equal(stream_writev(scene->user.stream, NULL, 0), TCHAT_ERR_HOST_CHANGED);
	assert_int_equal(tap->sent, scene->sent_at_check);
	scene->verdict = 0;
	scene_part(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_end_learns_the_other_ends_key),
		cmocka_unit_test(a_stream_without_tls_is_ready_and_has_no_key),
		cmocka_unit_test(much_survives_short_reads_and_writes_both_ways),
		cmocka_unit_test(single_bytes_and_refusals_everywhere_change_nothing),
		cmocka_unit_test(one_end_may_stop_speaking_and_go_on_listening),
		cmocka_unit_test(an_end_without_farewell_is_no_end),
		cmocka_unit_test(a_reset_is_no_end),
		cmocka_unit_test(after_ones_own_farewell_any_end_will_do),
		cmocka_unit_test(a_handshake_cut_anywhere_ends_both_and_readies_no_host),
		cmocka_unit_test(a_flight_is_one_write),
		cmocka_unit_test(what_was_decrypted_and_not_read_is_pending),
		cmocka_unit_test(a_handshake_waits_for_the_peer_whatever_is_wanted),
		cmocka_unit_test(what_the_socket_does_not_take_is_pushed_on),
		cmocka_unit_test(a_wrong_host_sees_no_certificate),
	};
	return cmocka_run_group_tests_name("net-tls", tests, set_up, tear_down);
}
