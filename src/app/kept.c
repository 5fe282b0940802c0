/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's store between its thread, the loop and the session. */
#include "app/kept.h"

#include "base/errors.h"
#include "base/intl.h" /* and with it the build's config.h, of which this folder has another one */
#include "base/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_SQLITE
#include "store/sqlite_client.h"
#include "store/store.h"
#include "wire/frame.h"

struct kept {
	struct loop *loop;
	struct session *session;
	struct wake *wake;
	struct client_store *store; /* NULL: not begun, or given up */
	bool given;                 /* the session has it, or has to do without */
	bool keyed;                 /* the store is that of the host with this key */
	struct trust_pin pin;
	char root[PATHS_MAX];
	char nick[CLIENT_NAME_SIZE];
};

/* The store cannot be opened: the session goes on without. */
static void kept_give_up(struct kept *kept, const char *why)
{
	kept->given = true;
	session_unstored(kept->session, TCHAT_ERR_STORE, why, loop_now(kept->loop));
}

/* False: not yet, or never. */
static bool kept_is_open(struct kept *kept)
{
	char why[CLIENT_WHY_SIZE];
	int err = client_sqlite_opened(kept->store, why);
	if (err == 0 || err == TCHAT_ERR_AGAIN)
		return err == 0;
	kept_give_up(kept, why);
	client_store_free(kept->store);
	kept->store = NULL;
	return false;
}

static void kept_ready(void *arg)
{
	struct kept *kept = arg;
	char why[CLIENT_WHY_SIZE];
	loop_again(kept->loop);
	if (kept->store == NULL || !kept_is_open(kept))
		return;
	if (!kept->given)
		session_store(kept->session, kept->store, loop_now(kept->loop));
	kept->given = true;
	int trouble = client_sqlite_trouble(kept->store, why);
	session_unstored(kept->session, trouble, why, loop_now(kept->loop));
	session_stored(kept->session, loop_now(kept->loop));
}

static void kept_wake(void *arg)
{
	struct kept *kept = arg;
	loop_wake(kept->wake);
}

/* Where all hosts' folders are. False: there is no place, and the session goes on without. */
static bool kept_find_place(struct kept *kept, bool lasts)
{
	char why[PATHS_MAX + 256];
	int err = lasts ? paths_make(PATHS_STATE, "clients", kept->root) : TCHAT_ERR_NOT_FOUND;
	int number = errno;
	switch (err) {
	case 0:
		return true;
	case TCHAT_ERR_NOT_FOUND:
		kept->given = true;
		session_store(kept->session, NULL, loop_now(kept->loop));
		return false;
	case TCHAT_ERR_PERMISSION:
		snprintf(why, sizeof why, _("%s: others may write to the folder, or it is not yours"), kept->root);
		break;
	default:
		snprintf(why, sizeof why, "%s: %s", kept->root, err == TCHAT_ERR_SYSTEM ? strerror(number) : tchat_err_text(err));
	}
	kept_give_up(kept, why);
	return false;
}

struct kept *kept_new(struct loop *loop, struct session *session, bool lasts, const char *nick)
{
	struct kept *kept = calloc(1, sizeof *kept);
	if (kept == NULL)
		return NULL;
	kept->loop = loop;
	kept->session = session;
	kept->wake = loop_wake_new(loop, kept_ready, kept);
	if (kept->wake == NULL) {
		free(kept);
		return NULL;
	}
	snprintf(kept->nick, sizeof kept->nick, "%s", nick != NULL ? nick : "");
	kept_find_place(kept, lasts);
	return kept;
}

static void kept_open(struct kept *kept, const uint8_t *key, size_t length)
{
	if (kept->store != NULL || kept->given)
		return;
	kept->store = client_sqlite_new(&(struct client_sqlite_config){
		.root = kept->root, .key = key, .key_length = length, .label = kept->nick, .wake = kept_wake, .arg = kept });
	if (kept->store == NULL)
		kept_give_up(kept, tchat_err_text(TCHAT_ERR_MEMORY));
}

static void kept_open_of(struct kept *kept, const struct trust_pin *pin)
{
	if (kept->store != NULL || kept->given)
		return;
	kept_open(kept, pin->bytes, sizeof pin->bytes);
	kept->keyed = kept->store != NULL;
	kept->pin = *pin;
}

static void folder_of(const struct kept *kept, const struct trust_pin *pin, char path[PATHS_MAX + 72])
{
	int length = snprintf(path, PATHS_MAX, "%s/", kept->root);
	for (size_t i = 0; i < sizeof pin->bytes; i++)
		snprintf(path + length + 2 * i, 3, "%02x", pin->bytes[i]);
}

void kept_expect(struct kept *kept, const struct trust_pin *pin)
{
	char folder[PATHS_MAX + 72];
	folder_of(kept, pin, folder);
	/* What there is may still have the name of a former key, which the connection tells. */
	if (!kept->given && access(folder, F_OK) == 0)
		kept_open_of(kept, pin);
}

bool kept_is_known(const struct kept *kept)
{
	return kept->keyed;
}

bool kept_check(struct kept *kept, const struct trust_pin *pin, const struct trust_pin *former)
{
	char from[PATHS_MAX + 72], to[PATHS_MAX + 72];
	if (kept->keyed && trust_pin_equal(&kept->pin, pin))
		return true;
	if (kept->keyed && (former == NULL || !trust_pin_equal(&kept->pin, former)))
		return false;
	if (former != NULL) {
		folder_of(kept, former, from);
		folder_of(kept, pin, to);
		rename(from, to); /* not if that host has a folder already, or the other none */
		kept->pin = *pin;
	}
	return true;
}

/* Nothing proves who a host is without a key: what waits for it is told to no other that claims its number elsewhere. */
static void kept_open_unproven(struct kept *kept, const uint8_t *host, const char *where)
{
	uint8_t key[WIRE_KEY_SIZE + 8];
	memcpy(key, host, WIRE_KEY_SIZE);
	wire_set(key + WIRE_KEY_SIZE, 8, store_hash(0, 0, where, strlen(where), NULL, 0));
	kept_open(kept, key, sizeof key);
}

void kept_event(struct kept *kept, const struct session_event *event, const struct trust_pin *pin, const char *where)
{
	struct trust_pin shown;
	if (event->key_count > 0) {
		memcpy(shown.bytes, event->keys, sizeof shown.bytes);
		kept_open_of(kept, &shown);
	} else if (pin != NULL) {
		kept_open_of(kept, pin);
	} else {
		kept_open_unproven(kept, event->host, where);
	}
}

void kept_free(struct kept *kept)
{
	if (kept == NULL)
		return;
	client_store_free(kept->store);
	loop_wake_free(kept->wake);
	free(kept);
}
#else
struct kept {
	char nothing;
};

struct kept *kept_new(struct loop *loop, struct session *session, bool lasts, const char *nick)
{
	session_store(session, NULL, loop_now(loop));
	return calloc(1, sizeof(struct kept));
}

void kept_expect(struct kept *kept, const struct trust_pin *pin)
{
}

bool kept_is_known(const struct kept *kept)
{
	return false;
}

bool kept_check(struct kept *kept, const struct trust_pin *pin, const struct trust_pin *former)
{
	return true;
}

void kept_event(struct kept *kept, const struct session_event *event, const struct trust_pin *pin, const char *where)
{
}

void kept_free(struct kept *kept)
{
	free(kept);
}
#endif
