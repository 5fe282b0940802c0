/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base: the byte queue, shared blocks, error names. */
#include "base/block.h"
#include "base/buffer.h"
#include "base/errors.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buffer_refuses_more_than_its_maximum_and_keeps_what_it_has),
		cmocka_unit_test(buffer_keeps_order_over_many_puts_and_consumes),
		cmocka_unit_test(block_is_freed_by_the_last_reference),
		cmocka_unit_test(error_names_follow_the_code_of_either_sign),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
