/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base: the byte queue, shared blocks, error names, base64. */
#include "base/base64.h"
#include "base/block.h"
#include "base/buffer.h"
#include "base/errors.h"
#include "base/wipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void buffer_refuses_more_than_its_maximum_and_keeps_what_it_has(void **state)
{
	struct buffer b;
	buffer_init(&b, 10);
	assert_int_equal(buffer_put(&b, "12345678", 8), 0);
	assert_int_equal(buffer_put(&b, "abc", 3), TCHAT_ERR_FULL);
	assert_int_equal(buffer_length(&b), 8);
	assert_memory_equal(buffer_data(&b), "12345678", 8);
	assert_int_equal(buffer_put(&b, "ab", 2), 0);
	buffer_free(&b);
}

static void buffer_keeps_order_over_many_puts_and_consumes(void **state)
{
	struct buffer b;
	buffer_init(&b, 4096);
	unsigned put = 0, got = 0;
	for (unsigned round = 0; round < 5000; round++) {
		for (unsigned i = 0; i < round % 37; i++) {
			uint8_t byte = (uint8_t)put;
			if (buffer_put(&b, &byte, 1) == 0)
				put++;
		}
		size_t take = round % 23 < buffer_length(&b) ? round % 23 : buffer_length(&b);
		for (size_t i = 0; i < take; i++)
			assert_int_equal(buffer_data(&b)[i], (uint8_t)(got + i));
		buffer_consume(&b, take);
		got += (unsigned)take;
	}
	assert_int_equal(put - got, buffer_length(&b));
	buffer_free(&b);
}

static void block_is_freed_by_the_last_reference(void **state)
{
	struct block *block = block_new(16);
	assert_true(block_is_sole(block));
	block_take(block);
	assert_false(block_is_sole(block));
	block_give(block);
	assert_true(block_is_sole(block));
	block_give(block);
}

static void error_names_follow_the_code_of_either_sign(void **state)
{
	assert_string_equal(tchat_err_name(TCHAT_ERR_NO_ROOM), "no_room");
	assert_string_equal(tchat_err_name(-TCHAT_ERR_NO_ROOM), "no_room");
	assert_string_equal(tchat_err_name(9999), "unknown");
	assert_string_equal(tchat_err_text(9999), "unknown error");
}

/* RFC 4648, 10, and the two characters that the alphabets differ in. */
static void base64_is_that_of_the_standard(void **state)
{
	static const struct {
		const char *bytes, *common, *link;
	} samples[] = {
		{ "", "", "" },
		{ "f", "Zg==", "Zg" },
		{ "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg==", "Zm9vYg" },
		{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+", "-__-" },
	};
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		size_t length = strlen(samples[i].bytes);
		char text[16], back[8];
		assert_int_equal(base64_write(samples[i].bytes, length, text), BASE64_LENGTH(length));
		assert_string_equal(text, samples[i].common);
		assert_int_equal(base64url_write(samples[i].bytes, length, text), BASE64URL_LENGTH(length));
		assert_string_equal(text, samples[i].link);
		assert_true(base64url_read(back, length, text, strlen(text)));
		assert_memory_equal(back, samples[i].bytes, length);
	}
}

static void base64_is_read_in_its_one_way_only(void **state)
{
	char back[8];
	assert_true(base64url_read(back, 1, "Zg", 2));
	assert_false(base64url_read(back, 1, "Zh", 2)); /* bits that are left over */
	assert_false(base64url_read(back, 2, "Zm9", 3));
	assert_false(base64url_read(back, 1, "Zg==", 4));
	assert_false(base64url_read(back, 3, "+//+", 4));
	assert_false(base64url_read(back, 3, "Zm9", 3));
	assert_false(base64url_read(back, 3, "Zm9vYg", 6));
	assert_false(base64url_read(back, 3, "Zm v", 4));
	assert_false(base64url_read(back, 3, "Zm\0v", 4));
}

static void what_is_wiped_is_gone(void **state)
{
	char secret[40];
	memset(secret, 'x', sizeof secret);
	wipe(secret, 39);
	for (int i = 0; i < 39; i++)
		assert_int_equal(secret[i], 0);
	assert_int_equal(secret[39], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_refuses_more_than_its_maximum_and_keeps_what_it_has),
		cmocka_unit_test(buffer_keeps_order_over_many_puts_and_consumes),
		cmocka_unit_test(block_is_freed_by_the_last_reference),
		cmocka_unit_test(error_names_follow_the_code_of_either_sign),
		cmocka_unit_test(base64_is_that_of_the_standard),
		cmocka_unit_test(base64_is_read_in_its_one_way_only),
		cmocka_unit_test(what_is_wiped_is_gone),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
