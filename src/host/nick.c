/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nicks: which are any, and what is given to whom wishes for one that is taken. */
#include "host/registry.h"

#include "host/internal.h"

#include "base/errors.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { NUMBER_STEPS = 8, NUMBER_MOST = 1000000 };

static size_t clusters(const char *text, size_t length)
{
	size_t count = 0;
	for (size_t at = 0; at < length; count++)
		at = text_next(text, length, at, NULL);
	return count;
}

/* Copies what text_name_shown() or text_name_fold() put into the buffer. */
static void name_take(struct buffer *text, char *to, size_t size)
{
	size_t length = buffer_length(text);
	if (length >= size)
		length = size - 1;
	if (length > 0)
		memcpy(to, buffer_data(text), length);
	to[length] = '\0';
	buffer_truncate(text, 0);
}

int host_nick_read(struct host *host, struct wire_bytes text, struct nick *nick)
{
	if (text.length == 0 || text.length > WIRE_LIMIT_BEFORE_AUTH)
		return TCHAT_ERR_BAD_NAME;
	const char *name = (const char *)text.data;
	buffer_truncate(&host->text, 0);
	int err = text_name_shown(&host->text, name, text.length);
	if (err == 0 && (buffer_length(&host->text) > NICK_BYTES ||
	                 clusters((const char *)buffer_data(&host->text), buffer_length(&host->text)) > host->limits.nick))
		err = TCHAT_ERR_BAD_NAME;
	if (err == 0) {
		name_take(&host->text, nick->shown, sizeof nick->shown);
		err = text_name_fold(&host->text, name, text.length);
	}
	if (err == 0)
		name_take(&host->text, nick->key, sizeof nick->key);
	return err;
}

uint64_t host_nick_hash(const struct nick *nick)
{
	return store_hash(0, 0, nick->key, strlen(nick->key), NULL, 0);
}

int host_nick_wish(struct host *host, struct wire_bytes text, struct nick *nick)
{
	if (text.data == NULL)
		return 0;
	int err = host_nick_read(host, text, nick);
	if (err != 0 && err != TCHAT_ERR_MEMORY)
		err = host_nick_read(host, wire_text("guest"), nick);
	return err == TCHAT_ERR_MEMORY ? err : 0;
}

/* The wish with a number behind it, cut where both would be too long. False when that makes no name. */
static bool nick_numbered(struct host *host, const struct nick *wish, unsigned number, struct nick *nick)
{
	char digits[12];
	size_t count = (size_t)snprintf(digits, sizeof digits, "%u", number);
	size_t length = strlen(wish->shown);
	while (length > 0 && (length + count > NICK_BYTES || clusters(wish->shown, length) + count > host->limits.nick))
		length = text_previous(wish->shown, length, length);
	char text[NICK_BYTES + 1];
	memcpy(text, wish->shown, length);
	memcpy(text + length, digits, count + 1);
	return host_nick_read(host, wire_text(text), nick) == 0;
}

/* Whether this user, or this account, may have it. */
static bool nick_is_for(struct host *host, const struct nick *nick, const struct user *self,
                        const struct account *account)
{
	const struct user *holder = host_user_by_nick(host, nick->key);
	if (holder != NULL && holder != self && (account == NULL || holder->account != account))
		return false;
	return !host->secure || host_name_is_for(host, account, nick);
}

static bool nick_is_free(struct host *host, const struct nick *wish, unsigned number, const struct user *self,
                         const struct account *account, struct nick *nick)
{
	return nick_numbered(host, wish, number, nick) && nick_is_for(host, nick, self, account);
}

/* The wish, or wish2, wish3 …: the first steps one by one, then by doubling and halving, so that the ten thousandth
 * of a name costs as little as the tenth. */
bool host_nick_give(struct host *host, const struct nick *wish, const struct user *self, const struct account *account,
                    struct nick *nick)
{
	*nick = *wish;
	if (nick_is_for(host, nick, self, account))
		return true;
	unsigned number = 2;
	for (; number < NUMBER_STEPS; number++)
		if (nick_is_free(host, wish, number, self, account, nick))
			return true;
	unsigned taken = number - 1;
	while (!nick_is_free(host, wish, number, self, account, nick)) {
		taken = number;
		number *= 2;
		if (number > NUMBER_MOST)
			return false;
	}
	while (number - taken > 1) {
		unsigned middle = taken + (number - taken) / 2;
		if (nick_is_free(host, wish, middle, self, account, nick))
			number = middle;
		else
			taken = middle;
	}
	return nick_is_free(host, wish, number, self, account, nick);
}

