/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host's key is fine when its link says so, when it is one's own host, or when it was met before. */
#include "app/host_trust.h"

#include "base/errors.h"
#include "base/paths.h"
#include "base/wipe.h"
#include "store/known_hosts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

struct host_trust {
	struct known_hosts *known;
	enum options_trust policy;
	struct address address;
	char name[KNOWN_HOSTS_NAME]; /* "": a UNIX socket, which has none */
	char *path;                  /* of the file, "": none */
	bool has_seen, is_new;
	struct trust_pin seen;
	bool accepted; /* seen, until the end of the program, where it could not be kept */
	struct trust_pin accepted_pin;
	struct trust_pin expected;
};

int host_trust_new(const struct address *address, enum options_trust policy, struct host_trust **made, char *path,
                   size_t size)
{
	char place[PATHS_MAX] = "";
	int err = paths_make(PATHS_DATA, "known_hosts", place);
	snprintf(path, size, "%s", place);
	if (err != 0 && err != TCHAT_ERR_NOT_FOUND && !(err == TCHAT_ERR_SYSTEM && paths_is_missing(place)))
		return err;
	struct host_trust *trust = calloc(1, sizeof *trust);
	if (trust == NULL)
		return TCHAT_ERR_MEMORY;
	trust->policy = policy;
	trust->address = *address;
	wipe(trust->address.token, sizeof trust->address.token);
	trust->known = known_hosts_new(err == 0 ? place : NULL);
	trust->path = strdup(err == 0 ? place : "");
	if (trust->known == NULL || trust->path == NULL) {
		host_trust_free(trust);
		return TCHAT_ERR_MEMORY;
	}
	if (!known_hosts_name(address, trust->name))
		trust->name[0] = '\0';
	err = known_hosts_test(trust->known);
	if (err != 0) {
		int number = errno;
		host_trust_free(trust);
		errno = number;
		return err;
	}
	*made = trust;
	return 0;
}

void host_trust_free(struct host_trust *trust)
{
	if (trust == NULL)
		return;
	known_hosts_free(trust->known);
	free(trust->path);
	free(trust);
}

/* Who may make a socket's file is who one trusts there; the file has to be root's or this account's for that. */
static int judge_socket(struct host_trust *trust)
{
	struct stat status;
	if (lstat(trust->address.path, &status) == 0 && (status.st_uid == geteuid() || status.st_uid == 0))
		return 0;
	return TCHAT_ERR_HOST_NEW;
}

static int judge(struct host_trust *trust, const struct trust_pin *pin, const struct trust_pin *former)
{
	if (trust->accepted && trust_pin_equal(&trust->accepted_pin, pin))
		return 0;
	if (known_hosts_is_own(pin->bytes))
		return 0;
	if (trust->name[0] == '\0')
		return judge_socket(trust);
	switch (known_hosts_check(trust->known, trust->name, pin->bytes, former != NULL ? former->bytes : NULL)) {
	case KNOWN_YES: return 0;
	case KNOWN_NEW: return TCHAT_ERR_HOST_NEW;
	case KNOWN_CHANGED: return TCHAT_ERR_HOST_CHANGED;
	case TCHAT_ERR_PERMISSION: return TCHAT_ERR_PERMISSION;
	default: return TCHAT_ERR_SYSTEM;
	}
}

/* Whether the link is to the host with this key, or with the former one that vouches for it. */
static bool is_linked(const struct host_trust *trust, const struct trust_pin *pin, const struct trust_pin *former)
{
	const uint8_t *linked = trust->address.pin;
	return memcmp(linked, pin->bytes, TRUST_PIN_SIZE) == 0 ||
	       (former != NULL && memcmp(linked, former->bytes, TRUST_PIN_SIZE) == 0);
}

int host_trust_check(void *arg, const struct trust_pin *pin, const struct trust_pin *former)
{
	struct host_trust *trust = arg;
	trust->has_seen = true;
	trust->seen = *pin;
	int err = judge(trust, pin, former);
	trust->is_new = err == TCHAT_ERR_HOST_NEW;
	/* A link is for one host, whoever else was met at its address; but only who is new there is noted by it. */
	if (trust->address.has_pin) {
		if (!is_linked(trust, pin, former)) {
			trust->is_new = false;
			return TCHAT_ERR_HOST_CHANGED;
		}
		if (trust->is_new)
			host_trust_accept(trust);
		return 0;
	}
	if (err == TCHAT_ERR_HOST_NEW && trust->policy == TRUST_NEW) {
		host_trust_accept(trust);
		return 0;
	}
	return err;
}

const struct trust_pin *host_trust_seen(const struct host_trust *trust)
{
	return trust->has_seen ? &trust->seen : NULL;
}

const struct trust_pin *host_trust_expected(struct host_trust *trust)
{
	if (trust->address.has_pin)
		memcpy(trust->expected.bytes, trust->address.pin, TRUST_PIN_SIZE);
	else if (trust->name[0] == '\0' || strchr(trust->name, '%') != NULL ||
	         !known_hosts_pin(trust->known, trust->name, trust->expected.bytes))
		return NULL;
	return &trust->expected;
}

bool host_trust_is_new(const struct host_trust *trust)
{
	return trust->is_new;
}

bool host_trust_asks(const struct host_trust *trust)
{
	return trust->is_new && trust->policy == TRUST_ASK;
}

bool host_trust_accept(struct host_trust *trust)
{
	trust->accepted = true;
	trust->accepted_pin = trust->seen;
	return trust->name[0] != '\0' && known_hosts_add(trust->known, trust->name, trust->seen.bytes) == 0 &&
	       trust->path[0] != '\0';
}

bool host_trust_named(const struct host_trust *trust, const char *typed)
{
	char words[TRUST_WORDS], fingerprint[TRUST_FINGERPRINT], pin[TRUST_PIN_TEXT];
	if (!trust->has_seen)
		return false;
	trust_words(&trust->seen, words);
	trust_fingerprint(&trust->seen, fingerprint);
	trust_pin_write(&trust->seen, pin);
	return strcasecmp(typed, words) == 0 || strcmp(typed, fingerprint) == 0 || strcmp(typed, pin) == 0;
}

bool host_trust_expects_key(const struct host_trust *trust)
{
	return trust->address.has_pin || (trust->name[0] != '\0' && known_hosts_line(trust->known, trust->name) > 0);
}

const char *host_trust_name(const struct host_trust *trust)
{
	return trust->name;
}

const char *host_trust_path(const struct host_trust *trust)
{
	return trust->path;
}
