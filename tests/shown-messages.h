/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: messages of ann in a list. */
#ifndef TCHAT_TESTS_SHOWN_MESSAGES_H
#define TCHAT_TESTS_SHOWN_MESSAGES_H

#include "ui/message_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline struct shown_message text_message(const char *nick, const char *text)
{
	return (struct shown_message){
		.wall = UINT64_C(1746433800) * 1000000,
		.nick = nick,
		.nick_length = strlen(nick),
		.text = text,
		.text_length = strlen(text),
	};
}

static inline uint64_t append(struct message_list *list, const char *text)
{
	struct shown_message message = text_message("ann", text);
	uint64_t serial = message_list_append(list, &message);
	assert_true(serial != 0);
	return serial;
}

static inline uint64_t append_number(struct message_list *list, unsigned number)
{
	char text[64];
	snprintf(text, sizeof text, "message %u", number);
	return append(list, text);
}

#endif
